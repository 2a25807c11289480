"""The addresses of the product, as the URL resolver knows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Route:
    """One address: `name` with its namespaces (or its pattern where it has none), `arguments` by name."""

    name: str
    pattern: str
    view: Any
    arguments: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return hasattr(self.view, "cls")

    @property
    def api_actions(self) -> dict[str, str]:
        """Of an API route: method -> the action under which its class declares capabilities."""
        actions = getattr(self.view, "actions", None)
        if actions is not None:
            return {method: action for method, action in actions.items() if method != "head"}
        methods = ("get", "post", "put", "patch", "delete")
        return {method: method for method in methods if hasattr(self.view.cls, method)}

    def path(self, **arguments: Any) -> str:
        return reverse(self.name, kwargs=arguments)


def routes() -> list[Route]:
    """All of them, each name once (the first pattern of a name is the one that answers)."""
    found: dict[str, Route] = {}
    for route in _walk(get_resolver().url_patterns, prefix="", namespace="", arguments=()):
        found.setdefault(route.name, route)
    return list(found.values())


def _walk(
    patterns: list[URLPattern | URLResolver], *, prefix: str, namespace: str, arguments: tuple[str, ...]
) -> Iterator[Route]:
    for one in patterns:
        own = (*arguments, *one.pattern.converters, *one.pattern.regex.groupindex)
        own = tuple(dict.fromkeys(own))
        text = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _walk(one.url_patterns, prefix=text, namespace=inner, arguments=own)
        else:
            yield Route(name=namespace + one.name if one.name else text, pattern=text, view=one.callback, arguments=own)
