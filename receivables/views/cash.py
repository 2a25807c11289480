"""Cash application: the bank's lines in a list, one of them in the drawer, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from core.errors import NotFound, Refusal
from core.lists import Reading, show
from core.ports import open_port
from core.rows import row_of
from core.text import search_key
from core.web import add_refusal, page
from receivables.forms_cash import AsideForm, AssignLineForm, CashSettingsForm, SplitForm
from receivables.lists.cash import BANK_LINES, CASH_ALLOCATIONS, KNOWN_PAYERS
from receivables.models import BankLine, CashMatch, LedgerItem
from receivables.queries.matching import (
    bank_lines_in,
    cash_allocations_in,
    cash_counts,
    cash_matches_in,
    cash_settings,
    chased_amounts,
    known_payers_in,
    match_rate,
)
from receivables.queries.visible import customers_in, items_in
from receivables.services import matching
from receivables.services.matching_run import match_bank_lines
from receivables.views.drawers import drawer, go_on, is_sent, picked
from receivables.words_cash import reasons_in_words, sureness

# The match rate speaks of so many days.
RATE_DAYS = 30
# Open items that a split offers.
CHOICES = 40


@requires(Can.APPLY_CASH)
@require_safe
def cash(request: MemberRequest) -> HttpResponse:
    """The bank's lines, those to match first, and how many are matched by themselves."""
    return show(request, BANK_LINES, context=_figures)


def _figures(reading: Reading) -> dict[str, Any]:
    on, scope = reading.reader.on, reading.reader.scope
    return {
        "rate": match_rate(since=on - timedelta(days=RATE_DAYS - 1), until=on, scope=scope),
        "rate_days": RATE_DAYS,
        "waiting": cash_counts(on=on, scope=scope),
        "may_set_rules": reading.reader.may(Can.SET_CASH_RULES),
    }


@requires(Can.APPLY_CASH)
@require_safe
def cash_books(request: MemberRequest) -> HttpResponse:
    """What was matched here and the books do not say yet, or deny."""
    return show(request, CASH_ALLOCATIONS)


@requires(Can.APPLY_CASH)
@require_safe
def known_payers(request: MemberRequest) -> HttpResponse:
    """Bank accounts and names that were confirmed as a customer's."""
    return show(request, KNOWN_PAYERS)


@requires(Can.APPLY_CASH)
@require_safe
def cash_line(request: MemberRequest, line_id: UUID) -> HttpResponse:
    """One line: what it says, what is proposed and why, what was decided before."""
    line = _line(request, line_id)
    return page(request, "receivables/cash_line.html", _told(request, line), part="receivables/cash_line_part.html")


def _told(request: MemberRequest, line: BankLine) -> dict[str, Any]:
    pieces = line.proposal.get("pieces") or [] if line.state == BankLine.State.OPEN else []
    items = _items(request, [piece["item"] for piece in pieces])
    matches = cash_matches_in(scope=request.scope).filter(line=line)
    return {
        "line": line,
        "pieces": [
            {
                "item": items[piece["item"]],
                "cash": Decimal(piece["cash"]),
                "difference": Decimal(piece["difference"]),
                "why": piece["why"],
            }
            for piece in pieces
            if piece["item"] in items
        ],
        "left": Decimal(line.proposal.get("left") or 0),
        "reasons": reasons_in_words(line.proposal, line.currency) if line.state == BankLine.State.OPEN else [],
        "sure": sureness(line.confidence),
        "sure_pct": line.confidence * 100,
        "matches": list(
            matches.select_related("customer", "decided_by", "reversed_by")
            .prefetch_related("allocations__item")
            .order_by("-decided_at")
        ),
    }


def _items(request: MemberRequest, ids: Iterable[str]) -> dict[str, LedgerItem]:
    rows = items_in(scope=request.scope).filter(id__in=list(ids)).select_related("customer")
    return {str(item.id): item for item in rows}


@requires(Can.APPLY_CASH)
@require_POST
def cash_match(request: MemberRequest) -> HttpResponse:
    """Match all that waits at once, not only in the night."""
    run = match_bank_lines(on=request.on, actor=request.actor)
    text = _("%(automatic)d matched by themselves, %(suggested)d suggested, %(unmatched)d without a proposal.") % {
        "automatic": run.automatic,
        "suggested": run.suggested,
        "unmatched": run.unmatched,
    }
    return go_on(request, text, fallback=reverse("cash"))


