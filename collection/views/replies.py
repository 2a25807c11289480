"""Mail that came in: the list, one mail beside the message that it answers, what it may mean, and the answer to it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, NoSuchRight, requires
from accounts.roles import Can
from collection.forms_replies import AnswerMailForm, AssignMailForm, ReplyRulesForm
from collection.views.disputes import as_download
from core import formats
from core.errors import NotFound, Refusal
from core.lists import show
from core.phrases import in_words
from core.rows import row_of
from core.text import search_key
from core.web import add_refusal, page, say
from desk.lists_inbound import BADGES, KINDS, PROPOSALS, REPLIES
from desk.models import Attachment, InboundMessage, ReplyRules
from desk.queries.inbound import one_inbound
from desk.services import answering, inbound_handling
from desk.services.inbound import raw_of
from receivables.forms import ContactForm, DisputeForm, HoldForm, PromiseForm
from receivables.models import Hold, LedgerItem
from receivables.queries import EVERY_ITEM, OpenItem, open_items
from receivables.queries.visible import customers_in, items_in
from receivables.services import bulk, parties, standing
from receivables.words import DISPUTE_REASONS
from receivables.words import in_words as named

Kind, State = InboundMessage.Kind, InboundMessage.State
# Open items that a form offers to choose from.
CHOICES = 60
# For so long a payment that was announced is waited for.
WAIT_DAYS = 7
# Who may do what a proposal proposes.
NEEDS = {
    "PROMISE": Can.RECORD_PROMISE,
    "DISPUTE": Can.RECORD_DISPUTE,
    "PAYMENT": Can.PLACE_HOLD,
    "OTHER_PERSON": Can.EDIT_CUSTOMERS,
}
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}")


@requires(Can.VIEW_MESSAGES)
@require_safe
def replies(request: MemberRequest) -> HttpResponse:
    """Every mail that came in, the newest first."""
    return show(request, REPLIES)


@requires(Can.VIEW_MESSAGES)
@require_safe
def reply(request: MemberRequest, inbound_id: UUID) -> HttpResponse:
    """One mail: its words beside the message that it answers, what it may mean, and what was written back."""
    found = _found(request, inbound_id)
    may_handle = request.member.can(Can.LOG_CALLS)
    owed = _owed(request, found) if found.customer_id and any(p["state"] == "OPEN" for p in found.proposals) else []
    context = {
        "mail": found,
        "badge": BADGES[found.state],
        "kind": KINDS[Kind(found.kind)],
        "problem": in_words(found.problem) if found.problem else "",
        "proposals": [_shown(request, found, number, owed) for number in range(len(found.proposals))],
        "items": _items(request, found),
        "files": Attachment.objects.filter(object_id=found.id).order_by("file_name", "id"),
        "left_out": [one for one in found.files if not one["kept"]],
        "answers": list(answering.answers_to(found)[:20]) if found.customer_id else [],
        "returns_on": formats.current().day_long(_day(found.report["returns_on"]))
        if found.report.get("returns_on")
        else "",
        "can": {
            "handle": may_handle,
            "assign": may_handle and found.customer_id is None,
            "answer": request.member.can(Can.CONFIRM_ACTIONS) and found.kind == Kind.REPLY and found.customer_id,
            "finish": may_handle and found.state != State.DONE,
            "customer": request.member.can(Can.VIEW_CUSTOMERS),
            "items": request.member.can(Can.VIEW_ITEMS),
        },
    }
    return page(request, "collection/reply.html", context)


def _shown(request: MemberRequest, found: InboundMessage, number: int, owed: list[OpenItem]) -> dict[str, Any]:
    """A proposal in words, with what a click would record: `ready` holds the form's values where nothing is lacking."""
    one, may = found.proposals[number], False
    ready: dict[str, Any] = {}
    if one["state"] == "OPEN" and found.customer_id:
        may = request.member.can(NEEDS[one["kind"]])
        initial = _initial(request, found, one, owed)
        if may and _is_complete(one["kind"], initial):
            ready = {name: value for name, value in initial.items() if value not in (None, "", [])}
    values = [(name, item) for name, value in ready.items() for item in (value if isinstance(value, list) else [value])]
    return {"number": number, "row": one, "title": _title(one), "may": may, "values": values}


