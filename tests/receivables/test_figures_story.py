"""The documented stories, posted: the database sums up to what the documents say, item by item and all together."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.access import EVERYTHING
from core.money import Money
from receivables.models import Allocation, LedgerItem, LedgerItemRevision
from receivables.queries import ageing_by_customer, balances, customer_figures, open_items
from receivables.queries.as_of import Way
from receivables.rules.ageing import Buckets, CreditTreatment
from tests.examples import examples
from tests.make import make_account, make_allocation, make_customer, make_item
from tests.receivables.rules.test_items import ALLOCATIONS, ITEMS

TREATMENTS = {
    "in buckets": CreditTreatment.IN_BUCKETS,
    "own column": CreditTreatment.OWN_COLUMN,
    "oldest first": CreditTreatment.OLDEST_FIRST,
}


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture
def story(tenant):
    """The ledger of docs/rules/ledger.md. The stored open amounts are left at 0: only ways that recompute are asked,
    since the story allocates more to F2 than its corrected amount, which a stored amount cannot say."""
    account, rows = make_account(customer=make_customer(ref="C")), {}
    for ref, item in ITEMS.items():
        now = item.versions[-1]
        row = rows[ref] = make_item(
            account=account, number=ref, amount=str(now.money.amount), open_amount="0", due=now.due_date,
            issued=now.posting_date, known_on=item.versions[0].known_from, void_on=item.void_on,
        )  # fmt: skip
        for former, later in zip(item.versions, item.versions[1:], strict=False):
            LedgerItemRevision.objects.create(
                item=row, customer_id=row.customer_id, known_from=former.known_from, known_until=later.known_from,
                document_date=former.posting_date, posting_date=former.posting_date, due_date=former.due_date,
                currency=former.money.currency, amount=former.money.amount,
            )  # fmt: skip
    for allocation in ALLOCATIONS:
        Allocation.objects.create(
            customer_id=account.customer_id, on=allocation.on, known_on=allocation.known_on,
            **side("debit", rows, allocation.debit_ref, allocation.debit),
            **side("credit", rows, allocation.credit_ref, allocation.credit),
        )  # fmt: skip
    return account


def side(name: str, rows: dict[str, LedgerItem], ref: str | None, money: Money | None) -> dict[str, object]:
    if ref is None or money is None:
        return {}
    return {f"{name}_item": rows[ref], f"{name}_amount": money.amount, f"{name}_currency": money.currency}


@pytest.mark.parametrize("way", [Way.SUMMED, Way.LOOKED_UP])
@pytest.mark.parametrize("row", examples("ledger", "A story"))
def test_items_are_open_as_documented(story, row, way):
    known_on = day(row["Known on"]) if row["Known on"] else None
    found = open_items(on=day(row["On"]), known_on=known_on, scope=EVERYTHING, way=way)
    [item] = [item for item in found if item.number == row["Item"]] or [None]
    assert (item.open_amount if item else 0) == Decimal(row["Open"])
    assert (item.open_amount if item and item.days_overdue else 0) == Decimal(row["Overdue"])


@pytest.mark.parametrize("way", [Way.SUMMED, Way.LOOKED_UP])
@pytest.mark.parametrize("row", examples("ledger", "Balances"))
def test_balances_are_as_documented(story, row, way):
    known_on = day(row["Known on"]) if row["Known on"] else None
    [found] = balances(on=day(row["On"]), known_on=known_on, scope=EVERYTHING, way=way)
    assert (found.balance, found.overdue) == (Decimal(row["Balance"]), Decimal(row["Overdue"]))
    assert found.oldest_due == day(row["Oldest due"])


@pytest.mark.parametrize("row", examples("ageing", "Buckets"))
def test_buckets_are_as_documented(tenant, row):
    on, buckets = day(row["As of"]), Buckets(tuple(map(int, row["Bounds"].split())))
    make_item(due=day(row["Due"]), issued=day("2024-01-01"))
    [found] = ageing_by_customer(on=on, scope=EVERYTHING, buckets=buckets)
    amounts = dict(zip(buckets.names, found.amounts, strict=True))
    assert amounts == {name: 100 if name == row["Bucket"] else 0 for name in buckets.names}


@pytest.mark.parametrize("row", examples("ageing", "Credits"))
def test_credits_are_treated_as_documented(tenant, row):
    on, account = date(2025, 3, 31), make_account()
    debts = [("100", -5), ("200", 10), ("300", 100), (row["Credit"], 40)]
    for amount, days_late in debts:
        make_item(account=account, amount=amount, due=on - timedelta(days=days_late), issued=day("2024-01-01"))
    [found] = ageing_by_customer(on=on, scope=EVERYTHING, treatment=TREATMENTS[row["Treatment"]])
    assert found.amounts == tuple(Decimal(row[name]) for name in Buckets().names)
    assert (found.credits, found.total) == (Decimal(row["Column"]), Decimal(row["Balance"]))


@pytest.mark.parametrize("row", examples("figures", "Average delay"))
def test_average_delay_is_as_documented(tenant, row):
    on, account = date(2025, 3, 31), make_account()
    for part in filter(None, row["Settled (amount @ days after the due date)"].split(",")):
        amount, days_late = part.split("@")
        settled = on - timedelta(days=20)
        item = make_item(account=account, amount=amount.strip(), issued=day("2024-06-01"), due=settled - timedelta(days=int(days_late)))  # fmt: skip
        make_allocation(debit=item, amount=amount.strip(), on=settled)
    found = customer_figures(customer_id=account.customer_id, on=on, scope=EVERYTHING)
    average = found[0].average_delay_days if found else None
    assert average == (None if row["Average"] == "none" else Decimal(row["Average"]))
