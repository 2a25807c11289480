"""Who does whose work while somebody is away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, scope_of
from accounts.models import Member, Replacement
from accounts.roles import Can
from accounts.services.replacements import end_replacement, name_replacement
from collection.forms_calls import AbsenceForm
from collection.queries.absences import replacements_from, unseen_customers
from core.errors import NotFound, Refusal
from core.web import add_refusal, page, say


@requires()
@require_http_methods(["GET", "POST"])
def absences(request: Any) -> HttpResponse:
    """One's own absences and those of colleagues one stands in for; who manages members names them for everybody."""
    for_all = request.member.can(Can.MANAGE_MEMBERS)
    people = list(Member.objects.filter(is_active=True, user__isnull=False).order_by("name", "id"))
    choices = [(str(one.id), one.name) for one in people]
    form = AbsenceForm(
        request.POST or None,
        members=choices if for_all else [],
        people=choices,
        initial={"member": str(request.member.id), "from_on": request.on},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        absent = UUID(given["member"]) if for_all else request.member.id
        try:
            row = name_replacement(
                member_id=absent,
                replacement_id=UUID(given["replacement"]),
                from_on=given["from_on"],
                until_on=given["until_on"],
                on=request.on,
                actor=request.actor,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            _say_what_is_unseen(request, row)
            return redirect("absences")
    rows = replacements_from(on=request.on, member_id=None if for_all else request.member.id)
    context = {
        "form": form,
        "rows": [{"row": one, "may_end": _may_end(request, one)} for one in rows],
        "on": request.on,
    }
    return page(request, "collection/absences.html", context, status=422 if request.method == "POST" else 200)


def _say_what_is_unseen(request: Any, row: Replacement) -> None:
    """Rights stay each one's own: what the replacement does not see waits, and one is told now."""
    say(request, _("Named."))
    unseen = unseen_customers(member_id=row.member_id, scope=scope_of(row.replacement))
    if unseen:
        text = ngettext(
            "%(n)d customer stays on the absent one's list: %(name)s does not see it.",
            "%(n)d customers stay on the absent one's list: %(name)s does not see them.",
            unseen,
        )
        say(request, text % {"n": unseen, "name": row.replacement.name}, level="warning")


def _may_end(request: Any, row: Replacement) -> bool:
    return bool(row.member_id == request.member.id or request.member.can(Can.MANAGE_MEMBERS))


@requires()
@require_POST
def absence_end(request: Any, absence_id: UUID) -> HttpResponse:
    """Back earlier, or not away at all."""
    row = Replacement.objects.filter(id=absence_id).first()
    if row is None or not _may_end(request, row):
        raise NotFound
    end_replacement(replacement_id=row.id, on=request.on, actor=request.actor)
    say(request, _("Ended: the work is with %(name)s again.") % {"name": row.member.name})
    return redirect("absences")
