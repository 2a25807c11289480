"""Formal notices, several at once: asked for with what cannot be, and approved as they were read."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.access import EVERYTHING, Scope
from collection.models import Action, FormalNotice, Step
from collection.queries.terminal import notices_to_ask
from collection.services import notices_at_once
from collection.services.formal_notices import decide_notice, request_notice
from collection.services.notice_approvals import NotApproved
from collection.services.notices_at_once import (
    TooManyNotices,
    approve_notices,
    look_at_notices,
    prospects,
    request_notices,
)
from collection.services.planning import plan_actions
from collection.services.sending import NothingLeft, confirm_action
from collection.services.terminal import AlreadyAsked
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Task
from receivables.models import LedgerItem
from tests.accounts.test_at_once import at_once
from tests.collection.story import MONDAY, NOW, approve, due, make_debtor, make_sender
from tests.make import make_allocation, make_item, make_member, make_tenant
from tests.pages import enter

TUESDAY = MONDAY + timedelta(days=1)


def by(member, *, on=MONDAY, scope=EVERYTHING) -> dict:
    return {"scope": scope, "actor": Actor.member(member) if member else SYSTEM, "on": on}


def propose_notices(tenant, *names: str) -> list[Action]:
    """A proposed formal notice of 100.00 EUR for each name, in their order."""
    version = approve(tenant)
    Step.objects.filter(version=version, step_key="reminder_1").update(kind=Step.Kind.FORMAL_NOTICE)
    entity = make_sender()
    for name in names:
        make_item(account=make_debtor(entity=entity, name=name), number=f"{name}-1", due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    found = {one.customer.name: one for one in Action.objects.select_related("customer", "step")}
    return [found[name] for name in names]


def pay(action) -> None:
    """What the action speaks of is paid."""
    item = action.lines.get().item
    make_allocation(debit=item, amount="100.00", on=MONDAY)
    item.refresh_from_db()
    LedgerItem.objects.filter(id=item.id).update(open_amount=0, is_open=False)


def grow(tenant, action, *, on=TUESDAY) -> Action:
    """Another item of the customer reaches the step: the proposal of the next night speaks of both."""
    account = action.customer.accounts.get()
    make_item(account=account, number="NEW", due=due(9))
    plan_actions(tenant=tenant, on=on)
    return Action.objects.get(customer=action.customer, state="PROPOSED")


def words(refused) -> dict[str, str]:
    return {one.customer.name: one.refusal.code for one in refused}


# --- Asking -----------------------------------------------------------------------------------------------------------


def test_several_are_asked_for_at_once_and_what_cannot_be_is_said_with_its_reason(tenant):
    first, second, paid, known = propose_notices(tenant, "A", "B", "C", "D")
    collector, manager = make_member(role="collector"), make_member(role="credit_manager")
    request_notice(action_id=known.id, **by(collector))
    Task.objects.all().delete()
    pay(paid)
    ids = [first.id, second.id, paid.id, known.id]
    rows, refused = request_notices(action_ids=ids, note="Third reminder", **by(collector))
    assert [(row.customer.name, row.amounts, row.note, row.state) for row in rows] == [
        ("A", {"EUR": "100.00"}, "Third reminder", "REQUESTED"),
        ("B", {"EUR": "100.00"}, "Third reminder", "REQUESTED"),
    ]
    assert words(refused) == {"C": "nothing_left", "D": "already_asked"}
    assert set(Task.objects.values_list("object_id", "assignee_id")) == {(row.id, manager.id) for row in rows}
    asked = AuditRecord.objects.filter(action="collection.notice_requested", object_id__in=[row.id for row in rows])
    assert asked.count() == 2


def test_asked_again_nothing_is_asked_twice(tenant):
    actions = propose_notices(tenant, "A", "B")
    collector, _manager = make_member(role="collector"), make_member()
    ids = [one.id for one in actions]
    request_notices(action_ids=ids, **by(collector))
    before = (FormalNotice.objects.count(), Task.objects.count(), AuditRecord.objects.count())
    rows, refused = request_notices(action_ids=ids, **by(collector))
    assert (rows, words(refused)) == ([], {"A": "already_asked", "B": "already_asked"})
    assert (FormalNotice.objects.count(), Task.objects.count(), AuditRecord.objects.count()) == before


def test_of_customers_what_is_proposed_is_found_and_who_has_none_is_named(tenant):
    action, other = propose_notices(tenant, "A", "B")
    idle = make_debtor(entity=action.entity, name="Idle").customer
    found = prospects(customer_ids=[action.customer_id, idle.id], scope=EVERYTHING, on=MONDAY)
    assert [(one.customer.name, one.refusal.code if one.refusal else "") for one in found] == [
        ("A", ""), ("Idle", "no_notice_due"),
    ]  # fmt: skip
    own = make_member(role="sales")
    seen = {"scope": Scope(portfolio_of=own.id), "on": MONDAY}
    assert prospects(customer_ids=[action.customer_id, idle.id], **seen) == []
    assert prospects(action_ids=[other.id], **seen) == []
    assert request_notices(action_ids=[other.id], **by(own, scope=seen["scope"])) == ([], [])


def test_an_ordinary_reminder_and_a_decided_one_are_no_notices_to_ask_for(tenant):
    action, decided = propose_notices(tenant, "A", "B")
    Action.objects.filter(id=decided.id).update(state="SKIPPED")
    Step.objects.filter(id=action.step_id).update(kind=Step.Kind.REMINDER)
    rows, refused = request_notices(action_ids=[action.id, decided.id], **by(make_member()))
    assert (rows, words(refused)) == ([], {"A": "not_a_notice", "B": "not_proposed"})
    assert prospects(action_ids=[action.id, decided.id], scope=EVERYTHING, on=MONDAY) == []
    assert request_notices(action_ids=[], **by(make_member())) == ([], [])


def test_no_more_than_can_be_read_at_once(tenant, monkeypatch):
    monkeypatch.setattr(notices_at_once, "MOST_AT_ONCE", 1)
    actions = propose_notices(tenant, "A", "B")
    with pytest.raises(TooManyNotices):
        request_notices(action_ids=[one.id for one in actions], **by(make_member()))
    assert not FormalNotice.objects.exists()


def test_an_approval_that_the_letter_outgrew_is_asked_for_anew(tenant):
    """Example 3 of docs/rules/terminal.md: the former one counts no more, and one asked for in vain blocks nothing."""
    (action,) = propose_notices(tenant, "A")
    collector, manager = make_member(role="collector"), make_member()
    former = request_notice(action_id=action.id, **by(collector))
    assert not notices_to_ask(scope=EVERYTHING).exists()
    decide_notice(notice_id=former.id, approve=True, **by(manager))
    again = grow(tenant, action)
    assert [one.id for one in notices_to_ask(scope=EVERYTHING)] == [again.id]
    with pytest.raises(NotApproved):
        confirm_action(action_id=again.id, now=NOW, **by(collector, on=TUESDAY))
    row = request_notice(action_id=again.id, **by(collector, on=TUESDAY))
    former.refresh_from_db()
    assert (former.state, row.state, row.amounts) == ("REPLACED", "REQUESTED", {"EUR": "200.00"})
    assert not notices_to_ask(scope=EVERYTHING).exists()
    with pytest.raises(AlreadyAsked):
        request_notice(action_id=again.id, **by(collector, on=TUESDAY))
    decide_notice(notice_id=row.id, approve=True, **by(manager, on=TUESDAY))
    assert confirm_action(action_id=again.id, now=NOW, **by(collector, on=TUESDAY)).state == "CONFIRMED"


def test_a_letter_of_which_nothing_is_left_is_not_asked_for(tenant):
    (action,) = propose_notices(tenant, "A")
    pay(action)
    with pytest.raises(NothingLeft):
        request_notice(action_id=action.id, **by(make_member()))


@pytest.mark.django_db(transaction=True)
def test_two_ask_for_the_same_at_once_and_each_is_asked_for_once():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        ids = [one.id for one in propose_notices(tenant, "A", "B", "C")]
        one, other = make_member(role="collector"), make_member(role="collector")
    results = at_once(
        tenant,
        lambda: request_notices(action_ids=ids, **by(one)),
        lambda: request_notices(action_ids=ids[::-1], **by(other)),
    )
    assert sorted(len(rows) for rows, _refused in results) == [0, 3]
    assert sorted(len(refused) for _rows, refused in results) == [0, 3]


# --- Approving --------------------------------------------------------------------------------------------------------


def asked_for(tenant, *names: str):
    """Requests by a collector, one for each name, with who approves."""
    actions = propose_notices(tenant, *names)
    collector, manager = make_member(role="collector"), make_member()
    rows, _refused = request_notices(action_ids=[one.id for one in actions], **by(collector))
    return actions, {row.customer.name: row for row in rows}, collector, manager


def marks(looks) -> dict:
    return {one.notice.id: one.seen for one in looks}


def test_what_was_read_is_approved_and_what_has_changed_since_is_refused_by_name(tenant):
    (_a, changed), rows, _collector, manager = asked_for(tenant, "A", "B")
    looks = look_at_notices(notice_ids=[row.id for row in rows.values()], **by(manager))
    assert [(one.notice.customer.name, one.refusal, bool(one.seen)) for one in looks] == [
        ("A", None, True), ("B", None, True),
    ]  # fmt: skip
    assert "100,00" in looks[0].prepared.draft.body_text
    item = changed.lines.get().item
    make_allocation(debit=item, amount="40.00", on=MONDAY)
    LedgerItem.objects.filter(id=item.id).update(open_amount=60)
    approved, refused = approve_notices(seen=marks(looks), **by(manager))
    assert [row.customer.name for row in approved] == ["A"]
    assert [(one.notice.customer.name, one.refusal.code) for one in refused] == [("B", "notice_changed")]
    states = dict(FormalNotice.objects.values_list("customer__name", "state"))
    assert states == {"A": "APPROVED", "B": "REQUESTED"}
    assert not Task.objects.filter(object_id=rows["A"].id, done_on=None).exists()
    again = look_at_notices(notice_ids=[rows["B"].id], **by(manager))
    approved, refused = approve_notices(seen=marks(again), **by(manager))
    assert ([row.customer.name for row in approved], refused) == (["B"], [])


def test_who_asked_cannot_approve_and_what_was_not_seen_is_not_approved(tenant):
    _actions, rows, collector, manager = asked_for(tenant, "A")
    (look,) = look_at_notices(notice_ids=[rows["A"].id], **by(collector))
    assert look.refusal.code == "needs_second_person"
    _approved, refused = approve_notices(seen=marks([look]), **by(collector))
    assert [one.refusal.code for one in refused] == ["needs_second_person"]
    for mark in ("", "x" * 50):
        approved, refused = approve_notices(seen={rows["A"].id: mark}, **by(manager))
        assert (approved, [one.refusal.code for one in refused]) == ([], ["notice_changed"])
    assert FormalNotice.objects.get().state == "REQUESTED"


def test_a_letter_that_is_gone_or_outgrew_its_request_is_not_approved_unseen(tenant):
    (gone, grown, paid), rows, _collector, manager = asked_for(tenant, "A", "B", "C")
    Action.objects.filter(id=gone.id).update(state="SKIPPED")
    pay(paid)
    item = make_item(account=grown.customer.accounts.get(), number="NEW", due=due(9))
    line = grown.lines.get()
    grown.lines.create(
        item=item, customer_id=line.customer_id, step_key=line.step_key, on=line.on, currency="EUR", open_amount=100
    )
    looks = look_at_notices(notice_ids=[row.id for row in rows.values()], **by(manager))
    assert {one.notice.customer.name: one.refusal.code for one in looks} == {
        "A": "no_letter", "B": "not_covered", "C": "nothing_left",
    }  # fmt: skip
    approved, refused = approve_notices(seen=marks(looks), **by(manager))
    assert (approved, len(refused)) == ([], 3)


def test_what_is_out_of_scope_is_neither_shown_nor_approved(tenant):
    _actions, rows, _collector, manager = asked_for(tenant, "A")
    own = make_member(role="sales")
    scope = Scope(portfolio_of=own.id)
    assert look_at_notices(notice_ids=[rows["A"].id], **by(own, scope=scope)) == []
    (look,) = look_at_notices(notice_ids=[rows["A"].id], **by(manager))
    assert approve_notices(seen=marks([look]), **by(own, scope=scope)) == ([], [])
    assert FormalNotice.objects.get().state == "REQUESTED"


@pytest.mark.django_db(transaction=True)
def test_two_approve_at_once_and_each_is_approved_once():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        _actions, rows, _collector, manager = asked_for(tenant, "A", "B")
        ids = [row.id for row in rows.values()]
        seen = marks(look_at_notices(notice_ids=ids, **by(manager)))
    results = at_once(
        tenant, lambda: approve_notices(seen=seen, **by(manager)), lambda: approve_notices(seen=seen, **by(manager))
    )
    assert sorted(len(approved) for approved, _refused in results) == [0, 2]
    codes = [one.refusal.code for _approved, refused in results for one in refused]
    assert codes == ["already_decided", "already_decided"]


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_from_the_list_to_the_approval_over_the_pages(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        actions = propose_notices(organisation, "Alpha", "Beta")
    listed = client.get("/collections/notices/to-ask/").content.decode()
    assert "Alpha" in listed
    assert "Beta" in listed
    assert "data-sums" in listed
    picks = [str(one.id) for one in actions]
    drawer = client.post("/collections/notices/ask/", {"pick": picks}).content.decode()
    assert "2 formal notices, €200.00" in drawer
    customers = [str(one.customer_id) for one in actions]
    assert (
        "2 formal notices"
        in client.post("/collections/notices/ask-for-customers/", {"pick": customers}).content.decode()
    )
    answer = client.post("/collections/notices/ask/", {"pick": picks, "sent": "1", "note": "x"}, follow=True)
    assert "Asked for 2 formal notices" in answer.content.decode()
    answer = client.post("/collections/notices/ask/", {"pick": picks, "sent": "1", "note": "x"})
    assert answer.status_code == 422
    assert answer.content.decode().count("This has been asked for already.") == 2
    assert "Alpha" not in client.get("/collections/notices/to-ask/").content.decode()

    manager, _member = enter(organisation)
    with tenant_scope(organisation):
        ids = {row.customer.name: row.id for row in FormalNotice.objects.select_related("customer")}
    page = manager.post("/collections/notices/read/", {"pick": list(ids.values())}).content.decode()
    assert "2 letters, €200.00" in page
    assert "Alpha-1" in page
    seen = {f"seen-{one}": page.split(f'name="seen-{one}" value="')[1].split('"')[0] for one in ids.values()}
    bad = {**seen, f"seen-{ids['Beta']}": "other"}
    answer = manager.post("/collections/notices/approve/", {"pick": list(ids.values()), **bad}).content.decode()
    assert "1 formal notice approved" in answer
    assert "Beta: The letter is no longer the one that you saw." in answer
    answer = manager.post("/collections/notices/approve/", {"pick": [ids["Beta"]], **seen}, follow=True)
    assert "1 formal notice approved" in answer.content.decode()
    assert manager.post("/collections/notices/read/", {}).status_code == 400
