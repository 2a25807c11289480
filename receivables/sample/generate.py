"""The sample company as of a day: the same day and seed give the same company, to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from core.days import add_months
from receivables.sample import bank, organisation, rows, standing
from receivables.sample.accounts import Account, Habit, Stop
from receivables.sample.behaviour import accounts, stop_of
from receivables.sample.company import DisputeRow, OrderRow, PromiseRow, SampleCompany, SampleHold
from receivables.sample.customers import customer_base
from receivables.sample.postings import AccountLedger, Posting
from receivables.sample.randomness import day_after, stream
from receivables.sample.sales import calendar_of, invoices, invoices_at_each_step
from receivables.sample.settlement import Settlement

DEFAULT_SEED = 20
MONTHS_SHOWN = 24
# Trade begins earlier, so that the first day shown already has open items of every age.
_MONTHS_BEFORE = 9
_LONGEST_ADVANCE_DAYS = 8
_WRITTEN_OFF_AFTER_DAYS = 330


def generate(on: date, seed: int = DEFAULT_SEED) -> SampleCompany:
    """Nordis Groupe as its books stand on the evening of `on`, with 24 months of history.

    Customers, contacts, groups and habits depend on the seed alone; invoices, payments and all that follows move
    with the day. Nothing is dated after `on` but due dates, promised days and deliveries to come.
    """
    base = customer_base(seed)
    everyone = accounts(base, seed=seed)
    stops = _stops(everyone, on=on, seed=seed)
    at_steps = invoices_at_each_step(everyone, on=on, seed=seed)
    ledgers = [
        _ledger(one, on=on, seed=seed, stop=stops.get(one.key), at_steps=at_steps.get(one.key, [])) for one in everyone
    ]
    rows.number_postings(ledgers)
    ledgers = [rows.drop_settled_before(ledger, add_months(on, -MONTHS_SHOWN)) for ledger in ledgers]
    holds = _holds(everyone, stops, on=on)
    held = {hold.customer_ref for hold in holds}
    about = organisation.organisation(stream(seed, "organisation"))
    return SampleCompany(
        on=on,
        seed=seed,
        organisation=about,
        groups=base.groups,
        rates=organisation.rates(on=on, months=MONTHS_SHOWN),
        holds=holds,
        customers=base.rows,
        contacts=base.contacts,
        items=rows.item_rows(ledgers),
        allocations=rows.allocation_rows(ledgers),
        orders=_orders(everyone, stops, on=on, seed=seed),
        disputes=_disputes(ledgers, on=on, seed=seed),
        promises=_promises(ledgers, held, on=on, seed=seed),
        bank_lines=bank.bank_lines(ledgers, entities=about.entities, on=on, held=held, seed=seed),
    )


def _stops(everyone: Sequence[Account], *, on: date, seed: int) -> dict[str, Stop]:
    """When those that stopped paying did so, by account. The first insolvent one did so long ago."""
    written_off = _written_off(everyone)
    found = {}
    for account in everyone:
        rng = stream(seed, "stop", account.key)
        stop = stop_of(account, on=on, rng=rng, long_ago=account is written_off)
        if stop is not None:
            found[account.key] = stop
    return found


def _written_off(everyone: Sequence[Account]) -> Account:
    return next(account for account in everyone if account.habit is Habit.INSOLVENT)


def _ledger(account: Account, *, on: date, seed: int, stop: Stop | None, at_steps: Sequence[Posting]) -> AccountLedger:
    """All that happened on one account."""
    rng = stream(seed, "ledger", account.key)
    last = min(on, stop.buys_until) if stop is not None else on
    if account.habit is Habit.IN_ADVANCE:
        last = on + timedelta(days=_LONGEST_ADVANCE_DAYS)  # paid by `on`, invoiced after it
    bought = invoices(account, first=add_months(on, -MONTHS_SHOWN - _MONTHS_BEFORE), last=last, on=on, rng=rng)
    calendar = calendar_of(account)
    written_off_on = None
    if stop is not None and (on - stop.pays_until).days > _WRITTEN_OFF_AFTER_DAYS:
        written_off_on = calendar.next_working_day(stop.pays_until + timedelta(days=_WRITTEN_OFF_AFTER_DAYS))
    settlement = Settlement(account, on=on, stop=stop, written_off_on=written_off_on, rng=rng)
    if account.habit is Habit.IN_ADVANCE:
        for invoice in bought:
            paid_on = calendar.previous_working_day(day_after(rng, invoice.document_date, -_LONGEST_ADVANCE_DAYS, -2))
            settlement.pay_ahead(paid_on, invoice)
    return settlement.settle([*bought, *at_steps])


def _orders(everyone: Sequence[Account], stops: dict[str, Stop], *, on: date, seed: int) -> tuple[OrderRow, ...]:
    found = [
        order
        for account in everyone
        for order in standing.orders(
            account, on=on, stop=stops.get(account.key), rng=stream(seed, "orders", account.key)
        )
    ]
    found.sort(key=lambda order: (order.order_date, order.entity_code, order.customer_ref))
    numbered = []
    for place, order in enumerate(found, start=1):
        numbered.append(
            replace(order, number=standing.order_number(order.entity_code, order.order_date.year, 4100 + 3 * place))
        )
    return tuple(numbered)


def _disputes(ledgers: Sequence[AccountLedger], *, on: date, seed: int) -> tuple[DisputeRow, ...]:
    found = [
        row
        for ledger in ledgers
        for row in standing.disputes(ledger, on=on, rng=stream(seed, "disputes", ledger.account.key))
    ]
    return tuple(sorted(found, key=lambda row: (row.opened_on, row.entity_code, row.number)))


def _promises(ledgers: Sequence[AccountLedger], held: set[str], *, on: date, seed: int) -> tuple[PromiseRow, ...]:
    found: list[PromiseRow] = []
    for ledger in ledgers:
        is_talking = ledger.account.row.customer_ref not in held
        rng = stream(seed, "promises", ledger.account.key)
        found += standing.promises(ledger, on=on, is_talking=is_talking, rng=rng)
    return tuple(sorted(found, key=lambda row: (row.made_on, row.customer_ref, row.numbers)))


def _holds(everyone: Sequence[Account], stops: dict[str, Stop], *, on: date) -> tuple[SampleHold, ...]:
    """Customers out of dunning: the insolvent ones that still owe, and one whose file is with the lawyer."""
    defaulting = next(account for account in everyone if account.habit is Habit.DEFAULTING)
    written_off = _written_off(everyone)
    holds = (
        standing.hold(account, on=on, stop=stops[account.key], is_in_court=account is defaulting)
        for account in everyone
        if account.key in stops and account is not written_off
    )
    return tuple(hold for hold in holds if hold is not None)
