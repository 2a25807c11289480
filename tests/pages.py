"""Asking pages as somebody, and counting what they ask the database."""

import re
from contextlib import contextmanager
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Member
from core.tenancy import tenant_scope
from tests.make import make_member

# What every page asks before its view runs: session, person, organisation, member with role, entities of the member;
# and the shell after it: the organisations one may switch to, and the sidebar's counts.
DOOR = (
    "django_session",
    "accounts_user",
    "accounts_tenant",
    "accounts_usertenant",
    "accounts_member",
    "receivables_entityaccess",
)


def client_of(member: Member) -> Client:
    """A browser in which the member is signed in, in English."""
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["language"] = "en"
    return client


def enter(organisation: Any, *, role: str = "credit_manager", **fields: Any) -> tuple[Client, Member]:
    """The browser of a new member."""
    with tenant_scope(organisation):
        member = make_member(role=role, **fields)
    return client_of(member), member


@contextmanager
def statements():
    """Collects the statements of the block, without savepoints and what stamps the tenant."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    for query in captured.captured_queries:
        sql = query["sql"].strip()
        if re.match(r"(SELECT|WITH|INSERT|UPDATE|DELETE)\b", sql):
            found.append(sql)


def own(sql: list[str]) -> list[str]:
    """Of the statements of a page those of its view, not those of the door and the shell."""
    return [one for one in sql if not any(f'FROM "{table}"' in one for table in DOOR)]


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None and self.rows:
            self.rows[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def table(response: Any, which: str = "data-table") -> list[list[str]]:
    """The cells' texts of the page's first data table, row by row, header and totals included."""
    html = response.content.decode()
    start = html.index(which)
    start = html.rindex("<table", 0, start)
    parser = _Table()
    parser.feed(html[start : html.index("</table>", start)])
    return [row for row in parser.rows if row]


def number(text: str) -> Decimal:
    """The amount in an English cell."""
    return Decimal(text.replace(",", "")) if text not in ("–", "") else Decimal(0)
