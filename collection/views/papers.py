"""Papers on demand: what would go along with a reminder, and statements of account."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from collection.forms import StatementForm
from collection.queries.actions import action_in_scope
from collection.services.papers import rendered
from collection.services.statement_mail import send_statement
from collection.services.statements import Statement, statement_html, statement_in_scope, statement_xlsx
from collection.views.panel import prepared_for
from core.errors import NotAllowed, NotFound, Refusal
from core.files import PDF, XLSX, file_response
from core.rows import row_of
from core.web import add_refusal, page, say
from desk.ports import FileSource
from desk.services.files import read_path
from receivables.models import Contact, Entity
from receivables.queries.visible import accounts_in, customers_in


@requires(Can.VIEW_ACTIONS)
@require_safe
def action_enclosure(request: MemberRequest, action_id: UUID, place: int) -> HttpResponse:
    """What would go along with the message, as it would be made now. Raises NotFound for what is missing."""
    action = action_in_scope(action_id=action_id, scope=request.scope)
    draft = prepared_for(request, [action])[0].draft
    listed = draft.enclosures if draft else []
    if draft is None or place >= len(listed) or "missing" in listed[place]:
        raise NotFound
    there = [one for one in listed if "missing" not in one]
    return paper_response(draft.make_files()[there.index(listed[place])])


@requires(Can.VIEW_ITEMS)
@require_http_methods(["GET", "POST"])
def statement_new(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """A statement of a customer in the drawer: to be looked at, taken as a file, or sent to the customer."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    accounts = accounts_in(scope=request.scope).filter(customer_id=customer_id)
    entities = list(Entity.objects.filter(id__in=accounts.values("entity_id")).order_by("code"))
    if not entities:
        raise NotFound
    may_send = request.member.can(Can.CONFIRM_ACTIONS)
    contacts = Contact.objects.filter(customer_id=customer_id, is_active=True, email_bounced_at__isnull=True)
    form = StatementForm(
        request.POST or None,
        entities=[(str(one.id), one.name) for one in entities],
        contacts=[(str(one.id), f"{one} · {one.email}") for one in contacts.exclude(email="").order_by("last_name")],
        initial={"entity": entities[0].id, "on": request.on, "asked": uuid4()},
    )
    if request.method == "POST":
        if not may_send:
            raise NotAllowed
        if form.is_valid():
            values = form.cleaned_data
            try:
                message = send_statement(
                    customer_id=customer_id,
                    entity_id=UUID(values["entity"]),
                    on=values["on"],
                    today=request.on,
                    asked_id=values["asked"],
                    scope=request.scope,
                    actor=request.actor,
                    now=timezone.now(),
                    contact_id=UUID(values["contact"]) if values["contact"] else None,
                )
            except Refusal as refusal:
                add_refusal(form, refusal)
            else:
                say(request, _("The statement is on its way to %(address)s.") % {"address": message.recipient})
                return redirect("customer", customer_id)
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "customer": customer, "may_send": may_send}
    return page(request, "collection/statement.html", context, status=status)


@requires(Can.VIEW_ITEMS)
@require_safe
def statement_file(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """The statement of a customer at a company (`?entity=`) on a day (`?on=`): a PDF, or with `?as=xlsx` a spreadsheet."""
    entities = accounts_in(scope=request.scope).filter(customer_id=customer_id).values_list("entity_id", flat=True)
    try:
        entity_id = UUID(request.GET["entity"]) if "entity" in request.GET else next(iter(entities), None)
        on = date.fromisoformat(request.GET.get("on", request.on.isoformat()))
    except ValueError:
        raise NotFound from None
    if entity_id is None:
        raise NotFound
    found = statement_in_scope(
        customer_id=customer_id, entity_id=entity_id, on=on, today=request.on, scope=request.scope
    )
    return statement_response(found, as_sheet=request.GET.get("as") == "xlsx")


def statement_response(found: Statement, *, as_sheet: bool) -> HttpResponse:
    """The statement as a spreadsheet to keep, or as a paper to look at."""
    if as_sheet:
        return file_response(statement_xlsx(found), name=f"{found.file_name}.xlsx", content_type=XLSX, as_file=True)
    return file_response(rendered(statement_html(found)), name=f"{found.file_name}.pdf", content_type=PDF)


def paper_response(source: FileSource) -> HttpResponse:
    """A paper shown in the browser, made as the outbox makes it."""
    if source.html:
        content = rendered(source.html)
    else:
        content = read_path(source.path, sha256=source.sha256)
    return file_response(content, name=source.file_name, content_type=PDF)
