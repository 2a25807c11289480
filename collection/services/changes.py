"""What has changed about a reminder since it was proposed, and whether it is still the one that somebody has seen."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from collection.models import ActionLine
from desk.queries.templates import former_words, texts_before
from desk.texts import Text
from receivables.models import LedgerItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collection.rules.grouping import Excluded
    from collection.services.composing import Draft
    from collection.services.sending import Prepared

# Items of a customer that are asked whether they are new.
MOST_ASKED = 500
# The database's clock stamps texts, the application's says when a list was shown.
_CLOCKS_APART = timedelta(seconds=5)


class Kind(StrEnum):
    """What became of an item."""

    SETTLED = "SETTLED"  # nothing is open any more
    LEFT_OUT = "LEFT_OUT"  # disputed, suspended, ...: `excluded` says so
    AMOUNT = "AMOUNT"  # paid in part, disputed in part, or more is open again
    NEW = "NEW"  # came into the books since; it is in no message yet


@dataclass(frozen=True)
class Changed:
    """An item about which the facts have changed. `before`, `after`: what was and is asked for, in `currency`."""

    kind: Kind
    number: str
    currency: str
    before: Decimal | None = None
    after: Decimal | None = None
    excluded: Excluded | None = None


def changes(*, prepared: Sequence[Prepared]) -> dict[UUID, list[Changed]]:
    """By action what has changed since it was proposed, by number of item. At most 3 SQL queries."""
    planned: dict[UUID, dict[UUID, tuple[Decimal, str]]] = defaultdict(dict)
    rows = ActionLine.objects.filter(action__in=[one.action.id for one in prepared], state=ActionLine.State.PLANNED)
    for action_id, item_id, amount, currency in rows.values_list("action_id", "item_id", "open_amount", "currency"):
        planned[action_id][item_id] = (amount, currency)
    asked = {
        out.item.item_id
        for one in prepared
        for out in one.plan.excluded
        if out.item.item_id not in planned[one.action.id]
    }
    came = dict(LedgerItem.objects.filter(id__in=sorted(asked)[:MOST_ASKED]).values_list("id", "created_at"))
    known = {line.item.item_id for one in prepared for line in one.plan.lines}
    known |= {out.item.item_id for one in prepared for out in one.plan.excluded}
    gone = {item_id for lines in planned.values() for item_id in lines} - known
    numbers = dict(LedgerItem.objects.filter(id__in=gone).values_list("id", "number")) if gone else {}
    return {one.action.id: _of(one, planned[one.action.id], came, numbers) for one in prepared}


def _of(
    one: Prepared, planned: dict[UUID, tuple[Decimal, str]], came: dict[UUID, Any], numbers: dict[UUID, str]
) -> list[Changed]:
    out = []
    left_out = {excluded.item.item_id: excluded for excluded in one.plan.excluded}
    there = {line.item.item_id: line.item for line in one.plan.lines}
    for item_id, (before, currency) in planned.items():
        if item := there.get(item_id):
            if item.chased_amount != before:
                out.append(Changed(Kind.AMOUNT, item.number, currency, before, item.chased_amount))
        elif excluded := left_out.get(item_id):
            out.append(Changed(Kind.LEFT_OUT, excluded.item.number, currency, before, excluded=excluded))
        else:
            out.append(Changed(Kind.SETTLED, numbers.get(item_id, ""), currency, before))
    for item_id, excluded in left_out.items():
        at = came.get(item_id)
        if item_id not in planned and at is not None and at > one.action.created_at:
            item = excluded.item
            out.append(Changed(Kind.NEW, item.number, item.currency, after=item.chased_amount, excluded=excluded))
    return sorted(out, key=lambda changed: (changed.kind is Kind.NEW, changed.number))


def seen_mark(draft: Draft) -> str:
    """A short name of what a message says and to whom: another one when that, or the text it is made of, has changed."""
    told = [draft.channel, draft.recipient, draft.cc, draft.language, draft.facts, draft.enclosures, *draft.wording]
    return f"{_mark(told)[:32]}-{text_mark(draft.text)}"


def text_mark(text: Text) -> str:
    """A short name of a text as it is written."""
    return _mark([text.subject, text.body])[:16]


def _mark(told: list[Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def text_seen(draft: Draft, *, seen: str) -> Text | None:
    """The text that a message was made of when somebody saw it as `seen`; None where it is the one of now, or is lost.

    2 SQL queries where it is another one.
    """
    mark = seen.rpartition("-")[2]
    if not mark or mark == text_mark(draft.text):
        return None
    found = former_words(code=draft.template_code, language=draft.language, channel=draft.channel)
    return next((text for text in found if text_mark(text) == mark), None)


def text_shown(draft: Draft, *, shown_at: datetime) -> Text | None:
    """The text that a message would have been made of at that moment; None where it is the one of now. At most 3 SQL
    queries."""
    texts = texts_before(code=draft.template_code, at=shown_at - _CLOCKS_APART)
    if texts is None:
        return None
    try:
        former = texts.find(code=draft.template_code, channel=draft.channel, language=draft.language)
    except KeyError:
        return Text("", "")
    return former if former != draft.text else None


def is_as_listed(prepared: Prepared, *, shown_at: datetime) -> bool:
    """Whether a reminder is still the one that a list showed: the items and amounts that were proposed, in the text of
    that moment. What came in newly is no part of it."""
    changed = [one for one in changes(prepared=[prepared])[prepared.action.id] if one.kind is not Kind.NEW]
    return not changed and (prepared.draft is None or text_shown(prepared.draft, shown_at=shown_at) is None)
