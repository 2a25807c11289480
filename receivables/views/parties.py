"""Forms about customers themselves: persons, identifiers, owners, terms."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from core.errors import NotFound, Refusal
from core.rows import row_of
from core.web import add_refusal
from receivables.forms import AddressForm, AssignForm, ContactForm, IdentifiersForm, TermsForm
from receivables.queries.visible import accounts_in, contacts_in, customers_in
from receivables.services import parties
from receivables.views.drawers import drawer, go_on, is_sent, picked


@requires(Can.EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def contact_new(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """Add a person at a customer."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    form = ContactForm(request.POST if is_sent(request) else None, is_new=True, initial={"language": customer.language})
    if form.is_bound and form.is_valid():
        try:
            contact = parties.add_contact(customer=customer, values=form.cleaned_data, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _("%(name)s is added.") % {"name": contact}, fallback=_page_of(customer.id))
    return drawer(request, form, title=_("New contact at %(name)s") % {"name": customer.name}, save=_("Add"))


@requires(Can.EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def contact(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Correct a person's data."""
    row = row_of(contacts_in(scope=request.scope), contact_id)
    initial = {name: getattr(row, name) for name in parties.CONTACT_FIELDS}
    form = ContactForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            parties.change_contact(contact=row, values=form.cleaned_data, actor=request.actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _("The contact is saved."), fallback=_page_of(row.customer_id))
    return drawer(request, form, title=str(row))


@requires(Can.FIX_DATA)
@require_http_methods(["GET", "POST"])
def identifiers(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """Correct a customer's legal identifiers; each is checked before it is kept."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    initial = {name: getattr(customer, name) for name in ("country", *parties.IDENTIFIERS)}
    form = IdentifiersForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        values = {name: form.cleaned_data[name] for name in parties.IDENTIFIERS}
        try:
            parties.change_identifiers(
                customer=customer, country=form.cleaned_data["country"], values=values, actor=request.actor
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, _("The identifiers are saved."), fallback=_page_of(customer.id))
    return drawer(request, form, title=_("Identifiers of %(name)s") % {"name": customer.name})


@requires(Can.FIX_DATA)
@require_http_methods(["GET", "POST"])
def address(request: MemberRequest, customer_id: UUID) -> HttpResponse:
    """Correct where a customer is written to."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    initial = {name: getattr(customer, name) for name in parties.ADDRESS}
    form = AddressForm(request.POST if is_sent(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        parties.change_address(customer=customer, values=form.cleaned_data, actor=request.actor)
        return go_on(request, _("The address is saved."), fallback=_page_of(customer.id))
    return drawer(request, form, title=_("Address of %(name)s") % {"name": customer.name})


@requires(Can.FIX_DATA)
@require_http_methods(["GET", "POST"])
def account_terms(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Set the payment terms of an account."""
    account = row_of(accounts_in(scope=request.scope).select_related("customer", "entity"), account_id)
    form = TermsForm(request.POST if is_sent(request) else None, initial={"terms": account.terms_id})
    if form.is_bound and form.is_valid():
        parties.change_terms(account=account, terms=form.cleaned_data["terms"], actor=request.actor)
        return go_on(request, _("The terms are saved."), fallback=_page_of(account.customer_id))
    title = _("Terms of %(customer)s at %(entity)s") % {
        "customer": account.customer.name,
        "entity": account.entity.code,
    }
    return drawer(request, form, title=title, lead=_("Due dates of what is issued already stay as they are."))


@requires(Can.EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def customers_assign(request: MemberRequest) -> HttpResponse:
    """Give picked customers another collector or salesperson, at all entities that the member sees."""
    ids = picked(request)
    accounts = list(accounts_in(scope=request.scope).filter(customer_id__in=ids))
    if not accounts:
        raise NotFound
    form = AssignForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        owners = {f"{name}_id": row.id for name, row in form.cleaned_data.items() if row}
        try:
            count = parties.assign(accounts=accounts, actor=request.actor, **owners)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext("%(n)d account assigned.", "%(n)d accounts assigned.", count) % {"n": count}
            return go_on(request, text, fallback=reverse("customers"))
    title = ngettext("Assign %(n)d customer", "Assign %(n)d customers", len(ids)) % {"n": len(ids)}
    return drawer(request, form, title=title, save=_("Assign"), picks=ids)


def _page_of(customer_id: UUID) -> str:
    return reverse("customer", args=[customer_id])
