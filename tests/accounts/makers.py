"""Rows that the arguments of addresses lead to, made in the tenant in scope for a member of it.

An argument that is not here fails the tests of rights until it is.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from accounts.models import Member, Replacement, Role
from accounts.services.api_keys import create_api_key
from accounts.services.invitations import invite
from collection.models import (
    Action,
    Agency,
    CauseRule,
    Claim,
    DeliveryStop,
    Escalation,
    FormalNotice,
    Interaction,
    LegalCase,
    Scenario,
    Trial,
    WriteOff,
)
from collection.rules.steps import OldItems
from collection.services.planning import plan_actions
from collection.services.scenarios import approve_go_live, create_scenario, ensure_default_scenario
from collection.services.trials import run_trial, start_trial
from collection.services.versions import open_draft, publish_draft
from core.audit import SYSTEM
from core.jobs import start_numbered
from core.models import SavedView
from desk.models import Alert, Attachment, InboundMessage, Message, Task
from integrations.models import Connection, Mailbox, SyncRun
from receivables.models import (
    BankLine,
    CashAllocation,
    Cause,
    Contact,
    Dispute,
    DisputeReason,
    Document,
    Hold,
    ItemCause,
    ItemStatus,
    OpenOrder,
    Promise,
    StatusCode,
)
from receivables.services.matching import Share, split_line
from reporting.models import Export
from risk.models import PayerProfile, Review
from risk.services.profiles import refresh_profiles
from tests.make import TODAY, make_account, make_allocation, make_bank_line, make_item, make_member
from tests.routes import Route


def make_invitation(member: Member) -> Any:
    return invite(email=f"{uuid4().hex}@nordis.example", role_id=Role.objects.get(code="sales").id, actor=SYSTEM)


def make_key(member: Member) -> Any:
    return create_api_key(name="K", role_id=Role.objects.get(code="sales").id, actor=SYSTEM).key


def make_contact(member: Member) -> Contact:
    return Contact.objects.create(customer=make_account().customer, last_name="Durand", email="d@client.example")


def make_document(member: Member) -> Document:
    account = make_account()
    document = Document.objects.create(
        customer=account.customer,
        account=account,
        entity=account.entity,
        number=f"D{uuid4().hex[:8]}",
        kind="INVOICE",
        document_date=TODAY,
        currency="EUR",
        total_amount=100,
    )
    make_item(account=account, document=document)
    return document


def make_claim(member: Member) -> Claim:
    item = make_item(due=TODAY - timedelta(days=40))
    return Claim.objects.create(
        customer=item.customer,
        entity=item.entity,
        item=item,
        kind=Claim.Kind.FIXED_CHARGE,
        currency="EUR",
        amount=40,
        law="FR",
        on=TODAY,
    )


def make_line(member: Member) -> BankLine:
    account = make_account()
    return make_bank_line(customer=account.customer, entity=account.entity)


def make_attachment(member: Member) -> Attachment:
    return Attachment.objects.create(
        customer=make_account().customer,
        object_type="receivables.Dispute",
        object_id=uuid4(),
        file_name="proof.pdf",
        size=1,
        sha256="0" * 64,
        path="nowhere",
        on=TODAY,
    )


def make_cash_allocation(member: Member) -> CashAllocation:
    item = make_item(amount="50.00")
    line = make_bank_line(amount="50.00", customer=item.customer, entity=item.entity)
    split_line(line_id=line.id, shares=[Share(item.id, Decimal(50))], on=TODAY, actor=SYSTEM)
    return CashAllocation.objects.get(item=item)


def make_order(member: Member) -> OpenOrder:
    account = make_account()
    return OpenOrder.objects.create(
        customer=account.customer,
        entity=account.entity,
        number=f"O{uuid4().hex[:8]}",
        order_date=TODAY,
        currency="EUR",
        amount=100,
        open_amount=100,
    )


def make_dispute(member: Member) -> Dispute:
    item = make_item()
    return Dispute.objects.create(
        customer=item.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY, opened_by=member
    )


def make_promise(member: Member) -> Promise:
    account = make_account()
    return Promise.objects.create(
        customer=account.customer,
        entity=account.entity,
        amount=50,
        currency="EUR",
        made_on=TODAY,
        due_on=TODAY + timedelta(days=7),
        recorded_by=member,
    )


def make_hold(member: Member) -> Hold:
    return Hold.objects.create(customer=make_account().customer, reason="COMMERCIAL", from_on=TODAY, placed_by=member)


def make_profile(member: Member) -> PayerProfile:
    """What the night says of a customer that owes nothing yet."""
    account = make_account()
    refresh_profiles(on=TODAY, customers=[account.customer_id])
    return PayerProfile.objects.get(customer=account.customer)


def make_trial(member: Member) -> Trial:
    """A scenario that the member has tried out."""
    version = make_scenario(member).versions.get(valid_from__isnull=True)
    made = start_trial(version=version, old_items=OldItems.FIRST_STEP, member=member, on=TODAY, days=2)
    return run_trial(trial_id=made.id)


def make_scenario(member: Member) -> Scenario:
    """A scenario with a draft and a version before it."""
    version = ensure_default_scenario(tenant=member.tenant, on=TODAY)
    made = create_scenario(name=uuid4().hex[:8], copy_of=version.scenario, actor=SYSTEM)
    publish_draft(version=made.versions.get(), on=TODAY, actor=SYSTEM)
    open_draft(scenario=made, actor=SYSTEM)
    return made


def make_action(member: Member) -> Action:
    """A reminder that the night proposed: an overdue invoice of a new customer, sending approved."""
    account = make_account()
    make_item(account=account, due=TODAY - timedelta(days=10))
    version = ensure_default_scenario(tenant=account.tenant, on=TODAY)
    if version.live_from is None:
        approve_go_live(
            version=version, old_items="FIRST_STEP", live_from=TODAY, approved_by=make_member(), actor=SYSTEM
        )
    plan_actions(tenant=account.tenant, on=TODAY)
    return Action.objects.get(customer=account.customer)


def make_interaction(member: Member) -> Interaction:
    return Interaction.objects.create(
        customer=make_account().customer, kind="NOTE", text="Called", on=TODAY, next_on=TODAY, logged_by=member
    )


def make_alert(member: Member) -> Alert:
    return Alert.objects.create(
        customer=make_account().customer,
        kind="risk.payer_class",
        key=uuid4().hex,
        severity=Alert.Severity.WARNING,
        on=TODAY,
        text="Pays worse",
    )


def make_review(member: Member) -> Review:
    return Review.objects.create(
        customer=make_account().customer, source="HAND", due_on=TODAY, text="Look", asked_on=TODAY, asked_by=member
    )


def make_escalation(member: Member) -> Escalation:
    return Escalation.objects.create(
        customer=make_account().customer, question="What now?", asked_by=member, asked_on=TODAY, manager=member
    )


def make_absence(member: Member) -> Replacement:
    """Each after the one before: nobody is away twice on a day."""
    first = TODAY + timedelta(days=1 + 20 * Replacement.objects.filter(member=member).count())
    return Replacement.objects.create(
        member=member,
        replacement=make_member(role="collector"),
        from_on=first,
        until_on=first + timedelta(days=8),
    )


def make_message(member: Member) -> Message:
    """A letter that was sent, with its pages."""
    account = make_account()
    return Message.objects.create(
        customer=account.customer,
        entity=account.entity,
        reason_type="collection.Action",
        reason_id=uuid4(),
        on=TODAY,
        channel="EMAIL",
        recipient="d@client.example",
        language="en",
        subject="Reminder",
        body_text="Please pay.",
        body_html="<p>Please pay.</p>",
        state="UNSURE",
    )


def make_run(member: Member) -> SyncRun:
    return SyncRun.objects.create(
        kind="items",
        as_of=TODAY,
        file_name="ledger.csv",
        file_size=10,
        sha256="0" * 64,
        state="APPLIED",
        finished_at=timezone.now(),
    )


def make_connection(member: Member) -> Connection:
    """A mailbox, as it has all pages of a connection."""
    connection = Connection.objects.create(name=uuid4().hex[:8], kind="IMAP", source="mail")
    Mailbox.objects.create(connection=connection, host="imap.nordis.example", user_name="replies", password="sealed")
    return connection


def make_view(member: Member) -> SavedView:
    return SavedView.objects.create(list_name="customers", name=uuid4().hex[:8], query="?sort=name", owner_id=member.id)


def make_export(member: Member) -> Export:
    return Export.objects.create(
        run=start_numbered(job="export", on=TODAY),
        member=member,
        list_name="customers",
        file_format="csv",
        language="en",
    )


def make_inbound(member: Member) -> InboundMessage:
    """A reply with two proposals, of which addresses name the second."""
    account = make_account()
    promise = {"kind": "PROMISE", "sentence": "We pay.", "due": None, "amount": None, "currency": "", "reason": ""}
    return InboundMessage.objects.create(
        mail_id=uuid4().hex, kind="REPLY", sender="d@client.example", subject="Re: Reminder", text="We pay.", on=TODAY,
        customer=account.customer, entity=account.entity, matched_by="ADDRESS", raw_path="nowhere", raw_sha256="0" * 64,
        raw_size=1, proposals=[{**promise, "state": "OPEN"}, {**promise, "state": "OPEN"}],
    )  # fmt: skip


def make_status(member: Member) -> StatusCode:
    return StatusCode.objects.create(code=uuid4().hex[:8], label="Watch")


def make_cause(member: Member) -> Cause:
    return Cause.objects.create(code=uuid4().hex[:8], label="Price", side="OURS")


def make_item_status(member: Member) -> ItemStatus:
    item = make_item()
    return ItemStatus.objects.create(customer=item.customer, item=item, status=make_status(member), from_on=TODAY)


def make_item_cause(member: Member) -> ItemCause:
    item = make_item()
    return ItemCause.objects.create(
        customer=item.customer, item=item, cause=make_cause(member), origin="HAND", from_on=TODAY
    )


def make_cause_rule(member: Member) -> CauseRule:
    position = CauseRule.objects.count() + 1
    return CauseRule.objects.create(position=position, fact="ANY", cause=make_cause(member))


def make_stop(member: Member) -> DeliveryStop:
    account = make_account()
    return DeliveryStop.objects.create(customer=account.customer, entity=account.entity, reason="Late", on=TODAY)


def make_notice(member: Member) -> FormalNotice:
    account = make_account()
    return FormalNotice.objects.create(
        customer=account.customer, entity=account.entity, step_key="notice", four_eyes=True, on=TODAY
    )


def make_agency(member: Member) -> Agency:
    return Agency.objects.create(name=uuid4().hex[:8], kind="AGENCY")


def make_case(member: Member) -> LegalCase:
    """A case with a dossier, which is short."""
    account = make_account()
    content, path = b"PK", f"dossiers/{account.tenant_id}/{uuid4()}.zip"
    place = Path(settings.DATA_DIR) / "files" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return LegalCase.objects.create(
        path=path,
        sha256=sha256(content).hexdigest(),
        size=len(content),
        made_on=TODAY,
        customer=account.customer,
        entity=account.entity,
        agency=make_agency(member),
        number=LegalCase.objects.count() + 1,
        four_eyes=False,
        on=TODAY,
    )


def make_write_off(member: Member) -> WriteOff:
    account = make_account()
    return WriteOff.objects.create(
        customer=account.customer,
        entity=account.entity,
        currency="EUR",
        amount=10,
        reason="Gone",
        four_eyes=True,
        on=TODAY,
    )


MAKERS: dict[str, Callable[[Member], Any]] = {
    "member_id": lambda member: make_member(role="collector"),
    "invitation_id": make_invitation,
    "role_id": lambda member: Role.objects.get(code="auditor"),
    "key_id": make_key,
    "customer_id": lambda member: make_account().customer,
    "account_id": lambda member: make_account(),
    "contact_id": make_contact,
    "item_id": lambda member: make_item(),
    "document_id": make_document,
    "order_id": make_order,
    "allocation_id": lambda member: make_allocation(debit=make_item(), amount="10.00", on=TODAY),
    "dispute_id": make_dispute,
    "promise_id": make_promise,
    "hold_id": make_hold,
    "profile_id": make_profile,
    "action_id": make_action,
    "scenario_id": make_scenario,
    "trial_id": make_trial,
    "claim_id": make_claim,
    "task_id": lambda member: Task.objects.create(
        customer=make_account().customer,
        kind=Task.Kind.MENTION,
        key=uuid4().hex,
        assignee=member,
        on=TODAY,
        due_on=TODAY,
        text="Done",
    ),
    "attachment_id": make_attachment,
    "inbound_id": make_inbound,
    "reason_id": lambda member: DisputeReason.objects.create(code=uuid4().hex[:8], label="Price"),
    "stop_id": make_stop,
    "notice_id": make_notice,
    "agency_id": make_agency,
    "case_id": make_case,
    "write_off_id": make_write_off,
    "status_id": make_status,
    "cause_id": make_cause,
    "rule_id": make_cause_rule,
    "item_status_id": make_item_status,
    "item_cause_id": make_item_cause,
    "line_id": make_line,
    "cash_allocation_id": make_cash_allocation,
    "interaction_id": make_interaction,
    "review_id": make_review,
    "alert_id": make_alert,
    "escalation_id": make_escalation,
    "absence_id": make_absence,
    "message_id": make_message,
    "run_id": make_run,
    "connection_id": make_connection,
    "view_id": make_view,
    "export_id": make_export,
}
# The API calls every row's id `id`: what it is of stands in the address.
API_ROWS = {
    "customers": "customer_id",
    "accounts": "account_id",
    "contacts": "contact_id",
    "documents": "document_id",
    "items": "item_id",
    "orders": "order_id",
    "allocations": "allocation_id",
    "bank-lines": "line_id",
    "cash-allocations": "cash_allocation_id",
    "disputes": "dispute_id",
    "promises": "promise_id",
    "holds": "hold_id",
    "profiles": "profile_id",
    "actions": "action_id",
    "claims": "claim_id",
    "status-codes": "status_id",
    "causes": "cause_id",
    "item-statuses": "item_status_id",
    "item-causes": "item_cause_id",
    "delivery-stops": "stop_id",
    "write-offs": "write_off_id",
    "formal-notices": "notice_id",
    "legal-cases": "case_id",
    "agencies": "agency_id",
    "questions": "escalation_id",
    "absences": "absence_id",
    "messages": "message_id",
    "replies": "inbound_id",
    "imports": "run_id",
    "reviews": "review_id",
}
# Rows under a customer: outside of a member's portfolio they do not exist for the member.
UNDER_A_CUSTOMER = {
    "customer_id", "account_id", "contact_id", "item_id", "document_id", "order_id", "allocation_id", "dispute_id",
    "promise_id", "hold_id", "profile_id", "action_id", "interaction_id", "review_id", "alert_id", "escalation_id", "message_id", "claim_id", "line_id",
    "cash_allocation_id", "item_status_id", "item_cause_id", "inbound_id", "stop_id", "notice_id", "case_id",
    "write_off_id",
}  # fmt: skip
# What a call must bring so that it gets as far as looking for the row.
BODIES: dict[str, dict[str, Any]] = {
    "put api/v1/agencies/<uuid:id>/": {"name": "K & Co", "kind": "LAWYER"},
    "put api/v1/status-codes/<uuid:id>/": {"label": "Watch", "behaviour": "NONE"},
    "put api/v1/causes/<uuid:id>/": {"label": "Price", "side": "OURS"},
    "post api/v1/questions/<uuid:id>/answer/": {
        "outcome": "ANSWERED",
        "answer": "yes",
        "answered_by": "00000000-0000-0000-0000-000000000000",
    },
    "post api/v1/delivery-stops/<uuid:id>/decide/": {"accept": True},
    "post api/v1/delivery-stops/<uuid:id>/end/": {"reason": "paid"},
    "post api/v1/formal-notices/<uuid:id>/decide/": {"accept": False, "answer": "not yet"},
    "post api/v1/legal-cases/<uuid:id>/agency/": {"agency": str(uuid4())},
    "post api/v1/legal-cases/<uuid:id>/refuse/": {"reason": "too small"},
    "post api/v1/legal-cases/<uuid:id>/close/": {"outcome": "NOTHING"},
    "post api/v1/legal-cases/<uuid:id>/costs/": {
        "kind": "FEE",
        "on": TODAY.isoformat(),
        "amount": "10.00",
        "currency": "EUR",
    },
    "post api/v1/actions/<uuid:id>/call/": {"outcome": "NO_ANSWER"},
    "post api/v1/actions/<uuid:id>/postpone/": {"until": (TODAY + timedelta(days=7)).isoformat()},
    "post api/v1/reviews/<uuid:id>/move/": {"until": (TODAY + timedelta(days=7)).isoformat()},
    "post api/v1/claims/<uuid:id>/waive/": {"reason": "goodwill"},
    "post api/v1/bank-lines/<uuid:id>/assign/": {"customer": None},
    "post api/v1/bank-lines/<uuid:id>/set_aside/": {"reason": "not ours"},
    "post api/v1/bank-lines/<uuid:id>/split/": {"shares": [{"item": str(uuid4()), "amount": "1.00"}]},
    "put api/v1/imports/<uuid:id>/mapping/": {"mapping": {"kind": "items", "mode": "delta", "columns": {}}},
}
# Arguments that are words and not rows.
WORDS: dict[str, Any] = {
    "position": 1,
    "place": 1,
    "number": 1,
    "name": "customers",
    "code": "reminder_1",
    "channel": "EMAIL",
    "language": "en",
}


def kind_of(route: Route, argument: str) -> str:
    """Which maker makes the row that an argument leads to."""
    if argument == "id" and route.is_api:
        return API_ROWS[route.pattern.split("/")[2]]
    return argument


def kinds_of(route: Route) -> set[str]:
    return {kind_of(route, argument) for argument in route.arguments if argument not in WORDS}


def arguments_of(route: Route, member: Member) -> dict[str, Any]:
    """Arguments that lead to rows of the tenant in scope; those that belong to somebody belong to `member`."""
    return {
        argument: WORDS[argument] if argument in WORDS else MAKERS[kind_of(route, argument)](member).id
        for argument in route.arguments
    }


def unknown_arguments(route: Route) -> dict[str, Any]:
    return {argument: WORDS.get(argument) or uuid4() for argument in route.arguments}
