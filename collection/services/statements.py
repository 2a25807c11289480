"""Statements of account: what a customer owes a company on a day, item by item, as a PDF and as a spreadsheet.

The figures are the ledger's of that day, and beside them what was received by then and matched here but is not in the
books yet: what remains is what reminders ask for. Sums of different currencies never mix.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import xlsxwriter
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.services.papers import address_of, bank_account_of, footer_of
from core.errors import Invalid, NotFound
from core.formats import Formats, of
from core.text import spreadsheet_cell
from desk.queries.templates import language_of
from desk.texts import WORDS
from desk.texts_papers import STATEMENT_WORDS, StatementWords
from receivables.models import Customer, CustomerAccount, Entity
from receivables.queries import OpenItem, open_items
from receivables.queries.matching import received_amounts
from receivables.queries.selection import Selection
from receivables.queries.visible import accounts_in

# More items make no statement that anybody reads on paper; the spreadsheet of the list of items has them all.
MOST_ITEMS = 3000


class StatementTooLong(Invalid):
    code = "statement_too_long"
    message = _("Too many items are open for a statement: export the list of items instead.")


class BadStatementDay(Invalid):
    code = "bad_statement_day"
    message = _("A statement is of a day until today.")


@dataclass(frozen=True)
class Line:
    """An item open in the books, and what of it has been received and is not booked yet, in the item's sign."""

    item: OpenItem
    received: Decimal = Decimal(0)

    @property
    def remaining(self) -> Decimal:
        return self.item.open_amount - self.received

    @property
    def days_late(self) -> int:
        """0 of what is not due, paid in full, or a credit."""
        return self.item.days_overdue if self.remaining > 0 else 0


@dataclass(frozen=True)
class Block:
    """The items of one currency, the oldest due date first; credits are negative."""

    currency: str
    lines: Sequence[Line]

    @property
    def total(self) -> Decimal:
        """What the books show as open."""
        return sum((line.item.open_amount for line in self.lines), Decimal(0))

    @property
    def received(self) -> Decimal:
        return sum((line.received for line in self.lines), Decimal(0))

    @property
    def remaining(self) -> Decimal:
        return self.total - self.received

    @property
    def has_received(self) -> bool:
        """Whether anything was, even where it sums to nothing."""
        return any(line.received for line in self.lines)

    @property
    def overdue(self) -> Decimal:
        """What remains of debits past their due date on the day of the statement."""
        return sum((line.remaining for line in self.lines if line.days_late > 0), Decimal(0))


@dataclass(frozen=True)
class Statement:
    """What a customer owes a company on a day. `account_refs`: its numbers there."""

    customer: Customer
    entity: Entity
    on: date
    language: str
    account_refs: Sequence[str]
    blocks: Sequence[Block]

    @property
    def words(self) -> StatementWords:
        return STATEMENT_WORDS[self.language]

    @property
    def file_name(self) -> str:
        """Without an ending; the same in each language."""
        ref = "".join(mark if mark.isascii() and mark.isalnum() else "-" for mark in self.customer.ref)[:40]
        return f"statement-{ref}-{self.on.isoformat()}"


def statement_in_scope(*, customer_id: UUID, entity_id: UUID, on: date, today: date, scope: Scope) -> Statement:
    """The statement that somebody asks for: of the accounts that they see. 6 SQL queries and a probe.

    Raises NotFound, BadStatementDay, StatementTooLong.
    """
    accounts = accounts_in(scope=scope).filter(customer_id=customer_id, entity_id=entity_id)
    if not accounts.exists():
        raise NotFound
    if on > today:
        raise BadStatementDay(fields={"on": [BadStatementDay.message]})
    customer, entity = Customer.objects.get(id=customer_id), Entity.objects.get(id=entity_id)
    return statement(customer=customer, entity=entity, on=on, scope=scope)


@transaction.atomic
def statement(*, customer: Customer, entity: Entity, on: date, scope: Scope, language: str = "") -> Statement:
    """What the ledger says was open on the day `on`, as known now. 3 SQL queries and a probe. Raises StatementTooLong."""
    selection = Selection(entity_ids=frozenset({entity.id}), customer_id=customer.id)
    items = open_items(on=on, scope=scope, selection=selection, limit=MOST_ITEMS + 1)
    if len(items) > MOST_ITEMS:
        raise StatementTooLong
    refs = (
        CustomerAccount.objects.filter(customer=customer, entity=entity).order_by("ref").values_list("ref", flat=True)
    )
    received = received_amounts(open_amounts={item.item_id: item.open_amount for item in items}, on=on)
    by_currency: dict[str, list[Line]] = {}
    for item in items:
        by_currency.setdefault(item.currency, []).append(Line(item, received.get(item.item_id, Decimal(0))))
    return Statement(
        customer=customer,
        entity=entity,
        on=on,
        language=language_of(language, customer.language, entity.language),
        account_refs=list(dict.fromkeys(refs)),
        blocks=[Block(currency, by_currency[currency]) for currency in sorted(by_currency)],
    )


