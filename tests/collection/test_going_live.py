"""The approval of sending holds for the dry run that was shown, and for nothing else."""

import re
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from collection.models import ActionLine, GoLiveApproval, ScenarioVersion
from collection.rules.steps import OldItems
from collection.services.dry_run import dry_run
from collection.services.going_live import DryRunChanged, approve_dry_run, show
from collection.services.planning import plan_actions
from collection.services.scenarios import AlreadyLive, ensure_default_scenario
from collection.services.versions import STEP_FIELDS, StepValues, open_draft, publish_draft, save_draft
from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import Hold
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, address, due, make_debtor
from tests.make import make_allocation, make_item, make_member, make_tenant

FIRST = OldItems.FIRST_STEP


@pytest.fixture
def late(tenant):
    """The version to approve, an item 20 days late of 100.00 EUR, and who may approve."""
    version = ensure_default_scenario(tenant=tenant, on=MONDAY)
    account = make_debtor()
    item = make_item(account=account, due=due(20), amount="100.00", issued=due(50))
    return version, item, make_member(role="credit_manager")


def approve(version, fingerprint, member, *, old_items=FIRST, on=MONDAY):
    return approve_dry_run(
        version=version, fingerprint=fingerprint, old_items=old_items, on=on, approved_by=member, actor=SYSTEM
    )


@pytest.mark.django_db
def test_the_record_says_who_approved_what(tenant, late):
    version, item, member = late
    make_item(account=item.account, due=due(10), amount="40.50", issued=due(40))
    held = make_item(account=item.account, due=due(10), amount="7.00", issued=due(40))
    Hold.objects.create(item=held, customer=held.customer, reason="COMMERCIAL", from_on=MONDAY)
    run = show(version=version, on=MONDAY, old_items=FIRST)
    approved = approve(version, run.fingerprint, member)
    assert (approved.approved_by, approved.on, approved.fingerprint) == (member, MONDAY, run.fingerprint)
    assert (approved.message_count, approved.item_count) == (1, 2)
    assert {currency: Decimal(text) for currency, text in approved.amounts.items()} == {"EUR": Decimal("140.50")}
    assert (approved.by_step, approved.left_out) == ({"reminder_1": 1}, {"HELD": 1})
    assert ScenarioVersion.objects.get().live_from == MONDAY
    audit = AuditRecord.objects.get(action="collection.go_live_approved")
    assert audit.changes["dry_run"] == [None, run.fingerprint]
    assert plan_actions(tenant=tenant, on=MONDAY).lines == 2


def test_after_the_night_the_day_has_nothing_to_add(tenant, late):
    version, item, member = late
    run = show(version=version, on=MONDAY, old_items=FIRST)
    approve(version, run.fingerprint, member)
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 1
    # Another item of the same customer: a second run of the night would leave it for the next one.
    make_item(account=item.account, due=due(8), amount="1.00", issued=due(40))
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 0
    assert dry_run(version=version, on=MONDAY, old_items=FIRST).messages == []


def _pay(version, item):
    make_allocation(debit=item, amount="30.00", on=due(1))


def _one_more(version, item):
    make_item(account=item.account, due=due(8), amount="1.00", issued=due(40))


def _not_yet_due(version, item):
    make_item(account=item.account, due=due(-60), amount="500.00", issued=due(1))


def _hold(version, item):
    Hold.objects.create(item=item, customer=item.customer, reason="COMMERCIAL", from_on=MONDAY)


def _automatic(version, item):
    version.steps.filter(step_key="reminder_1").update(mode="AUTOMATIC")


def _later(version, item):
    version.steps.filter(step_key="reminder_2").update(offset_days=16)


def _new_version(version, item):
    draft = open_draft(scenario=version.scenario, actor=SYSTEM)
    steps = [
        StepValues(**{name: getattr(one, name) for name in STEP_FIELDS}) for one in draft.steps.order_by("position")
    ]
    save_draft(version=draft, limits={"minimum_delay_days": 9}, steps=steps, actor=SYSTEM)
    publish_draft(version=draft, on=MONDAY, actor=SYSTEM)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [_pay, _one_more, _not_yet_due, _hold, _automatic, _later, _new_version])
def test_whatever_changes_in_between_refuses_the_approval(tenant, late, change):
    version, item, member = late
    run = show(version=version, on=MONDAY, old_items=FIRST)
    change(version, item)
    with pytest.raises(DryRunChanged) as refused, transaction.atomic():
        approve(version, run.fingerprint, member)
    assert not GoLiveApproval.objects.exists()
    assert not ScenarioVersion.objects.exclude(live_from=None).exists()
    assert refused.value.run.fingerprint != run.fingerprint
    approve(refused.value.version, refused.value.run.fingerprint, member)
    assert GoLiveApproval.objects.get().approved_by == member


