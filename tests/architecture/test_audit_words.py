"""Whatever the code writes into the audit trail has words of its own: a reader sees no name of the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.audit_words import ACTIONS, FIELDS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "collection", "core", "desk", "integrations", "receivables", "reporting", "risk")


def calls() -> Iterator[ast.keyword]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from node.keywords


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


@pytest.mark.parametrize("action", sorted(written_actions()))
def test_an_action_has_words(action):
    assert action in ACTIONS


@pytest.mark.parametrize("field", sorted(written_fields()))
def test_a_field_has_words(field):
    assert field in FIELDS


def test_the_scan_finds_what_is_written():
    assert {"collection.claimed", "desk.task_done", "accounts.member_changed"} <= written_actions()
    assert {"amount", "severity", "rules"} <= written_fields()
