"""The cast of the reminder stories: an organisation that is live, a customer that owes, the day's proposal."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.access import EVERYTHING
from accounts.models import Tenant
from collection.models import Action, FormalNotice, ScenarioVersion
from collection.rules.steps import OldItems
from collection.services.planning import plan_actions
from collection.services.scenarios import approve_go_live, ensure_default_scenario
from collection.services.sending import ActionReasons, confirm_action
from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox
from receivables.models import Contact, CustomerAccount
from tests.make import make_account, make_customer, make_entity, make_item

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def due(days: int) -> date:
    """A due date so many days before MONDAY."""
    return MONDAY - timedelta(days=days)


def approve(tenant: Tenant, *, old_items: OldItems = OldItems.FIRST_STEP, live_from: date = MONDAY) -> ScenarioVersion:
    """The default scenario, live from MONDAY."""
    version = ensure_default_scenario(tenant=tenant, on=MONDAY)
    return approve_go_live(version=version, old_items=old_items, live_from=live_from, approved_by=None, actor=SYSTEM)


def address(url_name: str, tenant: Tenant) -> str:
    """The address of a page of the default scenario."""
    with tenant_scope(tenant):
        return reverse(url_name, args=[ensure_default_scenario(tenant=tenant, on=MONDAY).scenario_id])


def make_debtor(*, email: str = "ap@durand.example", **fields: Any) -> CustomerAccount:
    """A customer of the entity FR, with an e-mail and a postal address."""
    values = {"name": "Durand SA", "street": "3 rue du Port", "postal_code": "44000", "city": "Nantes", "country": "FR"}
    entity = fields.pop("entity", None) or make_sender()
    customer = make_customer(email=email, **{**values, **fields})
    return make_account(customer=customer, entity=entity)


def make_sender(**fields: Any) -> Any:
    """The entity FR, with all that a letterhead needs."""
    values = {
        "code": "FR", "name": "Nordis France SAS", "country": "FR", "language": "fr", "city": "Lyon",
        "street": "12 quai de Bondy", "postal_code": "69005", "legal_identifier": "552 100 554",
        "vat_number": "FR40552100554", "email": "credit@nordis.example", "phone": "+33 4 72 00 00 00",
        "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP",
    }  # fmt: skip
    return make_entity(**{**values, **fields})


def make_contact(account: CustomerAccount, **fields: Any) -> Contact:
    values = {"last_name": "Martin", "first_name": "Claire", "role": "ACCOUNTING", "email": "claire@durand.example"}
    return Contact.objects.create(customer=account.customer, **{**values, **fields})


def propose(
    tenant: Tenant, account: CustomerAccount, *, days: int = 10, amount: str = "100.00", **fields: Any
) -> Action:
    """An item so many days overdue, and the night's proposal for it."""
    make_item(account=account, due=due(days), amount=amount, issued=due(days + 30), **fields)
    plan_actions(tenant=tenant, on=MONDAY)
    return Action.objects.get(customer=account.customer)


def confirm(action: Action, *, actor: Actor = SYSTEM, now: datetime = NOW, on: date = MONDAY) -> Message:
    """Confirm the proposal; its message in the outbox, due at once."""
    confirm_action(action_id=action.id, scope=EVERYTHING, actor=actor, now=now, on=on)
    Message.objects.filter(reason_id=action.id).update(not_before=now)
    return Message.objects.get(reason_id=action.id)


def approve_notice(action: Action, *, on: date = MONDAY) -> FormalNotice:
    """Somebody has approved the formal notice as it is proposed."""
    items = [str(item_id) for item_id in action.lines.values_list("item_id", flat=True)]
    return FormalNotice.objects.create(
        customer_id=action.customer_id, entity_id=action.entity_id, step_key=action.step.step_key, items=items,
        amounts=action.amounts, state="APPROVED", four_eyes=False, on=on, decided_on=on,
    )  # fmt: skip


def reasons(_reason_type: str, *, on: date = MONDAY) -> ActionReasons:
    return ActionReasons(on=on)


def send(transport: Any, *, channel: str = "EMAIL") -> int:
    """One slice of the outbox."""
    return outbox.drain(channel=channel, transport=transport, reasons=reasons)
