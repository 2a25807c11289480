"""Who may write rows, ask the clock and open sockets: read from the source, so that a slip is named with its line."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "accounts", "receivables", "desk", "risk", "collection", "integrations", "reporting", "creditmgmt")
WRITES = {"update", "bulk_create", "bulk_update", "delete", "save", "create", "get_or_create", "update_or_create"}
BULK_WRITES = {"bulk_create", "bulk_update"}
CLOCKS = {("timezone", "now"), ("date", "today"), ("datetime", "now"), ("datetime", "today"), ("time", "time")}

# Files outside services that execute SQL or write rows, each with its reason.
MAY_EXECUTE = {
    "core/audit.py": "the one function that writes audit rows beside a bulk statement",
    "accounts/doorbells.py": "rings and rests bells, a table of no tenant",
    "core/jobs.py": "locks and job runs are words without business",
    "core/statistics.py": "has tables counted for the planner, of all tenants",
    "core/lists/cut.py": "runs the page of a list that a scoped query composed",
    "core/tenancy/__init__.py": "stamps the tenant",
    "core/tenancy/install.py": "guards the tables",
    "core/tenancy/checks.py": "reads the catalogue",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, ast.parse(path.read_text(), filename=name)


def layer(name: str) -> str:
    """`services` of "desk/services/outbox.py", `models` of "accounts/models.py"."""
    return name.split("/")[1].removesuffix(".py")


def calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


def test_raw_sql_is_executed_by_services_and_queries_only():
    found = [
        f"{name}:{call.lineno}"
        for name, tree in sources()
        if layer(name) not in ("services", "queries", "management", "local") and name not in MAY_EXECUTE
        for call in calls(tree, {"execute", "copy"})
        if not _is_super(call) and not _is_plain_copy(call)
    ]
    assert found == []


def _is_super(call: ast.Call) -> bool:
    owner = call.func.value  # type: ignore[union-attr]
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"


def _is_plain_copy(call: ast.Call) -> bool:
    """dict.copy() and QueryDict.copy() take no argument; a cursor's copy takes the statement."""
    return call.func.attr == "copy" and not call.args  # type: ignore[union-attr]


def test_rows_are_written_in_bulk_by_services_only():
    found = [
        f"{name}:{call.lineno}"
        for name, tree in sources()
        if layer(name) != "services" and name not in MAY_EXECUTE
        for call in calls(tree, BULK_WRITES)
    ]
    assert found == []


@pytest.mark.parametrize("where", ["rules", "queries"])
def test_rules_and_queries_do_not_ask_the_clock(where):
    found = []
    for name, tree in sources():
        if layer(name) != where and name not in ("core/money.py", "core/days.py"):
            continue
        for call in calls(tree, {"now", "today", "time"}):
            owner = call.func.value  # type: ignore[union-attr]
            if isinstance(owner, ast.Name) and (owner.id, call.func.attr) in CLOCKS:  # type: ignore[union-attr]
                found.append(f"{name}:{call.lineno}")
    assert found == []


def test_sockets_are_opened_by_adapters_only():
    """import-linter sees whole packages; these are parts of the standard library's."""
    openers = {"urllib.request", "http.client", "socket", "socketserver", "ftplib", "xmlrpc.client"}
    found = []
    for name, tree in sources():
        if name.startswith(("integrations/", "creditmgmt/local/", "creditmgmt/serving.py")):
            continue
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found += [f"{name}:{node.lineno} {module}" for module in modules if module in openers]
    assert found == []


def test_views_api_and_tasks_are_imported_by_nobody_but_urls():
    edges = {"views", "api"}
    found = []
    for name, tree in sources():
        if layer(name) in {"urls", "views", "api"}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in APPS:
                parts = node.module.split(".")
                imported = {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
                if imported & edges:
                    found.append(f"{name}:{node.lineno} {node.module}")
    assert [one for one in found if not one.startswith("creditmgmt/")] == []


def test_no_file_is_named_after_nothing():
    forbidden = {"utils.py", "helpers.py", "managers.py", "signals.py", "misc.py", "common.py"}
    assert [name for name, _tree in sources() if name.rsplit("/", 1)[1] in forbidden] == []


def test_no_signals_are_connected():
    found = [f"{name}:{call.lineno}" for name, tree in sources() for call in calls(tree, {"connect"})]
    assert [one for one in found if not one.startswith(("integrations/", "creditmgmt/"))] == []
