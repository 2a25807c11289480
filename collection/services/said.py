"""What a plan comes to for whoever reads about it: a message with its recipient and words, a call, a task."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from collection.models import Step
from collection.rules.grouping import Line, Plan
from collection.services.by_hand import REQUESTS
from collection.services.composing import Ask, Draft, Parties, compose, persons_of
from collection.services.enclosing import NOTHING, Encloser
from collection.services.playbooks import Found
from collection.services.sending import bounced_addresses, deadline_of, text_carrier_is_there
from desk.models import Channel
from desk.queries.templates import Texts
from receivables.models import Contact, Customer, CustomerAccount, Entity


@dataclass(frozen=True)
class Said:
    """A message of a day, or a call or task: to whom, by which scenario and step, through which channel, for what.

    `items`: (number, due date, currency, amount) in the message's order. `missing`: why it cannot leave, else "". A task
    has no channel; it and a call have no recipient. `netted`: credits that `amounts` are less by.
    """

    on: date
    customer: Customer
    entity: Entity
    scenario: str
    step_key: str
    step_name: str
    channel: str
    mode: str
    kind: str
    recipient: str
    missing: str
    items: list[tuple[str, date, str, Decimal]]
    amounts: dict[str, Decimal]
    netted: dict[str, Decimal]
    new_deadline: date | None = None
    cc: tuple[str, ...] = ()
    part: str = ""
    # Its words, made when they are asked for; None of a call or a task.
    draft: Draft | None = field(default=None, compare=False)

    @property
    def request(self) -> str:
        """What is asked for in writing, to be decided by a person: the kind of the step; "" for anything else."""
        return self.kind if self.mode == Step.Mode.TASK and self.kind in REQUESTS else ""


class Speaker:
    """Puts plans in words: customers, entities, accounts and contacts are read once each.

    `with_files`: what goes along with each message is looked for too, 12 SQL queries for each that has something.
    """

    def __init__(self, *, with_files: bool = False) -> None:
        self.with_files = with_files
        self.customers: dict[UUID, Customer] = {}
        self.contacts: dict[UUID, list[Contact]] = defaultdict(list)
        self.accounts: dict[tuple[UUID, UUID], list[CustomerAccount]] = defaultdict(list)
        self.bounced: set[str] = set()
        self.entities = Entity.objects.in_bulk()
        self.texts = Texts()
        self.steps: dict[UUID, dict[str, Step]] = {}

    @cached_property
    def can_text(self) -> bool:
        return text_carrier_is_there()

    def read(self, customer_ids: Collection[UUID]) -> None:
        """4 SQL queries for those not read yet."""
        missing = [one for one in customer_ids if one not in self.customers]
        if not missing:
            return
        self.customers |= Customer.objects.in_bulk(missing)
        for contact in Contact.objects.filter(customer_id__in=missing, is_active=True):
            self.contacts[contact.customer_id].append(contact)
        accounts = CustomerAccount.objects.select_related("collector__user", "salesperson__user")
        for account in accounts.filter(customer_id__in=missing).order_by("id"):
            self.accounts[(account.customer_id, account.entity_id)].append(account)
        self.bounced |= bounced_addresses(missing)

    def said(self, found: Found, *, on: date) -> Said:
        """The message of a plan."""
        step = self._steps(found)[found.plan.step.step_key]
        customer, entity = self.customers[found.owner[0]], self.entities[found.owner[1]]
        is_call = step.channel == Channel.CALL
        draft = None if is_call else self._draft(found, step, customer, entity, on=on)
        return self._said(found, step, found.plan.lines, draft=draft, part=found.part, plan=found.plan, on=on)

    def task(self, found: Found, part: str, lines: list[Line], *, on: date) -> Said:
        """What a plan gives to a colleague."""
        step = self._steps(found)[lines[0].step.step_key]
        return self._said(found, step, lines, draft=None, part=part, plan=Plan(lines), on=on)

    def _said(
        self, found: Found, step: Step, lines: list[Line], *, draft: Draft | None, part: str, plan: Plan, on: date
    ) -> Said:
        ordered = sorted(lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
        return Said(
            on=on,
            customer=self.customers[found.owner[0]],
            entity=self.entities[found.owner[1]],
            scenario=found.book.version.scenario.name,
            step_key=step.step_key,
            step_name=step.name,
            channel=step.channel,
            mode=step.mode,
            kind=step.kind,
            recipient=draft.recipient if draft else "",
            missing=draft.missing if draft else "",
            items=[(i.number, i.due_date, i.currency, i.chased_amount) for i, _step in ordered],
            amounts=plan.amounts,
            netted=plan.netted,
            new_deadline=draft.deadline if draft else None,
            cc=tuple(draft.cc) if draft else (),
            part=part,
            draft=draft,
        )

    def _steps(self, found: Found) -> dict[str, Step]:
        version = found.book.version
        return self.steps.setdefault(version.id, {step.step_key: step for step in version.steps.all()})

    def _draft(self, found: Found, step: Step, customer: Customer, entity: Entity, *, on: date) -> Draft:
        parties = Parties(
            customer=customer,
            entity=entity,
            persons=persons_of(
                self.contacts[customer.id], country=customer.country or entity.country, refused=self.bounced
            ),
            sender=None,
            bounced=self.bounced,
            can_text=step.channel == Channel.SMS and self.can_text,
            accounts=self.accounts[(customer.id, entity.id)],
        )
        enclosed = NOTHING
        if self.with_files:
            encloser = Encloser(wanted=[(step, found.plan)], on=on)
            enclosed = encloser.of(step, found.plan, customer=customer, entity=entity)
        return compose(
            parties=parties,
            plan=found.plan,
            channel=step.channel,
            template_code=step.template_code,
            on=on,
            texts=self.texts,
            ask=Ask.of(step, deadline=deadline_of(step, on=on)),
            enclosures=enclosed,
        )


# --- Two of them compared --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A message to a customer of an entity on a day that is another one: `before` or `after` is None where none is."""

    before: Said | None
    after: Said | None

    @property
    def sides(self) -> tuple[Said | None, Said | None]:
        """Now, then with the other version."""
        return self.before, self.after

    @property
    def one(self) -> Said:
        """Whichever there is."""
        found = self.after or self.before
        assert found is not None
        return found


