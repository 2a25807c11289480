"""Filters and tags of the pages: amounts, dates, icons, bars, links that keep the filters.

`{{ row.total|amount }}` 1 234, a pale dash for zero, nothing for None · `|amount2:"EUR"` with cents ·
`|money:"EUR"` with the sign · `|pct` of 0-100 · `|day` `|day_long` `|moment` `|ago` · `{% icon "mail" %}` ·
`{% bar 78 "bad" %}` · `href="{% query page=2 sort=None %}"`.
In loops over hundreds of rows format in Python instead: `core.formats.current()`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_urlconf
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core import formats
from core.icons import ICONS
from core.money import Money
from core.phones import dialled, spoken

register = template.Library()

# Parts of the shell as HTML (`kept_part`): so many, then from the start. What stands for what differs by request.
_KEPT_PARTS = 500
_TOKEN_HERE, _ADDRESS_HERE = "-csrf-token-stands-here-", "-address-stands-here-"
_kept_parts: dict[tuple[Any, ...], str] = {}

_CURRENT: SafeString = mark_safe(' aria-current="page"')
_ITEM = {"nav": (mark_safe("<li>"), mark_safe("</li>")), "bottom": ("", "")}


@register.filter
def amount(value: Decimal | int | Money | None) -> str:
    """Whole units, right-aligned by class `amount` of the cell; the currency stands in the column's header."""
    return formats.current().cell(value.amount if isinstance(value, Money) else value)


@register.filter
def amount2(value: Decimal | int | Money | None, currency: str = "EUR") -> str:
    """With the decimals of `currency`, without its sign. Zero is 0.00."""
    number, currency = _parts(value, currency)
    return formats.current().amount2(number, currency)


@register.filter
def money(value: Decimal | int | Money | None, currency: str = "") -> str:
    """With decimals and sign. A Money brings its currency; a number without one raises UnknownCurrency."""
    number, currency = _parts(value, currency)
    return formats.current().money(number, currency)


@register.filter
def money0(value: Decimal | int | Money | None, currency: str = "") -> str:
    """The sign but no decimals: figures of a strip."""
    number, currency = _parts(value, currency)
    return formats.current().money(number, currency, 0)


@register.filter
def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """A count or ratio, grouped."""
    return "" if value is None else formats.current().number(value, decimals)


@register.filter
def pct(value: Decimal | int | None, decimals: int = 0) -> str:
    """Of a value on the scale 0-100."""
    return formats.current().pct(value, decimals)


@register.filter
def day(value: date | None) -> str:
    """A date, short and unmistakable."""
    return formats.current().day(value)


@register.filter
def day_long(value: date | None) -> str:
    """A date in a sentence."""
    return formats.current().day_long(value)


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time of a stamp."""
    return formats.current().moment(value)


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago by the real clock; the exact moment shows on hover."""
    if value is None:
        return ""
    text = formats.current().ago(value, now=timezone.now())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), formats.current().moment(value), text
    )


@register.filter
def initials(value: object) -> str:
    """`Léa Durand` gives LD, for the round sign of a person."""
    words = [word for word in str(value or "").replace(".", " ").replace("@", " ").split() if word[:1].isalnum()]
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else (words[0][:2] if words else "?")
    return letters.upper()


