"""Items with what late-payment law asks about them: document, country of the creditor, payments, what is contested."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from accounts.access import Scope
from collection.rules.interest import Payment
from receivables.models import Allocation, Dispute, Hold, LedgerItem
from receivables.queries.visible import items_in


@dataclass
class LateItem:
    """A debit with the payments set against it until the day asked for.

    `contested`: how much of it is in dispute (None: nothing); `insolvent_from`: since when its customer is insolvent.
    """

    item: LedgerItem
    payments: list[Payment] = field(default_factory=list)
    contested: Decimal | None = None
    insolvent_from: date | None = None

    @property
    def was_late(self) -> bool:
        """Whether something of it was unpaid after the due date."""
        paid = sum((one.amount for one in self.payments if one.on <= self.item.due_date), Decimal(0))
        return paid < self.item.amount


def late_items(*, item_ids: Collection[UUID], on: date, scope: Scope) -> list[LateItem]:
    """Debits among these that were due before the day `on`, in order of due date. 4 SQL queries, whatever their number.

    Payments and disputes are those until `on`. What is out of scope is not there.
    """
    items = (
        items_in(scope=scope)
        .filter(id__in=item_ids, amount__gt=0, due_date__lt=on)
        .select_related("customer", "entity", "document")
        .order_by("due_date", "number", "id")
    )
    found = {item.id: LateItem(item) for item in items}
    paid = Allocation.objects.filter(debit_item__in=list(found), on__lte=on)
    for item_id, day, amount in paid.values_list("debit_item_id", "on", "debit_amount"):
        found[item_id].payments.append(Payment(day, amount or Decimal(0)))
    disputes = Dispute.objects.filter(item__in=list(found), opened_on__lte=on)
    for dispute in disputes.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on)):
        one = found[dispute.item_id]
        part = one.item.amount if dispute.disputed_amount is None else dispute.disputed_amount
        one.contested = min((one.contested or Decimal(0)) + part, one.item.amount)
    for customer_id, day in _insolvencies({one.item.customer_id for one in found.values()}, on).items():
        for one in found.values():
            if one.item.customer_id == customer_id:
                one.insolvent_from = day
    return list(found.values())


def _insolvencies(customer_ids: Collection[UUID], on: date) -> dict[UUID, date]:
    holds = Hold.objects.filter(
        Q(lifted_on__isnull=True) | Q(lifted_on__gt=on),
        customer__in=customer_ids,
        item__isnull=True,
        reason=Hold.Reason.INSOLVENCY,
        from_on__lte=on,
    )
    out: dict[UUID, list[date]] = defaultdict(list)
    for customer_id, day in holds.values_list("customer_id", "from_on"):
        out[customer_id].append(day)
    return {customer_id: min(days) for customer_id, days in out.items()}