def statement_html(found: Statement) -> str:
    """The paper as HTML for the renderer; loads nothing."""
    formats, words = of(found.language), found.words
    blocks = [
        {
            "currency": block.currency,
            "rows": [_row(line, formats, words) for line in block.lines],
            "total": formats.money(block.total, block.currency),
            "received": formats.money(-block.received, block.currency) if block.has_received else "",
            "remaining": formats.money(block.remaining, block.currency),
            "overdue": formats.money(block.overdue, block.currency),
        }
        for block in found.blocks
    ]
    context: dict[str, Any] = {
        "statement": found,
        "words": words,
        "blocks": blocks,
        "entity": found.entity,
        "address": "\n".join(address_of(found.customer, found.entity, found.language)),
        "as_of": words.as_of.format(day=formats.day_long(found.on)),
        "refs": ", ".join(found.account_refs) or found.customer.ref,
        "pay_to": words.pay_to.format(account=bank_account_of(found.entity, WORDS[found.language])),
        "footer": footer_of(found.entity),
    }
    return render_to_string("messages/statement.html", context)


def _row(line: Line, formats: Formats, words: StatementWords) -> dict[str, str]:
    item = line.item
    return {
        "number": item.number,
        "kind": words.kinds.get(item.kind, item.kind),
        "document_date": formats.day(item.document_date),
        "due_date": formats.day(item.due_date),
        "days_late": formats.number(line.days_late) if line.days_late else "",
        "amount": formats.amount2(item.amount, item.currency),
        "open_amount": formats.amount2(item.open_amount, item.currency),
        "received": formats.amount2(-line.received, item.currency) if line.received else "",
        "remaining": formats.amount2(line.remaining, item.currency),
    }


def statement_xlsx(found: Statement) -> bytes:
    """The same as a spreadsheet: a row for each item, the sums below, by currency. No cell can be run."""
    words = found.words
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet(words.title[:31])
    bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "bottom": 1})
    amount = book.add_format({"num_format": "#,##0.00##"})
    sum_format = book.add_format({"num_format": "#,##0.00##", "bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    as_of = words.as_of.format(day=of(found.language).day_long(found.on))
    for line, text in enumerate((words.title, found.entity.name, found.customer.name, as_of)):
        sheet.write_string(line, 0, str(spreadsheet_cell(text)), bold if line == 0 else None)
    heads = (
        words.document, words.kind, words.document_date, words.due_date, words.days_late, words.currency, words.amount,
        words.open_amount, words.received, words.remaining,
    )  # fmt: skip
    line = 5
    for place, text in enumerate(heads):
        sheet.write_string(line, place, text, head)
        sheet.set_column(place, place, 22 if place < 2 else 14)
    sheet.freeze_panes(line + 1, 0)
    for block in found.blocks:
        for one in block.lines:
            item = one.item
            line += 1
            sheet.write_string(line, 0, str(spreadsheet_cell(item.number)))
            sheet.write_string(line, 1, words.kinds.get(item.kind, item.kind))
            sheet.write_datetime(line, 2, item.document_date, day)
            sheet.write_datetime(line, 3, item.due_date, day)
            sheet.write_number(line, 4, one.days_late)
            sheet.write_string(line, 5, item.currency)
            sheet.write_number(line, 6, float(item.amount), amount)
            for place, value in ((7, item.open_amount), (8, 0 - one.received), (9, one.remaining)):
                sheet.write_number(line, place, float(value), amount)
    for block in found.blocks:
        sums = (
            (words.total, {7: block.total, 8: 0 - block.received, 9: block.remaining}),
            (words.overdue, {9: block.overdue}),
        )
        for label, values in sums:
            line += 1
            sheet.write_string(line, 0, label, bold)
            sheet.write_string(line, 5, block.currency, bold)
            for place, value in values.items():
                sheet.write_number(line, place, float(value), sum_format)
    book.close()
    return out.getvalue()