def _title(one: dict[str, Any]) -> str:
    shown = formats.current()
    label = str(PROPOSALS[one["kind"]]).capitalize()
    parts = []
    if one.get("amount"):
        parts.append(shown.money(Decimal(one["amount"]), one["currency"]))
    if one.get("due"):
        parts.append(_("by %(day)s") % {"day": shown.day(_day(one["due"]))})
    if one.get("reason"):
        parts.append(named(DISPUTE_REASONS, one["reason"]))
    return " · ".join([label, " ".join(parts)]) if parts else label


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _is_complete(kind: str, initial: dict[str, Any]) -> bool:
    if kind == "PROMISE":
        return bool(initial["due_on"] and (initial["amount"] or initial["items"]))
    if kind == "DISPUTE":
        return bool(initial["items"] and initial["reason"])
    return kind == "PAYMENT"


def _initial(
    request: MemberRequest, found: InboundMessage, one: dict[str, Any], owed: list[OpenItem]
) -> dict[str, Any]:
    """What the form of a proposal begins with."""
    on, sentence = request.on, one["sentence"]
    mentioned = [item for item in owed if str(item.item_id) in found.items]
    if one["kind"] == "PROMISE":
        spoken = mentioned or _spoken_of(found, owed) or [item for item in owed if item.due_date < on]
        currency = one["currency"] or (spoken[0].currency if spoken else request.tenant.currency)
        chosen = [str(item.item_id) for item in spoken if item.currency == currency]
        # A day that has come meanwhile is today's.
        due = max(_day(one["due"]), on) if one["due"] else None
        return {
            "due_on": due.isoformat() if due else None, "amount": one["amount"], "currency": currency, "items": chosen,
            "comment": sentence,
        }  # fmt: skip
    if one["kind"] == "DISPUTE":
        items = mentioned or (_spoken_of(found, owed) if len(_spoken_of(found, owed)) == 1 else [])
        return {"items": [str(item.item_id) for item in items], "reason": one["reason"], "comment": sentence}
    if one["kind"] == "PAYMENT":
        until = on + timedelta(days=WAIT_DAYS)
        return {"reason": Hold.Reason.PAYMENT_ANNOUNCED.value, "until_on": until.isoformat(), "note": sentence}
    address = next((a for a in _ADDRESS.findall(sentence) if a.lower() != found.sender), "")
    language = found.customer.language if found.customer else ""
    return {"email": address, "language": language, "role": "ACCOUNTING", "influence": "UNKNOWN"}


def _spoken_of(found: InboundMessage, owed: list[OpenItem]) -> list[OpenItem]:
    """The items of the message that is answered, as far as they are open."""
    facts = {fact.get("item") for fact in found.answers.facts} if found.answers else set()
    return [item for item in owed if str(item.item_id) in facts]


def _owed(request: MemberRequest, found: InboundMessage) -> list[OpenItem]:
    assert found.customer_id is not None
    selection = EVERY_ITEM.of_customer(found.customer_id)
    rows = open_items(on=request.on, scope=request.scope, selection=selection, limit=CHOICES)
    return [item for item in rows if item.open_amount > 0]


def _items(request: MemberRequest, found: InboundMessage) -> list[LedgerItem]:
    if not found.items or found.customer_id is None:
        return []
    rows = items_in(scope=request.scope).filter(id__in=found.items, customer_id=found.customer_id)
    return list(rows.order_by("due_date", "id")[:50])


@requires(Can.VIEW_MESSAGES, Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def reply_accept(request: MemberRequest, inbound_id: UUID, number: int) -> HttpResponse:
    """Do what a sentence proposes, as the form says: record the promise or dispute, wait for the payment, add a person."""
    found = _found(request, inbound_id)
    if found.customer_id is None or number >= len(found.proposals):
        raise NotFound
    one = found.proposals[number]
    if not request.member.can(NEEDS[one["kind"]]):
        raise NoSuchRight
    owed = _owed(request, found)
    form = _form(request, found, one, owed)
    if form.is_bound and form.is_valid():
        try:
            text = _accept(request, found, number, form, owed)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, text)
            return redirect("reply", found.id)
    lead = _("“%(sentence)s”") % {"sentence": one["sentence"][:200]}
    context = {"form": form, "title": _title(one), "lead": lead, "save": _("Record")}
    return page(request, "receivables/drawer.html", context, status=422 if form.is_bound and form.errors else 200)


