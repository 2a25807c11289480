"""Whatever the code writes into the audit trail has words of its own: a reader sees no name of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from accounts.audit_words import ACTIONS, FIELDS, OBJECTS
from collection.models import Action
from core.tenancy.models import TenantModel
from receivables.models import CashAllocation, InstalmentPlan, Promise

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "collection", "core", "desk", "integrations", "receivables", "reporting", "risk")


def calls() -> Iterator[ast.keyword]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from node.keywords


# Actions whose names are made of a state: what becomes of the row, and is written by nobody but its services.
OF_STATES = {
    "collection.action_": {
        Action.State.CONFIRMED,
        Action.State.SKIPPED,
        Action.State.POSTPONED,
        Action.State.DONE,
        Action.State.CANCELLED,
    },
    "receivables.promise_": {Promise.State.KEPT, Promise.State.PARTLY, Promise.State.BROKEN},
    "receivables.plan_": {InstalmentPlan.State.KEPT, InstalmentPlan.State.BROKEN},
    "receivables.cash_": {CashAllocation.State.CONFIRMED, CashAllocation.State.CONTRADICTED},
}
# Rows that come and go with another one, or are kept for machines: the trail names none of them.
NEVER_NAMED = {
    "AuditRecord", "JobRun", "IdempotencyRecord", "EntityAccess", "LedgerItemRevision", "CustomerBalance", "LoadChange",
    "PromiseItem", "Event", "TemplateVersion", "MessageFile", "GoLiveApproval", "Step", "ActionLine", "AssignmentRule",
    "LegalCaseItem", "WriteOffItem", "RawRecord",
}  # fmt: skip
IN_SQL = re.compile(r"jsonb_build_object\('([a-z_]+)'")


def text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def written_actions() -> set[str]:
    """The names given as `action=`: an app, a point, what was done."""
    return {text(one.value) for one in calls() if one.arg == "action" and text(one.value).partition(".")[0] in APPS}


def written_fields() -> set[str]:
    """The names of the fields in what is given as `changes=`."""
    dicts = [
        node for one in calls() if one.arg == "changes" for node in ast.walk(one.value) if isinstance(node, ast.Dict)
    ]
    return {text(key) for one in dicts for key in one.keys} - {""}


def fields_in_sql() -> set[str]:
    """The first field of what SQL gives as changes."""
    found = set()
    for app in APPS:
        for path in (ROOT / app / "services").rglob("*.py"):
            if "audited(" in (source := path.read_text()):
                found |= set(IN_SQL.findall(source))
    return found


def actions_of_states() -> set[str]:
    return {stem + state.value.lower() for stem, states in OF_STATES.items() for state in states}


@pytest.mark.parametrize("action", sorted(written_actions() | actions_of_states()))
def test_an_action_has_words(action):
    assert action in ACTIONS


@pytest.mark.parametrize("field", sorted(written_fields() | fields_in_sql()))
def test_a_field_has_words(field):
    assert field in FIELDS


def test_a_row_that_the_trail_may_name_has_words():
    named = {one._meta.label for one in apps.get_models() if issubclass(one, TenantModel)}
    assert {one for one in named if one.partition(".")[2] not in NEVER_NAMED} <= set(OBJECTS)


def test_the_scan_finds_what_is_written():
    assert {"collection.claimed", "desk.task_done", "accounts.member_changed"} <= written_actions()
    assert {"amount", "severity", "rules"} <= written_fields()
    assert {"payer_class", "lifted_on"} <= fields_in_sql()