@pytest.mark.django_db
def test_another_choice_or_day_is_another_dry_run_and_the_same_one_is_the_same(tenant, late):
    version, _item, member = late
    run = dry_run(version=version, on=MONDAY, old_items=FIRST)
    assert dry_run(version=version, on=MONDAY, old_items=FIRST).fingerprint == run.fingerprint
    for other in ({"old_items": OldItems.NONE}, {"old_items": OldItems.REACHED_STEP}, {"on": MONDAY + timedelta(1)}):
        with pytest.raises(DryRunChanged), transaction.atomic():
            approve(version, run.fingerprint, member, **other)
    reached = dry_run(version=version, on=MONDAY, old_items=OldItems.REACHED_STEP)
    approve(version, reached.fingerprint, member, old_items=OldItems.REACHED_STEP)
    assert list(ActionLine.objects.values_list("step_key", "state")) == [("reminder_1", "GO_LIVE")]


@pytest.mark.django_db
def test_the_refusal_says_what_changed(tenant, late):
    version, item, member = late
    gone = make_item(
        account=make_debtor(name="Gone SA", entity=item.entity), due=due(10), amount="9.00", issued=due(40)
    )
    run = show(version=version, on=MONDAY, old_items=FIRST)
    _pay(version, item)
    make_allocation(debit=gone, amount="9.00", on=due(1))
    make_item(account=make_debtor(name="New SA", entity=item.entity), due=due(10), amount="5.00", issued=due(40))
    with pytest.raises(DryRunChanged) as refused, transaction.atomic():
        approve(version, run.fingerprint, member)
    changes = refused.value.changes
    assert [(one.customer, one.before, one.after) for one in changes.messages] == [
        ("Durand SA", ("reminder_1", {"EUR": 100}), ("reminder_1", {"EUR": 70})),
        ("Gone SA", ("reminder_1", {"EUR": 9}), None),
        ("New SA", None, ("reminder_1", {"EUR": 5})),
    ]
    assert changes.ledger == {"EUR": ((2, Decimal(109)), (2, Decimal(75)))}
    cache.clear()
    with pytest.raises(DryRunChanged) as refused, transaction.atomic():
        approve(version, run.fingerprint, member)
    assert not refused.value.changes.is_known


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_is_first():
    for _round in range(3):
        tenant = make_tenant()
        with tenant_scope(tenant), transaction.atomic():
            version = ensure_default_scenario(tenant=tenant, on=MONDAY)
            make_item(account=make_debtor(), due=due(20), amount="100.00", issued=due(50))
            members = [make_member(role="credit_manager") for _ in range(2)]
            seen = dry_run(version=version, on=MONDAY, old_items=FIRST).fingerprint
        start, results = threading.Barrier(2), [None, None]

        def run(n, tenant=tenant, version=version, members=members, seen=seen, start=start, results=results):
            try:
                with tenant_scope(tenant), transaction.atomic():
                    start.wait()
                    results[n] = approve(version, seen, members[n])
            except Exception as error:
                results[n] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[n]) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(type(result).__name__ for result in results) == ["AlreadyLive", "GoLiveApproval"]
        with tenant_scope(tenant), transaction.atomic():
            assert GoLiveApproval.objects.count() == 1


@pytest.mark.django_db
def test_already_live(tenant, late):
    version, _item, member = late
    run = show(version=version, on=MONDAY, old_items=FIRST)
    approve(version, run.fingerprint, member)
    with pytest.raises(AlreadyLive):
        approve(version, run.fingerprint, member)


@pytest.mark.django_db
def test_the_page_sends_what_it_showed_and_shows_what_changed(organisation):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        item = make_item(account=make_debtor(), due=due(20), amount="100.00", issued=due(50))
    shown = client.get(address("scenario", organisation)).content.decode()
    seen = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', shown)[1]
    assert client.post(address("go_live", organisation), {"old_items": "FIRST_STEP"}).status_code == 302
    with tenant_scope(organisation):
        make_allocation(debit=item, amount="30.00", on=due(1))
    refused = client.post(address("go_live", organisation), {"old_items": "FIRST_STEP", "fingerprint": seen})
    words = refused.content.decode()
    assert refused.status_code == 409
    for text in ("Nothing was approved.", "has changed since you looked", "Durand SA", "€100.00", "€70.00"):
        assert text in words, text
    with tenant_scope(organisation):
        assert not GoLiveApproval.objects.exists()
    fresh = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', words)[1]
    client.post(address("go_live", organisation), {"old_items": "FIRST_STEP", "fingerprint": fresh})
    live = client.get(address("scenario", organisation)).content.decode()
    assert "Live since" in live
    assert "On a dry run of 1 message" in live
    assert fresh[:12] in live
