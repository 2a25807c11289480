"""Customers' identifiers, persons and owners, as people correct them. Loads write the same tables (loading_customers).

Audit rows of persons say which fields changed, not from what to what: the trail outlives an erased person.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Member
from core.audit import Actor, changed, record
from core.errors import Invalid
from receivables.models import Contact, Customer, CustomerAccount, PaymentTerms
from receivables.rules.identifiers import check_legal_ids

IDENTIFIERS = ("siren", "siret", "vat_number", "lei", "registration_number")
ADDRESS = ("street", "postal_code", "city", "country", "email", "phone")
CONTACT_FIELDS = (
    "first_name",
    "last_name",
    "role",
    "influence",
    "email",
    "phone",
    "mobile",
    "language",
    "is_primary",
    "is_active",
)


class BadIdentifiers(Invalid):
    code = "bad_identifiers"
    message = gettext_lazy("An identifier is not well formed.")


class BadContact(Invalid):
    code = "bad_contact"
    message = gettext_lazy("The contact cannot be saved like this.")


class BadOwner(Invalid):
    code = "bad_owner"
    message = gettext_lazy("Customers cannot be assigned like this.")


@transaction.atomic
def change_identifiers(*, customer: Customer, country: str, values: Mapping[str, str], actor: Actor) -> Customer:
    """Set a customer's country and legal identifiers, written in their one way; the SIREN also where another gives it.

    Raises BadIdentifiers with the reason by field.
    """
    given = {name: values.get(name, "").strip() for name in IDENTIFIERS}
    found = check_legal_ids(country=country, **given)
    if found.problems:
        raise BadIdentifiers(fields={name: reason.in_words(_) for name, reason in found.problems.items()})
    new = {"country": country.upper(), **{name: found.values.get(name, "") for name in IDENTIFIERS}}
    customer = Customer.objects.select_for_update().get(id=customer.id)
    changes = changed(customer, new)
    if changes:
        customer.updated_at = Now()
        customer.save(update_fields=[*changes, "updated_at"])
        record(
            actor=actor,
            action="receivables.identifiers_changed",
            row=customer,
            changes=changes,
            customer_id=customer.id,
        )
        customer.refresh_from_db()
    return customer


@transaction.atomic
def change_address(*, customer: Customer, values: Mapping[str, str], actor: Actor) -> Customer:
    """Set where a customer is written to: address, and the company's own e-mail address and phone."""
    customer = Customer.objects.select_for_update().get(id=customer.id)
    changes = changed(customer, {name: values.get(name, "").strip() for name in ADDRESS})
    if changes:
        customer.updated_at = Now()
        customer.save(update_fields=[*changes, "updated_at"])
        record(
            actor=actor,
            action="receivables.address_changed",
            row=customer,
            changes=_untold(changes),
            customer_id=customer.id,
        )
        customer.refresh_from_db()
    return customer


@transaction.atomic
def add_contact(*, customer: Customer, values: Mapping[str, Any], actor: Actor) -> Contact:
    """A person at a customer; the first one, or one with `is_primary`, becomes the primary one. Raises BadContact."""
    values = _checked_contact(values)
    Customer.objects.select_for_update().get(id=customer.id)
    if not Contact.objects.filter(customer=customer, is_active=True, is_primary=True).exists():
        values["is_primary"] = True
    if values.get("is_primary"):
        _no_longer_primary(customer.id)
    contact = Contact.objects.create(customer=customer, **values)
    record(actor=actor, action="receivables.contact_added", row=contact, changes=_untold(values))
    return contact


@transaction.atomic
def change_contact(*, contact: Contact, values: Mapping[str, Any], actor: Actor) -> Contact:
    """Correct a person's data, or say that it has left (`is_active` false). Raises BadContact."""
    values = _checked_contact(values)
    contact = Contact.objects.select_for_update().get(id=contact.id)
    if values.get("is_primary") and not contact.is_primary:
        _no_longer_primary(contact.customer_id)
    if not values.get("is_active", True):
        values["is_primary"] = False
    if values.get("email", contact.email) != contact.email:
        contact.email_bounced_at = None  # the new address has refused nothing yet
    changes = changed(contact, values)
    if changes:
        contact.updated_at = Now()
        contact.save(update_fields=[*changes, "email_bounced_at", "updated_at"])
        record(actor=actor, action="receivables.contact_changed", row=contact, changes=_untold(changes))
        contact.refresh_from_db()
    return contact


@transaction.atomic
def assign(
    *,
    accounts: Collection[CustomerAccount],
    collector_id: UUID | None = None,
    salesperson_id: UUID | None = None,
    actor: Actor,
) -> int:
    """Give accounts another collector or salesperson (None: as it is). How many changed. Raises BadOwner."""
    wanted = {
        name: member_id
        for name, member_id in (("collector_id", collector_id), ("salesperson_id", salesperson_id))
        if member_id is not None
    }
    if not wanted:
        raise BadOwner(_("Choose a collector or a salesperson."))
    known = set(Member.objects.filter(id__in=wanted.values()).values_list("id", flat=True))
    if set(wanted.values()) - known:
        raise BadOwner
    count = 0
    for account in CustomerAccount.objects.select_for_update(of=("self",)).filter(id__in=[a.id for a in accounts]):
        changes = changed(account, wanted)
        if changes:
            account.updated_at = Now()
            account.save(update_fields=[*changes, "updated_at"])
            record(actor=actor, action="receivables.account_assigned", row=account, changes=changes)
            count += 1
    return count


@transaction.atomic
def change_terms(*, account: CustomerAccount, terms: PaymentTerms, actor: Actor) -> CustomerAccount:
    """Set the payment terms of an account; due dates of what is issued already stay as the source gave them."""
    account = CustomerAccount.objects.select_for_update(of=("self",)).get(id=account.id)
    changes = changed(account, {"terms_id": terms.id})
    if changes:
        account.updated_at = Now()
        account.save(update_fields=["terms_id", "updated_at"])
        record(actor=actor, action="receivables.terms_changed", row=account, changes=changes)
        account.refresh_from_db()
    return account


def _checked_contact(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in values.items() if name in CONTACT_FIELDS}
    out = {name: value.strip() if isinstance(value, str) else value for name, value in known.items()}
    if not out.get("last_name"):
        raise BadContact(fields={"last_name": _("Enter the name.")})
    if not any(out.get(name) for name in ("email", "phone", "mobile")):
        raise BadContact(fields={"email": _("Enter an e-mail address or a phone number.")})
    return out


def _no_longer_primary(customer_id: UUID) -> None:
    Contact.objects.filter(customer_id=customer_id, is_primary=True).update(is_primary=False, updated_at=Now())


def _untold(fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [None, None] for name in fields}
