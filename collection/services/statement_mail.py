"""A statement sent to the customer: through the outbox, once for each time that somebody asks for it."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import EVERYTHING, Scope
from accounts.models import Member
from collection.services.notices import Notice, NoticeReasons, draft_notice, notice_message, parties_of
from collection.services.statements import Statement, statement, statement_html, statement_in_scope
from core.audit import Actor, record
from core.errors import Invalid
from core.formats import Formats
from desk.models import Message, MessageFile
from desk.ports import FileSource, Verdict
from desk.queries.templates import Texts
from desk.services import outbox, sending_hours
from receivables.models import Entity

REASON = "collection.Statement"


class NotSendable(Invalid):
    code = "unsendable"
    message = _("The statement cannot be sent.")


@transaction.atomic
def send_statement(
    *,
    customer_id: UUID,
    entity_id: UUID,
    on: date,
    today: date,
    asked_id: UUID,
    scope: Scope,
    actor: Actor,
    now: datetime,
    contact_id: UUID | None = None,
) -> Message:
    """Queue the statement of the day `on` for the customer. `asked_id` names the asking: the same again sends nothing more.

    Raises NotFound, NotSendable (nobody to write to), BadStatementDay, StatementTooLong.
    """
    known = Message.objects.filter(reason_type=REASON, reason_id=asked_id, customer_id=customer_id).first()
    if known is not None:
        return known
    found = statement_in_scope(customer_id=customer_id, entity_id=entity_id, on=on, today=today, scope=scope)
    sender = Member.objects.filter(id=actor.member_id).first() if actor.member_id else None
    parties = parties_of(customer=found.customer, entity=found.entity, sender=sender)
    # What leaves is the customer's account as a whole, whoever asks.
    whole = statement(customer=found.customer, entity=found.entity, on=on, scope=EVERYTHING)
    draft = draft_notice(statement_notice(whole), parties=parties, on=today, texts=Texts(), contact_id=contact_id)
    if draft.missing:
        raise NotSendable(draft.missing)
    message = notice_message(
        draft,
        reason_type=REASON,
        reason_id=asked_id,
        customer=found.customer,
        entity=found.entity,
        on=today,
        not_before=sending_hours.leaving()(now, found.entity.country),
        actor=actor,
    )
    outbox.queue([message])
    message = Message.objects.get(reason_type=REASON, reason_id=asked_id, recipient=draft.recipient)
    record(actor=actor, action="collection.statement_sent", row=message, changes={"on": [None, on]})
    return message


def statement_notice(found: Statement, *, scope: Scope = EVERYTHING) -> Notice:
    """What the message with a statement says, and the statement as its file, of what the scope sees."""

    def told(formats: Formats) -> tuple[dict[str, str], dict[str, bool]]:
        late = [block for block in found.blocks if block.overdue]
        received = [block for block in found.blocks if block.has_received]
        values = {
            "statement_day": formats.day_long(found.on),
            "balance": " + ".join(formats.money(block.remaining, block.currency) for block in found.blocks),
            "received_total": " + ".join(formats.money(block.received, block.currency) for block in received),
            "overdue_total": " + ".join(formats.money(block.overdue, block.currency) for block in late),
        }
        return values, {"open": bool(found.blocks), "received": bool(received), "overdue": bool(late)}

    def files(language: str) -> list[FileSource]:
        paper = statement(customer=found.customer, entity=found.entity, on=found.on, scope=scope, language=language)
        return [FileSource(MessageFile.Kind.STATEMENT, f"{paper.file_name}.pdf", html=statement_html(paper))]

    return Notice(
        code="statement",
        told=told,
        facts=[{"statement": str(found.entity.id), "on": found.on.isoformat()}],
        enclosures=[{"kind": MessageFile.Kind.STATEMENT.value}],
        files=files,
    )


class StatementReasons(NoticeReasons):
    """The figures are those that the ledger has of that day when the statement leaves."""

    def verdict(self, message: Message) -> Verdict:
        fact = message.facts[0]
        customer = message.customer
        assert customer is not None  # a statement is a customer's
        entity = Entity.objects.get(id=fact["statement"])
        found = statement(customer=customer, entity=entity, on=date.fromisoformat(fact["on"]), scope=EVERYTHING)
        parties = parties_of(customer=customer, entity=entity, sender=message.created_by)
        draft = draft_notice(
            statement_notice(found), parties=parties, on=message.on, texts=Texts(), contact_id=message.contact_id
        )
        return self.again(message, draft)