@requires(Can.APPLY_CASH)
@require_POST
def cash_confirm(request: MemberRequest) -> HttpResponse:
    """Carry out what is proposed for picked lines."""
    done = _each(request, lambda line: matching.confirm_proposal(line_id=line, on=request.on, actor=request.actor))
    open_port("receivables.lines_matched")(line_ids=done, on=request.on, now=timezone.now())
    text = ngettext("%(n)d payment matched.", "%(n)d payments matched.", len(done)) % {"n": len(done)}
    undo = reverse("cash_reverse") + "?" + urlencode([("pick", line) for line in done])
    return go_on(request, text, fallback=reverse("cash"), undo=undo)


@requires(Can.APPLY_CASH)
@require_POST
def cash_refuse(request: MemberRequest) -> HttpResponse:
    """Say that what is proposed for picked lines is wrong."""
    done = _each(request, lambda line: matching.refuse_proposal(line_id=line, on=request.on, actor=request.actor))
    text = ngettext("%(n)d proposal refused.", "%(n)d proposals refused.", len(done)) % {"n": len(done)}
    return go_on(request, text, fallback=reverse("cash"))


@requires(Can.APPLY_CASH)
@require_POST
def cash_reverse(request: MemberRequest) -> HttpResponse:
    """Take the matches of picked lines back: their items are chased again."""
    matches = cash_matches_in(scope=request.scope).filter(
        line_id__in=[line.id for line in _picked_lines(request)], state=CashMatch.State.ACCEPTED
    )
    ids = list(matches.order_by("-decided_at").values_list("id", flat=True))
    if not ids:
        raise matching.NotMatched
    for match_id in ids:
        matching.reverse_match(match_id=match_id, on=request.on, actor=request.actor)
    text = ngettext("%(n)d match taken back.", "%(n)d matches taken back.", len(ids)) % {"n": len(ids)}
    return go_on(request, text, fallback=reverse("cash"))


@requires(Can.APPLY_CASH)
@require_http_methods(["GET", "POST"])
def cash_aside(request: MemberRequest) -> HttpResponse:
    """Set picked lines aside: they pay nothing here."""
    lines = _picked_lines(request)
    form = AsideForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        for line in lines:
            matching.set_line_aside(line_id=line.id, reason=form.cleaned_data["reason"], actor=request.actor)
        text = ngettext("%(n)d line set aside.", "%(n)d lines set aside.", len(lines)) % {"n": len(lines)}
        undo = reverse("cash_take_up") + "?" + urlencode([("pick", line.id) for line in lines])
        return go_on(request, text, fallback=reverse("cash"), undo=undo)
    title = ngettext("Set %(n)d line aside", "Set %(n)d lines aside", len(lines)) % {"n": len(lines)}
    return drawer(request, form, title=title, save=pgettext("verb", "Set aside"), picks=[line.id for line in lines])


@requires(Can.APPLY_CASH)
@require_POST
def cash_take_up(request: MemberRequest) -> HttpResponse:
    """Match picked lines after all."""
    lines = _picked_lines(request)
    for line in lines:
        matching.take_line_up(line_id=line.id, on=request.on, actor=request.actor)
    text = ngettext("%(n)d line is to be matched again.", "%(n)d lines are to be matched again.", len(lines))
    return go_on(request, text % {"n": len(lines)}, fallback=reverse("cash"))


@requires(Can.APPLY_CASH)
@require_http_methods(["GET", "POST"])
def cash_assign(request: MemberRequest, line_id: UUID) -> HttpResponse:
    """Say whose payment a line is; it is matched anew."""
    line = _line(request, line_id)
    form = AssignLineForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["customer"].strip()
        key = search_key(typed)
        named = Q(ref=typed) | (Q(name_key__prefix=key) if key else Q())
        found = list(customers_in(scope=request.scope).filter(named).order_by("name_key", "id")[:6])
        exact = [one for one in found if one.ref == typed or one.name_key == key]
        chosen = exact if len(exact) == 1 else found
        if len(chosen) == 1:
            matching.assign_line(line_id=line.id, customer_id=chosen[0].id, on=request.on, actor=request.actor)
            text = _("The payment is of %(name)s.") % {"name": chosen[0].name}
            return go_on(request, text, fallback=reverse("cash"))
        names = ", ".join(f"{one.ref} {one.name}" for one in found)
        form.add_error(
            "customer", _("Which one? %(names)s") % {"names": names} if found else _("There is no such customer.")
        )
    return drawer(
        request, form, title=_("Whose payment is it?"), lead=line.payer_name or line.text[:100], save=_("Assign")
    )


