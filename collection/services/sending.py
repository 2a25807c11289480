"""Confirmed actions become messages; at the moment of sending their facts are looked at again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.access import Scope, business_today
from accounts.models import Member, Tenant
from collection.models import Action, ActionLine, Step
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Excluded, Line, Plan
from collection.rules.steps import Anchor, LeftOut, StepRule, item_left_out
from collection.services.composing import Draft, Parties, compose, persons_of
from collection.services.deciding import UNDO_SECONDS, decide, proposed_action
from core.audit import SYSTEM, Actor
from core.errors import Conflict, Invalid
from core.tenancy import require_tenant_id
from desk.models import Message
from desk.ports import Verdict
from desk.queries.templates import Texts
from desk.services import outbox
from receivables.models import Contact, LedgerItem

REASON = "collection.Action"
BATCH = 500


class NothingLeft(Conflict):
    code = "nothing_left"
    message = gettext_lazy("Nothing is left to remind of: the items have been paid, disputed or suspended since.")


class Unsendable(Invalid):
    code = "unsendable"
    message = gettext_lazy("The message cannot be sent.")


@dataclass(frozen=True)
class Prepared:
    """An action with its message as the facts are now. `draft` is None when no item is left in it."""

    action: Action
    plan: Plan
    draft: Draft | None


def prepare(*, actions: Sequence[Action], on: date) -> list[Prepared]:
    """What these actions would send on the day `on`, in their order. 6 SQL queries, whatever their number.

    Items paid, disputed or held since the action was proposed are left out, with the reason.
    """
    lines: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for line in ActionLine.objects.filter(action__in=[a.id for a in actions], state=ActionLine.State.PLANNED):
        lines[line.action_id][line.item_id] = line.step_key  # type: ignore[index]
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
    documents = LedgerItem.objects.in_bulk([item_id for wanted in lines.values() for item_id in wanted])
    senders = Member.objects.in_bulk({action.decided_by_id for action in actions if action.decided_by_id})
    texts = Texts()
    out = []
    for action in actions:
        plan = _current_plan(action, items[(action.customer_id, action.entity_id)], lines[action.id], steps)
        parties = Parties(
            customer=action.customer,
            entity=action.entity,
            persons=persons_of(contacts[action.customer_id]),
            sender=senders.get(action.decided_by_id) if action.decided_by_id else None,
        )
        draft = None
        if plan.lines:
            step = steps[action.version_id][plan.step.step_key]
            draft = compose(
                parties=parties,
                plan=plan,
                channel=step.channel,
                template_code=step.template_code,
                on=on,
                texts=texts,
                documents=documents,
            )
        out.append(Prepared(action, plan, draft))
    return out


def _current_plan(
    action: Action, items: Iterable[Candidate], wanted: dict[UUID, str], steps: dict[UUID, dict[str, Step]]
) -> Plan:
    """The action's lines that still hold, and every other open item of the customer with the reason it is not in it."""
    plan = Plan()
    minimum = action.version.minimum_item_amount
    for item in items:
        reason = item_left_out(
            open_amount=item.chased_amount,
            minimum=minimum,
            is_disputed=item.disputed_amount > 0,
            is_held=bool(item.held),
        )
        if reason:
            plan.excluded.append(Excluded(item, reason))
        elif item.item_id in wanted:
            plan.lines.append(Line(item, _rule(steps[action.version_id][wanted[item.item_id]])))
        else:
            plan.excluded.append(Excluded(item, LeftOut.PENDING if item.pending else LeftOut.NOT_REACHED))
    return plan


def _rule(step: Step) -> StepRule:
    return StepRule(step.step_key, step.position, Anchor(step.anchor), step.offset_days)


@transaction.atomic
def confirm_action(*, action_id: UUID, scope: Scope, actor: Actor, now: datetime, on: date) -> Action:
    """Send this reminder: its message leaves after 30 seconds, in which it can be taken back.

    Raises NotProposed, NothingLeft, Unsendable (no address), NotFound.
    """
    action = proposed_action(action_id=action_id, scope=scope)
    action.decided_by_id = actor.member_id
    prepared = prepare(actions=[action], on=on)[0]
    if prepared.draft is None:
        raise NothingLeft
    if prepared.draft.missing:
        raise Unsendable(prepared.draft.missing)
    _confirm([prepared], actor=actor, now=now, on=on, not_before=now + timedelta(seconds=UNDO_SECONDS))
    return action


