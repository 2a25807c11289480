"""Status codes and causes: setting them on items, and the organisation's own lists of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.code_forms import CauseForm, CauseRuleForm, ItemCauseForm, ItemStatusForm, StatusCodeForm, cause_options
from collection.models import CauseRule
from collection.services import cause_codes, item_causes, item_statuses, status_codes
from collection.words import cause_rule_words
from core.errors import NotFound, Refusal
from core.rows import row_of
from core.web import add_refusal, page, say
from receivables.models import Cause, StatusCode
from receivables.queries.visible import items_in
from receivables.views.drawers import drawer, go_on, is_sent, picked


@requires(Can.SET_CODES)
@require_http_methods(["GET", "POST"])
def item_status_set(request: HttpRequest) -> HttpResponse:
    """Mark picked items, or take their mark off."""
    status_codes.ensure_status_codes()
    ids = _items(request)
    form = ItemStatusForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        who: dict[str, Any] = _who(request)
        try:
            if given["status"] is None:
                count = item_statuses.clear_status(item_ids=ids, **who)
            else:
                count = item_statuses.set_status(
                    item_ids=ids, status_id=given["status"].id, until_on=given["until_on"], note=given["note"], **who
                )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _changed(count), fallback=reverse("items"))
    title = ngettext("Status of %(n)d item", "Status of %(n)d items", len(ids)) % {"n": len(ids)}
    lead = _("A status speaks of these items only: the others of the customer are chased as before.")
    return drawer(request, form, title=title, lead=lead, picks=ids)


@requires(Can.SET_CODES)
@require_http_methods(["GET", "POST"])
def item_cause_set(request: HttpRequest) -> HttpResponse:
    """Say why picked items are late, or leave it to the rules."""
    cause_codes.ensure_causes()
    ids = _items(request)
    form = ItemCauseForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        who: dict[str, Any] = _who(request)
        try:
            if given["cause"]:
                count = item_causes.set_cause(item_ids=ids, cause_id=UUID(given["cause"]), note=given["note"], **who)
            else:
                count = item_causes.leave_cause_to_rules(item_ids=ids, **who)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _changed(count), fallback=reverse("items"))
    title = ngettext("Why is %(n)d item late?", "Why are %(n)d items late?", len(ids)) % {"n": len(ids)}
    return drawer(request, form, title=title, lead=_("What you say here stays: no rule changes it again."), picks=ids)


def _items(request: Any) -> list[UUID]:
    ids = list(items_in(scope=request.scope).filter(id__in=picked(request)).values_list("id", flat=True))
    if not ids:
        raise NotFound
    return ids


def _who(request: Any) -> dict[str, Any]:
    return {"scope": request.scope, "actor": request.actor, "on": request.on}


def _changed(count: int) -> str:
    if not count:
        return _("Nothing changes: they say so already.")
    return ngettext("%(n)d item changed.", "%(n)d items changed.", count) % {"n": count}


@requires(Can.EDIT_SCENARIOS)
@require_safe
def status_code_list(request: HttpRequest) -> HttpResponse:
    """The organisation's status codes."""
    status_codes.ensure_status_codes()
    rows = StatusCode.objects.order_by("position", "label", "id")
    return page(request, "collection/status_codes.html", {"rows": rows})


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def status_code_new(request: HttpRequest) -> HttpResponse:
    """A new status code."""
    return _status_code(request, None)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def status_code(request: HttpRequest, status_id: UUID) -> HttpResponse:
    """Change a status code."""
    return _status_code(request, row_of(StatusCode.objects.all(), status_id))


def _status_code(request: HttpRequest, row: StatusCode | None) -> HttpResponse:
    names = ("code", "label", "behaviour", "wait_days", "is_active")
    form = StatusCodeForm(request.POST or None, initial={name: getattr(row, name) for name in names} if row else None)
    form.fields["code"].disabled = row is not None
    if form.is_bound and form.is_valid():
        try:
            status_codes.save_status_code(
                status_id=row.id if row else None,
                **form.cleaned_data,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved."))
            return redirect("status_codes")
    return _form(request, form, row.label if row else _("New status code"))


@requires(Can.EDIT_SCENARIOS)
@require_safe
def cause_list(request: HttpRequest) -> HttpResponse:
    """The tree of causes, and the rules that give them."""
    cause_codes.ensure_causes()
    rules = CauseRule.objects.select_related("cause__parent").order_by("position")
    context = {"rows": _tree(), "rules": [(row, cause_rule_words(row)) for row in rules]}
    return page(request, "collection/causes.html", context)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def cause_rule_new(request: HttpRequest) -> HttpResponse:
    """A new rule of causes."""
    return _rule(request, None)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def cause_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Change, move or remove a rule of causes."""
    return _rule(request, row_of(CauseRule.objects.all(), rule_id))


def _rule(request: HttpRequest, row: CauseRule | None) -> HttpResponse:
    rules = list(CauseRule.objects.order_by("position"))
    initial: dict[str, Any] = {"position": len(rules) + 1}
    if row:
        initial = {
            "position": row.position,
            "fact": row.fact,
            "values": [f"{row.fact}:{value}" for value in row.values],
            "cause": str(row.cause_id),
            "is_active": row.is_active,
        }
    form = CauseRuleForm(request.POST or None, is_new=row is None, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        wanted = [
            cause_codes.RuleValues(one.fact, tuple(one.values), one.cause_id, one.is_active)
            for one in rules
            if row is None or one.id != row.id
        ]
        if not given.get("remove"):
            changed = cause_codes.RuleValues(given["fact"], given["values"], UUID(given["cause"]), given["is_active"])
            wanted.insert(given["position"] - 1, changed)
        try:
            cause_codes.save_cause_rules(rules=wanted, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved: the rules decide from the next night on."))
            return redirect("causes")
    return _form(request, form, cause_rule_words(row) if row else _("New rule"))


def _tree() -> list[tuple[int, Cause]]:
    children: dict[UUID | None, list[Cause]] = {}
    for row in Cause.objects.order_by("position", "label", "id"):
        children.setdefault(row.parent_id, []).append(row)
    out: list[tuple[int, Cause]] = []

    def walk(parent_id: UUID | None, level: int) -> None:
        for row in children.get(parent_id, []):
            out.append((level, row))
            walk(row.id, level + 1)

    walk(None, 0)
    return out


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def cause_new(request: HttpRequest) -> HttpResponse:
    """A new cause."""
    return _cause(request, None)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def cause(request: HttpRequest, cause_id: UUID) -> HttpResponse:
    """Change a cause."""
    return _cause(request, row_of(Cause.objects.all(), cause_id))


def _cause(request: HttpRequest, row: Cause | None) -> HttpResponse:
    initial = (
        {
            "code": row.code,
            "label": row.label,
            "side": row.side,
            "parent": str(row.parent_id or ""),
            "is_active": row.is_active,
        }
        if row
        else None
    )
    parents = [(value, label) for value, label in cause_options() if row is None or value != str(row.id)]
    form = CauseForm(request.POST or None, parents=parents, initial=initial)
    form.fields["code"].disabled = row is not None
    if form.is_bound and form.is_valid():
        try:
            cause_codes.save_cause(
                cause_id=row.id if row else None,
                **form.values(),
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved."))
            return redirect("causes")
    return _form(request, form, row.label if row else _("New cause"))


def _form(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/dispute_form.html", {"form": form, "title": title}, status=status)