def differences(before: Sequence[Said], after: Sequence[Said]) -> list[Difference]:
    """Messages only before, only after, and changed, by day and customer."""
    old, new = _by_place(before), _by_place(after)
    names = {key: said[0].customer.name_key for found in (old, new) for key, said in found.items()}
    return [
        pair
        for key in sorted({*old, *new}, key=lambda key: (key[0], names[key], str(key)))
        for pair in _pairs(old.get(key, []), new.get(key, []))
    ]


def _by_place(said: Sequence[Said]) -> dict[tuple[date, UUID, UUID], list[Said]]:
    out: dict[tuple[date, UUID, UUID], list[Said]] = defaultdict(list)
    for one in said:
        out[(one.on, one.customer.id, one.entity.id)].append(one)
    return out


def _pairs(old: list[Said], new: list[Said]) -> Iterator[Difference]:
    gone = [one for one in old if _content(one) not in [_content(other) for other in new]]
    come = [one for one in new if _content(one) not in [_content(other) for other in old]]
    for place in range(max(len(gone), len(come))):
        yield Difference(gone[place] if place < len(gone) else None, come[place] if place < len(come) else None)


def _content(one: Said) -> tuple[object, ...]:
    """What the customer would notice, and who has to confirm it."""
    amounts = tuple(one.amounts.items())
    return (
        one.step_name,
        one.channel,
        one.mode,
        one.kind,
        one.recipient,
        one.cc,
        one.new_deadline,
        tuple(one.items),
        amounts,
    )