@transaction.atomic
def confirm_automatic(*, on: date, now: datetime, actor: Actor = SYSTEM) -> int:
    """Confirm the day's proposals whose step is automatic. Those without address stay proposed. Returns how many left."""
    waiting = Action.objects.filter(state=Action.State.PROPOSED, on=on, step__mode=Step.Mode.AUTOMATIC)
    waiting = waiting.select_for_update(of=("self",)).select_related("customer", "entity", "step", "version")
    actions, count = list(waiting.order_by("id")), 0
    for start in range(0, len(actions), BATCH):
        prepared = [
            one for one in prepare(actions=actions[start : start + BATCH], on=on) if one.draft and not one.draft.missing
        ]
        _confirm(prepared, actor=actor, now=now, on=on, not_before=now)
        count += len(prepared)
    return count


def _confirm(prepared: Sequence[Prepared], *, actor: Actor, now: datetime, on: date, not_before: datetime) -> None:
    messages = []
    for one in prepared:
        action, draft = one.action, one.draft
        assert draft is not None
        messages.append(_message(action, draft, actor=actor, on=on, not_before=not_before))
        _forget_lines(action, keep={fact["item"] for fact in draft.facts})
        decide(action, state=Action.State.CONFIRMED, actor=actor, now=now)
    outbox.queue(messages)


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
        reply_to=action.entity.email,
        sender_name=action.entity.name,
        language=draft.language,
        subject=draft.subject,
        body_text=draft.body_text,
        body_html=draft.body_html,
        facts=draft.facts,
        not_before=not_before,
        created_by_id=actor.member_id,
    )


def _forget_lines(action: Action, *, keep: set[str] | None = None) -> None:
    """Remove planned lines of items that are not in the message: their step was not done and may be planned again."""
    lines = ActionLine.objects.filter(action=action, state=ActionLine.State.PLANNED)
    if keep:
        lines = lines.exclude(item_id__in=[UUID(item) for item in keep])
    lines.delete()


class ActionReasons:
    """What the outbox asks about a message of an action (desk.ports.Reasons)."""

    def recheck(self, message: Message) -> Verdict:
        """Look at the facts again: paid, disputed or held items fall out, part payments lower the amounts."""
        action = self._action(message)
        if action is None or action.state != Action.State.CONFIRMED:
            return Verdict(send=False, reason=gettext("The action was taken back."))
        tenant = Tenant.objects.get(id=require_tenant_id())
        prepared = prepare(actions=[action], on=business_today(tenant))[0]
        draft = prepared.draft
        if draft is None:
            return Verdict(send=False, reason=gettext("Nothing is left to remind of."))
        if draft.facts == message.facts:
            return Verdict(send=True)
        changes = {name: getattr(draft, name) for name in ("subject", "body_text", "body_html", "facts")}
        return Verdict(send=True, changes=changes)

    def sent(self, message: Message) -> None:
        """The items in the message have had their step; those that fell out have not."""
        action = self._action(message)
        if action is None:
            return
        _forget_lines(action, keep={fact["item"] for fact in message.facts})
        action.lines.filter(state=ActionLine.State.PLANNED).update(state=ActionLine.State.DONE)
        Action.objects.filter(id=action.id).update(state=Action.State.SENT, undo_until=None, updated_at=Now())

    def cancelled(self, message: Message, reason: str) -> None:
        self._end(message, reason)

    def refused(self, message: Message, error: str) -> None:
        """The address does not work: it is marked, and the items may be planned again, for another person."""
        if message.contact_id:
            Contact.objects.filter(id=message.contact_id).update(email_bounced_at=timezone.now(), updated_at=Now())
        self._end(message, error)

    def _end(self, message: Message, note: str) -> None:
        action = self._action(message)
        if action is not None and action.state == Action.State.CONFIRMED:
            _forget_lines(action)
            Action.objects.filter(id=action.id).update(
                state=Action.State.CANCELLED, note=note[:300], undo_until=None, updated_at=Now()
            )

    @staticmethod
    def _action(message: Message) -> Action | None:
        rows = Action.objects.select_related("customer", "entity", "step", "version")
        return rows.select_for_update(of=("self",)).filter(id=message.reason_id).first()
