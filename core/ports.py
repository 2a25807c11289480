"""Ports: the app that needs something names it, settings.PORTS says who answers. Opened in tasks, views and commands only.

So that an app below never imports an adapter, or an app above it.
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


class NoSuchPort(LookupError):
    """A name that settings.PORTS does not have: a mistake in the code or in the settings."""


def has_port(name: str) -> bool:
    """Whether somebody answers under this name."""
    return name in settings.PORTS


def open_port(name: str) -> Any:
    """What stands behind the name: a function or a class. Raises NoSuchPort."""
    try:
        return import_string(settings.PORTS[name])
    except KeyError:
        raise NoSuchPort(f"settings.PORTS has no {name!r}") from None
