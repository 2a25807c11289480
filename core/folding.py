"""Templates whose constant parts are joined when they are loaded: a page is half as many nodes, and looks up no text twice.

Neighbours that depend on nothing but the language and the addresses (text, `{% trans "…" %}`, `{% icon "…" %}`,
`{% static "…" %}`, `{% url "…" %}` without arguments) become one node, which is rendered once per language and process.
Named in settings.TEMPLATES in the place of Django's cached loader, which it is.
"""

from collections.abc import Iterator
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable
from django.template.defaulttags import AutoEscapeControlNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loaders import cached
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.templatetags import ui

# Tags that give the same for the same arguments, in one language.
_CONSTANT_TAGS = (ui.icon, ui.constant)


class Loader(cached.Loader):
    """Django's cached loader, folding what it loads."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template: Any = super().get_template(template_name, skip)
        if not hasattr(template, "is_folded"):
            fold(template.nodelist)
            template.is_folded = True
        return template  # type: ignore[no-any-return]


class Folded(Node):
    """Constant neighbours as one node."""

    child_nodelists = ()

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.token = nodes[0].token
        self.rendered: dict[tuple[str | None, str | None], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key = (get_language(), get_urlconf())
        found = self.rendered.get(key)
        if found is None:
            found = SafeString("".join([str(node.render_annotated(context)) for node in self.nodes]))
            self.rendered[key] = found
        return found


def fold(nodes: NodeList) -> None:
    """Fold a list of nodes and all lists within, in place: other nodes refer to them."""
    out: list[Node] = []
    run: list[Node] = []
    for node in nodes:
        if is_constant(node):
            run.append(node)
            continue
        out += _joined(run)
        run = []
        out.append(node)
        for inner in _lists_in(node):
            fold(inner)
    out += _joined(run)
    nodes[:] = out


def is_constant(node: Node) -> bool:
    """Whether a node gives the same text whatever the context, in one language and with one set of addresses."""
    if isinstance(node, TextNode | LoadNode):
        return True
    if type(node) is TranslateNode:
        return node.asvar is None and node.message_context is None and _is_literal(node.filter_expression)
    if type(node) is SimpleNode:
        arguments = (*node.args, *node.kwargs.values())
        return node.func in _CONSTANT_TAGS and node.target_var is None and all(map(_is_literal, arguments))
    if type(node) is StaticNode:
        return node.varname is None and _is_literal(node.path)
    if type(node) is URLNode:
        name = node.view_name
        is_plain = not node.args and not node.kwargs and node.asvar is None
        return is_plain and _is_literal(name) and ":" not in str(name.token)
    return False


def _is_literal(expression: FilterExpression) -> bool:
    variable = expression.var
    return not expression.filters and (not isinstance(variable, Variable) or variable.lookups is None)


def _joined(run: list[Node]) -> list[Node]:
    """One text stays as it is."""
    return [Folded(run)] if len(run) > 1 or (run and not isinstance(run[0], TextNode)) else run


def _lists_in(node: Node) -> Iterator[NodeList]:
    if isinstance(node, AutoEscapeControlNode):  # what was escaped elsewhere would be kept unescaped, or the other way
        return
    if isinstance(node, IfNode):
        yield from (inner for _condition, inner in node.conditions_nodelists)
    yield from (value for value in vars(node).values() if isinstance(value, NodeList))
