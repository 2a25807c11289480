"""Small random ledgers: each way to a figure, the pure rules and the recomputation say the same, to the cent."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import EVERYTHING
from core.money import Money
from receivables.models import Allocation, LedgerItem, LedgerItemRevision
from receivables.queries import (
    Selection,
    ageing_by_customer,
    ageing_totals,
    balances,
    control_totals,
    customer_figures,
    exposures,
    open_items,
)
from receivables.queries.as_of import Way, way_to
from receivables.rules import ageing as ageing_rules
from receivables.rules import items as item_rules
from receivables.rules.ageing import CreditTreatment
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_account, make_customer, make_entity, make_item
from tests.receivables import recompute

FIRST = date(2026, 1, 1)
WAYS = {Way.SUMMED, Way.LOOKED_UP}


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


@dataclass
class Drawn:
    """An item of a random ledger. `versions`: (known from, posted, due, cents) in days; `parts` add up to less."""

    account: int
    currency: str
    versions: list[tuple[int, int, int, int]]
    void_on: int | None
    parts: list[tuple[int, int, int, bool]] = field(default_factory=list)  # on, known on, cents, later taken back


@st.composite
def ledgers(draw) -> list[Drawn]:
    items = []
    for _ in range(draw(st.integers(1, 7))):
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        cents = draw(st.integers(1, 5000))
        posted = draw(st.integers(0, 100))
        due = posted + draw(st.integers(0, 60))
        known = draw(st.sampled_from([posted, posted + 10, 60]))
        versions = [(known, posted, due, sign * cents)]
        if draw(st.booleans()):
            later = known + draw(st.integers(1, 40))
            versions.append(
                (
                    later,
                    posted + draw(st.integers(-3, 3)),
                    due + draw(st.integers(-40, 40)),
                    sign * draw(st.integers(1, 5000)),
                )
            )
        left, parts = abs(versions[-1][3]), []
        for _ in range(draw(st.integers(0, 3))):
            # The whole rest now and then: most items end up settled.
            part = left if draw(st.booleans()) else draw(st.integers(0, left))
            on = draw(st.integers(0, 140))
            back = draw(st.sampled_from([False, False, False, True]))
            if part:
                parts.append((on, on + draw(st.sampled_from([0, 0, 15])), sign * part, back))
                left -= 0 if back else part
        items.append(
            Drawn(
                account=draw(st.integers(0, 3)),
                currency=draw(st.sampled_from(["EUR", "EUR", "USD"])),
                versions=versions,
                void_on=draw(st.sampled_from([None, None, None, 70])),
                parts=parts,
            )
        )
    return items


def days_of(drawn: list[Drawn]) -> set[int]:
    found = {
        n for item in drawn for _known, posted, due, _cents in item.versions for n in (posted, due, due + 1, due + 91)
    }
    return found | {on + n for item in drawn for on, _known, _cents, back in item.parts for n in (0, 20 if back else 0)}


def known_days_of(drawn: list[Drawn]) -> set[int]:
    found = {n for item in drawn for known, *_rest in item.versions for n in (known - 1, known)}
    found |= {item.void_on for item in drawn if item.void_on is not None}
    return found | {known for item in drawn for _on, known, _cents, _back in item.parts}


def post(drawn: list[Drawn], accounts: list) -> None:
    """Write the ledger as loading does: current version, former versions, allocations, stored open amounts."""
    for number, item in enumerate(drawn):
        account = accounts[item.account]
        _known, posted, due, cents = item.versions[-1]
        left = cents - sum(part for _on, _known_on, part, back in item.parts if not back)
        row = make_item(
            account=account,
            number=f"N{number}",
            currency=item.currency,
            amount=str(euros(cents)),
            open_amount=str(euros(left)),
            issued=day(posted),
            due=day(due),
            known_on=day(item.versions[0][0]),
            void_on=None if item.void_on is None else day(item.void_on),
        )
        for (known, posted, due, cents), (until, *_rest) in zip(item.versions, item.versions[1:], strict=False):
            LedgerItemRevision.objects.create(
                item=row,
                customer_id=account.customer_id,
                known_from=day(known),
                known_until=day(until),
                document_date=day(posted),
                posting_date=day(posted),
                due_date=day(due),
                currency=item.currency,
                amount=euros(cents),
            )
        for on, known_on, cents, back in item.parts:
            allocation = allocate(row, cents, on, known_on)
            if back:
                allocate(row, -cents, on + 20, known_on + 20, reverses=allocation)


def allocate(row: LedgerItem, cents: int, on: int, known_on: int, reverses: Allocation | None = None) -> Allocation:
    """Settle part of an item, without naming the counterpart."""
    side = "debit" if row.amount > 0 else "credit"
    amount = euros(cents) if row.amount > 0 else -euros(cents)
    return Allocation.objects.create(
        customer_id=row.customer_id,
        on=day(on),
        known_on=day(known_on),
        reverses=reverses,
        reason=Allocation.Reason.REVERSED if reverses else Allocation.Reason.SETTLED,
        **{f"{side}_item": row, f"{side}_amount": amount, f"{side}_currency": row.currency},
    )


def euros(cents: int) -> Decimal:
    return Decimal(cents) / 100


def as_recomputed(drawn: list[Drawn], accounts: list) -> list[recompute.Item]:
    return [
        recompute.Item(
            customer=accounts[item.account].customer.ref,
            currency=item.currency,
            versions=[
                recompute.Version(day(posted), day(due), euros(cents), known_from=day(known))
                for known, posted, due, cents in item.versions
            ],
            parts=[
                part
                for on, known_on, cents, back in item.parts
                for part in (
                    recompute.Part(day(on), euros(cents), day(known_on)),
                    recompute.Part(day(on + 20), euros(-cents if back else 0), day(known_on + 20)),
                )
            ],
            void_on=None if item.void_on is None else day(item.void_on),
            entity=accounts[item.account].entity.code,
        )
        for item in drawn
    ]


def as_ruled(drawn: list[Drawn], accounts: list) -> list[tuple[str, item_rules.Item, list[item_rules.Allocation]]]:
    """(customer ref, item, its allocations) in the words of receivables.rules.items."""
    found = []
    for number, item in enumerate(drawn):
        ref = f"N{number}"
        allocations = []
        for on, known_on, cents, back in item.parts:
            for days, sign in ((0, 1), (20, -1)) if back else ((0, 1),):
                money = Money(abs(euros(cents)) * sign, item.currency)
                side = {"debit_ref": ref, "debit": money} if cents > 0 else {"credit_ref": ref, "credit": money}
                allocations.append(item_rules.Allocation(day(on + days), day(known_on + days), **side))
        versions = tuple(
            item_rules.Version(day(known), day(posted), day(due), Money(euros(cents), item.currency))
            for known, posted, due, cents in item.versions
        )
        void_on = None if item.void_on is None else day(item.void_on)
        found.append((accounts[item.account].customer.ref, item_rules.Item(ref, versions, void_on), allocations))
    return found


def ruled_open_items(ruled: list, *, on: date, known_on: date | None) -> list[ageing_rules.OpenItem]:
    open_items = []
    for ref, item, allocations in ruled:
        money = item_rules.open_amount(item, allocations, on=on, known_on=known_on)
        if money:
            open_items.append(ageing_rules.OpenItem(ref, item.as_known(known_on).due_date, money))
    return open_items


@pytest.fixture
def accounts(tenant):
    """Two customers at two entities."""
    entities = [make_entity(code="E1"), make_entity(code="E2")]
    customers = [make_customer(ref="A"), make_customer(ref="B")]
    return [make_account(customer=customer, entity=entity) for customer in customers for entity in entities]


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(data=st.data(), drawn=ledgers())
def test_every_way_gives_the_rules_figures(accounts, data, drawn):
    # Days on which something happens, and bounds of buckets: that is where figures go wrong.
    on_days = st.sampled_from(sorted(days_of(drawn)))
    on, known_on = day(data.draw(on_days)), day(data.draw(st.sampled_from(sorted(known_days_of(drawn)))))
    with transaction.atomic():
        post(drawn, accounts)
        check_every_way(drawn, accounts, on=on, known_on=known_on)
        check_every_way(drawn, accounts, on=day(data.draw(on_days)), known_on=None)
        check_every_way(drawn, accounts, on=day(200), known_on=known_on)
        check_every_way(drawn, accounts, on=day(200), known_on=None)
        transaction.set_rollback(True)


def check_every_way(drawn: list[Drawn], accounts: list, *, on: date, known_on: date | None) -> None:
    assert check_open_amounts() == []
    when = {"on": on, "known_on": known_on, "scope": EVERYTHING}
    best = way_to(selection=Selection(), **when)
    later = Allocation.objects.filter(on__gt=on).exists()
    assert best is (Way.SUMMED if known_on else Way.ROLLED_BACK if later else Way.STORED)
    expected = recompute.ageing(as_recomputed(drawn, accounts), on=on, known_on=known_on)
    ruled = as_ruled(drawn, accounts)
    for way in WAYS | {best} | ({Way.ROLLED_BACK} if known_on is None else set()):
        rows = ageing_by_customer(**when, way=way)
        assert {(row.ref, row.currency): [*row.amounts, row.total] for row in rows} == {
            key: list(amounts.values()) for key, amounts in expected.items()
        }
        for treatment in CreditTreatment:
            compare_with_rule(ruled, treatment=treatment, way=way, **when)
        compare_balances(drawn, accounts, ruled, way=way, **when)
    for account in accounts:
        found = ageing_by_customer(**when, selection=Selection(customer_id=account.customer_id))
        assert {row.currency: row.total for row in found} == {
            currency: amounts["total"] for (ref, currency), amounts in expected.items() if ref == account.customer.ref
        }


def compare_with_rule(ruled, *, treatment, way, on, known_on, scope) -> None:
    rule_rows = ageing_rules.aged(ruled_open_items(ruled, on=on, known_on=known_on), on=on, treatment=treatment)
    rows = ageing_by_customer(on=on, known_on=known_on, scope=scope, treatment=treatment, way=way)
    assert [(r.ref, r.currency, r.amounts, r.credits, r.total) for r in rows] == [
        (r.customer_ref, r.currency, r.amounts, r.credits, r.total) for r in rule_rows
    ]
    assert all(row.overdue == sum(row.amounts[1:]) and row.credits <= 0 for row in rows)
    totals = ageing_totals(on=on, known_on=known_on, scope=scope, treatment=treatment, way=way)
    assert [(t.currency, t.amounts, t.credits, t.total) for t in totals] == [
        (t.currency, t.amounts, t.credits, t.total) for t in ageing_rules.totals(rule_rows)
    ]


def compare_balances(drawn, accounts, ruled, *, way, on, known_on, scope) -> None:
    when = {"on": on, "known_on": known_on, "scope": scope}
    by_customer: dict[str, tuple[list, list]] = {}
    for ref, item, allocations in ruled:
        by_customer.setdefault(ref, ([], []))[0].append(item)
        by_customer[ref][1].extend(allocations)
    expected = {
        (ref, currency): (balance.open.amount, balance.overdue.amount, balance.oldest_due_date)
        for ref, (items, allocations) in by_customer.items()
        for currency, balance in item_rules.balances(items, allocations, on=on, known_on=known_on).items()
    }
    found = balances(**when, way=way)
    assert {(row.ref, row.currency): (row.balance, row.overdue, row.oldest_due) for row in found} == expected
    items = open_items(**when, way=way, limit=None)
    assert sum(row.items for row in found) == len(items)
    assert all(item.open_amount for item in items)
    assert [item.position for item in items] == sorted(item.position for item in items)
    by_entity: dict[tuple[str, str], Decimal] = {}
    for item in as_recomputed(drawn, accounts):
        amount = item.standing(on=on, known_on=known_on)[1]
        if amount:
            by_entity[item.entity, item.currency] = by_entity.get((item.entity, item.currency), Decimal(0)) + amount
    controls = control_totals(**when, way=way)
    assert {(row.entity_code, row.currency): row.total for row in controls} == by_entity
    assert all(row.debits >= 0 >= row.credits for row in controls)
    if known_on is None:
        open_by = {(row.ref, row.currency): row.open_amount for row in exposures(on=on, scope=scope, way=way)}
        assert open_by == {key: amounts[0] for key, amounts in expected.items()}
        for account in accounts:
            figures = customer_figures(customer_id=account.customer_id, on=on, scope=scope, way=way)
            assert {row.currency: row.open_amount for row in figures if row.open_items} == {
                currency: amounts[0] for (ref, currency), amounts in expected.items() if ref == account.customer.ref
            }
