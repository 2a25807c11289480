"""From a plan to the message: one per customer and entity, the same for preview, sending and the re-check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from collection.models import Step
from collection.rules.grouping import Credit, Line, Plan
from collection.services.addressing import Parties, person_for, persons_of, recipient_of, sender_of
from collection.services.enclosing import NOTHING, Enclosures
from collection.services.wording import Voice, Wording, word_reminder
from core.formats import of
from desk.models import ON_PAPER, Channel
from desk.ports import FileSource
from desk.queries.templates import Texts, language_of
from desk.rules.texting import MOST_SEGMENTS, Length, length
from desk.texts import WORDS, Text

__all__ = ["Ask", "Draft", "Parties", "Wording", "compose", "persons_of"]

NO_TEXT = Text("", "")


@dataclass(frozen=True)
class Ask:
    """What a step asks of its message, beside its channel and its words (collection.models.Step)."""

    roles: Sequence[str] = ()
    is_from_collector: bool = True
    cc_salesperson: bool = False
    deadline: date | None = None

    @classmethod
    def of(cls, step: Step, *, deadline: date | None) -> "Ask":
        """As the step says; `deadline`: until when it asks to pay, None where it does not."""
        return cls(
            roles=step.recipient_roles,
            is_from_collector=step.sender == Step.Sender.COLLECTOR,
            cc_salesperson=step.cc_salesperson,
            deadline=deadline if step.new_deadline_days is not None else None,
        )


@dataclass(frozen=True)
class Draft:
    """A message as it would leave now. Without `recipient` it cannot leave; `missing` says what is lacking.

    `facts`: what it speaks of, an entry per item, as stored with the message; `enclosures`: what goes along, and what
    should but is not there. Words and files are made when they are asked for: just before a message leaves its facts
    are compared, and nearly always nothing has changed.
    """

    channel: str
    language: str
    recipient: str
    recipient_name: str
    contact_id: UUID | None
    word: Callable[[], Wording]
    facts: list[dict[str, Any]] = field(default_factory=list)
    missing: str = ""
    sender_name: str = ""
    reply_to: str = ""
    cc: list[str] = field(default_factory=list)
    deadline: date | None = None
    enclosures: list[dict[str, Any]] = field(default_factory=list)
    make_files: Callable[[], list[FileSource]] = list
    # What it was made of: the text as written, and the code that it was found under.
    text: Text = NO_TEXT
    template_code: str = ""

    @cached_property
    def wording(self) -> Wording:
        """Subject and bodies; made once."""
        return self.word()

    @cached_property
    def size(self) -> Length | None:
        """Of a text message: what it takes."""
        return length(self.body_text) if self.channel == Channel.SMS else None

    @property
    def subject(self) -> str:
        return self.wording.subject

    @property
    def body_text(self) -> str:
        return self.wording.body_text

    @property
    def body_html(self) -> str:
        return self.wording.body_html


def compose(
    *,
    parties: Parties,
    plan: Plan,
    channel: str,
    template_code: str,
    on: date,
    texts: Texts,
    ask: Ask = Ask(),
    enclosures: Enclosures = NOTHING,
    language: str = "",
) -> Draft:
    """The message for a plan with at least one line. Reads no rows but the texts. Amounts are open and not disputed.

    `language`: to look at it in that one, whatever the recipient's is. Raises KeyError for a template code that nobody
    has a text for.
    """
    person = person_for(channel, parties, ask.roles)
    wishes = (person.language if person else "", parties.customer.language, parties.entity.language)
    language = language or language_of(*wishes)
    missing = ""
    try:
        text = texts.find(code=template_code, channel=channel, language=language)
    except KeyError:
        if channel != Channel.SMS:
            raise
        text = NO_TEXT
        missing = gettext("There is no text for a text message here: write one among the texts.")
    to = recipient_of(channel, parties, person=person, language=language)
    sender = sender_of(
        parties,
        channel=channel,
        is_from_collector=ask.is_from_collector,
        cc_salesperson=ask.cc_salesperson,
        to=to.address,
    )
    voice = Voice(language, of(language), WORDS[language], person, sender.signs, ask.deadline)
    along = NOTHING if channel == Channel.SMS else enclosures

    def word() -> Wording:
        return word_reminder(text=text, channel=channel, plan=plan, parties=parties, on=on, voice=voice)

    lines = sorted(plan.lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
    too_long = channel == Channel.SMS and length(word().body_text).is_too_long
    if too_long:
        most = {"most": MOST_SEGMENTS}
        missing = gettext("The text message is too long: at most %(most)d parts can be sent.") % most
    return Draft(
        channel=channel,
        language=language,
        recipient=to.address,
        recipient_name=to.name,
        contact_id=person.contact_id if person and to.address and channel not in ON_PAPER else None,
        word=word,
        facts=[*(_fact(line) for line in lines), *(_credit_fact(credit) for credit in plan.credits)],
        missing=to.missing or missing,
        sender_name=sender.shown,
        reply_to=sender.reply_to,
        cc=sender.cc,
        deadline=ask.deadline,
        enclosures=along.listed,
        make_files=lambda: along.files(language),
        text=text,
        template_code=template_code,
    )


def _fact(line: Line) -> dict[str, Any]:
    return {
        "item": str(line.item.item_id),
        "number": line.item.number,
        "due_date": line.item.due_date.isoformat(),
        "open_amount": str(line.item.chased_amount),
        "currency": line.item.currency,
        "step_key": line.step.step_key,
    }


def _credit_fact(credit: Credit) -> dict[str, Any]:
    return {
        "item": str(credit.item_id),
        "number": credit.number,
        "due_date": credit.document_date.isoformat(),
        "open_amount": str(-credit.amount),
        "currency": credit.currency,
        "step_key": "",
    }
