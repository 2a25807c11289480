"""Mail that came in, in the asker's scope."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from core.errors import NotFound
from desk.models import InboundMessage
from receivables.queries.visible import accounts_in


def inbound_in(*, scope: Scope) -> "QuerySet[InboundMessage]":
    """Mails of customers that the asker sees, at entities where the asker sees them.

    One that nobody's is yet is seen by who sees everything, and by who sees the company that it was written to.
    """
    rows: QuerySet[InboundMessage] = InboundMessage.objects.all()
    if scope.is_everything:
        return rows
    accounts = accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))
    at_entity = Exists(accounts.filter(entity_id=OuterRef("entity_id")))
    seen = at_entity | Q(entity_id__isnull=True) & Exists(accounts)
    if scope.entity_ids and scope.portfolio_of is None:
        seen |= Q(customer_id__isnull=True, entity_id__in=scope.entity_ids)
    return rows.filter(seen)


def one_inbound(*, inbound_id: UUID, scope: Scope) -> InboundMessage:
    """The mail with its customer, entity, contact and the message that it answers. Raises NotFound, out of scope too."""
    rows = inbound_in(scope=scope).select_related("customer", "entity", "contact", "answers", "done_by")
    found = rows.filter(id=inbound_id).first()
    if found is None:
        raise NotFound
    return found
