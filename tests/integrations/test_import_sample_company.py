"""The sample company comes in through the import, whole or not at all, and goes again."""

import io
import json
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.demo import DEMO_PASSWORD, demo_logins
from accounts.models import Member, Tenant, UserTenant
from collection.models import Action, GoLiveApproval
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message
from integrations.management.commands.purge_tenant import purge
from integrations.models import SyncRun
from integrations.services.sample_company import (
    NotASample,
    load_sample_company,
    remove_sandbox,
    working_day_of_sample,
)
from receivables.models import (
    Allocation,
    BankLine,
    Customer,
    CustomerBalance,
    Entity,
    Hold,
    LedgerItem,
    OpenOrder,
    Promise,
)
from receivables.sample import generate
from receivables.sample.files import write_files
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_tenant

ON = date(2025, 11, 21)


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.mark.django_db
def test_it_is_what_was_generated_and_can_be_closed(db):
    company = generate(ON)
    tenant = load_sample_company(on=ON, slug="nordis-test", with_logins=True)
    assert (tenant.is_sandbox, tenant.sandbox_on) == (True, ON)
    with tenant_scope(tenant):
        assert set(SyncRun.objects.values_list("state", "rejected_count")) == {("APPLIED", 0)}
        assert Entity.objects.count() == 3
        assert Customer.objects.count() == 300
        assert LedgerItem.objects.count() == len(company.items)
        expected: dict[str, Decimal] = {}
        for row in company.items:
            expected[row.currency] = expected.get(row.currency, Decimal(0)) + row.amount
        found: dict[str, Decimal] = {}
        for balance in CustomerBalance.objects.all():
            found[balance.currency] = found.get(balance.currency, Decimal(0)) + balance.open_amount
        assert found == expected
        assert check_open_amounts() == []
        assert Hold.objects.count() == len(company.holds)
        states = set(Promise.objects.values_list("state", flat=True))
        assert states == {"OPEN", "KEPT", "PARTLY", "BROKEN"}
        assert not Promise.objects.filter(state="OPEN", due_on__lt=ON).exists()
        matched = BankLine.objects.filter(state="MATCHED").count()
        assert len(company.bank_lines) > matched > len(company.bank_lines) // 2
        assert BankLine.objects.filter(state="OPEN", confidence__gt=0).exists()
        assert not BankLine.objects.filter(payer_name="", state="MATCHED").exists()
        assert {login.password for login in demo_logins()} == {DEMO_PASSWORD}
        assert Member.objects.filter(source_ref="", user=None).count() == 0
    removed = remove_sandbox(tenant=tenant, actor=SYSTEM)
    assert removed.status == Tenant.Status.SUSPENDED
    assert not UserTenant.objects.filter(of_tenant=tenant).exists()
    again = load_sample_company(on=ON, slug="nordis-test", with_logins=True)
    assert again.id != tenant.id
    with tenant_scope(again):
        assert len(demo_logins()) >= 5


def _headers_in(language, path):
    """The file with its columns named in another language."""
    text = path.read_text(encoding="utf-8")
    head, _newline, rest = text.partition("\n")
    path.write_text(",".join(language.get(name, name) for name in head.split(",")) + "\n" + rest, encoding="utf-8")


