"""What each entrance (manage.py, gunicorn, Celery) does first: read the settings, or say in one line what they lack."""

import os


class SettingsError(RuntimeError):
    """The environment is incomplete or wrong; the text says in one line which name and why."""


def uses_local_servers() -> bool:
    """Only ENCOURS_MODE=local without an address opens servers of its own: a typo must not open an empty database."""
    return os.environ.get("ENCOURS_MODE") == "local" and not os.environ.get("DATABASE_URL")


def read_settings() -> None:
    """Read the settings module now. Raises SettingsError instead of the traceback that the first use would give."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditmgmt.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        _ = settings.INSTALLED_APPS
    except (ImproperlyConfigured, ValueError) as error:
        raise SettingsError(str(error)) from error
