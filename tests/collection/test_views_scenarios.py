"""The pages of scenarios: the list, the editor, the rules in words, the choice for a customer."""

import pytest
from django.urls import reverse

from collection.models import Action, RuleSet, Scenario, ScenarioOverride, ScenarioVersion
from core.tenancy import tenant_scope
from receivables.models import CustomerGroup, Entity
from tests.accounts.conftest import enter
from tests.collection.story import address, approve, due, make_debtor, make_sender
from tests.make import make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(organisation):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        approve(organisation)
    return client


def form_of(response) -> dict[str, str]:
    """What a browser would send of the editor's form, unchanged."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {
        name: "on" if value is True else value
        for name, value in values.items()
        if value is not None and value is not False
    }


def test_a_new_scenario_is_edited_step_by_step_and_published(organisation, manager):
    assert "Standard" in manager.get(reverse("scenarios")).content.decode()
    refused = manager.post(reverse("scenario_new"), {"name": "standard"})
    assert refused.status_code == 422
    assert "Another scenario has this name." in refused.content.decode()
    made = manager.post(reverse("scenario_new"), {"name": "Large", "description": "Above 5,000"})
    edit = made["Location"]
    data = form_of(manager.get(edit))
    added = manager.post(edit, {**data, "do": "add"})
    data = form_of(manager.post(edit, {**form_of(added), "do": "add"}))
    assert data["count"] == 2
    data |= {
        "name-0": "First",
        "offset_days-0": "3",
        "name-1": "Second",
        "offset_days-1": "2",
        "minimum_delay_days": "4",
    }
    wrong = manager.post(edit, {**data, "do": "save"})
    assert wrong.status_code == 422
    assert "Later than the step before it" in wrong.content.decode()
    turned = form_of(manager.post(edit, {**data, "do": "up-1"}))
    assert (turned["name-0"], turned["name-1"]) == ("Second", "First")
    saved = manager.post(edit, {**turned, "do": "save"})
    assert saved.status_code == 302
    with tenant_scope(organisation):
        scenario = Scenario.objects.get(name="Large")
        assert ScenarioVersion.objects.get(scenario=scenario).valid_from is None
    shown = manager.get(saved["Location"])
    assert "A draft: nothing comes from it yet." in shown.content.decode()
    manager.post(reverse("scenario_publish", args=[scenario.id]), {"from_on": ""})
    with tenant_scope(organisation):
        version = ScenarioVersion.objects.get(scenario=scenario)
        assert version.valid_from is not None
        steps = list(version.steps.order_by("position").values_list("step_key", "offset_days"))
        assert steps == [("second", 2), ("first", 3)]
    assert "not live" in manager.get(reverse("scenarios")).content.decode()
    manager.post(reverse("scenario_archive", args=[scenario.id]))
    assert "Use it again" in manager.get(reverse("scenarios")).content.decode()


def test_removing_a_step_and_throwing_the_draft_away(organisation, manager):
    edit = address("scenario_edit", organisation)
    data = form_of(manager.get(edit))
    less = form_of(manager.post(edit, {**data, "do": "remove-4"}))
    assert less["count"] == data["count"] - 1
    saved = manager.post(edit, {**less, "do": "save"})
    assert saved.status_code == 302, saved.context["form"].errors
    assert "version 2, a draft" in manager.get(saved["Location"]).content.decode()
    manager.post(address("scenario_discard", organisation))
    with tenant_scope(organisation):
        assert ScenarioVersion.objects.get().number == 1


def test_a_rule_on_causes_is_chosen_from_the_tree_and_said_with_what_is_below(organisation, manager):
    with tenant_scope(organisation):
        scenario = Scenario.objects.get(is_default=True)
    fields = {
        "seen": "0", "count": "1", "name-0": "Cash", "scenario-0": str(scenario.id), "criteria-0": "1",
        "fact-0-0": "cause", "operator-0-0": "WITHIN", "values-0-0": ["cash"],
    }  # fmt: skip
    assert manager.post(reverse("assignment_rules"), {**fields, "do": "save"}).status_code == 302
    shown = manager.get(reverse("assignment_rules")).content.decode()
    assert "and all below" in shown
    assert '<option value="cash" selected>' in shown
    assert "is one of, or below" in shown


def test_rules_are_edited_in_words_and_refused_with_the_field(organisation, manager):
    with tenant_scope(organisation):
        account = make_debtor()
        make_item(account=account, due=due(10), amount="100.00", issued=due(40))
        standard = Scenario.objects.get(is_default=True)
        group = CustomerGroup.objects.create(name="Alpha")
    page = reverse("assignment_rules")
    start = {"seen": "0", "count": "0"}
    first = manager.post(page, {**start, "do": "add"})
    row = {"seen": "0", "count": "1", "name-0": "French", "scenario-0": str(standard.id), "criteria-0": "0"}
    more = manager.post(page, {**row, "do": "more-0", "add_fact-0": "risk_class"})
    assert first.status_code == more.status_code == 200
    assert "Not known yet: a rule on it matches nothing." in more.content.decode()
    row |= {
        "criteria-0": "2", "fact-0-0": "country", "operator-0-0": "IN", "values-0-0": "fr, be",
        "fact-0-1": "open_amount", "operator-0-1": "AT_LEAST", "values-0-1": "many",
    }  # fmt: skip
    refused = manager.post(page, {**row, "do": "save"})
    assert refused.status_code == 422
    assert "This value does not fit." in refused.content.decode()
    assert manager.post(page, {**row, "values-0-1": "50", "do": "save"}).status_code == 302
    shown = manager.get(page).content.decode()
    assert "country: France, Belgium · open amount of the customer at least €50.00" in shown
    assert "1 customer today, 1 open items" in shown
    stale = manager.post(page, {**row, "values-0-1": "60", "do": "save"})
    assert stale.status_code == 409
    by_group = {**row, "seen": "1", "criteria-0": "1", "fact-0-0": "group", "values-0-0": str(group.id), "do": "save"}
    assert manager.post(page, by_group).status_code == 302
    assert "group: Alpha" in manager.get(page).content.decode()
    with tenant_scope(organisation):
        assert RuleSet.objects.filter(valid_to__isnull=True).count() == 1


def test_in_french(organisation, manager):
    page = reverse("assignment_rules")
    assert manager.get(page, headers={"Accept-Language": "fr"}).status_code == 200


def test_a_choice_for_a_customer_says_why_on_its_page_and_ends(organisation, manager):
    with tenant_scope(organisation):
        account = make_debtor()
        make_item(account=account, due=due(10), amount="100.00", issued=due(40))
        standard = Scenario.objects.get(is_default=True)
    preview = reverse("customer_preview", args=[account.customer_id])
    assert "by default" in manager.get(preview).content.decode()
    choose = reverse("customer_scenario", args=[account.customer_id])
    assert manager.post(choose, {"scenario": str(standard.id), "reason": ""}).status_code == 422
    assert manager.post(choose, {"scenario": str(standard.id), "reason": "Key account"}).status_code == 302
    shown = manager.get(preview).content.decode()
    assert "chosen: Key account" in shown
    manager.post(reverse("customer_scenario_end", args=[account.customer_id]))
    with tenant_scope(organisation):
        assert ScenarioOverride.objects.get().ended_on is not None
    collector, _member = enter(organisation, role="collector")
    assert "by default" in collector.get(preview).content.decode()
    assert "Choose another" not in collector.get(preview).content.decode()


def test_what_a_draft_changes_is_shown_before_it_is_published(organisation, manager):
    with tenant_scope(organisation):
        for name, days in (("Early SA", 3), ("Late SA", 10)):
            make_item(
                account=make_debtor(name=name, ref=name, entity=sender()),
                due=due(days),
                amount="100.00",
                issued=due(40),
            )
    edit = address("scenario_edit", organisation)
    data = form_of(manager.get(edit))
    saved = manager.post(edit, {**data, "offset_days-1": "3", "do": "save"})
    number = saved["Location"].rpartition("=")[2]
    part = address("scenario_replay", organisation)
    today = manager.get(part, {"version": number})
    assert [(one.before, one.after and one.after.customer.name) for one in today.context["differences"]] == [
        (None, "Early SA")
    ]
    assert {one.customer.name for one in today.context["shown"]} == {"Early SA", "Late SA"}
    assert "1 message is another one than now" in today.content.decode()
    asked = manager.post(address("scenario_try", organisation), {"version": number}, follow=True)
    long = {"differences": [row["sides"] for row in asked.context["rows"]]}
    # In force since MONDAY only: before it nothing was sent, with the draft each item has had its step on its day.
    assert {(after["customer"], before is None) for before, after in long["differences"] if after} >= {
        ("Late SA", True)
    }
    assert manager.get(saved["Location"]).status_code == 200
    with tenant_scope(organisation):
        assert not Action.objects.exists()


def sender():
    return Entity.objects.filter(code="FR").first() or make_sender()
