"""Settling disputes: the page of one, handing it to a colleague, the answer (also by a mailed link), and its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NoSuchRight, business_today, requires
from accounts.queries.members import active_members
from accounts.queries.replacements import represented_by
from accounts.roles import Can
from collection.forms import (
    AnswerForm,
    AssignDisputeForm,
    CommentForm,
    DisputeReasonForm,
    FileForm,
    ResolveForm,
)
from collection.queries.disputes import disputes_of, disputes_to_answer
from collection.services import dispute_reasons, disputes
from core.audit import Actor
from core.errors import Refusal
from core.rows import row_of
from core.web import add_refusal, page, say
from desk.models import Attachment, Comment
from desk.services import comments
from receivables.models import Dispute, DisputeReason
from receivables.words import DISPUTE_REASONS, in_words


@requires(Can.ANSWER_DISPUTE)
@require_safe
def my_disputes(request: HttpRequest) -> HttpResponse:
    """What one has been asked to answer, the most urgent first; what one has answered below."""
    member = request.member  # type: ignore[attr-defined]
    absent = represented_by(member_id=member.id, on=request.on)  # type: ignore[attr-defined]
    rows = disputes_to_answer(member_id=member.id, scope=request.scope, absent_ids=absent)  # type: ignore[attr-defined]
    rows = rows.select_related("item", "customer")
    waiting = rows.filter(closed_on__isnull=True, answered_on__isnull=True).order_by("answer_due_on", "id")
    done = rows.exclude(closed_on__isnull=True, answered_on__isnull=True).order_by("-updated_at", "-id")
    context = {
        "waiting": [(row, reason_label(row.reason)) for row in waiting[:200]],
        "done": [(row, reason_label(row.reason)) for row in done[:50]],
        "on": request.on,  # type: ignore[attr-defined]
    }
    return page(request, "collection/my_disputes.html", context)


@requires()
@require_safe
def dispute(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """A dispute: what is contested, who answers until when, what was said, and its proofs."""
    return _page(request, _dispute(request, dispute_id))


def _page(request: HttpRequest, shown: Dispute, *, form: CommentForm | None = None, status: int = 200) -> HttpResponse:
    on, member = request.on, request.member  # type: ignore[attr-defined]
    context = {
        "dispute": shown,
        "reason": reason_label(shown.reason),
        "on": on,
        "contested": shown.disputed_amount if shown.disputed_amount is not None else shown.item.amount,
        "days_open": ((shown.closed_on or on) - shown.opened_on).days,
        "is_late": bool(shown.answer_due_on and shown.answer_due_on < on and not shown.answered_on),
        "comments": said_about(shown),
        "files": Attachment.objects.filter(object_id=shown.id).select_related("member").order_by("-at"),
        "form": form or CommentForm(members=active_members()),
        "file_form": FileForm(),
        "can": {
            "items": member.can(Can.VIEW_ITEMS),
            "assign": member.can(Can.RECORD_DISPUTE) and not shown.closed_on,
            "answer": member.can(Can.ANSWER_DISPUTE) and not shown.closed_on,
            "comment": member.can(Can.ANSWER_DISPUTE),
            "resolve": member.can(Can.RECORD_DISPUTE) and not shown.closed_on,
        },
    }
    return page(request, "collection/dispute.html", context, status=status)


def said_about(shown: Dispute) -> list[Comment]:
    """The comments on a dispute, the newest first."""
    return list(Comment.objects.filter(object_id=shown.id).select_related("member").order_by("-at", "-id")[:200])


def reason_label(code: str) -> str:
    """The organisation's own name of a reason, else ours, else its code."""
    own = DisputeReason.objects.filter(code=code).values_list("label", flat=True).first()
    return own or in_words(DISPUTE_REASONS, code)