def _form(request: MemberRequest, found: InboundMessage, one: dict[str, Any], owed: list[OpenItem]) -> Form:
    data = request.POST if request.method == "POST" else None
    initial = _initial(request, found, one, owed)
    shown = formats.current()
    choices = [
        (
            str(item.item_id),
            f"{item.number} · {shown.day(item.due_date)} · {shown.money(item.open_amount, item.currency)}",
        )
        for item in owed
    ]
    if one["kind"] == "PROMISE":
        currencies = list(dict.fromkeys([*(item.currency for item in owed), initial["currency"]]))
        return PromiseForm(data, items=choices, currencies=currencies, initial=initial)
    if one["kind"] == "DISPUTE":
        return DisputeForm(data, items=choices, initial=initial)
    if one["kind"] == "PAYMENT":
        return HoldForm(data, initial=initial)
    return ContactForm(data, is_new=True, initial=initial)


def _accept(request: MemberRequest, found: InboundMessage, number: int, form: Any, owed: list[OpenItem]) -> str:
    """Record it, once; the words that say what was done."""
    given, kind, shown = form.cleaned_data, found.proposals[number]["kind"], formats.current()
    assert found.customer_id is not None
    customer_id: UUID = found.customer_id

    def make() -> Any:
        if kind == "PROMISE":
            return _promise(request, found, given, owed)
        if kind == "DISPUTE":
            items = items_in(scope=request.scope).filter(customer_id=customer_id, id__in=given["items"])
            return bulk.record_disputes(
                item_ids=[item.id for item in items],
                reason=given["reason"],
                disputed_amount=given.get("disputed_amount"),
                comment=given["comment"],
                opened_on=request.on,
                actor=request.actor,
            )
        if kind == "PAYMENT":
            return standing.place_hold(
                customer_id=customer_id,
                reason=given["reason"],
                from_on=given["from_on"] or request.on,
                until_on=given["until_on"],
                note=given["note"],
                actor=request.actor,
            )
        return parties.add_contact(customer=found.customer, values=given, actor=request.actor)  # type: ignore[arg-type]

    made = inbound_handling.accept(inbound_id=found.id, number=number, make=make, actor=request.actor, on=request.on)
    if kind == "PROMISE":
        return _("Promise of %(amount)s by %(day)s recorded.") % {
            "amount": shown.money(made.amount, made.currency),
            "day": shown.day(made.due_on),
        }
    if kind == "DISPUTE":
        return _("The dispute is open.")
    if kind == "PAYMENT":
        return _("Reminders wait for the payment.")
    return _("%(name)s is added.") % {"name": made}


def _promise(request: MemberRequest, found: InboundMessage, given: dict[str, Any], owed: list[OpenItem]) -> Any:
    assert found.customer_id is not None
    chosen = [item for item in owed if str(item.item_id) in given.get("items", ())]
    amount = given["amount"]
    if amount is None:
        amount = sum((item.open_amount for item in chosen if item.currency == given["currency"]), Decimal(0))
    entities = {item.entity_id for item in chosen}
    return standing.record_promise(
        customer_id=found.customer_id,
        amount=amount,
        currency=given["currency"],
        due_on=given["due_on"],
        made_on=min(found.on, request.on),
        entity_id=entities.pop() if len(entities) == 1 else None,
        item_ids=[item.item_id for item in chosen if item.currency == given["currency"]],
        comment=given["comment"],
        actor=request.actor,
    )


@requires(Can.VIEW_MESSAGES, Can.LOG_CALLS)
@require_POST
def reply_dismiss(request: MemberRequest, inbound_id: UUID, number: int) -> HttpResponse:
    """The sentence does not mean that."""
    found = _found(request, inbound_id)
    inbound_handling.dismiss(inbound_id=found.id, number=number, actor=request.actor, on=request.on)
    return redirect("reply", found.id)


@requires(Can.VIEW_MESSAGES, Can.LOG_CALLS)
@require_POST
def reply_done(request: MemberRequest, inbound_id: UUID) -> HttpResponse:
    """Nothing is left to do about it."""
    found = _found(request, inbound_id)
    inbound_handling.finish(inbound_id=found.id, actor=request.actor, on=request.on)
    say(request, _("Done."))
    return redirect("replies")


