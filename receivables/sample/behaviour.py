"""Who pays how, and on which day an account pays an invoice."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from core.days import BusinessCalendar, month_end
from receivables.sample.accounts import Account, Habit, Size, Stop
from receivables.sample.company import CustomerRow
from receivables.sample.customers import CustomerBase
from receivables.sample.organisation import ENTITY_COUNTRY
from receivables.sample.randomness import day_after, stream

# Mean net amount of an invoice in whole euros, invoices a month.
_TRADE = {Size.KEY: (27_000, 7.5), Size.LARGE: (20_500, 2.2), Size.MEDIUM: (13_500, 1.05), Size.SMALL: (6_400, 0.52)}
_PRICE_LEVEL_PCT = {"EUR": 100, "GBP": 86, "USD": 110}

# Accounts with a story of their own; the first insolvent one was written off long ago.
_DEFAULTING, _INSOLVENT, _DETERIORATING, _IMPROVING = 9, 4, 15, 9
_USUAL_HABITS = (
    (Habit.PROMPT, 26),
    (Habit.SLIGHTLY_LATE, 28),
    (Habit.MONTH_END, 14),
    (Habit.TENTH_OF_MONTH, 12),
    (Habit.SLOW, 11),
    (Habit.ERRATIC, 7),
)
_BUSINESS_WEEK = (0, 1, 2, 3, 4)
_PAYS_TO_THE_DAY = (Habit.CASH_DISCOUNT, Habit.DIRECT_DEBIT)


def accounts(base: CustomerBase, *, seed: int) -> tuple[Account, ...]:
    """All accounts with their habits: the same for every day of the sample."""
    rng = stream(seed, "habits")
    free = [row for row in base.rows if _habit_of_conditions(row) is None]
    special: dict[tuple[str, str], Habit] = {}
    not_key = [row for row in free if base.sizes[row.customer_ref] is not Size.KEY]
    # Nobody in a group, and with one account only: a sister company that pays on would spoil the story.
    alone = [
        row for row in free if not row.group_ref and [r.customer_ref for r in base.rows].count(row.customer_ref) == 1
    ]
    medium = [
        row for row in alone if base.sizes[row.customer_ref] is Size.MEDIUM and row.email and not _second_currency(row)
    ]
    for habit, count, among in (
        (Habit.DEFAULTING, _DEFAULTING, medium),
        (Habit.INSOLVENT, _INSOLVENT, medium),
        (Habit.DETERIORATING, _DETERIORATING, not_key),
        (Habit.IMPROVING, _IMPROVING, not_key),
    ):
        left = [row for row in among if _key(row) not in special]
        special.update({_key(row): habit for row in rng.sample(left, count)})
    return tuple(_account(stream(seed, "account", *_key(row)), base, row, special.get(_key(row))) for row in base.rows)


def _key(row: CustomerRow) -> tuple[str, str]:
    return row.entity_code, row.customer_ref


def _habit_of_conditions(row: CustomerRow) -> Habit | None:
    if row.terms_code == "CIA":
        return Habit.IN_ADVANCE
    if row.payment_method == "DIRECT_DEBIT":
        return Habit.DIRECT_DEBIT
    return None


def _account(rng: Random, base: CustomerBase, row: CustomerRow, special: Habit | None) -> Account:
    size = base.sizes[row.customer_ref]
    usual = rng.choices([habit for habit, _ in _USUAL_HABITS], [weight for _, weight in _USUAL_HABITS])[0]
    if row.terms_code == "EOM+45" and usual in (Habit.MONTH_END, Habit.TENTH_OF_MONTH):
        usual = Habit.PROMPT  # due on the 15th: who has agreed to that has its run then
    if size is Size.KEY and usual is Habit.ERRATIC:
        usual = Habit.SLIGHTLY_LATE  # what a key account owes must not swing with one clerk's moods
    habit = special or _habit_of_conditions(row) or usual
    if row.payment_method == "BILL_OF_EXCHANGE" and special is None:
        habit = Habit.PROMPT
    if row.terms_code == "2/10 NET 30" and special is None and rng.random() < 0.75:
        habit = Habit.CASH_DISCOUNT
    typical, a_month = _TRADE[size]
    spread = rng.lognormvariate(0, 0.2 if size is Size.KEY else 0.35)
    # The second account of a customer is the smaller one.
    share = 0.45 if row.currency != "USD" and row.entity_code != _home_entity(base, row) else 1.0
    weekly = size in (Size.KEY, Size.LARGE) or rng.random() < 0.45
    return Account(
        row=row,
        size=size,
        habit=habit,
        typical_cents=round(typical * spread * _PRICE_LEVEL_PCT[row.currency]),
        invoices_a_month=a_month * share * rng.uniform(0.8, 1.25),
        payday=rng.choice(_BUSINESS_WEEK) if weekly and habit not in _PAYS_TO_THE_DAY else None,
        second_currency=_second_currency(row),
    )


def _home_entity(base: CustomerBase, row: CustomerRow) -> str:
    """The entity of the customer's own country where it has an account there, else its first one."""
    entities = [other.entity_code for other in base.rows if other.customer_ref == row.customer_ref]
    at_home = [code for code in entities if ENTITY_COUNTRY[code] == row.country]
    return (at_home or entities)[0]