@requires(Can.ANSWER_DISPUTE, Can.RECORD_DISPUTE)
@require_http_methods(["GET", "POST"])
def dispute_assign(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Hand a dispute to a colleague."""
    shown = _dispute(request, dispute_id)
    owner = shown.owner_id or disputes.default_owner(shown.reason)
    form = AssignDisputeForm(
        request.POST or None,
        members=active_members(),
        initial={"owner": str(owner or ""), "answer_due_on": shown.answer_due_on},
    )
    if form.is_bound and form.is_valid():
        try:
            disputes.assign_dispute(
                dispute_id=shown.id,
                owner_id=UUID(form.cleaned_data["owner"]),
                answer_due_on=form.cleaned_data["answer_due_on"],
                tenant=request.tenant,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
                on=request.on,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Handed over: a task was made and a mail written."))
            return redirect("dispute", shown.id)
    return _drawer(request, form, _("Who answers the dispute on %(number)s?") % {"number": shown.item.number})


@requires(Can.ANSWER_DISPUTE)
@require_http_methods(["GET", "POST"])
def dispute_answer_here(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Answer a dispute, signed in."""
    shown = _dispute(request, dispute_id)
    form = AnswerForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid() and _answer(form, shown, actor=request.actor, on=request.on):  # type: ignore[attr-defined]
        say(request, _("Answered. The collector is told."))
        return redirect("dispute", shown.id)
    return _drawer(request, form, _("Answer: %(number)s") % {"number": shown.item.number}, with_file=True)


def _answer(form: AnswerForm, shown: Dispute, *, actor: Actor, on: Any) -> bool:
    """Whether the answer and its proof were taken; else the form says why not, and neither was."""
    given = form.cleaned_data
    try:
        with transaction.atomic():
            if given["file"]:
                _attach(shown, given["file"], actor=actor, on=on)
            disputes.answer_dispute(
                dispute_id=shown.id,
                answer=given["answer"],
                proposed_outcome=given["proposed_outcome"],
                expected_credit=given["expected_credit"],
                actor=actor,
                on=on,
            )
    except Refusal as refusal:
        add_refusal(form, refusal)
        return False
    return True


@requires(Can.ANSWER_DISPUTE, Can.RECORD_DISPUTE)
@require_http_methods(["GET", "POST"])
def dispute_resolve(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Close a dispute with its outcome."""
    shown = _dispute(request, dispute_id)
    form = ResolveForm(request.POST or None, initial={"outcome": shown.proposed_outcome})
    if form.is_bound and form.is_valid():
        try:
            disputes.resolve_dispute(
                dispute_id=shown.id,
                **form.cleaned_data,
                actor=request.actor,  # type: ignore[attr-defined]
                on=request.on,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Closed."))
            return redirect("dispute", shown.id)
    return _drawer(request, form, _("Close the dispute on %(number)s") % {"number": shown.item.number})


@requires(Can.ANSWER_DISPUTE)
@require_POST
def dispute_comment(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Say something about a dispute; those mentioned get a task."""
    shown = _dispute(request, dispute_id)
    form = CommentForm(request.POST, members=active_members())
    if not form.is_valid():
        return _page(request, shown, form=form, status=422)
    comments.add_comment(
        customer_id=shown.customer_id,
        object_type=disputes.OBJECT,
        object_id=shown.id,
        text=form.cleaned_data["text"],
        mentions=[UUID(one) for one in form.cleaned_data["mentions"]],
        about=shown.item.number,
        on=request.on,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
    )
    return redirect("dispute", shown.id)


@requires(Can.ANSWER_DISPUTE)
@require_POST
def dispute_attach(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Add a proof to a dispute."""
    shown = _dispute(request, dispute_id)
    upload = request.FILES.get("file")
    if upload is not None:
        _attach(shown, upload, actor=request.actor, on=request.on)  # type: ignore[attr-defined]
        say(request, _("The file is kept."))
    return redirect("dispute", shown.id)


def _attach(shown: Dispute, upload: Any, *, actor: Actor, on: Any) -> Attachment:
    return comments.attach_file(
        customer_id=shown.customer_id,
        object_type=disputes.OBJECT,
        object_id=shown.id,
        file_name=upload.name,
        chunks=upload.chunks(),
        on=on,
        actor=actor,
    )


@requires()
@require_safe
def dispute_file(request: HttpRequest, dispute_id: UUID, attachment_id: UUID) -> HttpResponse:
    """A proof, as a download: the browser neither shows nor runs it."""
    shown = _dispute(request, dispute_id)
    return as_download(row_of(Attachment.objects.filter(object_id=shown.id), attachment_id))


def as_download(found: Attachment) -> HttpResponse:
    """The file as it was received, for saving only."""
    response = HttpResponse(comments.content_of(found), content_type="application/octet-stream")
    # Django writes the name so that no header can be added by it.
    response["Content-Disposition"] = content_disposition_header(True, found.file_name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def dispute_answer(request: HttpRequest, tenant_text: str, token: str) -> HttpResponse:
    """Answer by the mailed link, without signing in: this dispute and nothing else.

    The door (accounts.middleware) opened the scope of the organisation that the link names.
    """
    try:
        if request.tenant is None:  # type: ignore[attr-defined]
            raise disputes.BadLink
        invitee = disputes.open_link(token=token, on=business_today(request.tenant))  # type: ignore[attr-defined]
    except disputes.BadLink as refusal:
        return _private(page(request, "collection/answer_bad.html", {"refusal": refusal}, status=404))
    shown, member = invitee.dispute, invitee.member
    form = AnswerForm(request.POST or None, request.FILES or None)
    is_over = shown.closed_on is not None or shown.answered_on is not None
    if request.method == "POST" and not is_over and form.is_valid():
        on = business_today(request.tenant)  # type: ignore[attr-defined]
        if _answer(form, shown, actor=Actor.member(member), on=on):
            is_over = True
    context = {
        "dispute": shown,
        "member": member,
        "reason": reason_label(shown.reason),
        "contested": shown.disputed_amount if shown.disputed_amount is not None else shown.item.amount,
        "comments": said_about(shown),
        "form": form,
        "is_over": is_over,
        "tenant": request.tenant,  # type: ignore[attr-defined]
    }
    status = 422 if request.method == "POST" and not is_over else 200
    return _private(page(request, "collection/answer.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    # The address is a secret; same-origin, as forms of a page that refers nowhere come from nowhere and are refused.
    response["Referrer-Policy"] = "same-origin"
    return response


@requires(Can.EDIT_SCENARIOS)
@require_safe
def dispute_reasons_page(request: HttpRequest) -> HttpResponse:
    """The tree of reasons."""
    dispute_reasons.ensure_reasons()
    rows = list(DisputeReason.objects.select_related("owner").order_by("label", "id"))
    children: dict[UUID | None, list[DisputeReason]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    ordered: list[tuple[int, DisputeReason]] = []

    def walk(parent_id: UUID | None, level: int) -> None:
        for row in children.get(parent_id, []):
            ordered.append((level, row))
            walk(row.id, level + 1)

    walk(None, 0)
    return page(request, "collection/dispute_reasons.html", {"rows": ordered})


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def dispute_reason_new(request: HttpRequest) -> HttpResponse:
    """A new reason."""
    return _reason(request, None)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def dispute_reason(request: HttpRequest, reason_id: UUID) -> HttpResponse:
    """Change a reason."""
    return _reason(request, row_of(DisputeReason.objects.all(), reason_id))


def _reason(request: HttpRequest, row: DisputeReason | None) -> HttpResponse:
    parents = DisputeReason.objects.exclude(id=row.id) if row else DisputeReason.objects.all()
    initial = (
        {
            "code": row.code,
            "label": row.label,
            "parent": str(row.parent_id or ""),
            "owner": str(row.owner_id or ""),
            "answer_days": row.answer_days,
            "is_active": row.is_active,
        }
        if row
        else {}
    )
    form = DisputeReasonForm(
        request.POST or None,
        parents=[(str(one.id), one.label) for one in parents.order_by("label", "id")],
        members=active_members(),
        initial=initial,
    )
    if row:
        form.fields["code"].disabled = True
    if form.is_bound and form.is_valid():
        try:
            dispute_reasons.save_reason(
                reason_id=row.id if row else None,
                **form.values(),
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved."))
            return redirect("dispute_reasons")
    return _drawer(request, form, str(row.label) if row else _("New reason"))


def _dispute(request: Any, dispute_id: UUID) -> Dispute:
    """One that the member sees with its item, or was asked to answer. Raises NoSuchRight, NotFound."""
    if not (request.member.can(Can.VIEW_ITEMS) or request.member.can(Can.ANSWER_DISPUTE)):
        raise NoSuchRight
    rows = disputes_of(
        member_id=request.member.id,
        absent_ids=represented_by(member_id=request.member.id, on=request.on),
        sees_items=request.member.can(Can.VIEW_ITEMS),
        scope=request.scope,
    )
    return row_of(rows.select_related("item__entity", "item__account", "customer", "owner", "answered_by"), dispute_id)


def _drawer(request: HttpRequest, form: Any, title: str, *, with_file: bool = False) -> HttpResponse:
    context = {"form": form, "title": title, "with_file": with_file}
    return page(request, "collection/dispute_form.html", context, status=422 if request.method == "POST" else 200)
