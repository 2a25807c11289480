"""The collector's decisions over the API are those of the worklist."""

import pytest

from accounts.models import Role
from collection.models import Action, Interaction
from core.tenancy import tenant_scope
from receivables.models import Promise
from tests.api.conftest import caller_of, make_action
from tests.make import make_account, make_item, make_member, make_tenant


@pytest.fixture
def action(organisation):
    with tenant_scope(organisation):
        return make_action(make_account())


def test_skip_and_undo(api, organisation, action):
    skipped = api.post(f"actions/{action.id}/skip/", {"note": "paid at the counter"})
    assert skipped.status_code == 200, skipped.content
    assert (skipped.json()["state"], skipped.json()["note"]) == ("SKIPPED", "paid at the counter")
    assert skipped.json()["undo_until"]
    assert api.post(f"actions/{action.id}/skip/", {}).status_code == 409
    assert api.post(f"actions/{action.id}/undo/").json()["state"] == "PROPOSED"
    assert api.post(f"actions/{action.id}/undo/").status_code == 409


def test_postpone_until_a_later_day(api, action):
    assert api.post(f"actions/{action.id}/postpone/", {"until": "2026-03-02"}).status_code == 400
    assert api.post(f"actions/{action.id}/postpone/", {"until": "2026-03-09"}).json()["postponed_until"] == "2026-03-09"


def test_confirming_without_anything_left_is_refused_and_changes_nothing(api, organisation, action):
    answer = api.post(f"actions/{action.id}/confirm/")
    assert answer.status_code == 409, answer.content
    with tenant_scope(organisation):
        assert Action.objects.get().state == "PROPOSED"


def test_actions_of_others_do_not_exist(organisation, action):
    with tenant_scope(organisation):
        maker = make_member(role="sales")
    stranger = caller_of(organisation, role="admin")
    elsewhere = caller_of(make_tenant())
    assert stranger.get(f"actions/{action.id}/").status_code == 200
    assert elsewhere.get(f"actions/{action.id}/").status_code == 404
    assert elsewhere.post(f"actions/{action.id}/skip/", {}).status_code == 404
    with tenant_scope(organisation):
        maker.role.capabilities = [*maker.role.capabilities, "collection.view_actions", "collection.confirm_actions"]
        maker.role.save()
    portfolio = caller_of(organisation, role="sales", portfolio_of=maker.id)
    assert portfolio.get(f"actions/{action.id}/").status_code == 404
    assert portfolio.post(f"actions/{action.id}/skip/", {}).status_code == 404
    assert portfolio.rows("actions/") == []


def test_the_call_of_an_action_is_logged_with_the_promise_it_made(api, organisation, action):
    with tenant_scope(organisation):
        Action.objects.update(channel="CALL")
        item = make_item(account=action.customer.accounts.get(), amount="60.00")
    promise = {"due_on": "2026-03-10", "currency": "EUR", "items": [str(item.id)]}
    call = {"outcome": "PROMISED", "text": "Next week", "promise": promise}
    for bad in ({"promise": None}, {"outcome": "NONSENSE"}, {"promise": {**promise, "due_on": "2026-03-01"}}):
        assert api.post(f"actions/{action.id}/call/", {**call, **bad}).status_code == 400, bad
    done = api.post(f"actions/{action.id}/call/", call)
    assert done.status_code == 200, done.content
    assert done.json()["state"] == "DONE"
    assert api.post(f"actions/{action.id}/call/", call).status_code == 409
    with tenant_scope(organisation):
        assert (Promise.objects.get().amount, Interaction.objects.get().text) == (60, "Next week")


def test_who_may_not_record_promises_logs_no_call_with_one(organisation, action):
    with tenant_scope(organisation):
        Action.objects.update(channel="CALL")
        role = Role.objects.get(code="collector")
        role.capabilities = sorted(set(role.capabilities) - {"receivables.record_promise"})
        role.save()
    caller = caller_of(organisation, role="collector")
    promise = {"due_on": "2026-03-10", "currency": "EUR", "amount": "5.00"}
    call = {"outcome": "PROMISED", "promise": promise}
    assert caller.post(f"actions/{action.id}/call/", call).status_code == 403
    assert caller.post(f"actions/{action.id}/call/", {"outcome": "REACHED"}).status_code == 200
