"""Who may open which address, written out: a new address fails here until somebody has decided, row by row.

Pages are asked as members, API routes ("GET api/v1/...") with keys. `x`: may; `.`: 403.
"""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.authentication import needed
from accounts.models import Member, Role
from accounts.roles import EVERYTHING, Can
from accounts.services.api_keys import create_api_key
from accounts.services.invitations import invite
from accounts.services.roles import create_role
from collection.models import Action, Interaction
from collection.services.planning import plan_actions
from collection.services.scenarios import approve_go_live, ensure_default_scenario
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.models import SyncRun
from tests.accounts.conftest import signed_in
from tests.make import TODAY, make_account, make_customer, make_item, make_member, make_tenant
from tests.routes import Route, routes

# The default roles, and one of an organisation's own.
ROLES = ("cfo", "credit_manager", "collector", "sales", "dispute_resolver", "auditor", "admin", "clerk")
CLERK = {Can.MANAGE_MEMBERS, Can.VIEW_AUDIT, Can.LOG_CALLS, Can.VIEW_CUSTOMERS}

MATRIX = """
                       cfo  cm   coll sales disp aud  admin clerk
home                    x    x    x    x    x    x    x    x
sandbox                 x    x    x    x    x    x    x    x
sandbox_next_day        x    x    x    x    x    x    x    x
sandbox_set             .    .    .    .    .    .    x    .
organisation            .    .    .    .    .    .    x    .
members                 .    .    .    .    .    .    x    x
member_invite           .    .    .    .    .    .    x    x
member                  .    .    .    .    .    .    x    x
member_deactivate       .    .    .    .    .    .    x    x
invitation_resend       .    .    .    .    .    .    x    x
invitation_withdraw     .    .    .    .    .    .    x    x
roles                   .    .    .    .    .    .    x    .
role_new                .    .    .    .    .    .    x    .
role                    .    .    .    .    .    .    x    .
role_copy               .    .    .    .    .    .    x    .
role_delete             .    .    .    .    .    .    x    .
api_keys                .    .    .    .    .    .    x    .
api_key_new             .    .    .    .    .    .    x    .
api_key_revoke          .    .    .    .    .    .    x    .
audit                   x    x    .    .    .    x    x    x

worklist                x    x    x    .    .    x    x    .
actions_confirm         .    x    x    .    .    .    x    .
action                  x    x    x    .    .    x    x    .
action_message          x    x    x    .    .    x    x    .
action_confirm          .    x    x    .    .    .    x    .
action_skip             .    x    x    .    .    .    x    .
action_postpone         .    x    x    .    .    .    x    .
action_undo             .    x    x    .    .    .    x    .
call_new                .    x    x    .    .    .    x    x
note_new                .    x    x    .    .    .    x    x
follow_up_done          .    x    x    .    .    .    x    x
scenarios               x    x    .    .    .    .    x    .
scenario_edit           x    x    .    .    .    .    x    .
go_live                 x    x    .    .    .    .    x    .

imports                 .    x    .    .    .    .    x    .
import_new              .    x    .    .    .    .    x    .
import                  .    x    .    .    .    .    x    .
import_mapping          .    x    .    .    .    .    x    .
import_apply            .    x    .    .    .    .    x    .
import_stop             .    x    .    .    .    .    x    .
import_undo             .    x    .    .    .    .    x    .
import_errors           .    x    .    .    .    .    x    .
"""

# Open to everybody, each with its reason.
PUBLIC = {
    "health": "load balancers ask it; it says nothing about the inside",
    "set_theme": "a choice between light and dark, kept in a cookie",
    "set_language": "a choice of language, kept in a cookie and for the person signed in",
    "join": "opened by the secret in its address",
}
PUBLIC_PREFIXES = {"account/": "allauth's pages: signing in, and one's own password, second factor and sessions"}
# For every signed-in person, member of an organisation or not.
FOR_PERSONS = {
    "profile": "one's own name and language",
    "organisations": "which organisations one may enter",
    "organisation_new": "whoever creates an organisation is its administrator",
    "switch_organisation": "asks itself whether the person may enter",
}


def table() -> dict[str, dict[str, bool]]:
    """Row name -> role -> may."""
    out = {}
    for line in MATRIX.strip().splitlines()[1:]:
        if line.strip():
            *name, marks = line[: -5 * len(ROLES)].strip(), line[-5 * len(ROLES) :].split()
            assert len(marks) == len(ROLES), line
            assert set(marks) <= {"x", "."}, line
            out[name[0].strip()] = dict(zip(ROLES, (mark == "x" for mark in marks), strict=True))
    return out


TABLE = table()


def is_open(route: Route) -> bool:
    return route.name in PUBLIC or route.pattern.startswith(tuple(PUBLIC_PREFIXES))


def rows_of(route: Route) -> list[str]:
    """The rows of the table in which the route stands: a page in one, an API route in one for each method."""
    if not route.is_api:
        return [route.name]
    return [f"{method.upper()} {route.pattern}" for method in route.api_actions]


