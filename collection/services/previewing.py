"""A text looked at on a real customer before it is saved: composed as a reminder would be, sent to nobody but oneself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from collection.queries.actions import worklist
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Excluded, Line, Plan
from collection.rules.steps import Anchor, StepRule, item_left_out
from collection.services.composing import Draft, Parties, compose, persons_of
from collection.services.enclosing import NOTHING, Encloser, Enclosures
from collection.services.notice_samples import NothingToShow, draft_on, newest_customer
from collection.services.playbooks import step_rule, versions_in_force
from collection.services.sending import bounced_addresses, prepare, text_carrier_is_there
from core.errors import Conflict, Invalid, NotFound
from core.text import search_key
from desk.models import Channel, Message
from desk.ports import RefusedForGood, RefusedForNow, Verdict
from desk.queries.templates import Texts
from desk.rules.templates import VOCABULARIES
from desk.services import outbox
from desk.services.files import enclose_now, kept_files
from desk.services.templates import BadTemplate, faults
from receivables.models import Contact, Customer, Entity
from receivables.queries.visible import accounts_in, customers_in, items_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.access import Scope
    from accounts.models import Member
    from collection.models import Step
    from core.audit import Actor
    from desk.texts import Text

REASON = "collection.TestMessage"
# Of a customer with very many items, so many are looked at: enough to see the table.
MOST_LINES = 200
# Where no step uses the text: as if an item were this late.
SAMPLE = StepRule(step_key="preview", position=1, anchor=Anchor.DUE_DATE, offset_days=1)


# To one's own address within an hour.
MOST_TESTS = 30


class TooManyTests(Conflict):
    code = "too_many_tests"
    message = _("That is many test messages within an hour: wait a little.")


class NotEnclosed(Conflict):
    code = "not_enclosed"
    message = _("What goes along with the message could not be made, or is too large. Nothing was sent.")


@dataclass(frozen=True)
class Sample:
    """A message as this text would make it now. `is_due`: it is proposed, and is what would be sent. `item_count`: of the
    items that it reminds of, 0 for what is no reminder.
    """

    draft: Draft
    customer: Customer
    entity: Entity
    is_due: bool
    item_count: int = 0


def find_customers(*, text: str, scope: Scope, limit: int = 6) -> list[Customer]:
    """Customers whose name or reference begins as typed, by name. At most 1 SQL query."""
    key = search_key(text)
    if not key:
        return []
    rows = customers_in(scope=scope).filter(Q(name_key__prefix=key) | Q(ref_key__prefix=key))
    return list(rows.order_by("name_key", "id")[:limit])


def first_customer(*, code: str, scope: Scope, on: date) -> Customer | None:
    """Whom to look at the text on where nobody was chosen: the first it is proposed for, else the longest overdue; of a
    thank-you or a delivery note whom the newest one would be to.
    """
    if code in VOCABULARIES and (found := newest_customer(code=code, scope=scope)):
        return found
    proposed = worklist(scope=scope)
    action = proposed.filter(step__template_code=code).first() or proposed.first()
    if action is not None:
        return action.customer
    late = items_in(scope=scope).filter(is_open=True, due_date__lt=on, open_amount__gt=0)
    item = late.select_related("customer").order_by("due_date", "id").first()
    return item.customer if item else None


def sample(
    *, customer_id: UUID, code: str, channel: str, language: str, text: Text, scope: Scope, on: date, by: Member
) -> Sample:
    """The message that this text makes for a customer on the day `on`. About 12 SQL queries.

    A reminder that is proposed in these words, exactly as it would be sent; else the items that are open today, of the
    company with most of them. Raises NotFound, BadTemplate with what is wrong with the text, NothingToShow.
    """
    customer = customers_in(scope=scope).filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    if fields := faults(code=code, subject=text.subject, body=text.body, channel=channel):
        raise BadTemplate(fields=fields)
    texts = Texts(instead={(code, channel, language): text})
    if code in VOCABULARIES:
        if channel != Channel.EMAIL:
            raise NothingToShow(_("This text leaves by e-mail only."))
        draft, entity = draft_on(
            customer=customer, code=code, language=language, texts=texts, scope=scope, on=on, by=by
        )
        return Sample(draft, customer, entity, is_due=False)
    found = _proposed(
        customer=customer, code=code, channel=channel, language=language, texts=texts, scope=scope, on=on, by=by
    )
    if found is not None:
        return found
    entity_ids = set(accounts_in(scope=scope).filter(customer_id=customer_id).values_list("entity_id", flat=True))
    step = _step_of(code, channel, on=on)
    rule = step_rule(step) if step else SAMPLE
    plan, entity_id = _plan(customer_id, entity_ids, step=rule, on=on)
    if entity_id is None:
        raise NothingToShow
    entity = Entity.objects.get(id=entity_id)
    contacts = Contact.objects.filter(customer_id=customer_id, is_active=True)
    bounced = bounced_addresses([customer_id])
    draft = compose(
        parties=Parties(
            customer=customer,
            entity=entity,
            persons=persons_of(list(contacts), country=customer.country or entity.country, refused=bounced),
            sender=by,
            bounced=bounced,
            can_text=text_carrier_is_there(),
        ),
        plan=plan,
        channel=channel,
        template_code=code,
        on=on,
        texts=texts,
        enclosures=_enclosures(step, plan, customer=customer, entity=entity, on=on),
        language=language,
    )
    return Sample(draft, customer, entity, is_due=False, item_count=len(plan.lines))


def _proposed(
    *, customer: Customer, code: str, channel: str, language: str, texts: Texts, scope: Scope, on: date, by: Member
) -> Sample | None:
    rows = worklist(scope=scope).filter(customer=customer, step__template_code=code, step__channel=channel)
    action = rows.select_related("customer", "entity", "step", "version").first()
    if action is None:
        return None
    action.decided_by_id = by.id  # who would confirm it now
    prepared = prepare(actions=[action], on=on, texts=texts, language=language)[0]
    step_key = prepared.plan.step.step_key if prepared.plan.lines else ""
    if prepared.draft is None or step_key != action.step.step_key:
        return None
    return Sample(prepared.draft, customer, action.entity, is_due=True, item_count=len(prepared.plan.lines))


def _step_of(code: str, channel: str, *, on: date) -> Step | None:
    """A step in force that says this, by this channel where there is one."""
    steps = [step for version in versions_in_force(on=on) for step in version.steps.all() if step.template_code == code]
    steps.sort(key=lambda step: (step.channel != channel, step.position))
    return steps[0] if steps else None


def _enclosures(step: Step | None, plan: Plan, *, customer: Customer, entity: Entity, on: date) -> Enclosures:
    """What the step would have go along with this message."""
    if step is None:
        return NOTHING
    return Encloser(wanted=[(step, plan)], on=on).of(step, plan, customer=customer, entity=entity)


def _plan(customer_id: UUID, entity_ids: Collection[UUID], *, step: StepRule, on: date) -> tuple[Plan, UUID | None]:
    """The customer's open items at the company with most of them: those that the step may speak of, or else all."""
    by_entity: dict[UUID, list[Candidate]] = defaultdict(list)
    for item in candidates(on=on, due_until=date.max, customer_ids=[customer_id]):
        if item.entity_id in entity_ids:
            by_entity[item.entity_id].append(item)
    best, entity_id = Plan(), None
    for found_id, items in sorted(by_entity.items(), key=lambda pair: str(pair[0])):
        plan = Plan()
        for item in items:
            reason = item_left_out(
                open_amount=item.chased_amount, minimum=Decimal(0), is_disputed=item.is_disputed, held=""
            )
            if reason:
                plan.excluded.append(Excluded(item, reason))
            else:
                plan.lines.append(Line(item, step))
        fitting = [line for line in plan.lines if (line.item.due_date >= on) == step.is_before_due]
        plan.lines = (fitting or plan.lines)[:MOST_LINES]
        if len(plan.lines) > len(best.lines):
            best, entity_id = plan, found_id
    return best, entity_id


