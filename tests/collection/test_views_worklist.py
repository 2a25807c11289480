"""The collector's day in the browser: what is shown, what each button does, and who may not."""

from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from collection.models import Action, Interaction
from core.tenancy import tenant_scope
from desk.models import Message, Task
from desk.task_pages import task_page
from receivables.models import Hold, Promise
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, address, approve, due, make_contact, make_debtor, propose
from tests.make import make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}


@pytest.fixture
def proposed(organisation):
    """A reminder of 100.00 EUR, ten days late, that waits for a decision."""
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor()
        make_contact(account)
        return propose(organisation, account)


def state_of(organisation, action: Action) -> str:
    with tenant_scope(organisation):
        return Action.objects.get(id=action.id).state


def another(organisation) -> Action:
    """A second one, of the same company."""
    with tenant_scope(organisation):
        account = make_debtor(email="b@b.example", name="Bertrand SA", entity=Action.objects.get().entity)
        return propose(organisation, account, amount="50.00")


def test_the_day_shows_the_reminder_why_it_stands_there_and_its_message(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    shown = client.get(reverse("worklist")).content.decode()
    for words in ("Durand SA", "1 item", "oldest 10 days late", "claire@durand.example"):
        assert words in shown
    assert reverse("action_message", args=[proposed.id]) in shown


def test_a_day_without_reminders_says_where_to_look(organisation):
    client, _member = enter(organisation, role="collector")
    assert "Nothing to do" in client.get(reverse("worklist")).content.decode()


def test_the_preview_is_a_part_for_htmx_and_the_whole_day_for_a_browser(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    address = reverse("action", args=[proposed.id])
    assert "<html" not in client.get(address, headers=HTMX).content.decode()
    assert "<html" in client.get(address).content.decode()
    frame = client.get(reverse("action_message", args=[proposed.id]))
    assert "default-src 'none'" in frame["Content-Security-Policy"]


def test_confirm_writes_one_message_and_undo_takes_it_back(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    sent = client.post(reverse("action_confirm", args=[proposed.id]), headers=HTMX)
    assert reverse("action_undo", args=[proposed.id]) in sent["HX-Trigger"]
    assert "Durand SA" not in sent.content.decode()
    with tenant_scope(organisation):
        assert Message.objects.get().recipient == "claire@durand.example"
    assert client.post(reverse("action_confirm", args=[proposed.id]), headers=HTMX).status_code == 409
    back = client.post(reverse("action_undo", args=[proposed.id]), headers=HTMX)
    assert back["HX-Redirect"] == "/collections/"
    assert [str(one) for one in get_messages(back.wsgi_request)] == ["Taken back: the action waits for you again."]
    assert state_of(organisation, proposed) == "PROPOSED"
    with tenant_scope(organisation):
        assert not Message.objects.exists()


def test_skip_and_postpone_ask_first_and_then_decide(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    for name in ("action_skip", "action_postpone"):
        assert "<form" in client.get(reverse(name, args=[proposed.id]), headers=HTMX).content.decode()
    postpone = reverse("action_postpone", args=[proposed.id])
    assert client.post(postpone, {"until": "2026-03-01"}, headers=HTMX).status_code == 422
    assert client.post(postpone, {"until": "someday"}, headers=HTMX).status_code == 422
    assert state_of(organisation, proposed) == "PROPOSED"
    assert client.post(postpone, {"until": "2026-03-09", "note": "on leave"}, headers=HTMX).status_code == 200
    assert state_of(organisation, proposed) == "POSTPONED"
    client.post(reverse("action_undo", args=[proposed.id]), headers=HTMX)
    assert client.post(reverse("action_skip", args=[proposed.id]), {"note": ""}, headers=HTMX).status_code == 200
    assert state_of(organisation, proposed) == "SKIPPED"


def test_ticked_reminders_leave_together_and_those_that_cannot_are_counted(organisation, proposed):
    other = another(organisation)
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        Action.objects.filter(id=other.id).update(state="SKIPPED")
    answer = client.post(reverse("actions_confirm"), {"pick": [proposed.id, other.id, "nonsense"]}, headers=HTMX)
    assert "1 reminder leaves in 30 seconds." in answer["HX-Trigger"]
    assert "1 could not be sent" in answer["HX-Trigger"]
    assert state_of(organisation, proposed) == "CONFIRMED"
    assert client.post(reverse("actions_confirm"), {}, headers=HTMX).status_code == 400


def test_a_call_is_logged_with_its_follow_up_which_is_then_ticked_off(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    address = reverse("call_new", args=[proposed.customer_id])
    assert client.post(address, {"text": "no outcome"}, headers=HTMX).status_code == 422
    call = {"outcome": "CALL_BACK", "text": "In a meeting", "next_on": "2026-03-03", "next_text": "Call again"}
    assert client.post(address, call, headers=HTMX)["HX-Redirect"] == "/collections/"
    assert client.post(address, {**call, "contact": str(uuid4())}, headers=HTMX).status_code == 422
    with tenant_scope(organisation):
        made = Interaction.objects.get()
        Interaction.objects.filter(id=made.id).update(next_on=MONDAY)
    assert "Call again" in client.get(reverse("worklist")).content.decode()
    done = client.post(reverse("follow_up_done", args=[made.id]), headers=HTMX)
    assert "Call again" not in done.content.decode()


def test_a_note_needs_words(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    address = reverse("note_new", args=[proposed.customer_id])
    assert client.post(address, {"text": " "}, headers=HTMX).status_code == 422
    assert client.post(address, {"text": "Pays by cheque"}, headers=HTMX).status_code == 200
    with tenant_scope(organisation):
        assert Interaction.objects.get().text == "Pays by cheque"


def test_who_is_told_of_a_note_gets_a_task_that_leads_to_the_customer(organisation, proposed):
    client, author = enter(organisation, role="collector")
    told, teller = enter(organisation, role="sales")
    note = {"text": "Wants a call from sales", "mentions": [str(teller.id), str(author.id)]}
    address = reverse("note_new", args=[proposed.customer_id])
    assert client.post(address, note, headers=HTMX).status_code == 200
    assert client.post(address, {**note, "mentions": [str(uuid4())]}, headers=HTMX).status_code == 422
    with tenant_scope(organisation):
        [task] = Task.objects.all()  # nobody tells themselves
        assert (task.kind, task.assignee_id) == ("MENTION", teller.id)
        assert task_page(task) == reverse("customer", args=[proposed.customer_id])
    assert "Wants a call from sales" in told.get(reverse("tasks")).content.decode()


def test_each_line_carries_its_sums_for_the_bar_of_what_is_ticked(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    page = client.get(reverse("worklist")).content.decode()
    assert 'data-sums="{&quot;EUR&quot;: &quot;100.00' in page
    assert 'data-for="worklist-form"' in page


def test_an_auditor_sees_the_day_and_decides_nothing(organisation, proposed):
    client, _member = enter(organisation, role="auditor")
    shown = client.get(reverse("worklist")).content.decode()
    assert "Durand SA" in shown
    assert reverse("action_confirm", args=[proposed.id]) not in shown
    for name in ("action_confirm", "action_skip", "action_postpone", "action_undo"):
        assert client.post(reverse(name, args=[proposed.id])).status_code == 403
    assert state_of(organisation, proposed) == "PROPOSED"


def test_another_organisations_reminder_is_not_found(organisation):
    client, _member = enter(organisation)
    foreign = make_tenant()
    with tenant_scope(foreign):
        approve(foreign)
        action = propose(foreign, make_debtor())
    for name in ("action", "action_message", "action_skip", "action_postpone"):
        assert client.get(reverse(name, args=[action.id])).status_code == 404
    assert client.post(reverse("action_confirm", args=[action.id])).status_code == 404
    assert client.get(reverse("customer_preview", args=[action.customer_id])).status_code == 404
    assert state_of(foreign, action) == "PROPOSED"


# --- The scenario ----------------------------------------------------------------------------------------------------


def test_the_dry_run_counts_items_left_out_also_of_customers_who_get_nothing(organisation):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        written = make_debtor()
        make_item(account=written, due=due(10), issued=due(40))
        silent = make_debtor(email="s@s.example", name="Silent SA", entity=written.entity)
        item = make_item(account=silent, due=due(10), issued=due(40))
        Hold.objects.create(item=item, customer=silent.customer, reason="COMMERCIAL", from_on=MONDAY)
    shown = client.get(address("scenario", organisation))
    assert shown.context["run"].left_out == {"HELD": 1}
    assert len(shown.context["run"].messages) == 1
    assert "suspended (1)" in shown.content.decode()


def test_go_live_is_approved_on_the_page_once(organisation):
    client, _member = enter(organisation, role="credit_manager")
    approval = {
        "old_items": "FIRST_STEP",
        "fingerprint": client.get(address("scenario", organisation)).context["run"].fingerprint,
    }
    client.post(address("go_live", organisation), approval)
    shown = client.get(address("scenario", organisation)).content.decode()
    assert "Live since" in shown
    assert client.post(address("go_live", organisation), approval).status_code == 409
    collector, _member = enter(organisation, role="collector")
    assert collector.post(address("go_live", organisation), approval).status_code == 403


# --- The customer's page ---------------------------------------------------------------------------------------------


def preview(client, customer_id) -> str:
    answer = client.get(reverse("customer_preview", args=[customer_id]), headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_customers_page_shows_the_message_being_prepared_and_sends_it(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    assert "claire@durand.example" in preview(client, proposed.customer_id)
    address = reverse("action_confirm", args=[proposed.id]) + "?place=customer"
    sent = client.post(address, headers=HTMX).content.decode()
    assert 'id="worklist' not in sent
    assert "Next message" in sent
    assert state_of(organisation, proposed) == "CONFIRMED"


def test_without_a_proposal_it_says_what_comes_next_and_when(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor()
        make_item(account=account, due=due(2), issued=due(32), number="F9")
    shown = preview(client, account.customer_id)
    assert "First reminder on March 5, 2026" in shown or "First reminder on 5 March 2026" in shown
    assert "F9: no step reached yet" in shown


def test_holds_and_promises_stand_first(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor()
        make_item(account=account, due=due(10), issued=due(40), number="F9")
        Hold.objects.create(customer=account.customer, reason="COMMERCIAL", from_on=MONDAY, note="Trade fair")
        Promise.objects.create(
            customer=account.customer, amount="100", currency="EUR", made_on=MONDAY, due_on=due(-5),
            recorded_by=make_member(),
        )  # fmt: skip
    shown = preview(client, account.customer_id)
    assert "until further notice" in shown
    assert "Trade fair" in shown
    assert "reminders wait until then" in shown
    assert "F9: suspended (commercial)" in shown


def test_before_go_live_it_says_that_nothing_is_proposed(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        account = make_debtor()
    assert "Sending has not been approved yet" in preview(client, account.customer_id)


def test_the_sidebar_counts_what_waits(organisation, proposed):
    client, _member = enter(organisation, role="collector")
    links = client.get(reverse("worklist")).context["shell"].groups[0].links
    assert {link.url: link.count for link in links}[reverse("worklist")] == 1
