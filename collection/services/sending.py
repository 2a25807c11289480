"""Confirmed actions become messages; at the moment of sending their facts are looked at again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from accounts.access import Scope
from accounts.models import Member, Tenant
from collection.models import Action, ActionLine, Step
from collection.queries.candidates import Candidate, candidates
from collection.queries.credits import open_credits
from collection.rules.changes import changes_between
from collection.rules.grouping import Credits, Excluded, Line, Plan, list_credits, net_again
from collection.rules.steps import LeftOut, item_left_out
from collection.services.changes import is_as_listed, seen_mark
from collection.services.composing import Ask, Draft, Parties, compose, persons_of
from collection.services.deciding import UNDO_SECONDS, decide, proposed_action
from collection.services.enclosing import Encloser
from collection.services.notice_approvals import spend_approval
from collection.services.playbooks import limits_of, step_rule
from collection.services.step_claims import claim_for_steps
from core.audit import SYSTEM, Actor
from core.errors import Conflict, Invalid, Refusal
from core.ports import has_port
from core.tenancy import require_tenant_id
from desk.models import Channel, Message
from desk.ports import TEXT_CARRIER, Verdict
from desk.queries.templates import Texts
from desk.services import outbox, sending_hours
from receivables.models import Contact, CustomerAccount

REASON = "collection.Action"
BATCH = 500


class NothingLeft(Conflict):
    code = "nothing_left"
    message = gettext_lazy("Nothing is left to remind of: the items have been paid, disputed or suspended since.")


class MessageChanged(Conflict):
    code = "message_changed"
    message = gettext_lazy("The message is no longer the one that you saw. Look at what has changed, then send it.")


class Unsendable(Invalid):
    code = "unsendable"
    message = gettext_lazy("The message cannot be sent.")


class CallToLog(Conflict):
    code = "call_to_log"
    message = gettext_lazy("This is a call: make it and log it. Nothing is sent.")


@dataclass(frozen=True)
class Prepared:
    """An action with its message as the facts are now. `draft` is None when no item is left in it, and of a call or task."""

    action: Action
    plan: Plan
    draft: Draft | None


def prepare(
    *,
    actions: Sequence[Action],
    on: date,
    texts: Texts | None = None,
    language: str = "",
) -> list[Prepared]:
    """What these actions would send on the day `on`, in their order. 9 SQL queries, whatever their number, and at most 12
    for what goes along.

    Items paid, disputed or held since the action was proposed are left out, with the reason. The actions come with
    customer, entity and version. `texts`, `language`: other ones than would be used, to look at them.
    """
    lines: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    planned = ActionLine.objects.filter(action__in=[a.id for a in actions], state=ActionLine.State.PLANNED)
    for action_id, item_id, step_key in planned.values_list("action_id", "item_id", "step_key"):
        lines[action_id][item_id] = step_key
    customer_ids = {action.customer_id for action in actions}
    items: dict[tuple[UUID, UUID], list[Candidate]] = defaultdict(list)
    for item in candidates(on=on, due_until=date.max, customer_ids=customer_ids):
        items[(item.customer_id, item.entity_id)].append(item)
    contacts: dict[UUID, list[Contact]] = defaultdict(list)
    for contact in Contact.objects.filter(customer_id__in=customer_ids, is_active=True):
        contacts[contact.customer_id].append(contact)
    steps: dict[UUID, dict[str, Step]] = defaultdict(dict)
    for step in Step.objects.filter(version_id__in={action.version_id for action in actions}):
        steps[step.version_id][step.step_key] = step
    senders = Member.objects.in_bulk({action.decided_by_id for action in actions if action.decided_by_id})
    accounts: dict[tuple[UUID, UUID], list[CustomerAccount]] = defaultdict(list)
    owned_by = CustomerAccount.objects.select_related("collector__user", "salesperson__user")
    for account in owned_by.filter(customer_id__in=customer_ids).order_by("id"):
        accounts[(account.customer_id, account.entity_id)].append(account)
    bounced = bounced_addresses(customer_ids)
    texting = any(step.channel == Channel.SMS for found in steps.values() for step in found.values())
    can_text = texting and text_carrier_is_there()
    listing = any(action.version.credits != Credits.HIDE for action in actions)
    credits = open_credits(on=on, customer_ids=customer_ids) if listing else {}
    texts = texts or Texts()
    planned_now: list[tuple[Action, Plan, Step | None]] = []
    for action in actions:
        plan = _current_plan(
            action, items[(action.customer_id, action.entity_id)], lines[action.id], steps[action.version_id]
        )
        owned = credits.get((action.customer_id, action.entity_id), ())
        list_credits(plan, owned, limits=limits_of(action.version))
        of_plan = steps[action.version_id][plan.step.step_key] if plan.lines else None
        if of_plan and of_plan.channel in ("", Channel.CALL):
            of_plan = None
        planned_now.append((action, plan, of_plan))
    encloser = Encloser(wanted=[(step, plan) for _action, plan, step in planned_now if step], on=on)
    out = []
    for action, plan, of_plan in planned_now:
        draft = None
        if of_plan:
            country = (action.customer.country or action.entity.country) if texting else None
            draft = compose(
                parties=Parties(
                    customer=action.customer,
                    entity=action.entity,
                    persons=persons_of(contacts[action.customer_id], country=country, refused=bounced),
                    sender=senders.get(action.decided_by_id) if action.decided_by_id else None,
                    bounced=bounced,
                    can_text=can_text,
                    accounts=accounts[(action.customer_id, action.entity_id)],
                ),
                plan=plan,
                channel=of_plan.channel,
                template_code=of_plan.template_code,
                on=on,
                texts=texts,
                ask=Ask.of(of_plan, deadline=action.new_deadline or deadline_of(of_plan, on=on)),
                enclosures=encloser.of(of_plan, plan, customer=action.customer, entity=action.entity),
                language=language,
            )
        out.append(Prepared(action, plan, draft))
    return out


def deadline_of(step: Step, *, on: date) -> date | None:
    """Until when a message of this step asks to pay; None where it asks for no other day than the due dates."""
    return None if step.new_deadline_days is None else on + timedelta(days=step.new_deadline_days)


def bounced_addresses(customer_ids: Collection[UUID]) -> set[str]:
    """Addresses of these customers, not of their contacts, and mobile numbers that refused a message."""
    rows = Message.objects.filter(
        Q(channel=Channel.EMAIL, contact__isnull=True) | Q(channel=Channel.SMS),
        customer_id__in=customer_ids,
        state=Message.State.BOUNCED,
    )
    return set(rows.values_list("recipient", flat=True))


def text_carrier_is_there() -> bool:
    """Whether the organisation's text messages can leave: a sandbox's always do, to the demo mailbox."""
    return has_port(TEXT_CARRIER) or Tenant.objects.get(id=require_tenant_id()).is_sandbox


def _current_plan(action: Action, items: Iterable[Candidate], wanted: dict[UUID, str], steps: dict[str, Step]) -> Plan:
    """The action's lines that still hold, and every other open item of the customer with the reason it is not in it."""
    plan = Plan()
    minimum = action.version.minimum_item_amount
    for item in items:
        reason = item_left_out(
            open_amount=item.chased_amount,
            minimum=minimum,
            is_disputed=item.is_disputed,
            held=item.held,
        )
        if reason:
            plan.excluded.append(Excluded(item, reason))
        elif item.item_id in wanted:
            plan.lines.append(Line(item, step_rule(steps[wanted[item.item_id]])))
        else:
            plan.excluded.append(Excluded(item, LeftOut.PENDING if item.pending else LeftOut.NOT_REACHED))
    planned = {currency: Decimal(text) for currency, text in action.netted.items()} if action.part else None
    net_again(plan, limits=limits_of(action.version), planned=planned)
    return plan


