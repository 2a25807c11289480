"""Another organisation's row, one outside of one's portfolio and an unknown one: nobody can tell them apart.

For each address with an id, by page and by API, and as somebody who has every right.
"""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Member
from accounts.roles import EVERYTHING
from accounts.services.api_keys import create_api_key
from accounts.services.roles import create_role
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from receivables.models import CustomerAccount
from tests.accounts.conftest import call, signed_in
from tests.accounts.makers import BODIES, UNDER_A_CUSTOMER, arguments_of, kinds_of, unknown_arguments
from tests.accounts.test_rights_matrix import GUARDED
from tests.make import make_member, make_tenant
from tests.routes import Route

WITH_IDS = [route for route in GUARDED if kinds_of(route)]
# Found only with more than the row: each with what is missing here, and tested where that is at hand.
WITHOUT_MORE = {
    "message_pdf": "the message has no letter",
    "action_letter": "the reminder is no letter",
    "scenario_message": "a message needs a customer and a step of a dry run",
    "call_undo": "a call is taken back by who has logged it",
    "message_file": "nothing went along with the message",
    "action_enclosure": "nothing goes along with the reminder",
    "document_file": "the file belongs to another row",
    "bank-lines-split": "the item that it is to pay is unknown",
    "dispute_file": "the file belongs to another dispute",
    "reply_file": "the file belongs to another row",
    "reply_raw": "no mail lies behind the row",
}
UNDER_CUSTOMERS = [route for route in WITH_IDS if kinds_of(route) & UNDER_A_CUSTOMER]


class Asker:
    """A member with every right, who asks by page and by key."""

    def __init__(self, organisation, *, portfolio_only: bool = False) -> None:
        with tenant_scope(organisation):
            role = create_role(
                name=f"Everything {portfolio_only}",
                capabilities=EVERYTHING,
                portfolio_only=portfolio_only,
                actor=SYSTEM,
            )
            self.member: Member = make_member(role=role.code)
            self.key = create_api_key(name="K", role_id=role.id, portfolio_of=self.member.id, actor=SYSTEM).text
        self.browser: Client = signed_in(self.member)

    def ask(self, route: Route, way: str, arguments: dict[str, Any]) -> tuple[int, str]:
        """Status and text of the answer, without what differs from call to call."""
        path = route.path(**arguments)
        if route.is_api:
            response = call(self.key, way, path, BODIES.get(f"{way} {route.pattern}"))
        else:
            response = self.browser.get(path)
            if response.status_code == 405:
                response = self.browser.post(path)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = body.decode(errors="replace")
        for value in arguments.values():
            text = text.replace(str(value), "ID")
        return response.status_code, re.sub(
            r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"', "", text
        )


def ways_to(route: Route) -> list[str]:
    return list(route.api_actions) if route.is_api else ["page"]


@pytest.mark.parametrize("route", WITH_IDS, ids=lambda route: route.name)
def test_another_organisations_row_and_an_unknown_one_get_the_same_404(organisation, route):
    with tenant_scope(make_tenant()):
        theirs = arguments_of(route, make_member(role="admin"))
    asker, unknown = Asker(organisation), unknown_arguments(route)
    for way in ways_to(route):
        foreign, none = asker.ask(route, way, theirs), asker.ask(route, way, unknown)
        assert none[0] == 404
        assert foreign == none


@pytest.mark.parametrize(
    "route", [route for route in WITH_IDS if route.name not in WITHOUT_MORE], ids=lambda route: route.name
)
def test_ones_own_row_is_found(organisation, route):
    """Else the tests beside would prove nothing."""
    asker = Asker(organisation)
    for way in ways_to(route):
        with tenant_scope(organisation):
            own = arguments_of(route, asker.member)
        unknown = asker.ask(route, way, unknown_arguments(route))
        assert asker.ask(route, way, own) != unknown


@pytest.mark.parametrize("route", UNDER_CUSTOMERS, ids=lambda route: route.name)
def test_a_row_outside_of_ones_portfolio_gets_the_same_404_as_an_unknown_one(organisation, route):
    asker = Asker(organisation, portfolio_only=True)
    with tenant_scope(organisation):
        colleague = make_member(role="sales")
        others = arguments_of(route, colleague)
        for account in CustomerAccount.objects.all():
            account.salesperson = account.collector = colleague
            account.save()
    for way in ways_to(route):
        outside, none = asker.ask(route, way, others), asker.ask(route, way, unknown_arguments(route))
        assert none[0] == 404
        assert outside == none
