"""Callers with a key, and rows old enough to be listed: a list ends before the start of the oldest transaction."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Replacement, Role
from accounts.services.api_keys import create_api_key
from collection.models import (
    Action,
    Agency,
    Claim,
    DeliveryStop,
    Escalation,
    FormalNotice,
    LegalCase,
    Scenario,
    ScenarioVersion,
    Step,
    WriteOff,
)
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import InboundMessage, Message
from integrations.models import SyncRun
from receivables.models import (
    BankLine,
    CashAllocation,
    Cause,
    Contact,
    Dispute,
    Document,
    Hold,
    ItemCause,
    ItemStatus,
    OpenOrder,
    PaymentTerms,
    Promise,
    StatusCode,
)
from receivables.services.matching import Share, split_line
from risk.models import PayerProfile, Review
from risk.services.profiles import refresh_profiles
from tests.make import (
    TODAY,
    make_account,
    make_allocation,
    make_bank_line,
    make_customer,
    make_entity,
    make_item,
    make_member,
)

OLD = datetime(2026, 3, 1, 8, tzinfo=UTC)
V1 = "/api/v1"


@dataclass
class Caller:
    """Calls the API with one key."""

    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        client = Client(raise_request_exception=False)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        # Headers are written with _ for -.
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic(
            method,
            path if path.startswith("/") else f"{V1}/{path}",
            data,
            content_type=named.pop("Content-Type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}", **named},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of all pages."""
        found: list[dict[str, Any]] = []
        address: str | None = path
        while address:
            answer = self.get(address.replace("http://testserver", ""))
            assert answer.status_code == 200, answer.content
            found += answer.json()["results"]
            address = answer.json()["next"]
        return found


def caller_of(organisation: Any, *, role: str = "admin", **fields: Any) -> Caller:
    """A new key of the organisation under one of its roles."""
    with tenant_scope(organisation), transaction.atomic():
        role_id = Role.objects.get(code=role).id
        return Caller(create_api_key(name="K", role_id=role_id, actor=SYSTEM, **fields).text)


@pytest.fixture(autouse=True)
def no_limit_of_calls(settings):
    """Tests call faster than a program may. The limit has tests of its own (test_throttle.py)."""
    settings.API_CALLS_PER_MINUTE = 0


@pytest.fixture
def api(organisation):
    """Calls as the administrator's key of the organisation."""
    return caller_of(organisation)


@pytest.fixture
def own_spool(settings, tmp_path, monkeypatch):
    """Files of the tests stay apart, and no worker of this machine is rung."""
    settings.SPOOL_DIR = tmp_path
    monkeypatch.setattr("integrations.tasks.apply_run.apply_async", lambda **_message: None)


def make_action(account) -> Action:
    scenario = Scenario.objects.create(name="Plain")
    version = ScenarioVersion.objects.create(scenario=scenario, number=1, valid_from=TODAY)
    step = Step.objects.create(
        version=version,
        step_key="first",
        position=1,
        name="First",
        offset_days=5,
        channel="EMAIL",
        template_code="reminder_1",
    )
    return Action.objects.create(
        customer=account.customer, entity=account.entity, version=version, step=step, on=TODAY, channel="EMAIL",
        amounts={"EUR": "100.00"}, proposed_since=TODAY, updated_at=OLD,
    )  # fmt: skip


def make_notice_action(account) -> Action:
    """A proposed formal notice on what the customer owes."""
    action = make_action(account)
    type(action.step).objects.filter(id=action.step_id).update(kind="FORMAL_NOTICE", channel="LETTER")
    for item in account.items.filter(is_open=True):
        action.lines.create(
            item=item, customer_id=item.customer_id, step_key=action.step.step_key, on=TODAY, currency=item.currency,
            open_amount=item.open_amount,
        )  # fmt: skip
    return action