@transaction.atomic
def confirm_action(
    *,
    action_id: UUID,
    scope: Scope,
    actor: Actor,
    now: datetime,
    on: date,
    seen: str = "",
    shown_at: datetime | None = None,
) -> Action:
    """Send this reminder: its message leaves after 30 seconds, in which it can be taken back.

    `seen`: the mark of the message that the person has looked at (collection.services.changes); "" for one that nobody
    looked at. Of one without mark `shown_at`: when a list showed it, so that it leaves only as proposed, in the text of
    that moment; None asks nothing. Raises NotProposed, CallToLog, NothingLeft, Unsendable (no address), NotApproved (a formal
    notice), MessageChanged, NotFound.
    """
    action = proposed_action(action_id=action_id, scope=scope)
    if action.channel == Channel.CALL:
        raise CallToLog
    action.decided_by_id = actor.member_id
    prepared = prepare(actions=[action], on=on)[0]
    if prepared.draft is None:
        raise NothingLeft
    if prepared.draft.missing:
        raise Unsendable(prepared.draft.missing)
    if seen and seen != seen_mark(prepared.draft):
        raise MessageChanged
    if not seen and shown_at and not is_as_listed(prepared, shown_at=shown_at):
        raise MessageChanged
    spend_approval(action=action, item_ids=[line.item.item_id for line in prepared.plan.lines], actor=actor)
    _confirm([prepared], actor=actor, now=now, on=on, not_before=now + timedelta(seconds=UNDO_SECONDS))
    return action


