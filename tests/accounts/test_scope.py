"""Row scope: everything, one's own portfolio, some entities; or both."""

from accounts.access import EVERYTHING, Scope, scope_of
from accounts.services.members import change_member
from accounts.services.roles import change_role
from tests.make import make_entity, make_member


def test_a_role_for_all_customers_sees_everything(collector):
    assert scope_of(collector) == EVERYTHING
    assert scope_of(collector).is_everything


def test_a_portfolio_role_sees_the_members_own_customers(salesperson):
    scope = scope_of(salesperson)
    assert scope == Scope(portfolio_of=salesperson.id)
    assert not scope.is_everything


def test_a_member_restricted_to_entities_sees_those(as_admin, collector):
    france, germany = make_entity(code="FR"), make_entity(code="DE")
    make_entity(code="UK")
    change_member(
        member_id=collector.id,
        name="C",
        role_id=collector.role_id,
        entity_ids=[france.id, germany.id],
        actor=as_admin,
    )
    scope = scope_of(collector)
    assert scope == Scope(entity_ids=frozenset({france.id, germany.id}))
    assert not scope.is_everything


def test_both_restrictions_hold_together(as_admin, salesperson):
    france = make_entity(code="FR")
    change_member(
        member_id=salesperson.id,
        name="S",
        role_id=salesperson.role_id,
        entity_ids=[france.id],
        actor=as_admin,
    )
    assert scope_of(salesperson) == Scope(portfolio_of=salesperson.id, entity_ids=frozenset({france.id}))


def test_a_role_that_becomes_a_portfolio_role_narrows_its_members_at_once(as_admin, collector):
    role = collector.role
    change_role(role_id=role.id, name=role.name, capabilities=role.capabilities, portfolio_only=True, actor=as_admin)
    role.refresh_from_db()
    assert scope_of(collector).portfolio_of == collector.id


def test_two_members_of_one_portfolio_role_have_two_scopes(tenant):
    assert scope_of(make_member(role="sales")) != scope_of(make_member(role="sales"))
