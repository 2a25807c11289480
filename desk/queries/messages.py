"""Messages in the asker's scope."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from core.errors import NotFound
from desk.models import Message
from receivables.queries.visible import accounts_in


def messages_in(*, scope: Scope) -> "QuerySet[Message]":
    """Those to customers that the asker sees, for entities at which the asker sees the customer. None to members."""
    rows: QuerySet[Message] = Message.objects.filter(customer__isnull=False, member__isnull=True)
    if scope.is_everything:
        return rows
    accounts = accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))
    for_entity = Exists(accounts.filter(entity_id=OuterRef("entity_id")))
    return rows.filter(for_entity | Q(entity_id__isnull=True) & Exists(accounts))


def message_in_scope(*, message_id: UUID, scope: Scope) -> Message:
    """The message with its customer, entity and author. Raises NotFound for an unknown one and one out of scope."""
    rows = messages_in(scope=scope).select_related("customer", "entity", "contact", "created_by")
    message = rows.filter(id=message_id).first()
    if message is None:
        raise NotFound
    return message
