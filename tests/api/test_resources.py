"""Rows written straight from columns are what the serializers of the schema render."""

import json

import pytest

from collection.models import Action, Scenario, ScenarioVersion, Step
from core.rest import JSONRenderer
from core.rest_fields import columns_of
from core.rest_lists import Resource
from core.tenancy import tenant_scope
from creditmgmt.api import router
from desk.models import Message
from integrations.models import SyncRun
from receivables.models import Contact, Dispute, Document, Hold, OpenOrder, PaymentTerms, Promise
from tests.api.conftest import OLD
from tests.make import TODAY, make_account, make_allocation, make_customer, make_entity, make_item, make_member

RESOURCES = {name: viewset for name, viewset, _basename in router.registry if issubclass(viewset, Resource)}


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
        hold = Hold.objects.create(customer=customer, reason="PLAN", from_on=TODAY)
        Hold.objects.filter(id=hold.id).update(placed_at=OLD)
        action = make_action(account)
        Message.objects.create(
            customer=customer, entity=entity, reason_type="collection.Action", reason_id=action.id, on=TODAY, channel="EMAIL",
            recipient="petit@nordis.example", language="fr", subject="Relance", body_text="Bonjour", facts=[{"number": "F1"}],
            updated_at=OLD,
        )  # fmt: skip
        run = SyncRun.objects.create(as_of=TODAY, file_name="f.csv", file_size=3, sha256="0" * 64, totals={"EUR": {}})
        SyncRun.objects.filter(id=run.id).update(received_at=OLD)


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_the_list_is_what_the_serializer_renders(api, organisation, one_of_each, name):
    resource = RESOURCES[name]
    listed = api.rows(f"{name}/")
    assert listed, "nothing to compare"
    with tenant_scope(organisation):
        model = resource_model(resource)
        rendered = {
            str(row.id): json.loads(JSONRenderer().render(resource.Out(row).data)) for row in model.objects.all()
        }
    for row in listed:
        assert row == rendered[row["id"]]
        assert list(row) == list(rendered[row["id"]])
        assert api.get(f"{name}/{row['id']}/").json() == row


def resource_model(resource):
    from types import SimpleNamespace

    from accounts.access import EVERYTHING

    view = resource()
    view.request = SimpleNamespace(user=SimpleNamespace(scope=EVERYTHING))
    return view.rows().model


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_list_is_one_statement_whatever_its_length(
    api, organisation, one_of_each, name, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):  # the key and its scope, two transactions, the oldest one, the rows
        assert api.get(f"{name}/").status_code == 200


def test_every_field_of_an_answer_is_a_column():
    for resource in RESOURCES.values():
        assert columns_of(resource.Out).names == list(resource.Out().fields)
