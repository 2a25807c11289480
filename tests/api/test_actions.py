"""The collector's decisions over the API are those of the worklist."""

import pytest

from collection.models import Action
from core.tenancy import tenant_scope
from tests.api.conftest import caller_of, make_action
from tests.make import make_account, make_member, make_tenant


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
