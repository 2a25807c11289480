"""Every public query says whose rows it reads: keyword `scope`, without default, so that nobody forgets it.

Read from the source. What reads no rows under a customer, or reads for the system and not for a reader, stands below
with its reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "receivables", "desk", "insurance", "risk", "collection", "integrations", "reporting", "portal")

OF_NO_CUSTOMER = "rows of accounts belong to no customer"
COMPUTES = "computes, reads no rows"
FOR_THE_SYSTEM = "reads for the nightly run, which acts for the organisation and not for a reader"
OF_THE_ORGANISATION = "connections and the files they bring belong to the organisation, not to a customer"
RUNNER = "runs the statement that a scoped query composed"
SYSTEM_QUERIES = {
    "accounts.queries.audit.names_of": "names of rows that a scoped page of the trail mentions already",
    "accounts.queries.audit.possible_actors": OF_NO_CUSTOMER,
    "accounts.queries.members.active_members": OF_NO_CUSTOMER,
    "accounts.queries.members.given_by": OF_NO_CUSTOMER,
    "accounts.queries.members.key_lines": OF_NO_CUSTOMER,
    "accounts.queries.members.member_counts": OF_NO_CUSTOMER,
    "accounts.queries.members.member_lines": OF_NO_CUSTOMER,
    "accounts.queries.members.open_invitations": OF_NO_CUSTOMER,
    "accounts.queries.members.role_lines": OF_NO_CUSTOMER,
    "accounts.queries.members.roles": OF_NO_CUSTOMER,
    "accounts.queries.replacements.in_force": OF_NO_CUSTOMER,
    "accounts.queries.replacements.replacement_of": OF_NO_CUSTOMER,
    "accounts.queries.replacements.replacements_on": OF_NO_CUSTOMER,
    "accounts.queries.replacements.represented_by": OF_NO_CUSTOMER,
    "collection.queries.absences.replacements_from": OF_NO_CUSTOMER,
    "collection.queries.day.owns_work": "whether a member collects at all, no rows",
    "collection.queries.day.day_of": "its reader carries the scope",
    "accounts.queries.doors.organisations_of": "asked before any organisation is entered, of global tables",
    "accounts.queries.doors.session_data": "asked before anybody is known, of a global table",
    "accounts.queries.doors.membership": "says who asks and what they see: the scope comes of it",
    "accounts.queries.doors.live_key": "says which key calls and what it may: the scope comes of it",
    "accounts.queries.organisations.enterable": "asked before any organisation is entered, of global tables",
    "accounts.queries.organisations.may_enter": "asked before any organisation is entered, of global tables",
    "accounts.queries.organisations.last_night": "counts of the organisation's own job, no rows",
    "collection.queries.candidates.candidates": FOR_THE_SYSTEM,
    "collection.queries.candidates.open_parts": COMPUTES,
    "collection.queries.candidates.unserved_candidates": FOR_THE_SYSTEM,
    "collection.queries.credits.open_credits": FOR_THE_SYSTEM,
    "collection.queries.facts.account_facts": FOR_THE_SYSTEM,
    "collection.queries.facts.item_facts": FOR_THE_SYSTEM,
    "collection.queries.facts.cause_branches": "the organisation's own causes belong to no customer",
    "collection.queries.provision.overrides_in_force": "percentages by customer id, looked up for rows in scope",
    "collection.queries.provision.rates_in_force": "the organisation's own rates belong to no customer",
    "collection.queries.late_facts.late_facts": FOR_THE_SYSTEM,
    "collection.queries.facts.values_of_currencies": "rates of currencies belong to no customer",
    "desk.queries.receipts.receipts_are_asked": "the organisation's own wish belongs to no customer",
    "desk.queries.templates.language_of": COMPUTES,
    "desk.queries.templates.former_words": "texts of messages belong to no customer",
    "desk.queries.templates.texts_before": "texts of messages belong to no customer",
    "desk.queries.templates.latest_number": "texts of messages belong to no customer",
    "desk.queries.templates.template_codes": "texts of messages belong to no customer",
    "desk.queries.templates.versions_of": "texts of messages belong to no customer",
    "integrations.queries.connections.connection_lines": OF_THE_ORGANISATION,
    "integrations.queries.connections.mailbox_of": OF_THE_ORGANISATION,
    "integrations.queries.connections.return_addresses": OF_THE_ORGANISATION,
    "integrations.queries.freshness.ledger_as_of": OF_THE_ORGANISATION,
    "integrations.queries.freshness.unfinished": OF_THE_ORGANISATION,
    "integrations.queries.waiting.imports_waiting": OF_THE_ORGANISATION,
    "receivables.queries.ageing.bucket_days": COMPUTES,
    "receivables.queries.contact_stops.not_to_be_contacted": "asked by what sends for the organisation, of customers that it has",
    "receivables.queries.reasons.offered_reasons": "reasons belong to no customer",
    "receivables.queries.promises.promise_settings": "the organisation's own rules",
    "receivables.queries.promises.promise_tolerance": "the organisation's own rules",
    "receivables.queries.matching.cash_settings": "the organisation's own settings belong to no customer",
    "receivables.queries.matching.items_to_match": FOR_THE_SYSTEM,
    "receivables.queries.matching.lines_to_match": FOR_THE_SYSTEM,
    "receivables.queries.matching.payers_to_match": FOR_THE_SYSTEM,
    "receivables.queries.matching.policy_of": COMPUTES,
    "receivables.queries.matching.received_amounts": "looked up for items in scope",
    "receivables.queries.matching.refused_sets": FOR_THE_SYSTEM,
    "receivables.queries.statement.fetch": RUNNER,
    "receivables.queries.statement.fetch_one": RUNNER,
    "receivables.queries.statement.look_up": RUNNER,
    "risk.queries.facts.payer_facts": FOR_THE_SYSTEM,
    "risk.queries.profiles.class_limits": "the organisation's own limits belong to no customer",
    "risk.queries.profiles.limits_row": "the organisation's own limits belong to no customer",
    "risk.queries.profiles.newest_limits": "the organisation's own limits belong to no customer",
    "risk.queries.reviews.review_rules": "the organisation's own rules belong to no customer",
    "reporting.queries.trend.ledger_version": "when the ledger changed last: names no row",
}


def queries() -> Iterator[tuple[str, ast.FunctionDef]]:
    """(dotted name, definition) of every public function in the apps' queries."""
    for app in APPS:
        paths = [ROOT / app / "queries.py", *sorted((ROOT / app / "queries").rglob("*.py"))]
        for path in paths:
            if path.exists():
                module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
                for node in ast.parse(path.read_text(), filename=str(path)).body:
                    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
                        yield f"{module}.{node.name}", node


def takes_scope(function: ast.FunctionDef) -> bool:
    arguments = function.args
    return any(
        argument.arg == "scope" and default is None
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    )


def test_every_public_query_takes_the_readers_scope():
    unscoped = [name for name, function in queries() if name not in SYSTEM_QUERIES and not takes_scope(function)]
    assert unscoped == []


def test_the_list_names_only_queries_that_exist_and_need_it():
    known = dict(queries())
    assert [name for name in SYSTEM_QUERIES if name not in known or takes_scope(known[name])] == []


def test_the_rule_sees_a_missing_scope_a_default_and_a_positional_one():
    def parsed(signature: str) -> bool:
        return takes_scope(ast.parse(f"def query({signature}): ...").body[0])

    assert parsed("*, on, scope")
    assert not parsed("*, on")
    assert not parsed("*, on, scope=EVERYTHING")
    assert not parsed("scope, *, on")
