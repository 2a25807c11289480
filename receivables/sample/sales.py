"""What an account bought: its invoices, month by month, with the seasons of the trade."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from core.days import BusinessCalendar, add_months, month_end
from receivables.rules.terms import Days
from receivables.rules.terms_code import parse
from receivables.sample.accounts import Account, Habit, Size
from receivables.sample.organisation import ENTITY_COUNTRY, PRODUCTS, SITES, TERMS, VAT_PCT
from receivables.sample.postings import INVOICE, Posting
from receivables.sample.randomness import poisson, stream

# January to December: nobody builds in August.
_SEASON = (0.93, 0.97, 1.08, 1.02, 0.97, 1.10, 1.02, 0.64, 1.08, 1.12, 1.06, 0.91)
_GROWTH_A_YEAR = 0.04
_AMOUNT_SPREAD = 0.95
_LEAST_NET_CENTS = 9_000
_MOST_TIMES_TYPICAL = 6


_DUE = {terms.code: parse(terms.rule).parts[0].due for terms in TERMS}

# Terms that count days from the document's date and nothing else.
NET_DAYS = {
    code: due.steps[0].n for code, due in _DUE.items() if len(due.steps) == 1 and isinstance(due.steps[0], Days)
}


def due_date(terms_code: str, document_date: date) -> date:
    """The due date under one of organisation.TERMS."""
    return _DUE[terms_code].on(document_date=document_date)


def calendar_of(account: Account) -> BusinessCalendar:
    return BusinessCalendar((ENTITY_COUNTRY[account.row.entity_code],))


def invoices(account: Account, *, first: date, last: date, on: date, rng: Random) -> list[Posting]:
    """The invoices from `first` to `last`, both included, by date. Volume counts from `on` backwards."""
    days = [day for day in _invoice_days(account, first=first, last=last, on=on, rng=rng) if first <= day <= last]
    return [invoice(account, day, rng=rng) for day in sorted(days)]


def _invoice_days(account: Account, *, first: date, last: date, on: date, rng: Random) -> Iterator[date]:
    calendar = calendar_of(account)
    month = first.replace(day=1)
    while month <= last:
        years_ago = (on - month).days / 365
        mean = account.invoices_a_month * _SEASON[month.month - 1] * (1 - _GROWTH_A_YEAR * years_ago)
        end = month_end(month)
        for _ in range(poisson(rng, mean)):
            if rng.random() < 0.3:  # deliveries of the month are invoiced at its end
                yield calendar.previous_working_day(end - timedelta(days=rng.randint(0, 2)))
            else:
                yield calendar.previous_working_day(max(month.replace(day=rng.randint(1, end.day)), month))
        month = add_months(month, 1)


def invoice(account: Account, day: date, *, rng: Random) -> Posting:
    """One invoice of that day: goods that left up to five days before, VAT unless they crossed a border."""
    row = account.row
    mean = math.log(account.typical_cents) - _AMOUNT_SPREAD**2 / 2
    drawn = round(rng.lognormvariate(mean, _AMOUNT_SPREAD))
    net = min(max(drawn, _LEAST_NET_CENTS), account.typical_cents * _MOST_TIMES_TYPICAL)
    domestic = row.country == ENTITY_COUNTRY[row.entity_code]
    vat = (net * VAT_PCT[row.entity_code] + 50) // 100 if domestic else 0
    second = account.second_currency and rng.random() < 0.34
    return Posting(
        account=account,
        kind=INVOICE,
        document_date=day,
        due_date=due_date(row.terms_code, day),
        cents=net + vat,
        vat_cents=vat,
        currency=account.second_currency if second else row.currency,
        delivery_date=day - timedelta(days=rng.randint(0, 5)),
        order_ref=_order_ref(account, rng),
        product=row.product if rng.random() < 0.7 else rng.choice(PRODUCTS),
        site=rng.choice(SITES[row.entity_code]),
    )


def _order_ref(account: Account, rng: Random) -> str:
    """The customer's purchase order; missing now and then, and some customers then do not pay."""
    if rng.random() < 0.05:
        return ""
    if account.size in (Size.KEY, Size.LARGE):
        return f"45{rng.randint(10_000_000, 99_999_999)}"
    return f"{'PO' if account.row.country in ('GB', 'IE', 'US') else 'BC'}{rng.randint(1_000, 39_999)}"


# What a reminder step looks for, in days after the due date, and how many accounts of each entity must have it.
STEP_DAYS = (-7, 0, 5, 15, 30, 45)
_LATE_PAYERS = (
    Habit.SLOW,
    Habit.ERRATIC,
    Habit.DETERIORATING,
    Habit.SLIGHTLY_LATE,
    Habit.TENTH_OF_MONTH,
    Habit.MONTH_END,
)


def invoices_at_each_step(accounts: Sequence[Account], *, on: date, seed: int) -> dict[str, list[Posting]]:
    """Unpaid invoices, by account, that stand exactly at each step of a usual reminder scenario on that day.

    On any day, and in each entity, so that the first morning shows every step at work. Document dates are
    working days: with 14, 15, 30, 45 and 60 days net, some account always has one.
    """
    found: dict[str, list[Posting]] = {}
    for entity in ENTITY_COUNTRY:
        rng = stream(seed, "steps", entity)
        usable = [
            account
            for account in accounts
            if account.row.entity_code == entity
            and account.has_email
            and account.row.terms_code in NET_DAYS
            and account.habit in (*_LATE_PAYERS, Habit.PROMPT)
            and account.size is not Size.KEY
            and not account.second_currency
        ]
        rng.shuffle(usable)
        usable.sort(key=lambda account: account.habit not in _LATE_PAYERS)  # the punctual forget one only if they must
        for days_late in STEP_DAYS:
            due = on - timedelta(days=days_late)
            fitting = [account for account in usable if _is_invoice_day(account, due)]
            for account in fitting[:2]:
                usable.append(
                    usable.pop(usable.index(account))
                )  # taken again for a later step only if nobody else fits
                day = due - timedelta(days=NET_DAYS[account.row.terms_code])
                posting = invoice(account, day, rng=rng)
                posting.stays_unpaid = True
                found.setdefault(account.key, []).append(posting)
    for account in accounts:
        if account.second_currency and account.has_email and account.habit in _LATE_PAYERS:
            found.setdefault(account.key, []).extend(_late_in_two_currencies(account, on=on, seed=seed))
    return found


def _late_in_two_currencies(account: Account, *, on: date, seed: int) -> list[Posting]:
    """One late invoice in each currency of the account, for the message that needs a block for each."""
    rng = stream(seed, "two currencies", account.key)
    late = []
    for currency, days_late in ((account.row.currency, 8), (account.second_currency, 19)):
        day = calendar_of(account).previous_working_day(
            on - timedelta(days=NET_DAYS[account.row.terms_code] + days_late)
        )
        posting = invoice(account, day, rng=rng)
        posting.currency, posting.stays_unpaid = currency, True
        late.append(posting)
    return late


def _is_invoice_day(account: Account, due: date) -> bool:
    day = due - timedelta(days=NET_DAYS[account.row.terms_code])
    return calendar_of(account).is_working_day(day)