GUARDED = [route for route in routes() if not is_open(route) and route.name not in FOR_PERSONS]
PAGES = [route for route in GUARDED if not route.is_api]
CALLS = [(route, method) for route in GUARDED if route.is_api for method in route.api_actions]


# --- The lists -------------------------------------------------------------------------------------------------------


def test_every_address_stands_in_the_table_or_in_a_list_with_its_reason():
    undecided = [row for route in GUARDED for row in rows_of(route) if row not in TABLE]
    assert undecided == []


def test_the_table_and_the_lists_name_only_addresses_that_exist():
    known = {row for route in routes() for row in rows_of(route)}
    assert [row for row in (*TABLE, *PUBLIC, *FOR_PERSONS) if row not in known] == []


def test_every_guarded_page_names_its_capabilities_and_every_page_for_persons_says_so():
    assert [route.name for route in PAGES if not hasattr(route.view, "capabilities")] == []
    persons = [route for route in routes() if route.name in FOR_PERSONS]
    assert [route.name for route in persons if not getattr(route.view, "for_persons", False)] == []


def test_every_api_action_names_its_capabilities():
    undeclared = [f"{method.upper()} {route.pattern}" for route, method in CALLS if _needed(route, method) is None]
    assert undeclared == []


def _needed(route: Route, method: str):
    return needed(route.view.cls, route.api_actions[method])


# --- The rows of an organisation that addresses lead to ---------------------------------------------------------------


def make_invitation():
    return invite(email=f"{uuid4().hex}@nordis.example", role_id=Role.objects.get(code="sales").id, actor=SYSTEM)


def make_key():
    return create_api_key(name="K", role_id=Role.objects.get(code="sales").id, actor=SYSTEM).key


def make_action():
    """A reminder that the night proposed: an overdue invoice of a new customer, sending approved."""
    account = make_account()
    make_item(account=account, due=TODAY - timedelta(days=10))
    version = ensure_default_scenario(tenant=account.tenant, on=TODAY)
    if version.live_from is None:
        approve_go_live(
            version=version, old_items="FIRST_STEP", live_from=TODAY, approved_by=make_member(), actor=SYSTEM
        )
    plan_actions(tenant=account.tenant, on=TODAY)
    return Action.objects.get(customer=account.customer)


def make_interaction():
    customer = make_account().customer
    return Interaction.objects.create(customer=customer, kind="NOTE", text="Called", on=TODAY, next_on=TODAY)


def make_run():
    return SyncRun.objects.create(
        kind="items",
        as_of=TODAY,
        file_name="ledger.csv",
        file_size=10,
        sha256="0" * 64,
        state="APPLIED",
        finished_at=timezone.now(),
    )


# What an argument of an address names. A new one fails until it stands here.
MAKERS = {
    "member_id": lambda: make_member(role="collector"),
    "invitation_id": make_invitation,
    "role_id": lambda: Role.objects.get(code="auditor"),
    "key_id": make_key,
    "customer_id": lambda: make_account().customer,
    "action_id": make_action,
    "interaction_id": make_interaction,
    "run_id": make_run,
}
# Those of them that are under a customer: out of a member's portfolio, they do not exist for the member.
UNDER_A_CUSTOMER = {"customer_id", "action_id", "interaction_id"}
# Arguments that are words and not rows.
WORDS: dict[str, str] = {}


def arguments_of(route: Route) -> dict[str, object]:
    """Arguments that lead to rows of the tenant in scope."""
    return {name: WORDS[name] if name in WORDS else MAKERS[name]().id for name in route.arguments}


def with_ids() -> list[Route]:
    return [route for route in GUARDED if set(route.arguments) - set(WORDS)]


# --- Asking ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=ROLES)
def asker(request, organisation):
    """(role, browser, key) of one role."""
    with tenant_scope(organisation):
        if request.param == "clerk":
            create_role(name="Clerk", capabilities=CLERK, actor=SYSTEM)
        member = make_member(role=request.param)
        key = create_api_key(name="K", role_id=member.role_id, portfolio_of=member.id, actor=SYSTEM).text
    return request.param, signed_in(member), key


def call(key: str, method: str, path: str):
    client = Client(raise_request_exception=False)
    return client.generic(
        method.upper(), path, b"{}", content_type="application/json", headers={"Authorization": f"Bearer {key}"}
    )


def test_each_role_opens_what_the_table_says_and_nothing_else(organisation, asker):
    role, browser, key = asker
    surprises = []
    for route in GUARDED:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route))
        if route.is_api:
            for method in route.api_actions:
                row = f"{method.upper()} {route.pattern}"
                status = call(key, method, path).status_code
                surprises += _surprise(row, role, "call", status)
        else:
            surprises += _surprise(route.name, role, "GET", browser.get(path).status_code)
            if not TABLE[route.name][role]:
                surprises += _surprise(route.name, role, "POST", browser.post(path).status_code)
    assert surprises == []


