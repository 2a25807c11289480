"""Everything that a dossier says, gathered once: the PDF, the data file and the workbook are made from the same values."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.access import EVERYTHING
from collection.models import Claim, Interaction, LegalCase
from collection.services.claims import Charge, Without, late_charges
from collection.services.dispute_labels import reason_labels
from collection.services.enclosing import OF_DOCUMENT
from collection.words import WITHOUT
from desk.models import Attachment, Comment, Message
from receivables.models import (
    Allocation,
    Contact,
    CustomerAccount,
    Dispute,
    LedgerItem,
    Promise,
    PromiseItem,
)

MOST_MESSAGES = 300
LONGEST_TEXT = 4_000
# Files together.
LARGEST_FILES = 100 * 1024 * 1024
Data = dict[str, Any]


def gather(*, case: LegalCase, on: date) -> Data:
    """The case as of the day `on`: plain values, Decimals and dates. About 20 SQL queries, whatever the number of items.

    `case` comes with customer, entity and agency. For the organisation, not for a reader: whoever sees the case sees it.
    """
    items = list(
        LedgerItem.objects.filter(id__in=case.case_items.values("item_id"))  # type: ignore[attr-defined]
        .select_related("document")
        .order_by("due_date", "number", "id")
    )
    ids = [item.id for item in items]
    charges = {one.late.item.id: one for one in late_charges(item_ids=ids, until=on, scope=EVERYTHING)}
    payments = _payments(ids, on)
    fixed = {
        row.item_id: (row.amount, row.currency)
        for row in Claim.objects.filter(
            item_id__in=ids, kind=Claim.Kind.FIXED_CHARGE, state=Claim.State.CLAIMED, on__lte=on
        )
    }
    lines = [_item(item, charges.get(item.id), payments[item.id], on, fixed=fixed.get(item.id)) for item in items]
    disputes, files = _disputes(ids)
    files = _within_limit([*_invoices(items), *files])
    return {
        "case": {
            "number": case.number,
            "made_on": on,
            "agency": case.agency.name if case.agency else "",
            "agency_kind": case.agency.kind if case.agency else "",
            "note": case.note,
        },
        "creditor": _party(case.entity, "name", "legal_identifier", "vat_number", "street", "postal_code", "city",
                           "country", "email", "phone", "iban", "bic"),
        "debtor": _party(case.customer, "ref", "name", "siren", "siret", "vat_number", "lei", "registration_number",
                         "street", "postal_code", "city", "country", "email", "phone"),
        "accounts": _accounts(case),
        "contacts": _contacts(case.customer_id),
        "totals": _totals(lines),
        "items": lines,
        "others": _others(case, ids, on),
        "claims": _claims(ids),
        "messages": _messages(case, on),
        "calls": _calls(case.customer_id, on),
        "promises": _promises(case, ids),
        "disputes": disputes,
        "files": files,
    }  # fmt: skip


def _party(row: Any, *names: str) -> Data:
    return {name: getattr(row, name) for name in names}


def _accounts(case: LegalCase) -> list[Data]:
    rows = CustomerAccount.objects.filter(customer_id=case.customer_id, entity_id=case.entity_id)
    return [
        {
            "ref": row.ref,
            "terms": str(row.terms or ""),
            "payment_method": row.payment_method,
            "salesperson": str(row.salesperson or ""),
            "collector": str(row.collector or ""),
        }
        for row in rows.select_related("terms", "salesperson", "collector").order_by("ref", "id")
    ]


def _contacts(customer_id: UUID) -> list[Data]:
    rows = Contact.objects.filter(customer_id=customer_id, is_active=True).order_by("-is_primary", "last_name", "id")
    return [{"name": str(row), "role": row.get_role_display(), "email": row.email, "phone": row.phone} for row in rows]


def _payments(ids: list[UUID], on: date) -> dict[UUID, list[Data]]:
    out: dict[UUID, list[Data]] = defaultdict(list)
    rows = (
        Allocation.objects.filter(debit_item_id__in=ids, on__lte=on).select_related("credit_item").order_by("on", "id")
    )
    for row in rows:
        out[row.debit_item_id].append(  # type: ignore[index]
            {
                "on": row.on,
                "amount": row.debit_amount,
                "with": row.credit_item.number if row.credit_item else "",
                "kind": row.credit_item.kind if row.credit_item else "",
            }
        )
    return out


def _item(
    item: LedgerItem, charge: Charge | None, payments: list[Data], on: date, *, fixed: tuple[Decimal, str] | None
) -> Data:
    """`fixed`: the charge that was claimed for it before. What was waived or paid is not claimed once more."""
    # Claimed up to this day before: it is owed all the same.
    interest = charge.interest if charge and charge.without in (None, Without.CLAIMED) else None
    if fixed is None and charge and charge.fixed:
        fixed = charge.fixed.charge, charge.fixed.currency
    document = item.document
    return {
        "number": item.number,
        "kind": item.kind,
        "issued": item.document_date,
        "delivered": item.delivery_date,
        "due": item.due_date,
        "days_late": max((on - item.due_date).days, 0),
        "currency": item.currency,
        "amount": item.amount,
        "vat_amount": item.vat_amount,
        "open_amount": item.open_amount,
        "order": document.order_ref if document else "",
        "project": document.project_ref if document else "",
        "product": document.product if document else "",
        "site": document.site if document else "",
        "biller": document.biller if document else "",
        "payments": payments,
        "interest": interest.total if interest else Decimal(0),
        "no_interest": str(WITHOUT[charge.without]) if charge and charge.without and interest is None else "",
        "charge": fixed[0] if fixed else Decimal(0),
        "charge_currency": fixed[1] if fixed else "",
        "law": charge.law if charge else "",
        "segments": [
            {
                "first": one.first,
                "last": one.last,
                "days": one.days,
                "principal": one.principal,
                "percent": one.percent,
                "amount": one.amount,
                "source": one.source,
            }
            for one in (interest.segments if interest else ())
        ],
    }


def _totals(lines: list[Data]) -> dict[str, Data]:
    """By currency: principal, interest, charges and their sum."""
    out: dict[str, Data] = defaultdict(lambda: dict.fromkeys(("principal", "interest", "charges"), Decimal(0)))
    for line in lines:
        out[line["currency"]]["principal"] += line["open_amount"]
        out[line["currency"]]["interest"] += line["interest"]
        if line["charge_currency"]:
            out[line["charge_currency"]]["charges"] += line["charge"]
    return {currency: {**sums, "total": sum(sums.values(), Decimal(0))} for currency, sums in sorted(out.items())}


def _others(case: LegalCase, ids: list[UUID], on: date) -> list[Data]:
    """The rest of the statement: what else is open at the entity, credits with them, and is not handed over."""
    rows = LedgerItem.objects.filter(customer_id=case.customer_id, entity_id=case.entity_id, is_open=True)
    return [
        {"number": row.number, "kind": row.kind, "due": row.due_date, "open_amount": row.open_amount,
         "currency": row.currency}
        for row in rows.filter(posting_date__lte=on).exclude(id__in=ids).order_by("due_date", "number", "id")
    ]  # fmt: skip


def _claims(ids: list[UUID]) -> list[Data]:
    """Interest and charges that were claimed already, whatever became of it."""
    rows = Claim.objects.filter(item_id__in=ids).exclude(state=Claim.State.REPLACED).select_related("item")
    return [
        {"number": row.item.number, "kind": row.get_kind_display(), "state": row.get_state_display(), "on": row.on,
         "amount": row.amount, "currency": row.currency, "reason": row.reason}
        for row in rows.order_by("on", "id")
    ]  # fmt: skip


def _messages(case: LegalCase, on: date) -> list[Data]:
    """What was sent, the newest first; the hash proves that the text is the one that left."""
    rows = Message.objects.filter(
        customer_id=case.customer_id, entity_id=case.entity_id, state=Message.State.SENT, on__lte=on
    ).exclude(reason_type="collection.DisputeNotice")
    return [
        {"sent_at": row.sent_at, "channel": row.get_channel_display(), "recipient": row.recipient,
         "name": row.recipient_name, "subject": row.subject, "text": row.body_text[:LONGEST_TEXT],
         "message_id": str(row.id)}
        for row in rows.order_by("-sent_at", "-id")[:MOST_MESSAGES]
    ]  # fmt: skip


def _calls(customer_id: UUID, on: date) -> list[Data]:
    rows = Interaction.objects.filter(customer_id=customer_id, on__lte=on).select_related("contact", "logged_by")
    return [
        {"on": row.on, "kind": row.get_kind_display(), "outcome": row.get_outcome_display() if row.outcome else "",
         "with": str(row.contact or ""), "by": str(row.logged_by or ""), "text": row.text[:LONGEST_TEXT]}
        for row in rows.order_by("on", "id")
    ]  # fmt: skip


def _promises(case: LegalCase, ids: list[UUID]) -> list[Data]:
    """Promises for these items, and those for all of the customer."""
    named = set(PromiseItem.objects.filter(item_id__in=ids).values_list("promise_id", flat=True))
    some = set(PromiseItem.objects.filter(promise__customer_id=case.customer_id).values_list("promise_id", flat=True))
    rows = Promise.objects.filter(customer_id=case.customer_id).order_by("made_on", "id")
    return [
        {"made_on": row.made_on, "due_on": row.due_on, "amount": row.amount, "currency": row.currency,
         "state": row.get_state_display(), "comment": row.comment[:LONGEST_TEXT]}
        for row in rows
        if (row.id in named or row.id not in some) and row.entity_id in (None, case.entity_id)
    ]  # fmt: skip


def attachments_of(item_ids: Collection[UUID]) -> "QuerySet[Attachment]":
    """Files that are kept of the documents of items, and of their disputes."""
    documents = LedgerItem.objects.filter(id__in=item_ids, document__isnull=False).values("document_id")
    disputes = Dispute.objects.filter(item_id__in=item_ids).values("id")
    return Attachment.objects.filter(
        Q(object_type=OF_DOCUMENT, object_id__in=documents) | Q(object_id__in=disputes)
    ).order_by("at", "id")


def _file(one: Attachment, *, folder: str, number: str, dispute: str = "") -> Data:
    """A kept file as a piece of the dossier; `name` is where it lies in the archive."""
    name = f"{folder}/{one.sha256[:8]}-{one.file_name}"
    return {"id": str(one.id), "name": name, "number": number, "sha256": one.sha256, "size": one.size, "on": one.on,
            "dispute": dispute, "missing": ""}  # fmt: skip


def _invoices(items: Sequence[LedgerItem]) -> list[Data]:
    """The files that are kept of the documents of the items, in the order of these; of one that has none an entry says so."""
    documents = {item.document_id for item in items if item.document_id}
    kept: dict[UUID, list[Attachment]] = defaultdict(list)
    for one in Attachment.objects.filter(object_type=OF_DOCUMENT, object_id__in=documents).order_by("at", "id"):
        kept[one.object_id].append(one)
    out: list[Data] = []
    told: set[UUID] = set()
    for item in items:
        if item.document_id in told:
            continue  # another instalment of the same document
        told |= {item.document_id} if item.document_id else set()
        files = kept.get(item.document_id, []) if item.document_id else []
        out += [_file(one, folder="invoices", number=item.number) for one in files]
        if not files:
            out.append({"id": "", "name": "", "number": item.number, "sha256": "", "size": 0, "on": item.document_date,
                        "dispute": "", "missing": "no_file"})  # fmt: skip
    return out


def _within_limit(files: list[Data]) -> list[Data]:
    """What goes beyond LARGEST_FILES together stays out, and is named."""
    size = 0
    for one in files:
        if not one["missing"] and size + one["size"] > LARGEST_FILES:
            one["missing"] = "too_large"
        size += 0 if one["missing"] else one["size"]
    return files


def _disputes(ids: list[UUID]) -> tuple[list[Data], list[Data]]:
    """Disputes of these items with what was said and answered, and their files."""
    rows = list(
        Dispute.objects.filter(item_id__in=ids).select_related("item", "answered_by").order_by("opened_on", "id")
    )
    labels = reason_labels()
    numbers = {row.id: row.item.number for row in rows}
    said: dict[UUID, list[str]] = defaultdict(list)
    of_disputes = [row.id for row in rows]
    for comment in Comment.objects.filter(object_id__in=of_disputes).select_related("member").order_by("at", "id"):
        said[comment.object_id].append(
            f"{comment.on.isoformat()} {comment.member or ''}: {comment.text}"[:LONGEST_TEXT]
        )
    files = [
        _file(one, folder="files", number=numbers[one.object_id], dispute=str(one.object_id))
        for one in Attachment.objects.filter(object_id__in=of_disputes).order_by("at", "id")
    ]  # fmt: skip
    disputes = [
        {
            "id": str(row.id),
            "number": row.item.number,
            "reason": labels.get(row.reason, row.reason),
            "amount": row.disputed_amount if row.disputed_amount is not None else row.item.amount,
            "currency": row.currency,
            "opened_on": row.opened_on,
            "closed_on": row.closed_on,
            "comment": row.comment[:LONGEST_TEXT],
            "answer": row.answer[:LONGEST_TEXT],
            "answered_by": str(row.answered_by or ""),
            "outcome": row.get_outcome_display() if row.outcome else "",
            "said": said[row.id],
        }
        for row in rows
    ]
    return disputes, files