LANGUAGES = {
    "own": {},
    "german": {
        "allocations": {
            "customer_ref": "Kundennummer", "entity_code": "Buchungskreis", "debit_number": "Rechnungsnummer",
            "credit_number": "Zahlungsnummer", "amount": "Betrag", "currency": "Währung", "on": "Ausgleichsdatum",
        },
        "orders": {
            "customer_ref": "Kunde", "entity_code": "Buchungskreis", "number": "Nr.", "order_date": "Auftragsdatum",
            "delivery_date": "Lieferdatum", "amount": "Betrag", "open_amount": "Offener Betrag", "currency": "Währung",
        },
        "promises": {
            "customer_ref": "Kunde", "amount": "Zugesagter Betrag", "currency": "Währung", "due_on": "Zusage Fälligkeit",
            "made_on": "Zusage erstellt", "numbers": "Rechnungsnummern",
        },
    },
    "french": {
        "allocations": {
            "customer_ref": "Code client", "entity_code": "Société", "debit_number": "N° facture",
            "credit_number": "N° règlement", "amount": "Montant", "currency": "Devise", "on": "Date lettrage",
        },
        "orders": {"customer_ref": "Client", "number": "N° commande", "order_date": "Date", "amount": "Montant"},
        "promises": {
            "customer_ref": "Client", "amount": "Montant promis", "due_on": "Date de la promesse",
            "made_on": "Promesse faite", "numbers": "Factures",
        },
    },
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_its_files_come_in_by_command_with_nothing_said_about_them(tmp_path, language):
    company = generate(ON)
    tenant = make_tenant(slug="auto-test", sandbox_on=ON)
    for file in write_files(company, tmp_path):
        _headers_in(LANGUAGES[language].get(file.kind, {}), file.path)
        out = io.StringIO()
        call_command("import_ledger", "--tenant=auto-test", "--mapping=auto", "--json", str(file.path), stdout=out)
        result = json.loads(out.getvalue())
        rows = getattr(company, file.kind)
        assert (result["kind"], result["rows"], result["rejected"]) == (file.kind, len(rows), [])
        assert result["created"] == len(rows) or file.kind == "customers"
    expected: dict[str, Decimal] = {}
    for row in company.items:
        expected[row.currency] = expected.get(row.currency, Decimal(0)) + row.amount
    with tenant_scope(tenant):
        found: dict[str, Decimal] = {}
        for balance in CustomerBalance.objects.all():
            found[balance.currency] = found.get(balance.currency, Decimal(0)) + balance.open_amount
        assert found == expected
        sides = sorted(Allocation.objects.values_list("on", "debit_amount", "credit_amount"))
        assert sides == sorted((a.on, a.amount, a.amount) for a in company.allocations)
        assert OpenOrder.objects.count() == len(company.orders)
        assert Promise.objects.count() == len(company.promises)


@pytest.mark.django_db
def test_it_is_at_work_when_one_enters(db):
    tenant = load_sample_company(on=ON, slug="nordis-test", with_logins=True, at_work=True)
    with tenant_scope(tenant):
        approvals = GoLiveApproval.objects.select_related("approved_by__role", "version__scenario")
        assert {one.approved_by.role.code for one in approvals} == {"credit_manager"}
        waiting = Action.objects.filter(on=ON, state=Action.State.PROPOSED)
        for approval in approvals:
            of_scenario = waiting.filter(version__scenario=approval.version.scenario)
            # Items that were late before start at the step they had reached, so each step has its reminders.
            assert len(approval.by_step) >= 4
            assert dict(Counter(of_scenario.values_list("step__step_key", flat=True))) == approval.by_step
        assert waiting.filter(channel="CALL").exists()
        assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 22), date(2026, 11, 20)),
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 7, 14), date(2026, 7, 13)),  # closed in France
        (date(2026, 10, 3), date(2026, 10, 2)),
        (date(2026, 8, 31), date(2026, 8, 28)),  # closed in England
    ],
)
def test_its_day_is_worked_in_all_its_companies(day, expected):
    assert working_day_of_sample(day) == expected


@pytest.mark.django_db
def test_an_organisation_at_work_is_not_removed_like_a_sandbox(db):
    with pytest.raises(NotASample):
        remove_sandbox(tenant=make_tenant(sandbox_on=None), actor=SYSTEM)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_deletes_every_row_of_a_closed_organisation(settings):
    keep, tenant = make_tenant(slug="keep"), load_sample_company(on=ON, slug="nordis-test")
    with pytest.raises(CommandError, match="active"):
        call_command("purge_tenant", "nordis-test", "--yes")
    with transaction.atomic():
        remove_sandbox(tenant=tenant, actor=SYSTEM)
    with pytest.raises(CommandError, match="--yes"):
        call_command("purge_tenant", str(tenant.id))
    out = io.StringIO()
    call_command("purge_tenant", str(tenant.id), "--yes", stdout=out)
    assert "Deleted" in out.getvalue()
    assert not Tenant.objects.filter(id=tenant.id).exists()
    assert Tenant.objects.filter(id=keep.id).exists()
    assert purge(tenant.id) == 0