@requires(Can.VIEW_MESSAGES, Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def reply_assign(request: MemberRequest, inbound_id: UUID) -> HttpResponse:
    """Say whose a mail is; its sender may become a contact, so that the next one is known by itself."""
    found = _found(request, inbound_id)
    may_add = request.member.can(Can.EDIT_CUSTOMERS)
    form = AssignMailForm(request.POST if request.method == "POST" else None, sender=found.sender if may_add else "")
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["customer"].strip()
        key = search_key(typed)
        meant = Q(ref=typed) | (Q(name_key__prefix=key) if key else Q())
        rows = list(customers_in(scope=request.scope).filter(meant).order_by("name_key", "id")[:6])
        exact = [one for one in rows if one.ref == typed or one.name_key == key]
        chosen = exact if len(exact) == 1 else rows
        if len(chosen) == 1:
            inbound_handling.assign(
                inbound_id=found.id,
                customer=chosen[0],
                add_sender=form.cleaned_data.get("add_sender", False),
                actor=request.actor,
                on=request.on,
            )
            say(request, _("The mail is of %(name)s.") % {"name": chosen[0].name})
            return redirect("reply", found.id)
        names = ", ".join(f"{one.ref} {one.name}" for one in rows)
        form.add_error(
            "customer", _("Which one? %(names)s") % {"names": names} if rows else _("There is no such customer.")
        )
    context = {"form": form, "title": _("Whose mail is it?"), "lead": found.sender, "save": _("Assign")}
    return page(request, "receivables/drawer.html", context, status=422 if form.is_bound and form.errors else 200)


@requires(Can.VIEW_MESSAGES, Can.CONFIRM_ACTIONS)
@require_http_methods(["GET", "POST"])
def reply_answer(request: MemberRequest, inbound_id: UUID) -> HttpResponse:
    """Write back to whoever wrote; in the mail program both are one conversation."""
    found = _found(request, inbound_id)
    initial = {"subject": answering.answer_subject(found)}
    form = AnswerMailForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            message = answering.answer(
                inbound_id=found.id,
                **form.cleaned_data,
                actor=request.actor,
                on=request.on,
                now=timezone.now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            at = formats.current().moment(message.not_before)
            say(request, _("The answer leaves at %(at)s.") % {"at": at})
            return redirect("reply", found.id)
    lead = _("To %(name)s, %(address)s") % {"name": found.sender_name or found.sender, "address": found.sender}
    context = {"form": form, "title": _("Answer"), "lead": lead, "save": _("Send")}
    return page(request, "receivables/drawer.html", context, status=422 if form.is_bound and form.errors else 200)


@requires(Can.VIEW_MESSAGES)
@require_safe
def reply_file(request: MemberRequest, inbound_id: UUID, attachment_id: UUID) -> HttpResponse:
    """A file of the mail, as a download: the browser neither shows nor runs it."""
    found = _found(request, inbound_id)
    return as_download(row_of(Attachment.objects.filter(object_id=found.id), attachment_id))


@requires(Can.VIEW_MESSAGES)
@require_safe
def reply_raw(request: MemberRequest, inbound_id: UUID) -> HttpResponse:
    """The mail as it was received, for saving only."""
    found = _found(request, inbound_id)
    raw = raw_of(found)
    if raw is None:
        raise NotFound
    response = HttpResponse(raw, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="mail-{found.on.isoformat()}-{found.id.hex[-8:]}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def reply_rules(request: MemberRequest) -> HttpResponse:
    """What happens by itself when a customer writes."""
    kept = ReplyRules.objects.first()
    initial = {"hold_days": kept.hold_days, "asks_receipts": kept.asks_receipts} if kept else {"hold_days": 0}
    form = ReplyRulesForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            inbound_handling.save_rules(**form.cleaned_data, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved."))
            return redirect("replies")
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "collection/reply_rules.html", {"form": form}, status=status)


def _found(request: MemberRequest, inbound_id: UUID) -> InboundMessage:
    return one_inbound(inbound_id=inbound_id, scope=request.scope)