def confirm_actions(
    *,
    action_ids: Sequence[UUID],
    scope: Scope,
    actor: Actor,
    now: datetime,
    on: date,
    seen: Mapping[UUID, str] | None = None,
    shown_at: datetime | None = None,
) -> tuple[list[Action], dict[UUID, Refusal]]:
    """Confirm each of these, as `confirm_action` does; those that cannot be, with the refusal. One does not stop another.

    `seen`: marks of those that somebody has looked at one by one. With `shown_at` those that are no longer as the list
    showed them are refused with MessageChanged, for a second look.
    """
    confirmed, refused = [], {}
    for action_id in action_ids:
        asked: dict[str, Any] = {"seen": (seen or {}).get(action_id, ""), "shown_at": shown_at}
        try:
            confirmed.append(confirm_action(action_id=action_id, scope=scope, actor=actor, now=now, on=on, **asked))
        except Refusal as refusal:
            refused[action_id] = refusal
    return confirmed, refused


def put_off_until(*, actions: Sequence[Action], now: datetime) -> datetime | None:
    """When the first of these confirmed actions' messages leaves, if all wait for the sending hours; else None.

    1 SQL query.
    """
    waiting = Message.objects.filter(reason_type=REASON, reason_id__in=[action.id for action in actions])
    first = waiting.order_by("not_before").values_list("not_before", flat=True).first()
    return first if first is not None and first > now + timedelta(seconds=UNDO_SECONDS) else None


def confirm_automatic(*, on: date, now: datetime, actor: Actor = SYSTEM) -> int:
    """Confirm the day's proposals whose step is automatic, a batch per transaction. Returns how many.

    Those without address, or with nothing left, stay proposed for a person.
    """
    count, after = 0, None
    while True:
        with transaction.atomic():
            waiting = Action.objects.filter(state=Action.State.PROPOSED, on=on, step__mode=Step.Mode.AUTOMATIC)
            if after is not None:
                waiting = waiting.filter(id__gt=after)
            waiting = waiting.select_related("customer", "entity", "version").select_for_update(of=("self",))
            actions = list(waiting.order_by("id")[:BATCH])
            if not actions:
                return count
            prepared = [one for one in prepare(actions=actions, on=on) if one.draft and not one.draft.missing]
            _confirm(prepared, actor=actor, now=now, on=on, not_before=now)
            count, after = count + len(prepared), actions[-1].id


def _confirm(prepared: Sequence[Prepared], *, actor: Actor, now: datetime, on: date, not_before: datetime) -> None:
    messages, kept, given_up = [], [], []
    leaves_at = sending_hours.leaving()
    for one in prepared:
        assert one.draft is not None
        at = leaves_at(not_before, one.action.entity.country)
        messages.append(_message(one.action, one.draft, actor=actor, on=on, not_before=at))
        kept += [UUID(fact["item"]) for fact in one.draft.facts]
        given_up.append(one.action.id)
    _forget_lines(given_up, keep=kept)
    decide([one.action for one in prepared], state=Action.State.CONFIRMED, actor=actor, now=now)
    _keep_deadlines(prepared)
    outbox.queue(messages)


def _keep_deadlines(prepared: Sequence[Prepared]) -> None:
    """The day that each message asks to pay by, so that it stays the same however late it leaves."""
    by_day: dict[date, list[UUID]] = defaultdict(list)
    for one in prepared:
        if one.draft and one.draft.deadline:
            by_day[one.draft.deadline].append(one.action.id)
    for day, ids in by_day.items():
        Action.objects.filter(id__in=ids).update(new_deadline=day)


def _message(action: Action, draft: Draft, *, actor: Actor, on: date, not_before: datetime) -> Message:
    return Message(
        customer_id=action.customer_id,
        entity_id=action.entity_id,
        contact_id=draft.contact_id,
        reason_type=REASON,
        reason_id=action.id,
        on=on,
        channel=draft.channel,
        recipient=draft.recipient,
        recipient_name=draft.recipient_name,
        cc=draft.cc,
        reply_to=draft.reply_to,
        sender_name=draft.sender_name,
        language=draft.language,
        **draft.wording._asdict(),
        facts=draft.facts,
        enclosures=draft.enclosures,
        not_before=not_before,
        created_by_id=actor.member_id,
    )


