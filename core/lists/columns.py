"""Columns of a list: what a cell shows on the page, and the plain value that an export writes."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.formats import Formats

Row = Mapping[str, Any]
Cell = Callable[[Row, Formats], str]


_ANY_ID = UUID(int=0)


def html_of(value: Any) -> str:
    """A value as HTML: what Django's conditional_escape gives, in a third of the time. A page of a list asks 2,000 times."""
    kind = type(value)
    return html.escape(value) if kind is str else value if kind is SafeString else conditional_escape(value)


@cache
def _around(url_name: str) -> tuple[str, str]:
    """The address of a row's page before and after the row's id, as HTML."""
    before, _id, after = reverse(url_name, args=[_ANY_ID]).partition(str(_ANY_ID))
    return html.escape(before), html.escape(after)


def page_of(url_name: str, field: str = "id") -> Callable[[Row], str]:
    """The address of the page of a row, or of a row that it names; "" where it names none."""

    def link(row: Row) -> str:
        row_id = row[field]
        if not row_id:
            return ""
        before, after = _around(url_name)
        return SafeString(f"{before}{row_id}{after}")

    return link


@dataclass(frozen=True, eq=False)
class Column:
    """One column; no two are equal. `name` is the field of the row; `cell` gives text or safe HTML for the page.

    `sort` names the field that orders (leave empty where no index serves the order). `value` gives what an export
    writes (default: the field itself). `css`: classes of the cell, or a function of the row. `total`: summed by
    currency below the list, where `total_link` leads to the rows behind a sum. `hidden`: shown only when chosen; `when`
    tells of a Reading whether it shows by itself. `exported`: no for what only a page can use, such as a button.
    """

    name: str
    label: str | Promise
    cell: Cell
    sort: str = ""
    value: Callable[[Row], Any] | None = None
    css: str | Callable[[Row], str] = ""
    head_css: str = ""
    total: bool = False
    hidden: bool = False
    total_link: Callable[[Row], str] | None = None
    when: Callable[[Any], bool] | None = None
    exported: bool = True

    def css_of(self, row: Row) -> str:
        return self.css(row) if callable(self.css) else self.css

    def plain(self, row: Row) -> Any:
        return self.value(row) if self.value else row[self.name]


def text(
    name: str,
    label: str | Promise,
    *,
    link: Callable[[Row], str] | None = None,
    ref: str = "",
    mark: Cell | None = None,
    sort: str = "",
    css: str = "",
    hidden: bool = False,
    value: Callable[[Row], Any] | None = None,
    when: Callable[[Any], bool] | None = None,
) -> Column:
    """A text; `link` makes it lead somewhere, `ref` names a second field shown small beside it, `mark` adds badges."""

    def cell(row: Row, formats: Formats) -> str:
        shown = value(row) if value else row[name]
        shown = "" if shown is None else shown
        address = link(row) if link and shown != "" else ""
        body = html_of(shown)
        if address:
            body = f'<a href="{html_of(address)}">{body}</a>'
        if ref and row[ref]:
            body = f'{body} <span class="ref">{html_of(row[ref])}</span>'
        if mark:
            body = f'<span class="named">{body} {html_of(mark(row, formats))}</span>'
        elif ref:
            body = f"<span>{body}</span>"
        return SafeString(body)

    return Column(name, label, cell, sort=sort, css=css, head_css=css, hidden=hidden, value=value, when=when)


def amount(
    name: str,
    label: str | Promise,
    *,
    sort: str = "",
    total: bool = False,
    strong: bool = False,
    link: Callable[[Row], str] | None = None,
    css: str | Callable[[Row], str] = "",
    hidden: bool = False,
    total_link: Callable[[Row], str] | None = None,
    when: Callable[[Any], bool] | None = None,
) -> Column:
    """An amount without decimals (they stand in totals, on focus and in exports), a pale dash for zero."""

    def cell(row: Row, formats: Formats) -> str:
        value = row[name]
        shown = formats.cell(value)
        if value is None or not value:
            return shown
        exact = formats.amount2(value, row.get("currency") or "EUR")
        if link and (address := link(row)):
            return SafeString(f'<a href="{html_of(address)}" title="{exact}">{shown}</a>')
        return SafeString(f'<span title="{exact}">{shown}</span>')

    base = "amount total" if strong else "amount"
    classes: str | Callable[[Row], str] = (
        (lambda row: f"{base} {css(row)}") if callable(css) else f"{base} {css}".strip()
    )
    return Column(
        name,
        label,
        cell,
        sort=sort,
        css=classes,
        head_css="amount",
        total=total,
        hidden=hidden,
        total_link=total_link,
        when=when,
    )


def count(name: str, label: str | Promise, *, sort: str = "", hidden: bool = False) -> Column:
    """A whole number; zero is a pale dash."""
    return Column(
        name,
        label,
        lambda row, formats: formats.cell(row[name]),
        sort=sort,
        css="amount",
        head_css="amount",
        hidden=hidden,
    )


def day(name: str, label: str | Promise, *, sort: str = "", hidden: bool = False) -> Column:
    """A date, short."""
    return Column(name, label, lambda row, formats: formats.day(row[name]), sort=sort, hidden=hidden)


def days_late(name: str, label: str | Promise, *, sort: str = "", unit: str | Promise = "") -> Column:
    """Days after the due date with the tint of their ageing bucket; nothing when not late."""

    def cell(row: Row, formats: Formats) -> str:
        value = row[name]
        return f"{formats.number(value)} {unit}" if value and value > 0 else ""

    def css(row: Row) -> str:
        value = row[name] or 0
        bucket = 0 if value <= 0 else 1 if value <= 30 else 2 if value <= 60 else 3 if value <= 90 else 4
        return f"amount age{bucket}" if bucket else "amount"

    return Column(name, label, cell, sort=sort, css=css, head_css="amount")


def badge(
    name: str,
    label: str | Promise,
    *,
    labels: Mapping[str, str | Promise],
    kinds: Mapping[str, str] | None = None,
    sort: str = "",
    hidden: bool = False,
) -> Column:
    """A state as text plus colour: `labels` by value, `kinds` the badge class by value (plain text without)."""

    def shown(row: Row) -> Any:
        return labels.get(row[name], row[name] or "")

    @lru_cache(maxsize=500)
    def html_for(value: Any, _language: str | None) -> SafeString:
        kind = (kinds or {}).get(value)
        text = html_of(labels.get(value, value or ""))
        return SafeString(f'<span class="badge badge-{kind}">{text}</span>' if kind else text)

    def cell(row: Row, formats: Formats) -> str:
        return html_for(row[name], get_language())

    return Column(name, label, cell, sort=sort, value=lambda row: str(shown(row)), hidden=hidden)
