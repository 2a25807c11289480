"""How one account settles what it bought, day after day until the day of the sample.

Events wait in a queue by date. Nothing dated after the day of the sample happens, so what is then open is open for
a reason: not yet due, not yet run, contested, forgotten, or never to be paid.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from core.days import BusinessCalendar
from receivables.sample.accounts import Account, Habit, Size, Stop
from receivables.sample.behaviour import run_day, wanted_day
from receivables.sample.postings import (
    CREDIT_NOTE,
    DEBIT_NOTE,
    DISCOUNT,
    INVOICE,
    PAYMENT,
    WRITE_OFF,
    AccountLedger,
    Contest,
    Posting,
)
from receivables.sample.randomness import day_after
from receivables.sample.sales import calendar_of

_DISPUTE_REASONS = (("PRICE", 30), ("QUANTITY", 22), ("DAMAGED", 18), ("MISSING_PO", 16), ("NOT_RECEIVED", 14))
_DISPUTED_SHARE = 0.042
_RETURNED_SHARE = 0.03
_PART_PAID_SHARE = {Habit.SLOW: 0.08, Habit.DETERIORATING: 0.1, Habit.ERRATIC: 0.07, Habit.DEFAULTING: 0.12}
_USUAL_PART_PAID_SHARE = 0.012
_REJECTED_DEBITS = 0.03
_OVERPAID = 0.005
_SHORT_BY_BANK_CHARGES = {"USD": 0.3, "GBP": 0.01, "EUR": 0.012}


@dataclass(eq=False)
class _Claim:
    """What the account means to pay on an invoice in one run."""

    invoice: Posting
    cents: int


class Settlement:
    """The settling of one account until `on`. Use `settle`."""

    def __init__(
        self, account: Account, *, on: date, stop: Stop | None, written_off_on: date | None, rng: Random
    ) -> None:
        self.account = account
        self.on = on
        self.stop = stop
        self.written_off_on = written_off_on
        self.rng = rng
        self.calendar: BusinessCalendar = calendar_of(account)
        self.ledger = AccountLedger(account)
        self.claims: list[_Claim] = []
        self._queue: list[tuple[date, int, Callable[[date], None]]] = []
        self._runs: dict[tuple[date, str], list[_Claim]] = {}
        self._order = 0
        # Payments that nobody has allocated by the day of the sample: their invoices look open, and are not.
        self._unidentified: list[Posting] = []

    def settle(self, invoices: Sequence[Posting]) -> AccountLedger:
        """Post the invoices and all that followed, as far as `on`."""
        for invoice in invoices:
            self._at(invoice.document_date, partial(self._issue, invoice))
        if self.written_off_on is not None:
            self._at(self.written_off_on, self._write_everything_off)
        if self.account.size in (Size.KEY, Size.LARGE) and self.account.habit is not Habit.IN_ADVANCE:
            for year in range(self.on.year - 2, self.on.year + 1):
                self._at(self.calendar.next_working_day(date(year, 1, 21)), self._grant_rebate)
        while self._queue:
            day, _, happen = heapq.heappop(self._queue)
            happen(day)
        return self.ledger

    def _at(self, day: date, happen: Callable[[date], None]) -> None:
        """Let something happen on a day; what lies after the day of the sample never does."""
        if day <= self.on:
            self._order += 1
            heapq.heappush(self._queue, (day, self._order, happen))

    # Invoices: when and how they will be paid is decided on the day they are issued.

    def _issue(self, invoice: Posting, _: date) -> None:
        self.ledger.post(invoice)
        if invoice.stays_unpaid:
            return
        if self.account.habit is Habit.IN_ADVANCE:
            self._pay_in_advance(invoice)
            return
        payable = invoice.cents
        if self._contests(invoice):
            payable -= self._contest(invoice)
        if payable:
            self._claim(invoice, payable)
        if payable == invoice.cents and self.rng.random() < _RETURNED_SHARE:
            day = self.calendar.next_working_day(day_after(self.rng, invoice.document_date, 4, 45))
            cents = self._part(invoice.cents, 4, 30) if self.rng.random() < 0.88 else invoice.cents
            self._at(day, partial(self._credit, invoice, cents))

    def _claim(self, invoice: Posting, cents: int) -> None:
        account, rng = self.account, self.rng
        wanted = wanted_day(account, document_date=invoice.document_date, due=invoice.due_date, on=self.on, rng=rng)
        day = run_day(account, wanted, self.calendar, earliest=invoice.document_date + timedelta(days=4))
        if account.habit is Habit.CASH_DISCOUNT and wanted <= invoice.document_date + timedelta(days=10):
            day = self.calendar.previous_working_day(wanted)
        if self.stop is not None and day > self.stop.pays_until:
            self._pay_something(invoice, cents)
            return
        if cents > 300_000 and rng.random() < _PART_PAID_SHARE.get(account.habit, _USUAL_PART_PAID_SHARE):
            first = self._part(cents, 30, 65) // 10_000 * 10_000
            rest_day = run_day(account, day_after(rng, day, 18, 50), self.calendar, earliest=day + timedelta(days=10))
            self._pay_on(rest_day, invoice, cents - first)
            cents = first
        self._pay_on(day, invoice, cents)

    def _pay_something(self, invoice: Posting, cents: int) -> None:
        """A customer who has stopped paying sends a round sum now and then, to keep the talk going."""
        if self.stop is not None and self.account.habit is Habit.DEFAULTING and self.rng.random() < 0.3:
            sum_cents = max(self._part(cents, 8, 22) // 50_000 * 50_000, 50_000)
            day = self.calendar.next_working_day(day_after(self.rng, self.stop.pays_until, 20, 80))
            if sum_cents < cents and day > invoice.document_date:
                self._pay_on(day, invoice, sum_cents)

    def _pay_on(self, day: date, invoice: Posting, cents: int) -> None:
        """Add to the payment run of that day. One run pays all that is then payable in one currency."""
        key = (day, invoice.currency)
        if key not in self._runs:
            self._runs[key] = []
            self._at(day, partial(self._run, invoice.currency))
        claim = _Claim(invoice, cents)
        self._runs[key].append(claim)
        self.claims.append(claim)

    # Payment runs.

    def _run(self, currency: str, day: date) -> None:
        claims = [claim for claim in self._runs[day, currency] if claim.cents]
        for credit in self._usable_credits(day, currency):
            self._deduct(credit, claims, day)
        claims = [claim for claim in claims if claim.cents]
        if not claims:
            return
        allocated_on = self._allocation_day(day)
        self._take_discounts(claims, day, allocated_on)
        short = self._short(claims, currency)
        extra = self._paid_twice(currency) if self.rng.random() < _OVERPAID else 0
        payment = self._post_credit(PAYMENT, sum(claim.cents for claim in claims) + extra, day, currency)
        if allocated_on > self.on:
            self._unidentified.append(payment)
        for claim in claims:
            if allocated_on <= self.on:
                self.ledger.link(debit=claim.invoice, credit=payment, cents=claim.cents, on=allocated_on)
            claim.cents = 0
        if short is not None:
            self._at(day_after(self.rng, day, 25, 70), partial(self._write_small_off, short))
        if self.account.habit is Habit.DIRECT_DEBIT and self.rng.random() < _REJECTED_DEBITS:
            rejected = self.calendar.add_working_days(day, self.rng.randint(2, 4))
            self._at(rejected, partial(self._reject, -payment.cents, currency))

    def _usable_credits(self, day: date, currency: str) -> list[Posting]:
        """Open credits that the account takes off this run: most credit notes, some of what it paid too much."""
        return [
            posting
            for posting in self.ledger.postings
            if posting.open_cents < 0
            and posting.currency == currency
            and posting.document_date < day
            and self.rng.random() < (0.7 if posting.kind == CREDIT_NOTE else 0.3)
            and posting not in self._unidentified
        ]

    def _deduct(self, credit: Posting, claims: Sequence[_Claim], day: date) -> None:
        for claim in sorted(claims, key=lambda claim: -claim.cents):
            cents = min(claim.cents, -credit.open_cents)
            if cents > 0:
                self.ledger.link(debit=claim.invoice, credit=credit, cents=cents, on=day)
                claim.cents -= cents

    def _allocation_day(self, day: date) -> date:
        """Most payments are allocated the same day; some wait for a remittance advice, a few for weeks."""
        chance = self.rng.random()
        if chance < 0.004:
            return day_after(self.rng, day, 25, 80)
        if chance < 0.06:
            return self.calendar.add_working_days(day, self.rng.randint(1, 9))
        return day

    def _take_discounts(self, claims: Sequence[_Claim], day: date, allocated_on: date) -> None:
        """2 % of what is paid within 10 days, where the terms grant it."""
        if self.account.row.terms_code != "2/10 NET 30" or allocated_on > self.on:
            return
        for claim in claims:
            cents = (claim.cents * 2 + 50) // 100
            if day <= claim.invoice.document_date + timedelta(days=10) and cents:
                discount = self._post_credit(DISCOUNT, cents, day, claim.invoice.currency)
                self.ledger.link(debit=claim.invoice, credit=discount, cents=cents, on=allocated_on)
                claim.cents -= cents

    def _short(self, claims: Sequence[_Claim], currency: str) -> Posting | None:
        """The bank of the customer keeps its charges: the largest invoice stays open by a few euros."""
        largest = max(claims, key=lambda claim: claim.cents)
        charges = self.rng.choice((1_200, 1_500, 1_850, 2_500, 3_500))
        if largest.cents <= 10 * charges or self.rng.random() >= _SHORT_BY_BANK_CHARGES[currency]:
            return None
        largest.cents -= charges
        return largest.invoice

    def _paid_twice(self, currency: str) -> int:
        """The amount of a small invoice that was paid before, 0 when there is none."""
        paid = [p for p in self.ledger.postings if p.kind == INVOICE and not p.open_cents and p.currency == currency]
        small = [p.cents for p in paid[-6:] if p.cents < 1_500_000]
        return self.rng.choice(small) if small else 0

    def _reject(self, cents: int, currency: str, day: date) -> None:
        """The bank returns a direct debit: the sum is owed again, at once, and mostly transferred within weeks."""
        note = self.ledger.post(Posting(self.account, DEBIT_NOTE, day, day, cents, currency))
        self._pay_on(self.calendar.next_working_day(day_after(self.rng, day, 6, 32)), note, cents)

    def _pay_in_advance(self, invoice: Posting) -> None:
        """The payment came some days before the invoice (see `advance_payments`) and is allocated with it."""
        payment = next(
            (
                p
                for p in self.ledger.postings
                if p.kind == PAYMENT and -p.open_cents == invoice.cents and p.currency == invoice.currency
            ),
            None,
        )
        if payment is not None:
            self.ledger.link(debit=invoice, credit=payment, cents=invoice.cents, on=invoice.document_date)

    def pay_ahead(self, day: date, invoice: Posting) -> None:
        """Let the payment of an invoice arrive before it."""
        self._at(day, partial(self._receive, invoice))

    def _receive(self, invoice: Posting, day: date) -> None:
        self._post_credit(PAYMENT, invoice.cents, day, invoice.currency)

    # Credit notes, disputes, write-offs.

    def _credit(self, invoice: Posting, cents: int, day: date) -> None:
        """A return: taken off the invoice where it is still to be paid, else left open for the next run."""
        note = self._post_credit(CREDIT_NOTE, cents, day, invoice.currency, vat_of=invoice)
        claim = next((c for c in self.claims if c.invoice is invoice and c.cents >= cents), None)
        if claim is not None and self.rng.random() < 0.7:
            self.ledger.link(debit=invoice, credit=note, cents=cents, on=day)
            claim.cents -= cents

    def _grant_rebate(self, day: date) -> None:
        """The year's rebate: 1.5 % of what was invoiced in the year before, for large customers."""
        bought = [
            p
            for p in self.ledger.postings
            if p.kind == INVOICE and p.document_date.year == day.year - 1 and p.currency == self.account.row.currency
        ]
        cents = sum(p.cents for p in bought) * 15 // 1000
        if cents > 50_000:
            self._post_credit(CREDIT_NOTE, cents, day, self.account.row.currency)

    def _contests(self, invoice: Posting) -> bool:
        if self.account.habit in (Habit.DIRECT_DEBIT, Habit.INSOLVENT) or invoice.cents < 60_000:
            return False
        return self.rng.random() < _DISPUTED_SHARE

    def _contest(self, invoice: Posting) -> int:
        """Open a dispute around the due date and plan its end; the disputed cents."""
        rng = self.rng
        whole = rng.random() < 0.4
        cents = invoice.cents if whole else self._part(invoice.cents, 6, 45)
        earliest = invoice.document_date + timedelta(days=2)
        opened = self.calendar.next_working_day(max(day_after(rng, invoice.due_date, -20, 9), earliest))
        closed = self.calendar.next_working_day(opened + timedelta(days=round(rng.triangular(10, 230, 40))))
        no_order = not invoice.order_ref
        reason = rng.choices(
            [r for r, _ in _DISPUTE_REASONS], [w + 200 * (no_order and r == "MISSING_PO") for r, w in _DISPUTE_REASONS]
        )[0]
        if opened <= self.on:
            self.ledger.contests.append(Contest(invoice, cents, reason, opened, closed))
        self._at(closed, partial(self._resolve, invoice, cents, reason))
        return cents

    def _resolve(self, invoice: Posting, cents: int, reason: str, day: date) -> None:
        """We were wrong (a credit note), they were (they pay), or both (half and half)."""
        in_favour = 0.15 if reason in ("MISSING_PO", "NOT_RECEIVED") else 0.6
        credited = cents if self.rng.random() < in_favour else (cents // 2 if self.rng.random() < 0.25 else 0)
        if credited:
            note = self._post_credit(CREDIT_NOTE, credited, day, invoice.currency, vat_of=invoice)
            self.ledger.link(debit=invoice, credit=note, cents=credited, on=day)
        if credited < cents:
            agreed = run_day(
                self.account, day_after(self.rng, day, 4, 18), self.calendar, earliest=day + timedelta(days=2)
            )
            if self.stop is None or agreed <= self.stop.pays_until:
                self._pay_on(agreed, invoice, cents - credited)

    def _write_small_off(self, invoice: Posting, day: date) -> None:
        """What is left after bank charges is not worth a call; one in five is forgotten and stays."""
        if 0 < invoice.open_cents <= 5_000 and self.rng.random() < 0.8:
            self._write_off(invoice, self.calendar.next_working_day(day))

    def _write_everything_off(self, day: date) -> None:
        for posting in list(self.ledger.postings):
            if posting.open_cents > 0:
                self._write_off(posting, day)

    def _write_off(self, posting: Posting, day: date) -> None:
        if day <= self.on:
            cents = posting.open_cents
            credit = self._post_credit(WRITE_OFF, cents, day, posting.currency)
            self.ledger.link(debit=posting, credit=credit, cents=cents, on=day)

    def _post_credit(self, kind: str, cents: int, day: date, currency: str, vat_of: Posting | None = None) -> Posting:
        vat = -(cents * vat_of.vat_cents // vat_of.cents) if vat_of is not None else 0
        return self.ledger.post(Posting(self.account, kind, day, day, -cents, currency, vat_cents=vat))

    def _part(self, cents: int, least_pct: int, most_pct: int) -> int:
        return cents * self.rng.randint(least_pct * 100, most_pct * 100) // 10_000
