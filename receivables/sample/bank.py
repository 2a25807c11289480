"""The bank's statement of the morning: money that is there and that the ERP has not booked yet.

What it pays is still open in the books of the sample, so the first look at cash application has work in it: lines that
name their invoices, lines that only bear a name and an amount, a part payment, one short by the bank's charges, and
one of somebody whom nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from receivables.sample import identifiers
from receivables.sample.accounts import Account, Habit
from receivables.sample.company import BankLineRow, SampleEntity
from receivables.sample.postings import INVOICE, AccountLedger, Posting
from receivables.sample.randomness import stream
from receivables.sample.rows import money
from receivables.sample.sales import calendar_of

_LINES = 12
# What is paid around its due date, and has not come as far as a reminder.
_FROM_DAYS, _TO_DAYS = -6, 4
_PAYERS = (Habit.PROMPT, Habit.SLIGHTLY_LATE, Habit.MONTH_END, Habit.TENTH_OF_MONTH)
_MOST_INVOICES = 4
_CHARGES_CENTS = (150, 1_200)
_ORDER = {"NFR": "VIR SEPA RECU", "NDE": "SEPA-GUTSCHRIFT", "NUK": "FASTER PAYMENT"}
_ON_ACCOUNT = {"NFR": "ACOMPTE", "NDE": "ANZAHLUNG", "NUK": "ON ACCOUNT"}
_CHEQUES = {"NFR": "REMISE CHEQUES 0004512", "NDE": "SCHECKEINREICHUNG 4512", "NUK": "CHQ DEPOSIT 104512"}


def bank_lines(
    ledgers: Sequence[AccountLedger], *, entities: Sequence[SampleEntity], on: date, held: set[str], seed: int
) -> tuple[BankLineRow, ...]:
    """About a dozen lines an entity, booked on the last working day. `held`: customers that pay nothing."""
    found: list[BankLineRow] = []
    for entity in entities:
        rng = stream(seed, "bank", entity.code, on.isoformat())
        own = [ledger for ledger in ledgers if ledger.account.row.entity_code == entity.code]
        booked = calendar_of(own[0].account).previous_working_day(on)
        here = [
            (ledger.account, due)
            for ledger in own
            if ledger.account.row.customer_ref not in held
            and ledger.account.habit in _PAYERS
            and (due := _due_now(ledger, on=booked))
        ]
        rng.shuffle(here)
        paid = [(account, due) for account, due in here if account.row.currency == due[0].currency][:_LINES]
        found += [
            _line(place, account, due, booked=booked, own_iban=entity.iban, rng=rng)
            for place, (account, due) in enumerate(paid)
        ]
        found.append(_unknown(entity, booked=booked, rng=rng))
    return tuple(found)


def _due_now(ledger: AccountLedger, *, on: date) -> list[Posting]:
    """The undisputed invoices of one currency that an account pays around today, the oldest first."""
    contested = {contest.invoice for contest in ledger.contests}
    due = [
        posting
        for posting in ledger.postings
        if posting.kind == INVOICE
        and posting.open_cents == posting.cents
        and not posting.stays_unpaid
        and posting not in contested
        and _FROM_DAYS <= (on - posting.due_date).days <= _TO_DAYS
        and posting.document_date < on
    ]
    due = [posting for posting in due if due[0].currency == posting.currency]
    return sorted(due, key=lambda posting: posting.due_date)[:_MOST_INVOICES]


def _line(
    place: int, account: Account, due: Sequence[Posting], *, booked: date, own_iban: str, rng: Random
) -> BankLineRow:
    """The place says how it is worded: most lines name what they pay, every third only who paid."""
    row = account.row
    cents = sum(posting.open_cents for posting in due)
    numbers = " ".join(posting.number for posting in due)
    order = _ORDER[row.entity_code]
    name = row.name.upper()
    match place % 6:
        case 2:  # a name and an amount
            text = f"{order} {name}"
        case 3:  # spelt as people spell
            text = f"{order} {name} {numbers.replace('-', ' ')}"
        case 4:  # something on account
            text = f"{order} {name} {_ON_ACCOUNT[row.entity_code]}"
            cents = max(10_000, cents * 2 // 5 // 10_000 * 10_000)
        case 5:  # the bank's charges were taken off
            text, cents = f"{order} {name} {numbers}", cents - rng.randint(*_CHARGES_CENTS)
        case _:
            text = f"{order} {name} {numbers}"
    return BankLineRow(
        booked_on=booked,
        amount=money(cents),
        currency=due[0].currency,
        payer_name=row.name,
        payer_iban=_iban(account, rng),
        text=text,
        reference=f"{booked:%y%m%d}{row.entity_code}{place + 1:04d}",
        own_iban=own_iban,
        entity_code=row.entity_code,
    )


def _unknown(entity: SampleEntity, *, booked: date, rng: Random) -> BankLineRow:
    """Cheques that the bank put together: no name, no number, and a sum that is no invoice's."""
    return BankLineRow(
        booked_on=booked,
        amount=money(rng.randint(40_000, 390_000)),
        currency=entity.currency,
        payer_name="",
        payer_iban="",
        text=_CHEQUES[entity.code],
        reference=f"{booked:%y%m%d}{entity.code}9001",
        own_iban=entity.iban,
        entity_code=entity.code,
    )


def _iban(account: Account, rng: Random) -> str:
    """A French customer's own account, at a bank that does not exist; others are known by their name alone."""
    if account.row.country != "FR":
        return ""
    bban = identifiers.french_bban(bank="99999", branch="00071", account=f"{rng.randrange(10**11):011d}")
    return identifiers.iban("FR", bban)
