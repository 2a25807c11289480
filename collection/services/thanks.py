"""Thanks for payments: once for each payment, not too often to a customer, and only for what was learned since.

A payment is a match of a bank line, or a payment in the books. The same money seen at the bank and later in the books
is one payment: what a match pays is not thanked for again when the books follow.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from collection.services.notices import (
    Notice,
    NoticeReasons,
    draft_notice,
    notice_message,
    parties_of,
)
from core.audit import SYSTEM
from core.formats import Formats
from core.jobs import AlreadyRunning, lock
from desk.models import Message, NoticeSetting
from desk.models import Notice as Kind
from desk.ports import Verdict
from desk.queries.templates import Texts
from desk.services import outbox, sending_hours
from desk.services.notice_settings import setting, unwanted_by_customers
from receivables.models import Allocation, CashAllocation, CashMatch, Customer, Entity, LedgerItem
from receivables.models.ledger import ItemKind
from receivables.queries.contact_stops import not_to_be_contacted

REASON = "collection.Thanks"
# Nights may be missed; a later thank-you would be odd.
LOOK_BACK = timedelta(days=4)
MOST_NAMED = 6


@dataclass
class Payment:
    """Money of a customer to a company: `items` are the numbers that it paid, `source` says which row it is."""

    payment_id: UUID
    source: str  # "match" or "item"
    customer_id: UUID
    entity_id: UUID
    currency: str
    amount: Decimal
    on: date
    items: list[str] = field(default_factory=list)

    @property
    def fact(self) -> dict[str, object]:
        return {
            "payment": str(self.payment_id),
            "source": self.source,
            "amount": str(self.amount),
            "currency": self.currency,
            "on": self.on.isoformat(),
            "paid": self.items,
        }


@transaction.atomic
def thank_for_payments(*, on: date, now: datetime) -> int:
    """Queue a thank-you to each customer for its payments that were learned lately. How many.

    Again on the same day it writes nothing. Customers without an address, those that want none and those thanked within
    the days that the organisation says are passed over, for good.
    """
    found = setting(Kind.THANKS)
    if found is None or found.since is None:
        return 0
    lock("collection/thanks")
    return _thank(list(_learned(since=max(found.since, now - LOOK_BACK))), found, on=on, now=now)


@transaction.atomic
def thank_for_lines(*, line_ids: Collection[UUID], on: date, now: datetime) -> int:
    """Queue thanks for what a person has just matched, once the seconds of taking back are over. How many.

    The rules are the night's; where it is at it, or a colleague, it is left to the night.
    """
    found = setting(Kind.THANKS)
    if found is None or found.since is None:
        return 0
    try:
        lock("collection/thanks")
    except AlreadyRunning:
        return 0
    rows = CashMatch.objects.filter(
        line__in=list(line_ids), state=CashMatch.State.ACCEPTED, amount__gt=0, decided_at__gte=found.since
    )
    payments = list(_matches(rows.select_related("line").order_by("id")))
    return _thank(payments, found, on=on, now=now, after=timedelta(seconds=sending_hours.UNDO_SECONDS))


def _thank(
    payments: list[Payment], found: NoticeSetting, *, on: date, now: datetime, after: timedelta = timedelta(0)
) -> int:
    """`after`: how long the messages wait at least."""
    customer_ids = {one.customer_id for one in payments}
    done = Message.objects.filter(reason_type=REASON, customer_id__in=customer_ids)
    lately = done.exclude(state=Message.State.CANCELLED).filter(on__gt=on - timedelta(days=found.every_days))
    recent = set(lately.values_list("customer_id", flat=True)) if found.every_days else set()
    known = {
        fact["payment"]
        for facts in done.filter(created_at__gt=now - 2 * LOOK_BACK).values_list("facts", flat=True)
        for fact in facts
    }
    passed_over = (
        recent
        | unwanted_by_customers(Kind.THANKS, customer_ids)
        | not_to_be_contacted(customer_ids=customer_ids, on=on)
    )
    groups: dict[tuple[UUID, UUID], list[Payment]] = defaultdict(list)
    for one in payments:
        if str(one.payment_id) not in known and one.customer_id not in passed_over:
            groups[(one.customer_id, one.entity_id)].append(one)
    texts, leaves_at, messages, thanked = Texts(), sending_hours.leaving(), [], set()
    for (customer_id, entity_id), ones in sorted(groups.items(), key=str):
        if found.every_days and customer_id in thanked:
            continue  # by another company of the organisation, today
        customer, entity = Customer.objects.get(id=customer_id), Entity.objects.get(id=entity_id)
        draft = draft_notice(
            thanks_notice(ones), parties=parties_of(customer=customer, entity=entity), on=on, texts=texts
        )
        if draft.missing:
            continue
        thanked.add(customer_id)
        messages.append(
            notice_message(
                draft,
                reason_type=REASON,
                reason_id=ones[0].payment_id,
                customer=customer,
                entity=entity,
                on=on,
                not_before=leaves_at(now + after, entity.country),
                actor=SYSTEM,
            )
        )
    outbox.queue(messages)
    return len(messages)


def _learned(*, since: datetime) -> Iterable[Payment]:
    """Payments learned since: matches that stand, and payments of the books that no match has told of. 3 SQL queries."""
    yield from _matches(
        CashMatch.objects.filter(state=CashMatch.State.ACCEPTED, amount__gt=0, decided_at__gte=since).select_related(
            "line"
        )
    )
    yield from _booked(_booked_rows().filter(recorded_at__gte=since, is_history=False))


def _matches(rows: Iterable[CashMatch]) -> Iterable[Payment]:
    by_match: dict[UUID, list[CashAllocation]] = defaultdict(list)
    standing = CashAllocation.objects.exclude(state=CashAllocation.State.REVERSED).select_related("item")
    rows = list(rows)
    for one in standing.filter(match__in=[row.id for row in rows], cash_amount__gt=0).order_by("id"):
        by_match[one.match_id].append(one)
    for row in rows:
        pieces: dict[tuple[UUID, UUID, str], list[CashAllocation]] = defaultdict(list)
        for one in by_match[row.id]:
            pieces[(one.customer_id, one.item.entity_id, one.currency)].append(one)
        # One payment for several customers is thanked for at the one that most of it is for.
        best = max(pieces.values(), key=lambda ones: sum(one.cash_amount for one in ones), default=None)
        if best:
            item = best[0].item
            total = sum((one.cash_amount for one in best), Decimal(0))
            numbers = [one.item.number for one in best]
            yield Payment(
                row.id, "match", item.customer_id, item.entity_id, item.currency, total, row.line.booked_on, numbers
            )


def newest_payment(*, customer_id: UUID | None, entity_ids: Collection[UUID]) -> Payment | None:
    """The payment that was learned last and still stands, a customer's or anybody's: what a thank-you speaks of.

    At most 5 SQL queries.
    """
    matches = CashMatch.objects.filter(state=CashMatch.State.ACCEPTED, amount__gt=0).select_related("line")
    booked = _booked_rows().filter(credit_item__entity__in=entity_ids)
    if customer_id is not None:
        of_customer = CashAllocation.objects.filter(item__customer=customer_id, item__entity__in=entity_ids)
        matches = matches.filter(id__in=of_customer.values("match"))
        booked = booked.filter(credit_item__customer=customer_id)
    for payment in _matches(matches.order_by("-decided_at", "-id")[:10]):
        if payment.entity_id in entity_ids and customer_id in (None, payment.customer_id):
            return payment
    newest = booked.order_by("-recorded_at", "-id").values_list("credit_item", flat=True).first()
    return next(iter(_booked(_booked_rows().filter(credit_item=newest))), None) if newest else None


def _booked_rows() -> QuerySet[Allocation]:
    """Parts of payments in the books that stand against items."""
    rows = Allocation.objects.filter(
        reverses__isnull=True,
        debit_item__isnull=False,
        credit_item__kind=ItemKind.PAYMENT,
        credit_item__void_on__isnull=True,
        debit_amount__gt=0,
    )
    return rows.exclude(reversals__isnull=False).select_related("debit_item", "credit_item")


def _booked(learned: QuerySet[Allocation]) -> Iterable[Payment]:
    rows = list(learned.order_by("id"))
    told = set(
        CashAllocation.objects.filter(item__in=[row.debit_item_id for row in rows])
        .exclude(state=CashAllocation.State.REVERSED)
        .values_list("item_id", flat=True)
    )
    by_payment: dict[UUID, list[Allocation]] = defaultdict(list)
    for row in rows:
        assert row.credit_item_id is not None
        by_payment[row.credit_item_id].append(row)
    for payment_id, ones in by_payment.items():
        if any(one.debit_item_id in told for one in ones):
            continue
        payment, paid = ones[0].credit_item, [one.debit_item for one in ones]
        assert payment is not None
        numbers = list(dict.fromkeys(item.number for item in paid if item))
        total = sum((one.credit_amount or Decimal(0) for one in ones), Decimal(0))
        yield Payment(
            payment_id,
            "item",
            payment.customer_id,
            payment.entity_id,
            payment.currency,
            total,
            payment.document_date,
            numbers,
        )


def thanks_notice(payments: list[Payment]) -> Notice:
    """What the message about these payments of a customer to a company says."""

    def told(formats: Formats) -> tuple[dict[str, str], dict[str, bool]]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in payments:
            sums[one.currency] += one.amount
        numbers = list(dict.fromkeys(number for one in payments for number in one.items))
        named = ", ".join(numbers[:MOST_NAMED]) + (" …" if len(numbers) > MOST_NAMED else "")
        values = {
            "paid_amount": " + ".join(formats.money(amount, currency) for currency, amount in sorted(sums.items())),
            "paid_on": formats.day_long(max(one.on for one in payments)),
            "paid_items": named,
        }
        return values, {"several_items": len(numbers) > 1}

    return Notice(code="thank_you", told=told, facts=[one.fact for one in payments])


class ThanksReasons(NoticeReasons):
    """Payments taken back since are not thanked for."""

    def verdict(self, message: Message) -> Verdict:
        standing = [fact for fact in message.facts if _stands(fact)]
        if not standing or setting(Kind.THANKS) is None:
            return self.no_longer()
        if unwanted_by_customers(Kind.THANKS, [message.customer_id] if message.customer_id else []):
            return self.no_longer()
        customer, entity = message.customer, message.entity
        assert customer is not None
        assert entity is not None
        payments = [
            Payment(
                UUID(fact["payment"]), fact["source"], customer.id, entity.id, fact["currency"],
                Decimal(fact["amount"]), date.fromisoformat(fact["on"]), fact["paid"],
            )
            for fact in standing
        ]  # fmt: skip
        parties = parties_of(customer=customer, entity=entity)
        return self.again(message, draft_notice(thanks_notice(payments), parties=parties, on=message.on, texts=Texts()))


def _stands(fact: dict[str, str]) -> bool:
    if fact["source"] == "match":
        return CashMatch.objects.filter(id=fact["payment"], state=CashMatch.State.ACCEPTED).exists()
    if not LedgerItem.objects.filter(id=fact["payment"], void_on__isnull=True).exists():
        return False
    kept = Allocation.objects.filter(credit_item=UUID(fact["payment"]), reverses__isnull=True, debit_amount__gt=0)
    return kept.exclude(reversals__isnull=False).exists()
