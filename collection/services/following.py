"""Which scenario an item follows, how far it has come, and what comes next."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from collection.models import ActionLine
from collection.queries.candidates import candidates
from collection.rules.steps import Waits, next_step
from collection.services.assigning import Why
from collection.services.playbooks import assigned_among, is_live, playbook, versions_in_force, with_pinned
from receivables.models import LedgerItem


@dataclass(frozen=True)
class Following:
    """The scenario's name and version of an item and why it has it; its steps done, with day and state, in their order.

    `next_step`, by its name, may be taken from `next_on` on; "" where none is left, or the day is not known yet.
    `is_pending`: a step waits for a person.
    """

    scenario: str
    number: int
    why: Why | None
    done: list[tuple[str, date, str]] = field(default_factory=list)
    next_step: str = ""
    next_on: date | None = None
    is_pending: bool = False


@transaction.atomic
def following(*, item: LedgerItem, on: date) -> Following | None:
    """What an item follows on the day; None where it is settled, a credit, or no scenario applies. At most 16 queries."""
    owed = list(candidates(on=on, due_until=date.max, customer_ids=[item.customer_id]))
    candidate = next((one for one in owed if one.item_id == item.id), None)
    if candidate is None:
        return None
    versions = versions_in_force(on=on)
    live = [one for one in versions if is_live(one, on=on)]
    books = with_pinned([playbook(one) for one in live or versions], on=on)
    why = assigned_among(books, on=on, customer_ids=[item.customer_id]).of(candidate)
    book = books.get(why.book or "")
    if book is None:
        return None
    asked: dict[str, Any] = {
        "steps": book.steps_at(item.entity_id),
        "document_date": candidate.document_date,
        "due_date": candidate.due_date,
        "done": candidate.done,
        "is_pending": candidate.pending,
    }
    decision = next_step(**asked, on=on)
    following_step, from_on = decision.step, decision.next_on
    if following_step is None and from_on is not None and from_on > on:
        following_step = next_step(**asked, on=from_on).step
    names = {step.step_key: step.name for step in book.version.steps.all()}
    states = {code: str(word) for code, word in ActionLine.State.choices}
    lines = ActionLine.objects.filter(item=item).exclude(state=ActionLine.State.PLANNED).order_by("on", "id")
    return Following(
        scenario=book.version.scenario.name,
        number=book.version.number,
        why=why,
        done=[(names.get(line.step_key, line.step_key), line.on, states[line.state]) for line in lines],
        next_step=names[following_step.step_key] if following_step else "",
        next_on=from_on,
        is_pending=decision.waits is Waits.PENDING,
    )
