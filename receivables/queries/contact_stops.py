"""Whom nobody writes to: customers with a hold that forbids every message. Asked by all that sends messages."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db.models import Q

from receivables.models import Customer, Hold


def not_to_be_contacted(*, customer_ids: Collection[UUID], on: date) -> set[UUID]:
    """Of these customers, those to whom nothing may be written on the day: reminders, thanks, delivery notes, statements.

    By a hold "do not contact" on the customer or its group. For the organisation, whoever sends. 1 SQL query.
    """
    holds = Hold.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on),
        Q(lifted_on__isnull=True) | Q(lifted_on__gt=on),
        from_on__lte=on,
        item__isnull=True,
        reason=Hold.Reason.DO_NOT_CONTACT,
    )
    rows = Customer.objects.filter(
        Q(id__in=holds.filter(customer__isnull=False).values("customer_id"))
        | Q(group_id__in=holds.filter(group__isnull=False).values("group_id")),
        id__in=list(customer_ids),
    )
    return set(rows.values_list("id", flat=True))
