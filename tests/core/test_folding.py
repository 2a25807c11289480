"""Templates are folded into fewer nodes and say the same in every language; kept parts show what their key holds."""

import pytest
from django.template import Context, engines
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from core.folding import Folded, fold
from core.templatetags import ui


def parsed(text: str):
    return engines["django"].engine.from_string("{% load i18n static ui %}" + text)


CONSTANT = '<p>{% trans "Search" %} {% icon "mail" %}{% static "img/mark.svg" %}{% url "home" %}</p>'


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "text",
    [
        CONSTANT,
        CONSTANT + "{{ name }}" + CONSTANT,
        '{% if name %}{% trans "Search" %}: {{ name }}{% else %}' + CONSTANT + "{% endif %}",
        "{% for one in names %}" + CONSTANT + "{{ one }}{% empty %}{% trans 'None' %}{% endfor %}",
        "{% with x=name %}" + CONSTANT + "{{ x }}{% endwith %}",
        '{% trans "Search" as word %}{{ word }}{{ word|upper }}',
        "{% icon kind %}{% trans kind %}{% url page as there %}{{ there }}",
    ],
)
def test_a_folded_template_says_what_it_said(language, text):
    values = {"name": "<b>", "names": ["a", "b"], "kind": "mail", "page": "home"}
    plain, folded = parsed(text), parsed(text)
    fold(folded.nodelist)
    with translation.override(language):
        said = plain.render(Context(values))
        assert [folded.render(Context(values)) for _ in range(2)] == [said, said]


def test_constant_neighbours_become_one_node_which_knows_each_language():
    template = parsed(CONSTANT)
    fold(template.nodelist)
    assert [type(node) for node in template.nodelist] == [Folded]
    said = []
    for language in ("en", "fr", "en"):
        with translation.override(language):
            said.append(template.render(Context()))
    assert said[0] == said[2] != said[1]


def test_templates_of_pages_are_folded_when_they_are_loaded():
    assert any(isinstance(node, Folded) for node in get_template("partials/user_menu.html").template.nodelist)


def kept(key, path="/", token="T1", **values):
    request = RequestFactory().get(path)
    template = parsed('{% kept_part "partials/preferences.html" key %}')
    return template.render(Context({"request": request, "csrf_token": token, "key": key, **values}))


def test_a_kept_part_has_each_requests_own_token_and_address(monkeypatch):
    monkeypatch.setattr(ui, "_kept_parts", {})

    class Shell:
        addresses = {"set_theme": "/theme/", "set_language": ""}
        theme = "dark"

    first = kept(("dark",), "/items/?q=a&b=c", "T1", shell=Shell())
    assert 'value="T1"' in first
    assert 'value="/items/?q=a&amp;b=c"' in first
    second = kept(("dark",), '/"><script>/', "T2", shell=None)  # from what was kept: no shell is asked
    assert 'value="T2"' in second
    assert "T1" not in second
    assert "<script>" not in second
    assert second.count("stands-here") == 0


def test_kept_parts_do_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(ui, "_kept_parts", {})
    monkeypatch.setattr(ui, "_KEPT_PARTS", 3)
    for number in range(10):
        kept((number,))
        assert len(ui._kept_parts) <= 3
