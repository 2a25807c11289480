"""What matching needs, and what it leaves: lines, items, payers; what is chased; how much is matched by itself."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from core.money import Money, is_currency
from receivables.models import BankLine, CashAllocation, CashMatch, CashSettings, Customer, KnownPayer
from receivables.queries.statement import fetch
from receivables.queries.visible import accounts_in, items_in
from receivables.rules.matching.facts import Line, Offer, OpenItem, Policy
from receivables.rules.matching.payers import Payers
from receivables.rules.terms import PaymentTerm, discount_offers
from receivables.rules.terms_code import parse

UNCONFIRMED = ("PROPOSED", "EXPORTED")

# By item: what the books should show as open, without sign, once they have followed us. For `LEFT JOIN ours`.
# What is chased of an item is least(open, leaves) of a debit and greatest(open, -leaves) of a credit.
OURS_SQL = """
    SELECT o.item_id, min(abs(o.leaves_amount)) AS leaves FROM receivables_cashallocation o
    WHERE o.tenant_id = %(tenant)s AND o.state IN ('PROPOSED', 'EXPORTED') AND o."on" <= %(on)s{narrow}
    GROUP BY o.item_id
"""


def cash_settings() -> CashSettings:
    """How the organisation matches: its row, or one with the defaults that is not stored. 1 SQL query."""
    return CashSettings.objects.first() or CashSettings()


def policy_of(settings: CashSettings) -> Policy:
    """The same for the rules."""
    return Policy(settings.threshold, settings.tolerance_amount, settings.tolerance_pct, settings.grace_days)


def lines_to_match(*, line_ids: Collection[UUID] | None = None) -> list[Line]:
    """Lines with something left, or those of them; the oldest first. 1 SQL query."""
    narrow = " AND b.id = ANY(%(ids)s)" if line_ids is not None else ""
    rows = fetch(
        "SELECT b.id, b.booked_on, b.remaining_amount, b.currency, b.text, b.structured_ref, b.payer_name, b.payer_iban,"
        " CASE WHEN b.said_by_id IS NOT NULL THEN b.customer_id::text ELSE '' END"
        f" FROM receivables_bankline b WHERE b.tenant_id = %(tenant)s AND b.state = 'OPEN'{narrow}"
        " ORDER BY b.booked_on, b.id",
        {"ids": list(line_ids or ())},
    )
    return [Line(str(ref), *rest) for ref, *rest in rows]


def items_to_match(*, currencies: Collection[str], on: date) -> list[OpenItem]:
    """All items open in these currencies, less what has been set against them here. 1 SQL query."""
    rows = fetch(
        f"WITH ours AS MATERIALIZED ({OURS_SQL.format(narrow='')})"
        " SELECT i.id, i.customer_id, i.currency, x.open_amount, i.number, i.document_date, i.due_date,"
        " coalesce(d.order_ref, ''), i.amount, i.kind, coalesce(t.rule, '')"
        " FROM receivables_ledgeritem i"
        " LEFT JOIN ours ON ours.item_id = i.id"
        " LEFT JOIN receivables_document d ON d.tenant_id = %(tenant)s AND d.id = i.document_id"
        " JOIN receivables_customeraccount a ON a.tenant_id = %(tenant)s AND a.id = i.account_id"
        " LEFT JOIN receivables_paymentterms t ON t.tenant_id = %(tenant)s AND t.id = a.terms_id"
        " CROSS JOIN LATERAL (SELECT CASE WHEN i.open_amount > 0 THEN least(i.open_amount, ours.leaves)"
        " ELSE greatest(i.open_amount, -ours.leaves) END AS open_amount) x"
        " WHERE i.tenant_id = %(tenant)s AND i.is_open AND i.currency = ANY(%(currencies)s) AND x.open_amount <> 0"
        " AND i.kind <> 'PAYMENT'",
        {"currencies": sorted(currencies), "on": on},
    )
    return [
        OpenItem(
            ref=str(item_id),
            customer=str(customer_id),
            currency=currency,
            amount=open_amount,
            number=number,
            document_date=document_date,
            due_date=due_date,
            also=(order_ref,) if order_ref else (),
            offers=_offers(rule, open_amount, currency, document_date)
            if kind == "INVOICE" and open_amount == amount and "/" in rule
            else (),
        )
        for item_id, customer_id, currency, open_amount, number, document_date, due_date, order_ref, amount, kind, rule in rows
    ]


def _offers(rule: str, amount: Decimal, currency: str, document_date: date) -> tuple[Offer, ...]:
    """The discounts that terms offer on an item that is wholly open."""
    term = _term(rule)
    if term is None or not is_currency(currency):
        return ()
    offers = discount_offers(term, total=Money(amount, currency), document_date=document_date)
    return tuple(Offer(one.until, one.discount.amount) for one in offers)


@cache
def _term(rule: str) -> PaymentTerm | None:
    try:
        return parse(rule)
    except ValueError:
        return None


def payers_to_match() -> Payers:
    """All customers by name, and what was learned of accounts and names. 2 SQL queries."""
    names = fetch("SELECT c.id, c.name FROM receivables_customer c WHERE c.tenant_id = %(tenant)s", {})
    learned = list(
        fetch(
            "SELECT k.kind, k.value, k.customer_id FROM receivables_knownpayer k"
            " WHERE k.tenant_id = %(tenant)s AND k.revoked_on IS NULL",
            {},
        )
    )
    return Payers.of(
        names=[(str(customer), name) for customer, name in names],
        learned_ibans=[(value, str(customer)) for kind, value, customer in learned if kind == "IBAN"],
        learned_names=[(value, str(customer)) for kind, value, customer in learned if kind == "NAME"],
    )


def refused_sets() -> set[tuple[str, frozenset[str]]]:
    """(line, items) of proposals that a person refused or took back: they are not made again. 1 SQL query."""
    rows = fetch(
        "SELECT m.line_id, ARRAY(SELECT piece->>'item' FROM jsonb_array_elements(m.proposal->'pieces') piece)"
        " FROM receivables_cashmatch m JOIN receivables_bankline b"
        " ON b.tenant_id = %(tenant)s AND b.id = m.line_id"
        " WHERE m.tenant_id = %(tenant)s AND m.state <> 'ACCEPTED' AND b.state = 'OPEN'",
        {},
    )
    return {(str(line), frozenset(items)) for line, items in rows}


class MatchRate(NamedTuple):
    """Lines of money that came in between two days, and how many of them were matched, by themselves or by a person."""

    lines: int
    automatic: int
    by_hand: int
    waiting: int

    @property
    def automatic_pct(self) -> Decimal | None:
        """Of all lines, 0-100; None without any."""
        return Decimal(100 * self.automatic) / self.lines if self.lines else None


def match_rate(*, since: date, until: date, scope: Scope) -> MatchRate:
    """How much of what was booked between two days (both included) is matched. 1 SQL query."""
    lines = bank_lines_in(scope=scope).filter(booked_on__gte=since, booked_on__lte=until, amount__gt=0)
    lines = lines.exclude(state=BankLine.State.SET_ASIDE)
    accepted = CashMatch.objects.filter(line_id=OuterRef("id"), state=CashMatch.State.ACCEPTED)
    told = lines.annotate(by_itself=Exists(accepted.filter(is_automatic=True)), matched=Exists(accepted))
    rows = list(told.values_list("by_itself", "matched"))
    automatic, matched = sum(by_itself for by_itself, _matched in rows), sum(matched for _by_itself, matched in rows)
    return MatchRate(len(rows), automatic, matched - automatic, len(rows) - matched)


def cash_counts(*, on: date, scope: Scope) -> dict[str, int]:
    """How many lines wait with a proposal and without, and how many allocations the books should have followed."""
    lines = bank_lines_in(scope=scope).filter(state=BankLine.State.OPEN)
    return {
        "suggested": lines.filter(confidence__gt=0).count(),
        "unmatched": lines.filter(confidence=0).count(),
        "late": late_allocations_in(on=on, days=cash_settings().confirm_days, scope=scope).count(),
    }


def bank_lines_in(*, scope: Scope) -> "QuerySet[BankLine]":
    """Lines of the bank: of the entities in scope; with a portfolio only those of customers in it."""
    rows: QuerySet[BankLine] = BankLine.objects.all()
    if scope.entity_ids:
        rows = rows.filter(Q(entity_id__in=scope.entity_ids) | Q(entity_id__isnull=True) & _of_customers(scope))
    if scope.portfolio_of:
        rows = rows.filter(_of_customers(scope))
    return rows


def _of_customers(scope: Scope) -> Exists:
    return Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id")))


def cash_matches_in(*, scope: Scope) -> "QuerySet[CashMatch]":
    """Decisions, seen with their line."""
    rows: QuerySet[CashMatch] = CashMatch.objects.all()
    if scope.is_everything:
        return rows
    return rows.filter(Exists(bank_lines_in(scope=scope).filter(id=OuterRef("line_id"))))


def cash_allocations_in(*, scope: Scope) -> "QuerySet[CashAllocation]":
    """What was set against items here, seen with the item."""
    rows: QuerySet[CashAllocation] = CashAllocation.objects.all()
    if scope.is_everything:
        return rows
    return rows.filter(Exists(items_in(scope=scope, void_too=True).filter(id=OuterRef("item_id"))))


def late_allocations_in(*, on: date, days: int, scope: Scope) -> "QuerySet[CashAllocation]":
    """Those that the books contradict, or have not followed within so many days."""
    late = Q(state__in=UNCONFIRMED, on__lte=date.fromordinal(on.toordinal() - days))
    return cash_allocations_in(scope=scope).filter(late | Q(state=CashAllocation.State.CONTRADICTED))


def known_payers_in(*, scope: Scope) -> "QuerySet[KnownPayer]":
    """Accounts and names that were confirmed as a customer's, in force."""
    rows: QuerySet[KnownPayer] = KnownPayer.objects.filter(revoked_on__isnull=True)
    return rows if scope.is_everything else rows.filter(_of_customers(scope))