@pytest.fixture
def one_of_each(organisation):
    """A row of every resource, old enough to be listed."""
    with tenant_scope(organisation):
        entity, member = make_entity(code="FR"), make_member(name="Carl")
        terms = PaymentTerms.objects.create(code="N30", rule="NET30")
        customer = make_customer(ref="C1", name="Nordis “SA”", updated_at=OLD)
        account = make_account(customer=customer, entity=entity, terms=terms, collector=member, updated_at=OLD)
        Contact.objects.create(customer=customer, last_name="Petit", email_bounced_at=OLD, updated_at=OLD)
        document = Document.objects.create(
            customer=customer, account=account, entity=entity, number="F1", kind="INVOICE", document_date=TODAY,
            currency="EUR", total_amount="1200.00", vat_amount="200.00", updated_at=OLD,
        )  # fmt: skip
        debit = make_item(
            account=account, number="F1", amount="1200.00", document=document, vat_amount="200.00", updated_at=OLD
        )
        make_item(account=account, number="F2", amount="0.125", currency="BHD", updated_at=OLD)
        credit = make_item(account=account, number="P1", amount="-40.00", kind="PAYMENT", updated_at=OLD)
        make_allocation(debit=debit, credit=credit, amount="40.00", on=TODAY, recorded_at=OLD)
        make_allocation(debit=debit, amount="10.00", on=TODAY, recorded_at=OLD)
        OpenOrder.objects.create(
            customer=customer,
            entity=entity,
            number="O1",
            order_date=TODAY,
            currency="EUR",
            amount="80",
            open_amount="80",
            updated_at=OLD,
        )
        Dispute.objects.create(
            customer=customer, item=debit, reason="price", currency="EUR", opened_on=TODAY, updated_at=OLD
        )
        Promise.objects.create(
            customer=customer, amount="10.50", currency="EUR", made_on=TODAY, due_on=TODAY, updated_at=OLD
        )
        Hold.objects.create(customer=customer, reason="PLAN", from_on=TODAY, updated_at=OLD)
        refresh_profiles(on=TODAY)
        PayerProfile.objects.update(updated_at=OLD, days_beyond_terms="13.3", late_pct="66.7")
        Review.objects.create(
            customer=customer, source="HAND", due_on=TODAY, text="Look", asked_on=TODAY, updated_at=OLD
        )
        Claim.objects.create(
            customer=customer, entity=entity, item=debit, document=document, kind="FIXED", currency="EUR", amount="40",
            law="FR", on=TODAY, updated_at=OLD,
        )  # fmt: skip
        line = make_bank_line(amount="50.00", customer=customer, entity=entity)
        split_line(line_id=line.id, shares=[Share(debit.id, Decimal(50))], on=TODAY, actor=SYSTEM)
        BankLine.objects.update(updated_at=OLD)
        CashAllocation.objects.update(updated_at=OLD)
        action = make_action(account)
        Message.objects.create(
            customer=customer, entity=entity, reason_type="collection.Action", reason_id=action.id, on=TODAY, channel="EMAIL",
            recipient="petit@nordis.example", language="fr", subject="Relance", body_text="Bonjour", facts=[{"number": "F1"}],
            updated_at=OLD,
        )  # fmt: skip
        InboundMessage.objects.create(
            customer=customer, entity=entity, mail_id="<1@nordis.example>", kind="REPLY", sender="petit@nordis.example",
            subject="Re: Relance", text="Nous paierons vendredi.", on=TODAY, raw_size=10, matched_by="ADDRESS", received_at=OLD, updated_at=OLD,
        )  # fmt: skip
        status = StatusCode.objects.create(code="WATCH", label="Watch", updated_at=OLD)
        ItemStatus.objects.create(customer=customer, item=debit, status=status, from_on=TODAY, updated_at=OLD)
        cause = Cause.objects.create(code="PRICING", label="Price", side="OURS", updated_at=OLD)
        ItemCause.objects.create(
            customer=customer, item=debit, cause=cause, origin="HAND", from_on=TODAY, updated_at=OLD
        )
        DeliveryStop.objects.create(
            customer=customer, entity=entity, reason="Late", amounts={"EUR": "1200.00"}, on=TODAY, updated_at=OLD
        )
        DeliveryStop.objects.create(customer=customer, reason="Late", amounts={}, on=TODAY, updated_at=OLD)
        WriteOff.objects.create(
            customer=customer, entity=entity, currency="EUR", amount="10.50", reason="Gone", four_eyes=True, on=TODAY,
            updated_at=OLD,
        )  # fmt: skip
        LegalCase.objects.create(
            customer=customer, entity=entity, number=1, four_eyes=False, on=TODAY, updated_at=OLD,
            agency=Agency.objects.create(name="K", kind="LAWYER", updated_at=OLD),
        )  # fmt: skip
        LegalCase.objects.create(
            customer=customer, entity=entity, number=2, four_eyes=False, on=TODAY, updated_at=OLD, action=action
        )
        FormalNotice.objects.create(
            customer=customer, entity=entity, step_key="notice", items=[str(debit.id)], amounts={"EUR": "1200.00"},
            four_eyes=True, on=TODAY, updated_at=OLD,
        )  # fmt: skip
        Escalation.objects.create(
            customer=customer, action=action, question="What now?", asked_by=member, asked_on=TODAY, manager=member,
            updated_at=OLD,
        )  # fmt: skip
        Replacement.objects.create(
            member=member, replacement=make_member(name="Zoe"), from_on=TODAY, until_on=TODAY, updated_at=OLD
        )
        run = SyncRun.objects.create(as_of=TODAY, file_name="f.csv", file_size=3, sha256="0" * 64, totals={"EUR": {}})
        SyncRun.objects.filter(id=run.id).update(received_at=OLD)
