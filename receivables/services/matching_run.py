"""The night's part of cash application: match what waits, and see whether the books have followed.

One transaction each. A second run of the day finds nothing to do. What a person refused or took back is not made again.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from core.audit import SYSTEM, Actor, audited, plain
from core.jobs import lock
from core.text import Phrase
from receivables.models import CashAllocation, CashMatch
from receivables.queries.matching import (
    OURS_SQL,
    cash_settings,
    items_to_match,
    lines_to_match,
    payers_to_match,
    policy_of,
    refused_sets,
)
from receivables.rules.matching.book import Book
from receivables.rules.matching.decide import match_lines
from receivables.rules.matching.facts import Fit, Proposal
from receivables.services.loading_stage import copy_into, execute, fetch, temp_table, tenant_literal

RUN_LOCK = "cash/match"


@dataclass(frozen=True)
class MatchRun:
    """What a run came to: lines matched by themselves, with a suggestion, and with nothing."""

    automatic: int = 0
    suggested: int = 0
    unmatched: int = 0


@transaction.atomic
def match_bank_lines(*, on: date, actor: Actor = SYSTEM, line_ids: Collection[UUID] | None = None) -> MatchRun:
    """Propose for the lines that wait (or some of them), and carry out what is sure enough.

    Raises AlreadyRunning while another run of the organisation goes on.
    """
    if line_ids is None:  # some lines alone are safe beside a run: items are locked and looked at again
        lock(RUN_LOCK)
    lines = lines_to_match(line_ids=line_ids)
    if not lines:
        return MatchRun()
    policy = policy_of(cash_settings())
    items = items_to_match(currencies={line.currency for line in lines}, on=on)
    proposals = match_lines(lines, book=Book(items), payers=payers_to_match(), policy=policy, refused=refused_sets())
    amounts = {line.ref: line.amount for line in lines}
    _stage(proposals, amounts)
    _drop_overtaken(on=on)
    automatic = _write_matches(on=on, actor=actor)
    _write_proposals()
    [(suggested, unmatched)] = fetch(
        "SELECT count(*) FILTER (WHERE confidence > 0), count(*) FILTER (WHERE confidence = 0) FROM verdict"
        " WHERE NOT automatic"
    )
    return MatchRun(automatic, suggested, unmatched)


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """A proposal as it is stored beside its line."""
    return {
        "pieces": [
            {
                "item": piece.item,
                "customer": piece.customer,
                "cash": str(piece.cash),
                "difference": str(piece.difference),
                "why": piece.why.value,
            }
            for piece in proposal.pieces
        ],
        "left": str(proposal.left),
        "fit": proposal.fit.value,
        "found": proposal.found.value,
        "reasons": [_phrase_json(one) for one in proposal.reasons],
        "customers": list(proposal.customers),
    }


def _phrase_json(phrase: Phrase) -> dict[str, Any]:
    return {"text": phrase.text, "values": {name: plain(value) for name, value in phrase.values.items()}}


def _stage(proposals: Iterable[Proposal], amounts: dict[str, Decimal]) -> None:
    """Fill `verdict` with a row for each line, and `piece` with the pieces of those that are automatic."""
    temp_table(
        "verdict",
        "(line_id uuid, amount numeric(20,4), automatic boolean, confidence numeric(4,3), customer_id uuid, "
        "proposal jsonb) ON COMMIT DROP",
    )
    temp_table(
        "piece",
        "(line_id uuid, place integer, item_id uuid, cash numeric(20,4), difference numeric(20,4), why text) ON COMMIT DROP",
    )
    kept = list(proposals)
    with copy_into("verdict", ["line_id", "amount", "automatic", "confidence", "customer_id", "proposal"]) as write:
        for one in kept:
            largest = max(one.pieces, key=lambda piece: abs(piece.cash), default=None)
            customer = largest.customer if largest else (one.customers[0] if len(one.customers) == 1 else None)
            text = json.dumps(proposal_json(one))
            write((one.line, amounts[one.line], one.automatic, one.confidence, customer, text))
    with copy_into("piece", ["line_id", "place", "item_id", "cash", "difference", "why"]) as write:
        for place, one in enumerate(kept):
            for piece in one.pieces if one.automatic else ():
                why = "" if piece.why is Fit.EXACT else piece.why.value
                write((one.line, place, piece.item, piece.cash, piece.difference, why))
    execute("ANALYZE verdict")
    execute("ANALYZE piece")


def _drop_overtaken(*, on: date) -> None:
    """Lock the items, and leave out the lines whose items are open no longer as they were read: a person was quicker.

    Fills `covered` with the pieces and what the books should show as open after each.
    """
    tenant = tenant_literal()
    execute(
        f"SELECT 1 FROM receivables_ledgeritem WHERE tenant_id = {tenant} AND id IN (SELECT item_id FROM piece) "
        "ORDER BY id FOR NO KEY UPDATE"
    )
    ours = OURS_SQL.replace("%(tenant)s", tenant).replace("%(on)s", f"'{on}'::date")
    ours = ours.format(narrow=" AND o.item_id IN (SELECT item_id FROM piece)")
    temp_table(
        "covered",
        f"ON COMMIT DROP AS WITH ours AS MATERIALIZED ({ours}) SELECT p.*, "
        "CASE WHEN i.open_amount > 0 THEN least(i.open_amount, ours.leaves) ELSE greatest(i.open_amount, -ours.leaves) END "
        "- sum(p.cash + p.difference) OVER (PARTITION BY p.item_id ORDER BY p.place) AS leaves, "
        "i.amount AS item_amount, i.customer_id, i.currency "
        f"FROM piece p JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.id = p.item_id "
        "LEFT JOIN ours ON ours.item_id = i.id",
    )
    execute("DELETE FROM covered WHERE line_id IN (SELECT line_id FROM covered WHERE leaves * item_amount < 0)")
    execute(
        f"UPDATE verdict v SET automatic = false WHERE automatic AND (v.line_id NOT IN (SELECT line_id FROM covered) OR NOT EXISTS "
        f"(SELECT 1 FROM receivables_bankline b WHERE b.tenant_id = {tenant} AND b.id = v.line_id AND b.state = 'OPEN' "
        "AND b.remaining_amount = v.amount))"
    )


def _write_matches(*, on: date, actor: Actor) -> int:
    tenant = tenant_literal()
    execute(
        "UPDATE receivables_bankline b SET state = 'MATCHED', remaining_amount = 0, customer_id = v.customer_id, "
        "updated_at = statement_timestamp() FROM verdict v "
        f"WHERE b.tenant_id = {tenant} AND b.id = v.line_id AND v.automatic"
    )
    made = audited(
        statement=(
            "INSERT INTO receivables_cashmatch (line_id, customer_id, state, amount, currency, is_automatic, confidence, "
            "proposal, \"on\") SELECT v.line_id, v.customer_id, 'ACCEPTED', v.amount, b.currency, true, v.confidence, "
            f"v.proposal, %s FROM verdict v JOIN receivables_bankline b ON b.tenant_id = {tenant} AND b.id = v.line_id "
            "WHERE v.automatic RETURNING id, customer_id, jsonb_build_object('line', jsonb_build_array(NULL, line_id), "
            "'amount', jsonb_build_array(NULL, amount), 'confidence', jsonb_build_array(NULL, confidence))"
        ),
        params=[on],
        actor=actor,
        action="receivables.cash_matched",
        model=CashMatch,
    )
    execute(
        "INSERT INTO receivables_cashallocation (match_id, item_id, customer_id, cash_amount, difference_amount, difference, "
        'currency, leaves_amount, "on", state, state_on) '
        "SELECT m.id, c.item_id, c.customer_id, c.cash, c.difference, c.why, c.currency, c.leaves, %s, 'PROPOSED', %s "
        "FROM covered c JOIN verdict v ON v.line_id = c.line_id AND v.automatic "
        f"JOIN receivables_cashmatch m ON m.tenant_id = {tenant} AND m.line_id = c.line_id AND m.state = 'ACCEPTED' "
        "AND NOT EXISTS (SELECT 1 FROM receivables_cashallocation a WHERE a.tenant_id = m.tenant_id AND a.match_id = m.id) "
        "ORDER BY c.place",
        [on, on],
    )
    return made


def _write_proposals() -> None:
    """What is suggested now beside each line; a line that says so already is not written."""
    tenant = tenant_literal()
    execute(
        "UPDATE receivables_bankline b SET proposal = v.proposal, confidence = v.confidence, customer_id = CASE "
        "WHEN b.said_by_id IS NOT NULL OR v.automatic THEN b.customer_id ELSE v.customer_id END, "
        "updated_at = statement_timestamp() FROM verdict v "
        f"WHERE b.tenant_id = {tenant} AND b.id = v.line_id AND (b.proposal, b.confidence) "
        "IS DISTINCT FROM (v.proposal, v.confidence)"
    )


@transaction.atomic
def settle_with_books(*, on: date, actor: Actor = SYSTEM) -> int:
    """Compare ours with the books: confirmed where these show no more than they should, contradicted where they go back.

    An item's amount that has fallen confirms the oldest of ours first, as each says what should be left after it.
    How many changed their state. 3 statements.
    """
    tenant = tenant_literal()
    changed = 0
    steps = (
        (
            "CONFIRMED",
            "('PROPOSED', 'EXPORTED', 'CONTRADICTED')",
            "i.void_on IS NULL AND abs(i.open_amount) <= abs(a.leaves_amount)",
        ),
        ("CONTRADICTED", "('PROPOSED', 'EXPORTED', 'CONFIRMED')", "i.void_on IS NOT NULL"),
        ("CONTRADICTED", "('CONFIRMED')", "i.is_open AND abs(i.open_amount) > abs(a.leaves_amount)"),
    )
    for state, before, condition in steps:
        changed += audited(
            statement=(
                "UPDATE receivables_cashallocation a SET state = %s, state_on = %s, updated_at = statement_timestamp() "
                f"FROM receivables_ledgeritem i WHERE a.tenant_id = {tenant} AND i.tenant_id = {tenant} AND i.id = a.item_id "
                f"AND a.state IN {before} AND {condition} RETURNING a.id, a.customer_id, "
                "jsonb_build_object('state', jsonb_build_array(old.state, new.state))"
            ),
            params=[state, on],
            actor=actor,
            action=f"receivables.cash_{state.lower()}",
            model=CashAllocation,
        )
    return changed
