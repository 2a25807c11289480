"""Cases with agencies and lawyers: preparing, the dossier, handing over, costs and recoveries, the end; the agencies."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.lists.terminal import LEGAL_CASES, STATE_KINDS
from collection.models import Agency, LegalCase
from collection.queries.terminal import cases_in, recoveries
from collection.services import case_decisions, dossiers, legal_cases, terminal
from collection.terminal_forms import (
    AgencyChoiceForm,
    AgencyForm,
    CaseForm,
    CloseCaseForm,
    CostForm,
    HandOverForm,
    ReasonForm,
)
from collection.views.terminal import asked, sent, who
from core import formats
from core.errors import NotAllowed, Refusal
from core.lists import show
from core.rows import row_of
from core.web import add_refusal, page, say
from receivables.queries.visible import customers_in

MOST_CHOICES = 500


@requires(Can.VIEW_ITEMS)
@require_safe
def legal_case_list(request: HttpRequest) -> HttpResponse:
    """Cases and who has them."""
    return show(request, LEGAL_CASES)


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def legal_case_new(request: Any, customer_id: UUID) -> HttpResponse:
    """Prepare a case: what a customer owes a company, for somebody outside to collect."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    rows = terminal.overdue_items(customer_id=customer.id, entity_id=None, scope=request.scope, on=request.on)
    items = list(rows.select_related("entity").order_by("entity__code", "due_date", "number")[:MOST_CHOICES])
    # One entity a case: the creditor of the dossier. Asked for where there are several.
    entities = {str(one.entity_id): one.entity for one in items}
    wanted = request.POST.get("entity") or request.GET.get("entity") or next(iter(entities), "")
    if wanted not in entities:
        raise Refusal(_("Nothing is overdue: there is nothing to hand over."))
    shown = formats.current()
    form = CaseForm(
        sent(request),
        agencies=_agencies(),
        items=[
            (str(one.id), f"{one.number} · {shown.day(one.due_date)} · {shown.money(one.open_amount, one.currency)}")
            for one in items
            if str(one.entity_id) == wanted
        ],
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            case = legal_cases.prepare_case(
                customer_id=customer.id,
                entity_id=UUID(wanted),
                agency_id=UUID(given["agency"]),
                item_ids=[UUID(one) for one in given["items"]],
                note=given["note"],
                **who(request),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Prepared. Make the dossier, look through it, then hand it over."))
            return redirect("legal_case", case.id)
    context = {
        "form": form,
        "customer": customer,
        "entities": list(entities.values()),
        "wanted": wanted,
        "no_agency": not form.fields["agency"].choices,  # type: ignore[attr-defined]
        "may_add": request.member.can(Can.APPROVE_TERMINAL),
    }
    return page(request, "collection/legal_case_new.html", context, status=422 if form.is_bound else 200)


@requires(Can.VIEW_ITEMS)
@require_safe
def legal_case(request: Any, case_id: UUID) -> HttpResponse:
    """A case: its items, its dossier, what it cost and brought in."""
    rows = cases_in(scope=request.scope).select_related(
        "customer", "entity", "agency", "requested_by", "decided_by", "closed_by", "run"
    )
    row = row_of(rows, case_id)
    items = list(row.case_items.select_related("item").order_by("item__due_date", "item__number"))  # type: ignore[attr-defined]
    costs = list(row.costs.select_related("member").order_by("-on", "-id"))  # type: ignore[attr-defined]
    came = recoveries(case_ids=[row.id], scope=request.scope)
    may = {can: request.member.can(can) for can in (Can.ASK_TERMINAL, Can.APPROVE_TERMINAL)}
    context = {
        "case": row,
        "kind": STATE_KINDS.get(row.state, ""),
        "items": items,
        "costs": costs,
        "came": came[::-1],
        "sums": _sums(items, costs, came),
        "can_ask": may[Can.ASK_TERMINAL],
        "can_approve": may[Can.APPROVE_TERMINAL],
        "is_prepared": row.state == LegalCase.State.PREPARED,
        "is_out": row.state == LegalCase.State.HANDED_OVER,
        **dossiers.progress_of(row),
    }
    return page(request, "collection/legal_case.html", context)


def _sums(items: list[Any], costs: list[Any], came: list[Any]) -> list[dict[str, Any]]:
    """By currency: handed over, recovered in money and otherwise, cost, and what is left of the recovered."""
    out: dict[str, dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(("principal", "open", "money", "other", "cost"), Decimal(0))
    )
    for one in items:
        out[one.currency]["principal"] += one.open_amount
        out[one.currency]["open"] += one.item.open_amount
    for one in came:
        out[one.currency]["money" if one.is_money else "other"] += one.amount
    for one in costs:
        out[one.currency]["cost"] += one.amount
    return [{"currency": code, **sums, "net": sums["money"] - sums["cost"]} for code, sums in sorted(out.items())]


@requires(Can.ASK_TERMINAL)
@require_POST
def dossier_make(request: Any, case_id: UUID) -> HttpResponse:
    """Make the dossier: at once where it is short, else by the worker."""
    row = row_of(cases_in(scope=request.scope), case_id)
    if dossiers.is_short(row):
        dossiers.make_dossier(case_id=row.id, **who(request))
        say(request, _("The dossier is made."))
    else:
        legal_cases.order_dossier(case_id=row.id, **who(request))
        say(request, _("The dossier is being made: this page shows how far it is."))
    return redirect("legal_case", row.id)


@requires(Can.VIEW_ITEMS)
@require_safe
def dossier_state(request: Any, case_id: UUID) -> HttpResponse:
    """How far the dossier is, for the page that waits for it; once it is made the page is loaded again."""
    row = row_of(cases_in(scope=request.scope).select_related("run"), case_id)
    response = page(request, "collection/dossier_state.html", {"case": row, **dossiers.progress_of(row)})
    if row.wanted_on is None:
        response["HX-Refresh"] = "true"
    return response


@requires(Can.VIEW_ITEMS, Can.EXPORT)
@require_safe
def dossier(request: Any, case_id: UUID) -> HttpResponse:
    """The dossier, as a download."""
    row = row_of(cases_in(scope=request.scope), case_id)
    response = FileResponse(dossiers.dossier_file(row).open("rb"), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="case-{row.number}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


@requires(Can.VIEW_ITEMS)
@require_http_methods(["GET", "POST"])
def legal_case_agency(request: Any, case_id: UUID) -> HttpResponse:
    """Who is to collect a case that is prepared: chosen by who asks as by who decides."""
    if not request.member.can(Can.ASK_TERMINAL) and not request.member.can(Can.APPROVE_TERMINAL):
        raise NotAllowed
    row = row_of(cases_in(scope=request.scope), case_id)
    return asked(
        request,
        AgencyChoiceForm(sent(request), agencies=_agencies(), initial={"agency": str(row.agency_id or "")}),
        lambda given: legal_cases.choose_agency(case_id=row.id, agency_id=UUID(given["agency"]), **who(request)),
        done=_("Chosen: the dossier is made anew, as it names them."),
        to=reverse("legal_case", args=[row.id]),
        title=_("Who collects case %(number)d?") % {"number": row.number},
        save=_("Choose"),
    )


def _agencies() -> list[tuple[str, str]]:
    return [(str(one.id), str(one)) for one in Agency.objects.filter(is_active=True).order_by("name")]


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def legal_case_refuse(request: Any, case_id: UUID) -> HttpResponse:
    """It is not to be handed over."""
    row = row_of(cases_in(scope=request.scope).select_related("customer"), case_id)
    return asked(
        request,
        ReasonForm(sent(request)),
        lambda given: case_decisions.refuse_case(case_id=row.id, answer=given["reason"], **who(request)),
        done=_("Refused: its items are reminded of again."),
        to=reverse("legal_case", args=[row.id]),
        title=_("Do not hand over what %(name)s owes") % {"name": row.customer.name},
        save=_("Refuse"),
    )


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def legal_case_hand_over(request: Any, case_id: UUID) -> HttpResponse:
    """The dossier goes out."""
    row = row_of(cases_in(scope=request.scope).select_related("agency"), case_id)
    return asked(
        request,
        HandOverForm(sent(request)),
        lambda given: case_decisions.hand_over_case(case_id=row.id, agency_ref=given["agency_ref"], **who(request)),
        done=_("Handed over: no reminder leaves for these items any more."),
        to=reverse("legal_case", args=[row.id]),
        title=_("Hand over to %(agency)s") % {"agency": row.agency.name if row.agency else "–"},
        lead=_("Send the dossier yourself; here you say that you did. Its items are out of dunning from now on."),
        save=_("Hand over"),
    )


@requires(Can.ASK_TERMINAL)
@require_POST
def legal_case_withdraw(request: Any, case_id: UUID) -> HttpResponse:
    """Not handed over after all."""
    case_decisions.withdraw_case(case_id=case_id, **who(request))
    say(request, _("Withdrawn."))
    return redirect("legal_case", case_id)


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def legal_case_close(request: Any, case_id: UUID) -> HttpResponse:
    """How a case ended."""
    row = row_of(cases_in(scope=request.scope), case_id)
    return asked(
        request,
        CloseCaseForm(sent(request)),
        lambda given: case_decisions.close_case(case_id=row.id, **given, **who(request)),
        done=_("Closed."),
        to=reverse("legal_case", args=[row.id]),
        title=_("Close case %(number)d") % {"number": row.number},
        save=_("Close the case"),
    )


@requires(Can.ASK_TERMINAL)
@require_http_methods(["GET", "POST"])
def legal_cost_new(request: Any, case_id: UUID) -> HttpResponse:
    """What a case cost."""
    row = row_of(cases_in(scope=request.scope).select_related("entity"), case_id)
    return asked(
        request,
        CostForm(sent(request), initial={"on": request.on, "currency": row.entity.currency}),
        lambda given: legal_cases.add_cost(
            case_id=row.id, **given, scope=request.scope, actor=request.actor, today=request.on
        ),
        done=_("Recorded."),
        to=reverse("legal_case", args=[row.id]),
        title=_("Cost of case %(number)d") % {"number": row.number},
    )


@requires(Can.APPROVE_TERMINAL)
@require_safe
def agencies(request: HttpRequest) -> HttpResponse:
    """Who collects for us."""
    return page(request, "collection/agencies.html", {"rows": Agency.objects.order_by("name", "id")})


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def agency_new(request: HttpRequest) -> HttpResponse:
    """A new agency, lawyer or bailiff."""
    return _agency(request, None)


@requires(Can.APPROVE_TERMINAL)
@require_http_methods(["GET", "POST"])
def agency(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Change an agency, lawyer or bailiff."""
    return _agency(request, row_of(Agency.objects.all(), agency_id))


def _agency(request: Any, row: Agency | None) -> HttpResponse:
    names = ("name", "kind", "contact_name", "email", "phone", "terms", "is_active")
    initial = {name: getattr(row, name) for name in names} if row else None
    return asked(
        request,
        AgencyForm(sent(request), initial=initial),
        lambda given: legal_cases.save_agency(agency_id=row.id if row else None, **given, actor=request.actor),
        done=_("Saved."),
        to=reverse("agencies"),
        title=row.name if row else _("New agency or lawyer"),
    )