def chased_amounts(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, Decimal]:
    """What is open of each of these items in scope, less what was set against it here. 1 SQL query."""
    seen = list(items_in(scope=scope).filter(id__in=item_ids).values_list("id", flat=True))
    rows = fetch(
        f"WITH ours AS ({OURS_SQL.format(narrow=' AND o.item_id = ANY(%(ids)s)')})"
        " SELECT i.id, CASE WHEN i.open_amount > 0 THEN least(i.open_amount, ours.leaves)"
        " ELSE greatest(i.open_amount, -ours.leaves) END"
        " FROM receivables_ledgeritem i LEFT JOIN ours ON ours.item_id = i.id"
        " WHERE i.tenant_id = %(tenant)s AND i.id = ANY(%(ids)s)",
        {"ids": seen, "on": on},
    )
    return dict(rows)


def received_amounts(*, open_amounts: Mapping[UUID, Decimal], on: date) -> dict[UUID, Decimal]:
    """What of these open amounts (by item, of the day `on`) was matched here by then and was not in the books yet.

    In the item's sign; items without are left out. What is left is what is chased. Of a day gone by also what the books
    have confirmed since. A system query: the caller has made sure that the items are in scope. 1 SQL query.
    """
    rows = fetch(
        "SELECT o.item_id, min(abs(o.leaves_amount)) FROM receivables_cashallocation o"
        ' WHERE o.tenant_id = %(tenant)s AND o.item_id = ANY(%(ids)s) AND o."on" <= %(on)s'
        " AND (o.state IN ('PROPOSED', 'EXPORTED') OR o.state = 'CONFIRMED' AND o.state_on > %(on)s)"
        " GROUP BY o.item_id",
        {"ids": list(open_amounts), "on": on},
    )
    out = {}
    for item_id, leaves in rows:
        whole = open_amounts[item_id]
        left = min(whole, leaves) if whole > 0 else max(whole, -leaves)
        if left != whole:
            out[item_id] = whole - left
    return out


def customer_names(*, customer_ids: Collection[UUID], scope: Scope) -> dict[UUID, str]:
    """Names of customers that a line in scope speaks of."""
    rows = Customer.objects.filter(id__in=customer_ids)
    if not scope.is_everything:
        rows = rows.filter(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("id"))))
    return dict(rows.values_list("id", "name"))


def last_line_on(*, scope: Scope) -> date | None:
    """The newest day of which lines of the bank are known."""
    return bank_lines_in(scope=scope).order_by("-booked_on").values_list("booked_on", flat=True).first()
