"""What changed between the look and the confirmation is shown before it leaves: facts and words, one by one and in bulk."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING
from collection.models import Action
from collection.services.changes import seen_mark, text_shown
from collection.services.sending import MessageChanged, confirm_action, prepare
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message, Template, TemplateVersion
from desk.services.templates import drop_template, save_template
from receivables.models import Dispute, LedgerItem
from tests.accounts.conftest import enter
from tests.api.conftest import caller_of
from tests.collection.story import MONDAY, NOW, approve, due, make_debtor, make_sender
from tests.collection.story import plan_actions as plan
from tests.make import make_allocation, make_item, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PLACE = {"code": "reminder_1", "channel": "EMAIL", "language": "en"}
WORDS = {"subject": "Please pay {{ total }}", "body": "Dear {{ contact_name }},\n\nnew words.\n\n{{ items }}"}


@pytest.fixture
def three(organisation):
    """Reminders to Alpha (French, 300.00), Beta (French, 200.00) and Gamma (English, 100.00)."""
    organisation.is_sandbox, organisation.sandbox_on = True, MONDAY
    organisation.save()
    with tenant_scope(organisation):
        approve(organisation)
        entity = make_sender()
        for name, amount, language in (("Alpha", "300", "fr"), ("Beta", "200", "fr"), ("Gamma", "100", "en")):
            account = make_debtor(name=name, email=f"{name}@debtor.example", entity=entity, language=language)
            make_item(account=account, number=f"F-{name}", amount=f"{amount}.00", due=due(10), issued=due(40))
        plan(tenant=organisation, on=MONDAY)
        return {one.customer.name: one for one in Action.objects.select_related("customer")}


def of(action: Action):
    found = Action.objects.select_related("customer", "entity", "version").get(id=action.id)
    return prepare(actions=[found], on=MONDAY)[0]


def publish(**words) -> None:
    save_template(**PLACE, **WORDS | words, actor=SYSTEM)


def pay_part(name: str, amount: str = "50.00") -> None:
    make_allocation(debit=LedgerItem.objects.get(number=f"F-{name}"), amount=amount, on=MONDAY)


def states() -> dict[str, str]:
    return dict(Action.objects.values_list("customer__name", "state"))


ASKED = {"scope": EVERYTHING, "actor": SYSTEM, "now": NOW, "on": MONDAY}


# --- one by one -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "?place=customer"])
def test_a_text_published_between_the_look_and_the_confirmation_shows_the_difference(organisation, three, place):
    client, _member = enter(organisation, role="collector")
    action = three["Gamma"]
    seen = client.get(reverse("action", args=[action.id]), headers=HTMX).context["seen"]
    with tenant_scope(organisation):
        publish()
    refused = client.post(reverse("action_confirm", args=[action.id]) + place, {"seen": seen}, headers=HTMX)
    shown = refused.content.decode()
    assert "no longer the one that you saw" in refused["HX-Trigger"]
    assert "The text of the message was changed:" in shown
    assert "new words." in shown  # the new line
    assert "According to our books" in shown  # the one that is gone
    with tenant_scope(organisation):
        assert not Message.objects.exists()
    again = client.get(reverse("action", args=[action.id]), headers=HTMX)
    seen, shown = again.context["seen"], again.content.decode()
    assert "The text of the message was changed:" not in shown  # seen by now
    client.post(reverse("action_confirm", args=[action.id]) + place, {"seen": seen}, headers=HTMX)
    with tenant_scope(organisation):
        assert "new words." in Message.objects.get().body_text


def test_every_text_counts_that_the_message_may_be_made_of(organisation, three):
    with tenant_scope(organisation):
        gamma, alpha = of(three["Gamma"]).draft, of(three["Alpha"]).draft
        publish()
        changed = seen_mark(of(three["Gamma"]).draft)
        assert changed != seen_mark(gamma)
        assert seen_mark(of(three["Alpha"]).draft) == seen_mark(alpha)  # in French
        drop_template(**PLACE, actor=SYSTEM)
        assert seen_mark(of(three["Gamma"]).draft) == seen_mark(gamma)  # as it was
        with pytest.raises(MessageChanged):
            confirm_action(action_id=three["Gamma"].id, seen=changed, **ASKED)
        for seen in ("x", "x-y", "-", f"{seen_mark(gamma)}x"):
            with pytest.raises(MessageChanged):
                confirm_action(action_id=three["Gamma"].id, seen=seen, **ASKED)
        confirm_action(action_id=three["Gamma"].id, seen=seen_mark(gamma), **ASKED)


def test_a_text_as_it_was_at_a_moment(organisation, three):
    with tenant_scope(organisation):
        start, minute = timezone.now() - timedelta(hours=1), timedelta(minutes=1)
        for number, body in ((1, "First"), (2, "Second")):
            TemplateVersion.objects.create(
                **PLACE, number=number, subject="S", body=body, saved_at=start + number * minute
            )
        Template.objects.create(**PLACE, subject="S", body="Second")
        draft = of(three["Gamma"]).draft
        assert text_shown(draft, shown_at=start + 3 * minute) is None
        assert text_shown(draft, shown_at=start + 1.5 * minute).body == "First"
        assert "According to our books" in text_shown(draft, shown_at=start).body
        drop_template(**PLACE, actor=SYSTEM)
        assert text_shown(of(three["Gamma"]).draft, shown_at=start + 3 * minute).body == "Second"


# --- in bulk ----------------------------------------------------------------------------------------------------------


def test_the_unchanged_leave_and_the_changed_ask_for_one_more_look(organisation, three):
    client, _member = enter(organisation, role="collector")
    assert client.get(reverse("worklist")).context["shown_at"]
    with tenant_scope(organisation):
        pay_part("Beta")
        publish()
        # All of a test is one moment for the database: the list was shown a minute before it.
        shown_at = (TemplateVersion.objects.get().saved_at - timedelta(minutes=1)).isoformat()
    chosen = {"pick": [one.id for one in three.values()], "shown_at": shown_at}
    answer = client.post(reverse("actions_confirm"), chosen, headers=HTMX)
    with tenant_scope(organisation):
        assert states() == {"Alpha": "CONFIRMED", "Beta": "PROPOSED", "Gamma": "PROPOSED"}
    looks = {one["action"].customer.name: one for one in answer.context["second_looks"]}
    assert looks["Beta"]["changes"] == ["F-Beta: €150.00 instead of €200.00."]
    assert (looks["Beta"]["sums"], looks["Beta"]["text_lines"]) == ("€150.00", [])
    assert looks["Gamma"]["changes"] == []
    assert "new words." in [line.text for line in looks["Gamma"]["text_lines"]]
    assert "1 reminder leaves" in answer["HX-Trigger"]
    assert "2 reminders have changed since" in answer["HX-Trigger"]
    again = {f"seen-{one['action'].id}": one["seen"] for one in looks.values()} | {
        "pick": [one["action"].id for one in looks.values()],
        "shown_at": answer.context["shown_at"],
    }
    # Changed once more before the second look is confirmed: only that one is asked about again.
    with tenant_scope(organisation):
        pay_part("Beta", "10.00")
    third = client.post(reverse("actions_confirm"), again, headers=HTMX)
    with tenant_scope(organisation):
        assert states() == {"Alpha": "CONFIRMED", "Beta": "PROPOSED", "Gamma": "CONFIRMED"}
    (look,) = third.context["second_looks"]
    assert look["sums"] == "€140.00"
    last = {f"seen-{look['action'].id}": look["seen"], "pick": [look["action"].id]}
    for _time in range(2):  # again it sends nothing more
        client.post(reverse("actions_confirm"), last, headers=HTMX)
    with tenant_scope(organisation):
        assert set(states().values()) == {"CONFIRMED"}
        assert Message.objects.count() == 3
        assert {one.facts[0]["open_amount"] for one in Message.objects.all()} == {"300.0000", "140.0000", "100.0000"}


def test_what_came_in_newly_asks_nobody_and_what_is_settled_is_said(organisation, three):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        account = three["Alpha"].customer.accounts.get()
        make_item(account=account, number="NEW", amount="9.00", due=due(20), issued=due(40))
        Dispute.objects.create(
            item=LedgerItem.objects.get(number="F-Beta"), customer=three["Beta"].customer, reason="PRICE",
            currency="EUR", opened_on=MONDAY,
        )  # fmt: skip
    chosen = {"pick": [three["Alpha"].id, three["Beta"].id], "shown_at": "nonsense"}
    answer = client.post(reverse("actions_confirm"), chosen, headers=HTMX)
    with tenant_scope(organisation):
        assert states() == {"Alpha": "CONFIRMED", "Beta": "PROPOSED", "Gamma": "PROPOSED"}
    assert "second_looks" not in answer.context
    assert "1 could not be sent" in answer["HX-Trigger"]


# --- over the API -----------------------------------------------------------------------------------------------------


def test_the_api_confirms_the_unchanged_and_says_why_not_the_others(organisation, three):
    api = caller_of(organisation, role="collector")
    elsewhere = caller_of(make_tenant(), role="collector")
    ids = {name: str(one.id) for name, one in three.items()}
    asked = {"actions": [{"id": one} for one in ids.values()]}
    assert elsewhere.post("actions/confirm/", asked).json()["confirmed"] == []
    with tenant_scope(organisation):
        pay_part("Beta")
    answer = api.post("actions/confirm/", asked)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert sorted(said["confirmed"]) == sorted([ids["Alpha"], ids["Gamma"]])
    (one,) = said["not_confirmed"]
    assert (one["id"], one["code"], one["text_changed"]) == (ids["Beta"], "message_changed", False)
    assert one["changes"] == [
        {"kind": "AMOUNT", "number": "F-Beta", "currency": "EUR", "before": "200.0000", "after": "150.0000"}
    ]
    assert "150,00" in one["body_text"]
    assert api.post(f"actions/{ids['Beta']}/confirm/", {"seen": "another"}).status_code == 409
    done = api.post("actions/confirm/", {"actions": [{"id": ids["Beta"], "seen": one["seen"]}]}).json()
    assert done == {"confirmed": [ids["Beta"]], "not_confirmed": []}
    again = api.post("actions/confirm/", asked).json()
    assert again["confirmed"] == []
    assert {one["code"] for one in again["not_confirmed"]} == {"not_proposed"}
    for bad in ({}, {"actions": []}, {"actions": [{"id": "x"}]}, {"actions": asked["actions"] * 70}):
        assert api.post("actions/confirm/", bad).status_code == 400
    with tenant_scope(organisation):
        assert Message.objects.count() == 3
