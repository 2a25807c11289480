"""The nightly profiles: facts from the ledger, history on change, made again on any past day, alerts raised once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Alert
from receivables.models import Allocation, Dispute, Hold, LedgerItem, Promise
from risk.models import PayerProfile
from risk.queries.facts import payer_facts
from risk.rules.profile import DEFAULT_LIMITS, ClassLimits, Part, facts_of
from risk.services.class_limits import set_class_limits
from risk.services.profiles import profile_rows, refresh_profiles
from tests.make import make_account, make_allocation, make_customer, make_item, make_tenant
from tests.risk.parts import ON, overdue, paid

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def facts(account, on=ON, known_on=None, limits=DEFAULT_LIMITS):
    [found] = payer_facts(on=on, known_on=known_on, limits=limits, customer_ids=[account.customer_id])
    return found.facts


def current(account):
    return PayerProfile.objects.get(customer_id=account.customer_id, valid_to=None)


def make_payer(*, late=0, count=5):
    """A customer that has paid five invoices, all as late."""
    account = make_account()
    for n in range(count):
        paid(account, amount="100.00", days=late, ago=20 + n)
    return account


def test_the_example_of_the_document_comes_out_of_the_ledger(tenant):
    """docs/rules/payer-profile.md, example 1."""
    account = make_account()
    for amount, days in (("1000.00", 0), ("5000.00", 10), ("500.00", 60), ("2000.00", -5)):
        paid(account, amount=amount, days=days)
    overdue(account, amount="500.00", days=100)
    refresh_profiles(on=ON)
    row = current(account)
    assert (row.days_beyond_terms, row.late_days, row.late_pct) == (Decimal("13.3"), Decimal("14.4"), Decimal("66.7"))
    assert (row.payer_class, row.payment_index, row.worst_days, row.median_days) == ("SLOW", 71, 100, 10)
    assert (row.instalments, row.rule, row.valid_from) == (5, "AT_MOST", ON)
    assert row.explanation["currencies"] == [
        {
            "currency": "EUR", "instalments": 5,
            "settled_amount": {"amount": "8500.00", "currency": "EUR"},
            "late_amount": {"amount": "6000.00", "currency": "EUR"},
            "overdue_amount": {"amount": "500.00", "currency": "EUR"},
            "days_beyond_terms": "13.3", "late_days": "14.4", "late_pct": "66.7",
        }
    ]  # fmt: skip


def test_the_statement_says_what_the_rule_says_part_by_part(tenant):
    account = make_account()
    first = paid(account, amount="100.00", days=12, ago=5)
    paid(account, amount="70.00", days=-3, ago=200)
    paid(account, amount="40.00", days=40, ago=365)  # a day too old
    halves = make_item(account=account, amount="200.00", due=ON - 60 * DAY, issued=ON - 90 * DAY)
    make_allocation(debit=halves, amount="120.00", on=ON - 50 * DAY)
    make_item(account=account, amount="30.00", due=ON, issued=ON - 30 * DAY)  # due today: not late
    make_item(account=account, amount="-25.00", due=ON - 30 * DAY, issued=ON - 30 * DAY)  # a credit is never late
    overdue(account, amount="80.00", days=45, currency="USD")
    parts = [
        Part("1", "EUR", Decimal(100), 12, 5),
        Part("2", "EUR", Decimal(70), -3, 200),
        Part("3", "EUR", Decimal(120), 10, 50),
        Part("3", "EUR", Decimal(80), 60),
        Part("4", "USD", Decimal(80), 45),
    ]
    assert first.customer_id == account.customer_id
    assert facts(account) == facts_of(parts)
    narrower = ClassLimits(window_days=100, recent_days=30)
    assert facts(account, limits=narrower) == facts_of(parts, limits=narrower)


def test_one_customer_asked_alone_is_the_same_as_among_all(tenant):
    for late in (0, 12, 70):
        make_payer(late=late)
    make_customer()
    together = {found.customer_id: found.facts for found in payer_facts(on=ON, known_on=ON, limits=DEFAULT_LIMITS)}
    assert len(together) == 4
    for customer_id, known in together.items():
        [alone] = payer_facts(on=ON, known_on=ON, limits=DEFAULT_LIMITS, customer_ids=[customer_id])
        assert alone.facts == known
    some = sorted(together)[:2]
    few = payer_facts(on=ON, known_on=ON, limits=DEFAULT_LIMITS, customer_ids=some)
    assert {found.customer_id: found.facts for found in few} == {key: together[key] for key in some}


def test_credit_notes_settle_without_saying_how_one_pays_and_write_offs_count_as_late(tenant):
    account = make_account()
    for kind in ("CREDIT_NOTE", "DISCOUNT", "WRITE_OFF"):
        item = make_item(account=account, amount="100.00", due=ON - 90 * DAY, issued=ON - 120 * DAY)
        credit = make_item(account=account, amount="-100.00", kind=kind, due=ON - DAY, issued=ON - DAY)
        make_allocation(debit=item, credit=credit, amount="100.00", on=ON - DAY)
    [sums] = facts(account).sums
    assert (sums.amount, sums.late_amount_days) == (Decimal(100), Decimal(8900))


def test_promises_disputes_rejected_debits_and_insolvency_are_counted(tenant):
    account = make_account()
    customer = account.customer
    item = paid(account, amount="100.00", days=0, ago=20, method="DIRECT_DEBIT")
    taken = Allocation.objects.get(debit_item=item)
    back = {"on": ON - 5 * DAY, "known_on": ON - 5 * DAY, "reason": "REVERSED", "reverses": taken}
    Allocation.objects.create(
        customer=customer, debit_item=item, debit_amount=-100, debit_currency="EUR", credit_item=taken.credit_item,
        credit_amount=-100, credit_currency="EUR", run_id=item.id, **back,
    )  # fmt: skip
    LedgerItem.objects.filter(id=item.id).update(open_amount=100)
    promise = {"customer": customer, "currency": "EUR", "made_on": ON - 30 * DAY, "due_on": ON - 20 * DAY}
    Promise.objects.create(amount=10, state="BROKEN", decided_on=ON - 19 * DAY, **promise)
    Promise.objects.create(amount=20, state="KEPT", decided_on=ON - 19 * DAY, **promise)
    Dispute.objects.create(customer=customer, item=item, reason="PRICE", currency="EUR", opened_on=ON - 3 * DAY)
    found = facts(account)
    assert (found.broken_promises, found.disputes, found.rejected_debits) == (1, 1, 1)
    assert found.sums[0].overdue_amount == 100  # the money went back: the invoice is open again
    assert not found.is_insolvent
    hold = Hold.objects.create(customer=customer, reason="INSOLVENCY", from_on=ON)
    assert facts(account).is_insolvent
    assert not facts(account, on=ON - DAY).is_insolvent
    Hold.objects.filter(id=hold.id).update(lifted_on=ON)
    assert not facts(account).is_insolvent
    # The day before the money went back it was paid.
    before = facts(account, on=ON - 6 * DAY, known_on=ON - 6 * DAY)
    assert (before.rejected_debits, before.sums[0].overdue_amount) == (0, 0)


def test_a_second_run_writes_nothing_and_a_change_begins_a_new_row(tenant):
    account = make_payer(late=0)
    make_payer(late=20)
    assert refresh_profiles(on=ON) == 2
    rows = list(PayerProfile.objects.order_by("id").values())
    assert refresh_profiles(on=ON) == 0
    assert list(PayerProfile.objects.order_by("id").values()) == rows
    assert refresh_profiles(on=ON + DAY) == 0
    overdue(account, amount="900.00", days=40)
    assert refresh_profiles(on=ON + DAY) == 1
    former, now = PayerProfile.objects.filter(customer=account.customer).order_by("valid_from")
    assert (former.valid_from, former.valid_to, former.payer_class) == (ON, ON + DAY, "PROMPT")
    assert (now.valid_from, now.valid_to, now.payer_class) == (ON + DAY, None, "SLOW")


def test_the_profile_of_the_same_day_is_made_anew_in_its_place(tenant):
    account = make_payer(late=0)
    refresh_profiles(on=ON)
    overdue(account, amount="900.00", days=40)
    assert refresh_profiles(on=ON) == 1
    assert current(account).payer_class == "SLOW"
    assert PayerProfile.objects.count() == 1
    assert refresh_profiles(on=ON) == 0


def test_an_earlier_day_leaves_later_profiles_alone(tenant):
    account = make_payer(late=0)
    refresh_profiles(on=ON)
    overdue(account, amount="900.00", days=40)
    assert refresh_profiles(on=ON - DAY) == 0
    assert current(account).valid_from == ON


def test_any_past_day_made_again_equals_what_its_night_stored(tenant):
    payers = [make_payer(late=late) for late in (0, 8, 35)]
    nights = [ON + n * DAY for n in range(5)]
    for n, night in enumerate(nights):
        refresh_profiles(on=night)
        # After the night: what the next ones will know, and what this one did not.
        invoice = overdue(payers[n % 3], amount=f"{100 * (n + 1)}.00", days=20 * n, on=night)
        LedgerItem.objects.filter(id=invoice.id).update(known_on=night + DAY)
        if n == 2:
            make_allocation(debit=invoice, amount="50.00", on=night - 2 * DAY, known_on=night + DAY)
    set_class_limits(values={"slight_days": 7}, on=nights[-1], set_by=None, actor=SYSTEM)
    compared = 0
    for night in nights:
        again = {row.pop("customer_id"): row for row in profile_rows(on=night, known_on=night)}
        for stored in PayerProfile.objects.filter(valid_from__lte=night).exclude(valid_to__lte=night):
            row = again[stored.customer_id]
            assert {name: getattr(stored, name) for name in row} == row
            compared += 1
    assert compared == 15
    assert PayerProfile.objects.count() > 3


def test_a_worse_class_raises_one_alert_and_is_audited(tenant):
    account = make_payer(late=0)
    refresh_profiles(on=ON)
    assert not Alert.objects.exists()  # the first profile is no change
    overdue(account, amount="900.00", days=40)
    refresh_profiles(on=ON + DAY)
    refresh_profiles(on=ON + DAY)
    [alert] = Alert.objects.all()
    assert (alert.customer_id, alert.kind, alert.key) == (account.customer_id, "risk.payer_class", "SLOW/2026-03")
    assert (alert.severity, alert.on, alert.acknowledged_on) == ("WARNING", ON + DAY, None)
    [change] = AuditRecord.objects.filter(action="risk.payer_class_changed")
    assert change.changes == {"payer_class": ["PROMPT", "SLOW"]}
    assert (change.object_id, change.customer_id) == (current(account).id, account.customer_id)
    Hold.objects.create(customer=account.customer, reason="INSOLVENCY", from_on=ON + 2 * DAY)
    refresh_profiles(on=ON + 2 * DAY)
    assert Alert.objects.get(key="DEFAULTING/2026-03").severity == "CRITICAL"


def test_each_change_of_a_class_is_in_the_audit_trail_and_no_other(tenant):
    """The story: rows before and after each night, compared with what the trail says."""
    payers = [make_payer(late=late) for late in (0, 8, 35)]
    seen: dict = {}
    for n in range(6):
        night = ON + n * DAY
        overdue(payers[n % 3], amount="400.00", days=15 * n, on=night)
        audited = set(AuditRecord.objects.values_list("id", flat=True))
        refresh_profiles(on=night)
        now = {row.customer_id: row for row in PayerProfile.objects.filter(valid_to=None)}
        changes = {
            (row.customer_id, *row.changes["payer_class"])
            for row in AuditRecord.objects.filter(action="risk.payer_class_changed").exclude(id__in=audited)
        }
        wanted = {
            (key, seen[key], row.payer_class)
            for key, row in now.items()
            if seen.get(key, row.payer_class) != row.payer_class
        }
        assert changes == wanted
        seen = {key: row.payer_class for key, row in now.items()}
    assert AuditRecord.objects.filter(action="risk.payer_class_changed").count() >= 3


def test_new_limits_begin_the_next_day_and_are_audited(tenant, credit_manager):
    account = make_payer(late=8)
    first = set_class_limits(values={"slight_days": 7}, on=ON, set_by=credit_manager, actor=SYSTEM)
    refresh_profiles(on=ON)
    assert current(account).payer_class == "SLIGHT"
    refresh_profiles(on=ON + DAY)
    assert current(account).payer_class == "SLOW"
    again = set_class_limits(values={"slight_days": 9}, on=ON, set_by=credit_manager, actor=SYSTEM)
    assert (again.id, again.slight_days, again.valid_from) == (first.id, 9, ON + DAY)
    later = set_class_limits(values={"slow_days": 40}, on=ON + DAY, set_by=credit_manager, actor=SYSTEM)
    first.refresh_from_db()
    assert (first.valid_to, later.slight_days, later.slow_days) == (ON + 2 * DAY, 9, 40)
    changes = [row.changes for row in AuditRecord.objects.filter(action="risk.class_limits_set").order_by("at", "id")]
    assert [change["slight_days"] for change in changes[:2]] == [[10, 7], [7, 9]]
    assert "slight_days" not in changes[2]
    assert changes[2]["slow_days"] == [30, 40]


def test_another_organisation_is_judged_by_its_own_rows(db):
    first, second = make_tenant(), make_tenant()
    with tenant_scope(first):
        make_payer(late=40)
        refresh_profiles(on=ON)
    with tenant_scope(second):
        assert not PayerProfile.objects.exists()
        assert refresh_profiles(on=ON) == 0
        make_payer(late=0)
        refresh_profiles(on=ON)
        assert [row.payer_class for row in PayerProfile.objects.all()] == ["PROMPT"]
