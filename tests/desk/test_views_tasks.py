"""Tasks in the browser: one's own and nobody's, done once, in the words of who made them."""

from uuid import uuid4

import pytest
from django.urls import reverse

from core.tenancy import tenant_scope
from desk.models import Task
from receivables.models import Dispute
from tests.accounts.conftest import enter
from tests.make import TODAY, make_account, make_customer, make_item, make_member

pytestmark = pytest.mark.django_db


def make_task(**fields) -> Task:
    values = {
        "customer": make_customer(name="Durand <b>SA"),
        "kind": Task.Kind.MENTION,
        "key": uuid4().hex,
        "on": TODAY,
        "due_on": TODAY,
        "text": "Answer the dispute on %(number)s",
        "values": {"number": "F-7"},
    }
    return Task.objects.create(**(values | fields))


def test_ones_own_tasks_and_nobodys_are_shown_with_a_way_to_the_row(organisation):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        item = make_item()
        dispute = Dispute.objects.create(
            customer=item.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY
        )
        make_task(assignee=member, object_type="receivables.Dispute", object_id=dispute.id)
        make_task(text="Nobody's task", values={})
        make_task(assignee=make_member(), text="A colleague's task", values={})

    shown = client.get(reverse("tasks")).content.decode()

    assert "Answer the dispute on F-7" in shown
    assert reverse("dispute", args=[dispute.id]) in shown
    assert "Durand &lt;b&gt;SA" in shown
    assert "Nobody&#x27;s task" in shown
    assert "A colleague" not in shown


def test_a_task_is_ticked_off_once(organisation):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        task = make_task(assignee=member)

    assert client.post(reverse("task_done", args=[task.id])).status_code == 302
    assert client.post(reverse("task_done", args=[task.id])).status_code == 409

    with tenant_scope(organisation):
        task.refresh_from_db()
        assert (task.done_on, task.done_by_id) == (TODAY, member.id)


def test_a_resolver_sees_own_tasks_only_and_a_salesperson_nobodys_of_own_customers(organisation):
    resolver, member = enter(organisation, role="dispute_resolver")
    sales, salesperson = enter(organisation, role="sales")
    with tenant_scope(organisation):
        make_task(assignee=member, text="Mine", values={})
        nobodys = make_task(customer=make_account(salesperson=salesperson).customer, text="Nobody's", values={})

    assert "Mine" in resolver.get(reverse("tasks")).content.decode()
    assert "Nobody" not in resolver.get(reverse("tasks")).content.decode()
    assert resolver.post(reverse("task_done", args=[nobodys.id])).status_code == 404
    assert "Nobody" not in sales.get(reverse("tasks")).content.decode()
