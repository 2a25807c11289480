"""The audit trail: newest first, page by page, narrowed, named when it is shown, and not beyond the reader's scope."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from accounts.queries.audit import _NAMED_BY, actions_seen, audit_page, names_of
from accounts.services.api_keys import create_api_key, revoke_api_key
from accounts.services.members import change_member
from accounts.views.audit import read_position, write_position
from accounts.words import action_words, change_words, object_words
from collection.services.scenarios import ensure_default_scenario
from core.audit import SYSTEM, Actor, record
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import TemplateVersion
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY
from tests.make import make_customer, make_entity, make_member, make_tenant


@pytest.fixture
def trail(tenant):
    """25 records by the system about one customer, a moment apart each, after those of the organisation itself."""
    customer = make_customer(ref="C1", name="Atelier Nord")
    return [record(actor=SYSTEM, action=f"receivables.step_{n:02}", row=customer) for n in range(25)]


def test_pages_follow_each_other_without_gap_or_overlap(trail):
    seen, before = [], None
    while True:
        page = audit_page(scope=EVERYTHING, before=before, rows=7)
        seen += [entry.record.id for entry in page.entries]
        before = page.older
        if before is None:
            break
    everything = list(AuditRecord.objects.order_by("-at", "-id").values_list("id", flat=True))
    assert seen == everything
    assert len(seen) == len(set(seen)) == len(everything) >= 25


def test_records_of_one_moment_are_told_apart_by_their_id(tenant):
    """A bulk statement writes all its records at one moment."""
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    for n in range(4):
        AuditRecord.objects.create(at=moment, actor_kind="SYSTEM", action=f"receivables.step_{n}", object_type="x.Y")
    first = audit_page(scope=EVERYTHING, rows=2)
    second = audit_page(scope=EVERYTHING, rows=2, before=first.older)
    actions = {entry.record.action for page in (first, second) for entry in page.entries}
    assert actions == {f"receivables.step_{n}" for n in range(4)}


def test_a_page_is_narrowed_by_actor_action_and_row(tenant):
    admin, other = make_member(role="admin"), make_member(role="admin")
    mine, theirs = make_customer(), make_customer()
    record(actor=Actor.member(admin), action="receivables.a", row=mine)
    record(actor=Actor.member(admin), action="receivables.b", row=theirs)
    record(actor=Actor.member(other), action="receivables.a", row=theirs)
    record(actor=SYSTEM, action="receivables.a", row=mine)

    def actions(**narrowed) -> list[str]:
        return sorted(entry.record.action for entry in audit_page(scope=EVERYTHING, **narrowed).entries)

    assert actions(actor_kind="MEMBER", actor_id=admin.id) == ["receivables.a", "receivables.b"]
    assert actions(action="receivables.b") == ["receivables.b"]
    assert actions(object_id=mine.id) == ["receivables.a", "receivables.a"]
    assert actions(object_id=mine.id, actor_kind="SYSTEM") == ["receivables.a"]


def test_a_customers_row_finds_what_concerns_the_customer(tenant):
    customer, entity = make_customer(), make_entity()
    record(actor=SYSTEM, action="receivables.hold_placed", row=entity, customer_id=customer.id)
    found = audit_page(scope=EVERYTHING, object_id=customer.id).entries
    assert [entry.record.action for entry in found] == ["receivables.hold_placed"]


def test_names_are_looked_up_when_the_page_is_shown(as_admin, admin):
    member = make_member(role="collector", name="Old Name")
    change_member(member_id=member.id, name="New Name", role_id=member.role_id, actor=as_admin)
    key = create_api_key(name="ERP", role_id=Role.objects.get(code="auditor").id, actor=as_admin).key
    record(actor=Actor.api_key(key), action="receivables.a", row=member)
    named = {e.record.action: (e.actor_name, e.object_name) for e in audit_page(scope=EVERYTHING).entries}
    assert named["accounts.member_changed"] == ("Ada", "New Name")
    assert named["receivables.a"] == ("ERP", "New Name")
    assert named["accounts.organisation_created"][0] == ""


def test_what_has_versions_is_called_as_all_of_them_are(tenant):
    version = ensure_default_scenario(tenant=tenant, on=MONDAY)
    text = TemplateVersion.objects.create(
        code="reminder_1", channel="EMAIL", language="en", number=3, subject="x", body="x"
    )
    for row in (version, text):
        record(actor=SYSTEM, action=f"test.{row._meta.model_name}", row=row)
    named = {e.record.action: e.object_name for e in audit_page(scope=EVERYTHING).entries}
    name = version.scenario.name
    assert name
    assert (named["test.scenarioversion"], named["test.templateversion"]) == (name, "reminder_1")


@pytest.mark.parametrize("label", sorted(_NAMED_BY))
def test_each_way_to_a_name_leads_somewhere(tenant, label):
    assert names_of(label, [uuid4()]) == {}


def test_rows_that_are_gone_have_no_name(tenant):
    customer = make_customer()
    record(actor=Actor("MEMBER", uuid4()), action="receivables.a", row=customer)
    customer.delete()
    (entry,) = audit_page(scope=EVERYTHING, action="receivables.a").entries
    assert (entry.actor_name, entry.object_name) == ("", "")


def test_a_table_that_a_later_version_dropped_has_no_name(tenant):
    AuditRecord.objects.create(actor_kind="SYSTEM", action="risk.gone", object_type="risk.Gone", object_id=uuid4())
    (entry,) = audit_page(scope=EVERYTHING, action="risk.gone").entries
    assert entry.object_name == ""
    assert object_words("risk.Gone") == "Gone"


def test_a_narrowed_scope_sees_no_records_about_customers(tenant, as_admin, admin):
    record(actor=SYSTEM, action="receivables.a", row=make_customer())
    record(actor=SYSTEM, action="integrations.b", row=make_entity())
    key = create_api_key(name="K", role_id=Role.objects.get(code="auditor").id, actor=as_admin).key
    revoke_api_key(key_id=key.id, actor=as_admin)
    for scope in (Scope(portfolio_of=admin.id), Scope(entity_ids=frozenset({uuid4()}))):
        seen = {entry.record.action for entry in audit_page(scope=scope).entries}
        assert {"accounts.api_key_created", "accounts.api_key_revoked"} <= seen
        assert all(action.startswith("accounts.") for action in seen | set(actions_seen(scope=scope)))
    assert "receivables.a" in actions_seen(scope=EVERYTHING)


def test_a_page_costs_few_queries_however_many_rows_it_has(trail):
    with CaptureQueriesContext(connection) as captured:
        audit_page(scope=EVERYTHING)
    assert len(captured) <= 4


def test_positions_survive_the_address():
    position = (datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC), uuid4())
    assert read_position(write_position(position)) == position


@pytest.mark.parametrize(
    "text", ["", "~", "yesterday~1", "2026-03-02T09:30:00~a14d89b2fe4d47faa88a35a7c14a66ff", "2026-03-02~x"]
)
def test_an_address_that_names_no_position_shows_the_newest(text):
    assert read_position(text) is None


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_page_shows_who_did_what_and_keeps_its_filters_in_the_address(organisation):
    client, member = enter(organisation, name="Ada")
    with tenant_scope(organisation):
        actor = Actor.member(member)
        role = Role.objects.get(code="auditor")
        create_api_key(name="Nightly ERP", role_id=role.id, actor=actor)
    page = client.get(reverse("audit"), {"actor": f"MEMBER:{member.id}"})
    text = page.content.decode()
    assert "API key created" in text
    assert "Nightly ERP" in text
    assert "Auditor" in text
    assert "Organisation created" not in text.split("<tbody>")[1]
    with tenant_scope(organisation):
        nobody = client.get(reverse("audit"), {"action": "accounts.role_deleted"})
    assert b"No change fits" in nobody.content


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "MEMBER:x"},
        {"actor": "nobody"},
        {"object": "1"},
        {"before": "x"},
        {"action": "<script>"},
        {"page": "2"},
    ],
)
def test_an_address_written_by_hand_is_no_error(organisation, query):
    client, _member = enter(organisation)
    answer = client.get(reverse("audit"), query)
    assert answer.status_code == 200
    assert b"<script>" not in answer.content.split(b"<main", 1)[1]


def test_the_pages_of_the_trail_lead_to_older_ones(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        customer = make_customer()
        for n in range(60):
            record(actor=SYSTEM, action=f"receivables.step_{n:02}", row=customer)
    first = client.get(reverse("audit"))
    second = client.get(reverse("audit"), {"before": first.context["older"]})
    ids = [line["record"].id for page in (first, second) for line in page.context["lines"]]
    assert len(first.context["lines"]) == 50
    assert len(ids) == len(set(ids)) == 61
    assert second.context["older"] == ""


def test_another_organisations_trail_is_not_shown(organisation):
    other = make_tenant()
    with tenant_scope(other):
        stranger = make_customer(name="Secret Customer")
        record(actor=SYSTEM, action="receivables.theirs", row=stranger)
    client, _member = enter(organisation)
    text = client.get(reverse("audit"), {"object": str(stranger.id)}).content.decode()
    assert "Secret Customer" not in text
    assert b"theirs" not in client.get(reverse("audit")).content


# --- Words -----------------------------------------------------------------------------------------------------------


def test_actions_without_words_of_their_own_are_read_out():
    assert action_words("accounts.member_joined") == "Member joined"
    assert action_words("receivables.hold_placed") == "Hold placed"


def test_changes_are_told_in_words():
    role = uuid4()
    changes = change_words(
        {
            "role": [None, str(role)],
            "capabilities": [["receivables.export"], ["receivables.export", "desk.view_messages"]],
            "portfolio_only": [False, True],
            "sandbox_on": ["2026-03-02", "2026-03-03"],
            "name": [None, None],
            "expires_at": [None, None],
            "scopes": [None, []],
            "rows": 12,
        },
        {role: "Auditor"},
    )
    told = {change.field: change for change in changes}
    assert (told["role"].before, told["role"].after) == ("", "Auditor")
    assert (told["rights"].added, told["rights"].removed) == (("Read messages sent",), ())
    assert (told["own customers only"].before, told["own customers only"].after) == ("no", "yes")
    assert told["day of the clock"].after == "3 Mar 2026"
    assert told["rows"].after == "12"
    assert "name" in told
    assert "expires" not in told
    assert "narrowed to" not in told


def test_codes_are_told_in_their_words():
    (change,) = change_words({"state": ["OPEN", "BROKEN"]}, {}, "receivables.Promise")
    assert (change.before, change.after) == ("open", "broken")


@pytest.mark.parametrize("object_type", ["collection.ScenarioVersion", "gone.Model", "nonsense", ""])
def test_fields_without_codes_and_rows_of_unknown_kinds_are_told_as_they_are(object_type):
    (change,) = change_words({"steps": [None, "x"]}, {}, object_type)
    assert change.after == "x"


def test_a_text_that_looks_like_a_day_and_is_none_stays():
    (change,) = change_words({"note": ["2026-19-39", "x" * 500]}, {})
    assert change.before == "2026-19-39"
    assert len(change.after) < 200


def test_the_moment_of_a_record_is_the_real_one_and_not_the_sandboxs(organisation):
    with tenant_scope(organisation):
        at = AuditRecord.objects.get().at
    assert abs((timezone.now() - at).total_seconds()) < 3600
