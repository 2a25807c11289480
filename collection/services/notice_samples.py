"""What a statement, a thank-you or a delivery note would say to a customer now: the same notices as are sent."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.access import EVERYTHING, Scope
from accounts.models import Member
from collection.services.composing import Draft
from collection.services.delivery_notes import ROLES, delivery_notice, newest_document
from collection.services.notices import Notice, draft_notice, parties_of
from collection.services.statement_mail import statement_notice
from collection.services.statements import statement
from collection.services.thanks import newest_payment, thanks_notice
from core.errors import Invalid
from desk.queries.templates import Texts
from receivables.models import Customer, Entity
from receivables.queries.visible import accounts_in, customers_in


class NothingToShow(Invalid):
    code = "nothing_to_show"
    message = _("Nothing is open at this customer: choose another one to see the text with items.")


def newest_customer(*, code: str, scope: Scope) -> Customer | None:
    """Whom the newest thank-you or delivery note would be to, among those in scope; None for other texts."""
    entity_ids = set(accounts_in(scope=scope).order_by().values_list("entity_id", flat=True).distinct())
    found: UUID | None = None
    if code == "thank_you" and (payment := newest_payment(customer_id=None, entity_ids=entity_ids)):
        found = payment.customer_id
    elif code == "delivery_note":
        everybody = scope == EVERYTHING
        customers = None if everybody else set(customers_in(scope=scope).order_by().values_list("id", flat=True))
        document = newest_document(customer_ids=customers, entity_ids=entity_ids)
        found = document.customer_id if document else None
    return customers_in(scope=scope).filter(id=found).first() if found else None


def draft_on(
    *, customer: Customer, code: str, language: str, texts: Texts, scope: Scope, on: date, by: Member
) -> tuple[Draft, Entity]:
    """The message that would leave about the customer's newest payment or invoice, or its statement of the day `on`.

    Of the companies that the scope sees the customer at. Raises NothingToShow where there is nothing to say.
    """
    accounts = accounts_in(scope=scope).filter(customer=customer)
    entity_ids = set(accounts.order_by().values_list("entity_id", flat=True).distinct())
    notice, entity_id = _notice(code, customer, entity_ids, scope, on)
    entity = Entity.objects.get(id=entity_id)
    draft = draft_notice(
        notice,
        # A statement is signed by who asks for it; nobody signs what leaves by itself.
        parties=parties_of(customer=customer, entity=entity, sender=by if code == "statement" else None),
        on=on,
        texts=texts,
        roles=ROLES if code == "delivery_note" else (),
        language=language,
    )
    return draft, entity


def _notice(code: str, customer: Customer, entity_ids: set[UUID], scope: Scope, on: date) -> tuple[Notice, UUID]:
    if code == "thank_you":
        payment = newest_payment(customer_id=customer.id, entity_ids=entity_ids)
        if payment is None:
            raise NothingToShow(_("This customer has paid nothing yet: choose another one to see a thank-you."))
        return thanks_notice([payment]), payment.entity_id
    if code == "delivery_note":
        document = newest_document(customer_ids=[customer.id], entity_ids=entity_ids)
        if document is None:
            raise NothingToShow(_("No invoice of this customer is open: choose another one to see a delivery note."))
        return delivery_notice(document), document.entity_id
    entities = list(Entity.objects.filter(id__in=entity_ids).order_by("code"))
    if not entities:
        raise NothingToShow
    found = [statement(customer=customer, entity=one, on=on, scope=scope) for one in entities]
    # The company at which most is open.
    best = max(found, key=lambda one: sum(len(block.lines) for block in one.blocks))
    return statement_notice(best, scope=scope), best.entity.id