def _surprise(row: str, role: str, what: str, status: int) -> list[str]:
    may = TABLE[row][role]
    fits = status == 403 if not may else status not in (401, 403) and status < 500
    return [] if fits else [f"{what} {row} as {role}: {status}, but the table says {'may' if may else 'may not'}"]


def test_a_stranger_is_sent_to_the_sign_in_page(organisation):
    stranger, surprises = Client(), []
    persons = [route for route in routes() if route.name in FOR_PERSONS]
    for route in [*PAGES, *persons]:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route))
        for answer in (stranger.get(path), stranger.post(path)):
            if answer.status_code != 302 or not answer.url.startswith(reverse("account_login")):
                surprises.append(f"{route.name}: {answer.status_code}")
    assert surprises == []


def test_a_call_without_a_key_is_a_401(organisation):
    surprises = []
    for route, method in CALLS:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route))
        status = call("", method, path).status_code
        if status != 401:
            surprises.append(f"{method.upper()} {route.pattern}: {status}")
    assert surprises == []


def test_a_person_in_no_organisation_is_sent_to_choose_one(stranger, organisation):
    surprises = []
    for route in PAGES:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route))
        answer = stranger.get(path)
        if (answer.status_code, getattr(answer, "url", "")) != (302, reverse("organisations")):
            surprises.append(f"{route.name}: {answer.status_code}")
    assert surprises == []


# --- Rows of others --------------------------------------------------------------------------------------------------


@pytest.fixture
def everything(organisation) -> Member:
    """A member who may do everything and sees everything, and a way to call as one."""
    with tenant_scope(organisation):
        create_role(name="Everything", capabilities=EVERYTHING, actor=SYSTEM)
        return make_member(role="everything")


def answer_to(route: Route, method: str, browser: Client, key: str, arguments: dict[str, object]) -> tuple[int, str]:
    path = route.path(**arguments)
    if route.is_api:
        response = call(key, method, path)
    else:
        response = browser.get(path)
        if response.status_code == 405:
            response = browser.post(path)
    text = response.content.decode(errors="replace")
    for value in arguments.values():
        text = text.replace(str(value), "ID")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"', "", text)
    return response.status_code, text


def ways_to(route: Route) -> list[str]:
    return list(route.api_actions) if route.is_api else ["page"]


@pytest.mark.parametrize("route", with_ids(), ids=lambda route: route.name)
def test_another_organisations_row_and_an_unknown_one_get_the_same_404(organisation, everything, route):
    with tenant_scope(make_tenant()):
        theirs = arguments_of(route)
    unknown = {name: WORDS.get(name) or uuid4() for name in route.arguments}
    browser, key = signed_in(everything), key_of(organisation, everything)
    for way in ways_to(route):
        foreign, none = (answer_to(route, way, browser, key, arguments) for arguments in (theirs, unknown))
        assert none[0] == 404
        assert foreign == none


@pytest.mark.parametrize("route", with_ids(), ids=lambda route: route.name)
def test_ones_own_row_is_found(organisation, everything, route):
    """Else the test above would prove nothing."""
    with tenant_scope(organisation):
        own = arguments_of(route)
    browser, key = signed_in(everything), key_of(organisation, everything)
    for way in ways_to(route):
        assert answer_to(route, way, browser, key, own)[0] != 404


@pytest.mark.parametrize(
    "route", [route for route in with_ids() if set(route.arguments) & UNDER_A_CUSTOMER], ids=lambda route: route.name
)
def test_a_row_outside_of_ones_portfolio_gets_the_same_404_as_an_unknown_one(organisation, route):
    with tenant_scope(organisation):
        create_role(name="Own customers", capabilities=EVERYTHING, portfolio_only=True, actor=SYSTEM)
        member = make_member(role="own_customers")
        another = make_member(role="own_customers")
        others = arguments_of(route)
        _assign(others, to=another)
    unknown = {name: WORDS.get(name) or uuid4() for name in route.arguments}
    browser, key = signed_in(member), key_of(organisation, member)
    for way in ways_to(route):
        outside, none = (answer_to(route, way, browser, key, arguments) for arguments in (others, unknown))
        assert none[0] == 404
        assert outside == none


def _assign(arguments: dict[str, object], *, to: Member) -> None:
    """Make the rows those of another member's customer, and let their customers be nobody else's."""
    from receivables.models import CustomerAccount

    for account in CustomerAccount.objects.all():
        account.salesperson = to
        account.save()


def key_of(organisation, member: Member) -> str:
    with tenant_scope(organisation):
        return create_api_key(name="K", role_id=member.role_id, portfolio_of=member.id, actor=SYSTEM).text


def test_every_argument_of_an_address_has_a_maker():
    named = {name for route in GUARDED for name in route.arguments}
    assert named - set(MAKERS) - set(WORDS) == set()


def test_the_makers_make_rows_of_the_tenant_in_scope(tenant):
    for make in MAKERS.values():
        row = make()
        assert isinstance(row.id, UUID)
        assert row.tenant_id == tenant.id
    assert make_customer().tenant_id == tenant.id
