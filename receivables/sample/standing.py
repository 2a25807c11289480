"""What stands beside the ledger: disputes in words, promises, open orders, holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from core.days import BusinessCalendar
from receivables.sample.accounts import Account, Habit, Stop
from receivables.sample.comments import COMMENTS
from receivables.sample.company import DisputeRow, OrderRow, PromiseRow, SampleHold
from receivables.sample.postings import DEBIT_NOTE, INVOICE, AccountLedger, Posting
from receivables.sample.randomness import day_after
from receivables.sample.rows import money
from receivables.sample.sales import calendar_of, invoice

_PROMISED_WHEN_PAID_LATE = 0.16
_PROMISE_OPEN = 0.24
_PROMISE_JUST_BROKEN = 0.2

_ENTITY_LANGUAGE = {"NFR": "fr", "NDE": "de", "NUK": "en"}
_ORDER_PREFIX = {"NFR": "CC", "NDE": "AB", "NUK": "SO"}


def disputes(ledger: AccountLedger, *, on: date, rng: Random) -> list[DisputeRow]:
    """One row for each dispute opened by `on`; those that end later are still open."""
    found = []
    for contest in ledger.contests:
        comments = COMMENTS[contest.reason][_ENTITY_LANGUAGE[ledger.account.row.entity_code]]
        found.append(
            DisputeRow(
                customer_ref=ledger.account.row.customer_ref,
                number=contest.invoice.number,
                entity_code=ledger.account.row.entity_code,
                reason=contest.reason,
                amount=money(contest.cents),
                opened_on=contest.opened_on,
                closed_on=contest.closed_on if contest.closed_on <= on else None,
                comment=rng.choice(comments),
            )
        )
    return found


def promises(ledger: AccountLedger, *, on: date, is_talking: bool, rng: Random) -> list[PromiseRow]:
    """Promises kept, broken and still open, each about what was overdue on the day it was made.

    `is_talking` is false for a customer with whom only the receiver or the lawyers speak: it promises nothing now.
    """
    if ledger.account.habit in (Habit.IN_ADVANCE, Habit.DIRECT_DEBIT):
        return []
    calendar = calendar_of(ledger.account)
    contested = {contest.invoice.number for contest in ledger.contests}
    chased = [
        posting
        for posting in ledger.postings
        if posting.kind in (INVOICE, DEBIT_NOTE) and posting.number not in contested and not posting.stays_unpaid
    ]
    settled_on = {link.debit.number: link.on for link in ledger.links}
    found = _past_promises(ledger, chased, settled_on, calendar, rng)
    if is_talking:
        found += _standing_promises(ledger, chased, calendar, on, rng)
    return found


def _past_promises(
    ledger: AccountLedger,
    chased: Sequence[Posting],
    settled_on: dict[str, date],
    calendar: BusinessCalendar,
    rng: Random,
) -> list[PromiseRow]:
    """About invoices that were paid three weeks late or more: three promises in four were kept."""
    by_run: dict[tuple[date, str], list[Posting]] = {}
    for posting in chased:
        if not posting.open_cents and (settled_on[posting.number] - posting.due_date).days > 20:
            by_run.setdefault((settled_on[posting.number], posting.currency), []).append(posting)
    found = []
    for (paid_on, currency), late in sorted(by_run.items(), key=lambda run: run[0]):
        if rng.random() > _PROMISED_WHEN_PAID_LATE:
            continue
        last_due = max(posting.due_date for posting in late)
        made_on = calendar.previous_working_day(
            last_due + timedelta(days=rng.randint(9, (paid_on - last_due).days - 6))
        )
        is_kept = rng.random() < 0.74
        due_on = day_after(rng, paid_on, 0, 4) if is_kept else made_on + timedelta(days=rng.randint(2, 5))
        if made_on <= min(due_on, paid_on) and (is_kept or due_on < paid_on):
            found.append(_promise(ledger, late, currency, made_on, due_on))
    return found


def _standing_promises(
    ledger: AccountLedger, chased: Sequence[Posting], calendar: BusinessCalendar, on: date, rng: Random
) -> list[PromiseRow]:
    """About what is overdue now: one promise open, or one just broken, for some accounts."""
    found = []
    for currency in sorted({posting.currency for posting in chased}):
        late = [p for p in chased if p.open_cents > 5_000 and p.currency == currency and (on - p.due_date).days >= 9]
        late = late[: rng.randint(1, 4)]
        if not late:
            continue
        oldest = max((on - posting.due_date).days for posting in late)
        chance = rng.random()
        if chance < _PROMISE_OPEN:
            made_on = calendar.previous_working_day(on - timedelta(days=rng.randint(1, 6)))
            found.append(_promise(ledger, late, currency, made_on, day_after(rng, on, 1, 15)))
        elif chance < _PROMISE_OPEN + _PROMISE_JUST_BROKEN and oldest >= 25:
            made_on = calendar.previous_working_day(on - timedelta(days=rng.randint(12, 20)))
            late = [posting for posting in late if posting.due_date < made_on]
            if late:
                found.append(_promise(ledger, late, currency, made_on, day_after(rng, made_on, 3, 9)))
    return found


def _promise(ledger: AccountLedger, about: Sequence[Posting], currency: str, made_on: date, due_on: date) -> PromiseRow:
    paid = {posting.number: 0 for posting in about}
    for link in ledger.links:
        if link.debit.number in paid and link.on <= made_on:
            paid[link.debit.number] += link.cents
    return PromiseRow(
        customer_ref=ledger.account.row.customer_ref,
        entity_code=ledger.account.row.entity_code,
        amount=money(sum(posting.cents - paid[posting.number] for posting in about)),
        currency=currency,
        due_on=due_on,
        made_on=made_on,
        numbers=" ".join(sorted(posting.number for posting in about)),
    )


def orders(account: Account, *, on: date, stop: Stop | None, rng: Random) -> list[OrderRow]:
    """Orders accepted and not yet (wholly) invoiced; none from a customer who is no longer delivered. No numbers yet."""
    if stop is not None or rng.random() > 0.52:
        return []
    found = []
    calendar = calendar_of(account)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        ordered = calendar.previous_working_day(on - timedelta(days=rng.randint(1, 55)))
        delivered = calendar.next_working_day(day_after(rng, on, 1, 70) if rng.random() < 0.9 else on)
        like = invoice(account, ordered, rng=rng)
        is_partial = rng.random() < 0.2
        open_cents = like.cents * rng.randint(25, 80) // 100 if is_partial else like.cents
        found.append(
            OrderRow(
                customer_ref=account.row.customer_ref,
                entity_code=account.row.entity_code,
                number="",
                order_date=ordered,
                delivery_date=delivered,
                amount=money(like.cents),
                open_amount=money(open_cents),
                currency=like.currency,
            )
        )
    return found


def order_number(entity: str, year: int, place: int) -> str:
    return f"{_ORDER_PREFIX[entity]}{year % 100:02d}-{place:05d}"


def hold(account: Account, *, on: date, stop: Stop, is_in_court: bool) -> SampleHold | None:
    """Insolvent customers get no reminders, nor does one whose case is with a lawyer."""
    if account.habit is Habit.INSOLVENT:
        return SampleHold(
            account.row.customer_ref,
            "INSOLVENCY",
            min(stop.pays_until + timedelta(days=21), on),
            None,
            "Claim filed with the receiver.",
        )
    if is_in_court:
        return SampleHold(
            account.row.customer_ref, "LITIGATION", on - timedelta(days=12), None, "File handed to the lawyer."
        )
    return None
