"""Causes of late items: given by rules each night, or by a person, whose word is then kept."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy, override

from accounts.access import Scope
from accounts.models import Tenant
from collection.models import CauseRule
from collection.queries.late_facts import late_facts
from collection.rules.causes import CauseRule as Rule
from collection.rules.causes import Fact, decide
from collection.services.cause_codes import ensure_causes
from collection.services.item_statuses import picked_items
from collection.words import cause_rule_words
from core.audit import SYSTEM, Actor, audited
from core.errors import Invalid, NotFound
from core.models import AuditRecord
from core.tenancy import require_tenant_id
from receivables.models import Cause, ItemCause

ROWS_AT_A_TIME = 2_000


class BadItemCause(Invalid):
    code = "bad_item_cause"
    message = gettext_lazy("The cause cannot be set like this.")


@transaction.atomic
def set_cause(
    *, item_ids: Collection[UUID], cause_id: UUID, note: str = "", scope: Scope, actor: Actor, on: date
) -> int:
    """A person says why items are late; no rule changes it again. How many changed. Raises NotFound, BadItemCause."""
    cause = Cause.objects.filter(id=cause_id).first()
    if cause is None:
        raise NotFound
    if not cause.is_active:
        raise BadItemCause(fields={"cause": [gettext_lazy("This cause is not offered any more.")]})
    ids = [item.id for item in picked_items(item_ids=item_ids, scope=scope)]
    note = note.strip()[:300]
    same = "(c.cause_id = %s AND c.origin = 'HAND' AND c.note = %s)"
    _end(ids, actor=actor, on=on, but=same, params=[cause.id, note])
    return audited(
        statement=(
            "INSERT INTO receivables_itemcause "
            "(tenant_id, customer_id, item_id, cause_id, origin, rule_name, from_on, note, set_by_id) "
            "SELECT i.tenant_id, i.customer_id, i.id, %s, 'HAND', '', %s, %s, %s FROM receivables_ledgeritem i "
            "WHERE i.tenant_id = %s AND i.id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM receivables_itemcause c "
            "WHERE c.tenant_id = i.tenant_id AND c.item_id = i.id AND c.ended_on IS NULL) "
            "RETURNING id, customer_id, jsonb_build_object('item', jsonb_build_array(NULL, item_id), "
            "'cause', jsonb_build_array(NULL, cause_id))"
        ),
        params=[cause.id, on, note, actor.member_id, require_tenant_id(), ids],
        actor=actor,
        action="collection.cause_set",
        model=ItemCause,
    )


@transaction.atomic
def leave_cause_to_rules(*, item_ids: Collection[UUID], scope: Scope, actor: Actor, on: date) -> int:
    """Take back what a person said: the next night's rules decide again. How many. Raises NotFound."""
    ids = [item.id for item in picked_items(item_ids=item_ids, scope=scope)]
    return _end(ids, actor=actor, on=on, but="c.origin = 'RULE'")


def _end(ids: list[UUID], *, actor: Actor, on: date, but: str, params: Collection[Any] = ()) -> int:
    return audited(
        statement=(
            "UPDATE receivables_itemcause c SET ended_on = greatest(c.from_on, %s), ended_by_id = %s, "
            "updated_at = statement_timestamp() "
            f"WHERE c.tenant_id = %s AND c.item_id = ANY(%s) AND c.ended_on IS NULL AND NOT {but} "
            "RETURNING c.id, c.customer_id, jsonb_build_object('ended_on', jsonb_build_array(NULL, c.ended_on))"
        ),
        params=[on, actor.member_id, require_tenant_id(), ids, *params],
        actor=actor,
        action="collection.cause_ended",
        model=ItemCause,
    )


@transaction.atomic
def decide_causes(*, on: date, actor: Actor = SYSTEM) -> int:
    """The night's step: each late item gets the cause of the first rule that holds. How many changed.

    What a person said stays; an item for which no rule holds any more has no cause. Those no longer late keep theirs.
    Again on the same day it changes nothing. 6 SQL statements, whatever the number of items.
    """
    ensure_causes()
    # One night at a time: a person who marks an item meanwhile is waited for by the conflict check below.
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    rules = _rules()
    changed = list(_changes(rules, on=on))
    if not changed:
        return 0
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.new_cause;"
            "CREATE TEMP TABLE new_cause (item_id uuid, cause_id uuid, rule_name text) ON COMMIT DROP"
        )
        with cursor.copy("COPY new_cause FROM STDIN") as copy:
            for item_id, cause_id, name in changed:
                copy.write_row((item_id, cause_id, name))
        cursor.execute("ANALYZE new_cause")
        cursor.execute(
            "UPDATE receivables_itemcause c SET ended_on = greatest(c.from_on, %(on)s), updated_at = statement_timestamp() "
            "FROM new_cause n WHERE c.tenant_id = %(tenant)s AND c.item_id = n.item_id AND c.ended_on IS NULL "
            "AND c.origin = 'RULE'",
            params,
        )
        ended = cursor.rowcount
        cursor.execute(
            "INSERT INTO receivables_itemcause (tenant_id, customer_id, item_id, cause_id, origin, rule_name, from_on, note) "
            "SELECT i.tenant_id, i.customer_id, i.id, n.cause_id, 'RULE', n.rule_name, %(on)s, '' "
            "FROM new_cause n JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = n.item_id "
            "WHERE n.cause_id IS NOT NULL ON CONFLICT (tenant_id, item_id) WHERE ended_on IS NULL DO NOTHING",
            params,
        )
        begun = cursor.rowcount
    # One row for the whole run: each cause says itself since when and by which rule it stands.
    AuditRecord.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="collection.causes_decided",
        object_type=ItemCause._meta.label,
        changes={"on": on.isoformat(), "ended": ended, "begun": begun},
    )
    return len(changed)


def _rules() -> list[Rule]:
    rows = CauseRule.objects.filter(is_active=True, cause__is_active=True).order_by("position")
    with override(Tenant.objects.get(id=require_tenant_id()).language):
        return [
            Rule(Fact(row.fact), str(row.cause_id), frozenset(row.values), cause_rule_words(row)[:80]) for row in rows
        ]


def _changes(rules: list[Rule], *, on: date) -> Iterator[tuple[str, str | None, str]]:
    """(item, cause, rule) of those whose cause is another than the one they have."""
    for facts, cause_id, origin in late_facts(on=on):
        if origin == ItemCause.Origin.HAND:
            continue
        rule = decide(rules, facts)
        if (rule.cause_id if rule else None) != cause_id:
            yield facts.item_id, rule.cause_id if rule else None, rule.name if rule else ""
