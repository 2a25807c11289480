"""The aged balance and the balances once more, from files, by another way: one item after the other, in plain Python.

Imports nothing of the project, so that an error there cannot be an error here. Tests compare pages, API and commands
with it: `ageing_document(items, on=...)` and `balances_document(items, on=...)` give what the commands print with --json.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
CENT = Decimal("0.01")


@dataclass
class Part:
    """Part of an item that is settled from the day `on`, which we learned on `known_on` (the same day unless given)."""

    on: date
    amount: Decimal
    known_on: date | None = None


@dataclass
class Version:
    """What an item says, from the day we learned it. None: ever since."""

    posted: date
    due: date
    amount: Decimal
    known_from: date | None = None


@dataclass
class Item:
    """A due amount. `amount` is positive when it is owed to us; the parts have the item's sign."""

    customer: str
    currency: str
    versions: list[Version]
    parts: list[Part] = field(default_factory=list)
    void_on: date | None = None
    entity: str = ""

    def standing(self, *, on: date, known_on: date | None = None) -> tuple[date, Decimal]:
        """Due date and open amount on a day, as known on a day; an amount of 0 when the item is not there."""
        version = None
        for candidate in self.versions:
            if known_on is None or candidate.known_from is None or candidate.known_from <= known_on:
                version = candidate
        is_void = self.void_on is not None and (known_on is None or self.void_on <= known_on)
        if version is None or is_void or version.posted > on:
            return date.min, Decimal(0)
        amount = version.amount
        for part in self.parts:
            if part.on > on:
                continue
            if known_on is not None and (part.known_on or part.on) > known_on:
                continue
            amount -= part.amount
        return version.due, amount


def read_ibm(path: Path, *, currency: str = "USD") -> list[Item]:
    """ibm_late_payment_histories.csv: paid invoices, days written dd/mm/yyyy."""
    items = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            issued, due, settled = (day(row[name], "%d/%m/%Y") for name in ("InvoiceDate", "DueDate", "SettledDate"))
            amount = Decimal(row["InvoiceAmount"])
            items.append(
                Item(row["customerID"], currency, [Version(issued, due, amount)], parts=[Part(settled, amount)])
            )
    return items


def read_hrc(path: Path, *, currency: str = "USD") -> list[Item]:
    """hrc_open_invoices_v1.csv: open invoices of six companies, days dd-mm-yyyy, amounts rounded row by row."""
    items = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            posted, due = (day(row[name], "%d-%m-%Y") for name in ("posting_date", "due_in_date"))
            amount = Decimal(row["converted_usd"]).quantize(CENT, rounding=ROUND_HALF_UP)
            items.append(
                Item(row["cust_number"], currency, [Version(posted, due, amount)], entity=row["business_code"])
            )
    return items


def day(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone


def ageing(items: list[Item], *, on: date, known_on: date | None = None) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Amounts by customer and currency, then by bucket and in total. Each credit is in the bucket of its own due date."""
    rows: dict[tuple[str, str], dict[str, Decimal]] = {}
    for item in items:
        due, amount = item.standing(on=on, known_on=known_on)
        if not amount:
            continue
        row = rows.setdefault((item.customer, item.currency), dict.fromkeys((*BUCKETS, "total"), Decimal(0)))
        row[bucket((on - due).days)] += amount
        row["total"] += amount
    return rows


def bucket(days_late: int) -> str:
    if days_late <= 0:
        return "not_due"
    if days_late <= 30:
        return "d1_30"
    if days_late <= 60:
        return "d31_60"
    return "d61_90" if days_late <= 90 else "d91_plus"


def ageing_document(
    items: list[Item], *, on: date, known_on: date | None = None, decimals: int = 2
) -> dict[str, object]:
    """`on`, `rows` and `totals` as the command `ageing --json` prints them."""
    rows = ageing(items, on=on, known_on=known_on)
    totals: dict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys((*BUCKETS, "total"), Decimal(0)))
    for (_customer, currency), amounts in rows.items():
        for name, amount in amounts.items():
            totals[currency][name] += amount
    return {
        "on": on.isoformat(),
        "rows": [
            {"customer": customer, "currency": currency, **texts(amounts, decimals)}
            for (customer, currency), amounts in sorted(rows.items())
        ],
        "totals": [{"currency": currency, **texts(amounts, decimals)} for currency, amounts in sorted(totals.items())],
    }


def balances_document(
    items: list[Item], *, on: date, known_on: date | None = None, decimals: int = 2
) -> dict[str, object]:
    """`on` and `rows` as the command `balances --json` prints them."""
    open_items: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
    for item in items:
        due, amount = item.standing(on=on, known_on=known_on)
        if amount:
            open_items[item.customer, item.currency].append((due, amount))
    rows = []
    for (customer, currency), found in sorted(open_items.items()):
        balance = sum((amount for _due, amount in found), Decimal(0))
        overdue = sum((amount for due, amount in found if due < on), Decimal(0))
        rows.append(
            {
                "customer": customer,
                "currency": currency,
                **texts({"balance": balance, "overdue": overdue}, decimals),
                "oldest_due": min(due for due, _amount in found).isoformat(),
            }
        )
    return {"on": on.isoformat(), "rows": rows}


def texts(amounts: dict[str, Decimal], decimals: int) -> dict[str, str]:
    return {name: f"{amount:.{decimals}f}" for name, amount in amounts.items()}