@transaction.atomic
def send_test(*, shown: Sample, to: Member, actor: Actor, now: datetime, on: date) -> Message:
    """The message as the preview shows it, by e-mail to oneself and at once, with what would go along.

    It is no message to the customer: it stands in no list and no history of theirs. What goes along is made now, of the
    facts that the preview shows. Raises TooManyTests, NotEnclosed.
    """
    recent = Message.objects.filter(reason_type=REASON, member=to, created_at__gt=now - timedelta(hours=1)).count()
    if recent >= MOST_TESTS:
        raise TooManyTests
    if to.user is None:
        raise Invalid(_("You have no e-mail address."))
    draft = shown.draft
    message = Message(
        member=to,
        reason_type=REASON,
        reason_id=uuid4(),
        on=on,
        channel=Channel.EMAIL,
        recipient=to.user.email,
        recipient_name=to.name,
        sender_name=shown.entity.name,
        language=draft.language,
        subject=f"[{gettext('Test')}] {draft.subject}"[:250],
        body_text=draft.body_text,
        body_html=draft.body_html,
        enclosures=draft.enclosures,
        not_before=now,
        created_by_id=actor.member_id,
    )
    outbox.queue([message])
    if files := draft.make_files():
        try:
            enclose_now(Message.objects.get(reason_type=REASON, reason_id=message.reason_id), files)
        except (RefusedForGood, RefusedForNow) as error:
            raise NotEnclosed from error
    return message


class ToOneselfReasons:
    """What the outbox asks about test messages (desk.ports.Reasons): they leave as they were made, and nothing follows."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        files = kept_files(messages)
        return [Verdict(send=True, files=files.get(message.id, ())) for message in messages]

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """Whoever sent it finds out by not receiving it."""