def _second_currency(row: CustomerRow) -> str:
    """Customers in Ireland buy from Leeds in pounds and euros, those in America from Lyon in dollars and euros."""
    return "EUR" if row.country in ("IE", "US") else ""


def stop_of(account: Account, *, on: date, rng: Random, long_ago: bool) -> Stop | None:
    """When an account stopped paying: None for those that pay."""
    if account.habit is Habit.DEFAULTING:
        stopped = on - timedelta(days=rng.randint(95, 240))
        return Stop(pays_until=stopped, buys_until=day_after(rng, stopped, 30, 60))
    if account.habit is Habit.INSOLVENT:
        stopped = on - timedelta(days=520 if long_ago else rng.randint(45, 230))
        return Stop(pays_until=stopped, buys_until=day_after(rng, stopped, 3, 20))
    return None


def wanted_day(account: Account, *, document_date: date, due: date, on: date, rng: Random) -> date:
    """The day on which the account would like to pay, before its payment run and bank holidays are looked at."""
    months_ago = (on - due).days / 30.4
    if account.habit is Habit.ERRATIC:
        late: float = rng.choices((0, rng.randint(4, 18), rng.randint(19, 55), rng.randint(56, 130)), (32, 32, 24, 12))[
            0
        ]
    elif account.habit is Habit.DETERIORATING:
        late = 54 * min(max((10 - months_ago) / 10, 0), 1) + rng.gauss(2, 4)
    elif account.habit is Habit.IMPROVING:
        late = 44 * min(max(months_ago / 14, 0), 1) + rng.gauss(3, 3)
    else:
        mean, spread, least = _LATENESS[account.habit]
        late = max(rng.gauss(mean, spread), least) if spread else mean
    if account.habit is Habit.CASH_DISCOUNT and rng.random() < 0.8:
        return document_date + timedelta(days=rng.randint(6, 10))
    if account.habit not in (Habit.DIRECT_DEBIT, Habit.IN_ADVANCE) and rng.random() < 0.028:
        late += rng.randint(30, 160)  # the invoice lies on somebody's desk
    return max(due + timedelta(days=round(late)), document_date + timedelta(days=4))


# Days after the due date: mean, spread, least.
_LATENESS = {
    Habit.PROMPT: (-0.5, 2.4, -7),
    Habit.SLIGHTLY_LATE: (7, 4, 0),
    Habit.MONTH_END: (0, 0, 0),
    Habit.TENTH_OF_MONTH: (0, 0, 0),
    Habit.SLOW: (36, 13, 9),
    Habit.DEFAULTING: (14, 8, 0),
    Habit.INSOLVENT: (24, 10, 3),
    Habit.DIRECT_DEBIT: (0, 0, 0),
    Habit.CASH_DISCOUNT: (3, 3, 0),
}


def run_day(account: Account, wanted: date, calendar: BusinessCalendar, *, earliest: date) -> date:
    """The day of the payment run that takes what is to be paid around the day `wanted`: always a working day.

    On that day or later; a punctual payer with weekly runs takes the run before it, if not before `earliest`.
    """
    if account.habit is Habit.MONTH_END:
        end = calendar.previous_working_day(month_end(wanted))  # what falls due on that weekend is paid before it
        return (
            end if end >= earliest else calendar.previous_working_day(month_end(month_end(wanted) + timedelta(days=1)))
        )
    if account.habit is Habit.TENTH_OF_MONTH:
        tenth = wanted.replace(day=10)
        if tenth < wanted:
            tenth = (month_end(wanted) + timedelta(days=1)).replace(day=10)
        return calendar.next_working_day(tenth)
    if account.payday is not None:
        run = wanted + timedelta(days=(account.payday - wanted.weekday()) % 7)
        if account.habit is Habit.PROMPT and run - timedelta(days=7) >= earliest:
            run -= timedelta(days=7)  # the last run before the due date, not the first one after it
        return calendar.next_working_day(run)
    return calendar.next_working_day(wanted)