@requires(Can.APPLY_CASH)
@require_http_methods(["GET", "POST"])
def cash_split(request: MemberRequest, line_id: UUID) -> HttpResponse:
    """Set a line against items as a person says: of its customer, or those that are proposed, of several customers."""
    line = _line(request, line_id)
    pieces = line.proposal.get("pieces") or []
    wanted = Q(id__in=[piece["item"] for piece in pieces])
    if line.customer_id:
        wanted |= Q(customer_id=line.customer_id, is_open=True)
    rows = items_in(scope=request.scope).filter(wanted, currency=line.currency).order_by("due_date", "number", "id")
    items = list(rows[:CHOICES])
    chased = chased_amounts(item_ids=[item.id for item in items], on=request.on, scope=request.scope)
    items = [item for item in items if chased.get(item.id)]
    initial = {f"item_{piece['item']}": Decimal(piece["cash"]) for piece in pieces}
    form = SplitForm(request.POST if is_sent(request) else None, items=items, chased=chased, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            matching.split_line(line_id=line.id, shares=form.shares(), on=request.on, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            open_port("receivables.lines_matched")(line_ids=[line.id], on=request.on, now=timezone.now())
            undo = reverse("cash_reverse") + "?" + urlencode({"pick": line.id})
            return go_on(request, _("The payment is matched as you said."), fallback=reverse("cash"), undo=undo)
    lead = "" if items else _("Assign the line to a customer first: then its open items can be chosen from.")
    return drawer(request, form, title=_("What does it pay?"), lead=lead, save=_("Match"))


@requires(Can.APPLY_CASH)
@require_POST
def cash_exported(request: MemberRequest) -> HttpResponse:
    """Picked allocations were sent to the books."""
    rows = cash_allocations_in(scope=request.scope).filter(id__in=picked(request))
    ids = list(rows.values_list("id", flat=True))
    if not ids:
        raise NotFound
    count = matching.mark_exported(allocation_ids=ids, on=request.on, actor=request.actor)
    text = ngettext("%(n)d marked as sent to the books.", "%(n)d marked as sent to the books.", count) % {"n": count}
    return go_on(request, text, fallback=reverse("cash_books"))


@requires(Can.APPLY_CASH)
@require_POST
def payers_revoke(request: MemberRequest) -> HttpResponse:
    """Picked accounts and names are no longer taken for a customer's."""
    rows = list(known_payers_in(scope=request.scope).filter(id__in=picked(request)))
    if not rows:
        raise NotFound
    for row in rows:
        matching.revoke_payer(payer_id=row.id, on=request.on, actor=request.actor)
    text = ngettext("%(n)d revoked.", "%(n)d revoked.", len(rows)) % {"n": len(rows)}
    return go_on(request, text, fallback=reverse("known_payers"))


@requires(Can.SET_CASH_RULES)
@require_http_methods(["GET", "POST"])
def cash_rules(request: MemberRequest) -> HttpResponse:
    """How sure a match must be to be carried out by itself, and what is tolerated."""
    names = ("threshold", "tolerance_amount", "tolerance_pct", "grace_days", "confirm_days")
    now = cash_settings()
    initial = {name: getattr(now, name) for name in names}
    form = CashSettingsForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            matching.set_cash_settings(actor=request.actor, **form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _("It counts from the next matching on."), fallback=reverse("cash"))
    return drawer(request, form, title=_("How payments are matched"))


def _each(request: MemberRequest, work: Callable[[UUID], Any]) -> list[UUID]:
    """Do it to each picked line, all or none."""
    done = []
    for line in _picked_lines(request):
        work(line.id)
        done.append(line.id)
    return done


def _picked_lines(request: MemberRequest) -> list[BankLine]:
    lines = list(bank_lines_in(scope=request.scope).filter(id__in=picked(request)).order_by("booked_on", "id"))
    if not lines:
        raise NotFound
    return lines


def _line(request: MemberRequest, line_id: UUID) -> BankLine:
    line: BankLine = row_of(bank_lines_in(scope=request.scope).select_related("customer", "entity"), line_id)
    return line
