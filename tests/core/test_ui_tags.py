"""Filters and tags of the pages."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from core.icons import ICONS
from core.money import Money
from core.templatetags import ui


def rendered(source: str, **values: object) -> str:
    return Template("{% load ui %}" + source).render(Context(values))


def test_amounts_in_templates_follow_the_active_language():
    with translation.override("fr"):
        assert rendered("{{ v|amount }}", v=Decimal("1234.6")) == "1\N{NARROW NO-BREAK SPACE}235"
    with translation.override("en"):
        assert rendered("{{ v|amount }} {{ v|amount2 }}", v=Decimal("1234.6")) == "1,235 1,234.60"
        assert rendered("{{ v|money:'USD' }}", v=Decimal("1234.6")) == "$1,234.60"
        assert rendered("{{ v|money }} {{ v|money0 }}", v=Money(Decimal("10.5"), "GBP")) == "£10.50 £11"
        assert rendered("{{ d|day }}", d=date(2026, 3, 2)) == "2 Mar 2026"


def test_a_zero_is_a_dash_and_not_escaped():
    assert rendered("{{ v|amount }}", v=Decimal(0)) == '<span class="zero">–</span>'


def test_an_icon_is_hidden_from_screen_readers_unless_it_says_something():
    assert 'aria-hidden="true"' in rendered('{% icon "mail" %}')
    assert 'icons.svg#mail"' in rendered('{% icon "mail" %}')
    labelled = rendered('{% icon "mail" label=text %}', text='<"')
    assert 'role="img" aria-label="&lt;&quot;"' in labelled
    assert "aria-hidden" not in labelled


def test_an_unknown_icon_is_an_error_not_a_gap():
    with pytest.raises(KeyError, match="no-such-icon"):
        rendered('{% icon "no-such-icon" %}')


def test_the_icon_list_is_written_once_each():
    assert len(ICONS) > 100
    assert all(name == name.strip().lower() for name in ICONS)


@pytest.mark.parametrize(
    ("value", "maximum", "width"),
    [
        (Decimal(78), 100, "78%"),
        (144, 100, "100%"),
        (-5, 100, "0%"),
        (None, 100, "0%"),
        ("340", "1000", "34%"),
        (5, 0, "0%"),
    ],
)
def test_a_bar_stays_within_its_frame(value, maximum, width):
    assert f'<rect width="{width}"' in rendered("{% bar v maximum=m %}", v=value, m=maximum)


def test_the_age_strip_shares_its_width():
    strip = rendered("{% age_strip 50 0 25 25 0 %}")
    assert '<rect class="fill-0" x="0.00%" width="50.00%"' in strip
    assert '<rect class="fill-3" x="75.00%" width="25.00%"' in strip
    assert "<rect" not in rendered("{% age_strip 0 0 %}")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("page=2", "?q=a+b&status=open&status=late&page=2"),
        ("status=None", "?q=a+b"),
        ('q=""', "?status=open&status=late"),
        ("status=many", "?q=a+b&status=x&status=y"),
    ],
)
def test_links_keep_the_filters_they_do_not_change(changes, expected):
    request = RequestFactory().get("/items/?q=a b&status=open&status=late")
    html = Template("{% load ui %}{% query " + changes + " %}").render(
        Context({"request": request, "many": ["x", "y"]})
    )
    assert html.replace("&amp;", "&") == expected


def test_links_do_not_let_markup_through():
    request = RequestFactory().get("/items/", {"q": '"><script>'})
    assert "<script>" not in Template("{% load ui %}{% query page=2 %}").render(Context({"request": request}))


class Invitation(forms.Form):
    email = forms.EmailField(help_text="Where the link goes")
    note = forms.CharField(required=False)
    ok = forms.BooleanField()


def test_a_field_tells_its_hint_and_its_errors_to_assistive_technology():
    form = Invitation({"email": "no"})
    html = render_to_string("partials/field.html", {"field": form["email"], "extra": ""})
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_error id_email_hint"' in html
    assert 'id="id_email_error"' in html
    assert 'id="id_email_hint"' in html
    assert '<label for="id_email">' in html


def test_fields_that_may_stay_empty_say_so():
    with translation.override("en"):
        html = render_to_string("partials/form.html", {"form": Invitation(), "extra": ""})
    assert html.count("(optional)") == 1
    assert html.index('type="checkbox"') < html.index('<label for="id_ok">')


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Léa Durand", "LD"), ("lea.durand@nordis.example", "LE"), ("Zoé", "ZO"), ("", "?"), (None, "?")],
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


def test_browsers_in_short():
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126 Safari/537.36 Edg/126"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile Safari/604"
    assert ui.device(edge) == "Edge · Windows"
    assert (ui.device(phone), ui.device_kind(phone)) == ("Safari · iPhone", "phone")
    assert ui.device("") == "?"


def test_every_icon_that_a_template_names_exists():
    """The tag raises when it is drawn; this finds those on branches that no test draws."""
    names = re.compile(r"""{% icon "([^"]+)"|<c-[a-z-]+[^>]*\sicon="([a-z0-9-]+)\"""")
    missing = {
        f"{path.name}: {name}"
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for found in names.findall(path.read_text())
        for name in found
        if name and name not in ICONS
    }
    assert missing == set()