def _forget_lines(action_ids: Collection[UUID], *, keep: Collection[UUID] = ()) -> None:
    """Remove planned lines of items that are not in the message: their step was not done and may be planned again."""
    lines = ActionLine.objects.filter(action_id__in=action_ids, state=ActionLine.State.PLANNED)
    lines.exclude(item_id__in=keep).delete()


# What a message takes over from a draft when the facts have changed since it was composed.
_COMPARED = ("facts", "recipient", "cc", "reply_to", "sender_name", "enclosures")
_COMPOSED = (*_COMPARED, "recipient_name", "contact_id", "language")


class ActionReasons:
    """What the outbox asks about messages of actions, on a business day (desk.ports.Reasons)."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        """Look at the facts again: paid, disputed or held items fall out, part payments lower the amounts.

        An item that fell out may be planned again. A message whose channel would be another one now does not leave.
        """
        rows = Action.objects.filter(id__in=[message.reason_id for message in messages], state=Action.State.CONFIRMED)
        actions = list(rows.select_related("customer", "entity", "version"))
        found = {one.action.id: one for one in prepare(actions=actions, on=self.on)}
        verdicts = [self._verdict(message, found.get(message.reason_id)) for message in messages]
        changed = [verdict.changes["facts"] for verdict in verdicts if verdict.changes]
        if changed:
            actions_changed = [m.reason_id for m, v in zip(messages, verdicts, strict=True) if v.changes]
            _forget_lines(actions_changed, keep=[UUID(fact["item"]) for facts in changed for fact in facts])
        return verdicts

    @staticmethod
    def _verdict(message: Message, prepared: Prepared | None) -> Verdict:
        if prepared is None:
            return Verdict(send=False, reason=gettext("The action was taken back."))
        draft = prepared.draft
        if draft is None:
            return Verdict(send=False, reason=gettext("Nothing is left to remind of."))
        if draft.missing or draft.channel != message.channel:
            return Verdict(
                send=False, reason=draft.missing or gettext("What called for this channel has been settled.")
            )
        files = draft.make_files() if draft.enclosures else ()
        if all(getattr(draft, name) == getattr(message, name) for name in _COMPARED):
            return Verdict(send=True, files=files)
        changed = changes_between(
            before=message.facts,
            after=draft.facts,
            recipients=(message.recipient, draft.recipient),
            files=(message.enclosures, draft.enclosures),
        )
        composed = {name: getattr(draft, name) for name in _COMPOSED} | draft.wording._asdict()
        return Verdict(send=True, changes=composed | {"changed": [*message.changed, *changed]}, files=files)

    def sent(self, messages: Sequence[Message]) -> None:
        """The items in the messages have had their step, and what it claims is claimed. 3 SQL statements, whatever their
        number, and those of the claims."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE collection_actionline SET state = 'DONE' "
                "WHERE tenant_id = %(tenant)s AND action_id = ANY(%(actions)s) AND state = 'PLANNED';"
                "UPDATE collection_action SET state = 'SENT', undo_until = NULL, updated_at = now() "
                "WHERE tenant_id = %(tenant)s AND id = ANY(%(actions)s) AND state = 'CONFIRMED'",
                {"tenant": require_tenant_id(), "actions": [message.reason_id for message in messages]},
            )
        claim_for_steps(action_ids=[message.reason_id for message in messages], on=self.on)

    def cancelled(self, message: Message, reason: str) -> None:
        """The items may be planned again, as the facts are then."""
        self._end(message, reason)

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """The items may be planned again; an address that does not work is marked, so that another person is written to."""
        if is_address_wrong and message.contact_id and message.channel == Channel.EMAIL:
            Contact.objects.filter(id=message.contact_id).update(email_bounced_at=Now(), updated_at=Now())
        self._end(message, error)

    @staticmethod
    def _end(message: Message, note: str) -> None:
        confirmed = Action.objects.filter(id=message.reason_id, state=Action.State.CONFIRMED)
        if confirmed.update(state=Action.State.CANCELLED, note=note[:300], undo_until=None, updated_at=Now()):
            _forget_lines([message.reason_id])