@register.filter
def device(user_agent: str) -> str:
    """A browser's long name in short, for the list of sessions: `Firefox · Windows`."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "macOS", "Linux": "Linux"
    }  # fmt: skip
    found = [
        next((name for sign, name in table.items() if sign in (user_agent or "")), "") for table in (browsers, systems)
    ]
    return " · ".join(filter(None, found)) or (user_agent or "")[:60] or "?"


@register.filter
def device_kind(user_agent: str) -> str:
    """`phone` or `computer`."""
    return "phone" if any(sign in (user_agent or "") for sign in ("Android", "iPhone", "Mobile")) else "computer"


@register.filter
def age_class(bucket: int | None) -> str:
    """The tint of an ageing bucket 1-4 (0 and None: no tint)."""
    return f"age{bucket}" if bucket else ""


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """A drawing of the sprite. Silent for screen readers unless `label` says what it means alone.

    Raises KeyError on a name that core/icons.py does not have.
    """
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            classes, label, _sprite(), _known(name),
        )  # fmt: skip
    return _icon(name, classes, _sprite())


@register.simple_tag
def bar(
    value: Decimal | int | str | None, level: str = "", label: str = "", maximum: Decimal | int | str = 100
) -> SafeString:
    """A small bar, full at `maximum`. `level`: bad, warn, good, wide or several of them. Silent without `label`."""
    whole = Decimal(maximum)
    share = max(0, min(100, round(100 * Decimal(value or 0) / whole))) if whole else 0
    classes = " ".join(f"bar-{word}" for word in level.split())
    if label:
        return format_html(
            '<svg class="bar {}" role="img" aria-label="{}"><rect width="{}%" height="100%"/></svg>',
            classes,
            label,
            share,
        )
    return format_html('<svg class="bar {}" aria-hidden="true"><rect width="{}%" height="100%"/></svg>', classes, share)


@register.simple_tag
def age_strip(*shares: Decimal | int) -> SafeString:
    """A strip with the share of each bucket, not due first; the numbers stand beside it in the page."""
    whole = sum(max(share, 0) for share in shares)
    if not whole:
        return mark_safe('<svg class="age-strip" aria-hidden="true"></svg>')
    parts, start = [], Decimal(0)
    for bucket, share in enumerate(shares):
        width = Decimal(100) * max(share, 0) / whole
        parts.append(f'<rect class="fill-{bucket}" x="{start:.2f}%" width="{width:.2f}%" height="100%"/>')
        start += width
    return mark_safe(f'<svg class="age-strip" aria-hidden="true">{"".join(parts)}</svg>')  # noqa: S308 numbers only


@register.simple_tag
def nav_links(links: Iterable[Any], place: str = "nav") -> SafeString:
    """The entries of the sidebar (`nav`, list items) or of the bar on phones (`bottom`): core.web.Link each."""
    text = "truncate" if place == "nav" else ""
    return format_html_join(
        "",
        '{}<a class="{}-entry" href="{}"{}>{}<span class="{}">{}</span>{}</a>{}',
        (
            (
                _ITEM[place][0],
                place,
                link.url,
                _CURRENT if link.current else "",
                icon(link.icon),
                text,
                link.label,
                format_html('<span class="count">{}</span>', number(link.count)) if link.count else "",
                _ITEM[place][1],
            )
            for link in links
        ),
    )


@register.simple_tag
def constant(template_name: str) -> SafeString:
    """A template that depends on nothing but the language: rendered once per process and language."""
    return _constant(template_name, get_language(), get_urlconf())


@register.simple_tag(takes_context=True)
def kept_part(context: template.Context, template_name: str, key: tuple[Any, ...]) -> SafeString:
    """A part of the shell that shows what `key` holds and nothing else: rendered once per key, language and process.

    Two things in it may differ from request to request: `{% csrf_token %}`, and `{{ here }}`, the address of the page.
    """
    full_key = (template_name, get_language(), get_urlconf(), key)
    html = _kept_parts.get(full_key)
    if html is None:
        part = context.template.engine.get_template(template_name)  # type: ignore[union-attr]
        with context.push(csrf_token=_TOKEN_HERE, here=_ADDRESS_HERE):
            html = part.render(context)
        if len(_kept_parts) >= _KEPT_PARTS:
            _kept_parts.clear()
        _kept_parts[full_key] = html
    html = html.replace(_TOKEN_HERE, conditional_escape(str(context.get("csrf_token", ""))))
    return mark_safe(html.replace(_ADDRESS_HERE, conditional_escape(context["request"].get_full_path())))  # noqa: S308


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The present address's query with some parameters replaced; None or "" takes one out, a list repeats it.

    Always begins with `?`, so that `href="{% query page=None %}"` leads to the unfiltered page.
    """
    given = dict(context["request"].GET.lists())
    for name, value in changes.items():
        if value is None or value == "":
            given.pop(name, None)
        else:
            given[name] = value if isinstance(value, (list, tuple)) else [value]
    return "?" + urlencode(given, doseq=True)


@register.filter
def phone_link(number: str) -> SafeString:
    """A telephone number to click on; what has no number in it, as it is."""
    tel = dialled(number or "")
    return (
        format_html('<a class="nowrap" href="tel:{}">{}</a>', tel, spoken(number))
        if tel
        else format_html("{}", number or "")
    )


@register.filter
def dial(number: str) -> str:
    """What a `tel:` address holds."""
    return dialled(number or "")


@register.filter
def spoken_number(number: str) -> str:
    """The number as it is read."""
    return spoken(number or "")


@register.filter
def with_attributes(field: Any, pairs: str = "") -> SafeString:
    """A form field's widget with the attributes that tell assistive technology about its hint and its errors.

    `pairs` adds more: `{{ field|with_attributes:"hx-get=/x autofocus" }}` (values without spaces).
    """
    attributes: dict[str, Any] = {}
    described = []
    if field.errors:
        attributes["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    if field.help_text:
        described.append(f"{field.auto_id}_hint")
    if described:
        attributes["aria-describedby"] = " ".join(described)
    for pair in pairs.split():
        name, equals, value = pair.partition("=")
        attributes[name] = value if equals else True
    return field.as_widget(attrs=attributes)


@register.filter
def widget_kind(field: Any) -> str:
    """`checkbox`, `radio`, `checkboxes`, `file`, `hidden` or `input`: how a field is laid out."""
    name = type(field.field.widget).__name__
    return {
        "CheckboxInput": "checkbox",
        "RadioSelect": "radio",
        "CheckboxSelectMultiple": "checkboxes",
        "ClearableFileInput": "file",
        "FileInput": "file",
    }.get(name, "hidden" if field.is_hidden else "input")


def _parts(value: Decimal | int | Money | None, currency: str) -> tuple[Decimal | int | None, str]:
    return (value.amount, value.currency) if isinstance(value, Money) else (value, currency)


def _known(name: str) -> str:
    if name not in ICONS:
        raise KeyError(f"no icon {name!r}: add it to core/icons.py and run scripts/frontend.py")
    return name


@cache
def _icon(name: str, classes: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', f"icon {classes}".strip(), sprite, _known(name)
    )


@cache
def _constant(template_name: str, _language: str | None, _urlconf: str | None) -> SafeString:
    return mark_safe(render_to_string(template_name))  # noqa: S308 our own template


@cache
def _sprite() -> str:
    return static("vendor/icons.svg")
