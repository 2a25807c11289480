"""Delivery notes: a message when a new invoice has come in, once for each document."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from collection.services.enclosing import MOST_BYTES, OF_DOCUMENT
from collection.services.notices import (
    Notice,
    NoticeReasons,
    draft_notice,
    notice_message,
    parties_of,
)
from core.audit import SYSTEM
from core.formats import Formats
from core.jobs import lock
from desk.models import Attachment, Message, MessageFile
from desk.models import Notice as Kind
from desk.ports import FileSource, Verdict
from desk.queries.templates import Texts
from desk.services import outbox, sending_hours
from desk.services.files import safe_name
from desk.services.notice_settings import setting, unwanted_by_customers
from receivables.models import Document, LedgerItem
from receivables.models.ledger import ItemKind
from receivables.queries.contact_stops import not_to_be_contacted

REASON = "collection.DeliveryNote"
# Nights may be missed. Invoices older than this when they come in are a history that is being loaded.
LOOK_BACK, OLDEST = timedelta(days=4), timedelta(days=14)
# Invoices are for who books and pays them.
ROLES = ("ACCOUNTING", "TREASURY")
BATCH = 2000


@transaction.atomic
def write_delivery_notes(*, on: date, now: datetime) -> int:
    """Queue a note for each invoice that came in lately and is open. How many. Again it writes nothing."""
    found = setting(Kind.DELIVERY)
    if found is None or found.since is None:
        return 0
    lock("collection/delivery_notes")
    new = LedgerItem.objects.filter(
        created_at__gte=max(found.since, now - LOOK_BACK),
        kind=ItemKind.INVOICE,
        is_history=False,
        is_open=True,
        amount__gt=0,
        document__isnull=False,
        document_date__gte=on - OLDEST,
        document_date__lte=on,
    )
    ids = set(new.values_list("document_id", flat=True))
    ids -= set(Message.objects.filter(reason_type=REASON, reason_id__in=ids).values_list("reason_id", flat=True))
    documents = list(Document.objects.filter(id__in=ids).select_related("customer", "entity").order_by("id")[:BATCH])
    customer_ids = {one.customer_id for one in documents}
    unwanted = unwanted_by_customers(Kind.DELIVERY, customer_ids) | not_to_be_contacted(
        customer_ids=customer_ids, on=on
    )
    texts, leaves_at, messages = Texts(), sending_hours.leaving(), []
    for document in documents:
        if document.customer_id in unwanted:
            continue
        parties = parties_of(customer=document.customer, entity=document.entity)
        draft = draft_notice(delivery_notice(document), parties=parties, on=on, texts=texts, roles=ROLES)
        if draft.missing:
            continue
        messages.append(
            notice_message(
                draft,
                reason_type=REASON,
                reason_id=document.id,
                customer=document.customer,
                entity=document.entity,
                on=on,
                not_before=leaves_at(now, document.entity.country),
                actor=SYSTEM,
            )
        )
    outbox.queue(messages)
    return len(messages)


def newest_document(*, customer_ids: Collection[UUID] | None, entity_ids: Collection[UUID]) -> Document | None:
    """The newest invoice with something open that a note could be about, of these customers (None: of all) at these
    companies. 1 SQL query."""
    rows = LedgerItem.objects.filter(
        kind=ItemKind.INVOICE, is_open=True, amount__gt=0, document__isnull=False, entity__in=entity_ids
    )
    if customer_ids is not None:
        rows = rows.filter(customer__in=customer_ids)
    rows = rows.select_related("document__customer", "document__entity")
    item = rows.order_by("-document_date", "-id").first()
    return item.document if item else None


def delivery_notice(document: Document) -> Notice:
    """The document's number, sum and first due date; its own file where one is kept."""
    items = list(LedgerItem.objects.filter(document=document, void_on__isnull=True).order_by("due_date", "instalment"))
    kept = Attachment.objects.filter(object_type=OF_DOCUMENT, object_id=document.id, file_name__iendswith=".pdf")
    file = kept.filter(size__lte=MOST_BYTES).order_by("-at", "-id").first()
    total = sum((item.amount for item in items), Decimal(0)) or document.total_amount
    due = items[0].due_date if items else document.document_date
    name = safe_name(document.number, ".pdf")

    def told(formats: Formats) -> tuple[dict[str, str], dict[str, bool]]:
        values = {
            "document_number": document.number,
            "document_date": formats.day_long(document.document_date),
            "due_date": formats.day_long(due),
            "total": formats.money(total, document.currency),
        }
        return values, {"file": file is not None}

    def files(language: str) -> list[FileSource]:
        return [FileSource(MessageFile.Kind.INVOICE, name, path=file.path, sha256=file.sha256)] if file else []

    enclosures: list[dict[str, Any]] = []
    if file:
        enclosures.append({"kind": MessageFile.Kind.INVOICE.value, "name": name, "sha256": file.sha256})
    facts = [{"document": str(document.id), "number": document.number}]
    return Notice(code="delivery_note", told=told, facts=facts, enclosures=enclosures, files=files)


class DeliveryReasons(NoticeReasons):
    """An invoice that was taken back, or paid already, is not announced."""

    def verdict(self, message: Message) -> Verdict:
        open_items = LedgerItem.objects.filter(document_id=UUID(message.facts[0]["document"]), is_open=True)
        if setting(Kind.DELIVERY) is None or not open_items.exists():
            return self.no_longer()
        if unwanted_by_customers(Kind.DELIVERY, [message.customer_id] if message.customer_id else []):
            return self.no_longer()
        document = Document.objects.select_related("customer", "entity").get(id=message.facts[0]["document"])
        parties = parties_of(customer=document.customer, entity=document.entity)
        draft = draft_notice(delivery_notice(document), parties=parties, on=message.on, texts=Texts(), roles=ROLES)
        return self.again(message, draft)
