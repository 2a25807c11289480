"""The nightly payer profiles: facts of all customers by one statement, judged one by one, written in bulk."""

import json
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg.types.json import Jsonb

from core import jobs
from core.audit import SYSTEM, Actor, audited
from core.money import amount_text
from core.text import Phrase, gettext_noop
from desk.models import Alert
from desk.services.alerts import NewAlert, raise_alerts
from receivables.services.loading_stage import analyze_grown, copy_into, execute, fetch, temp_table, tenant_literal
from risk.models import PayerProfile
from risk.queries.facts import CustomerFacts, payer_facts
from risk.queries.profiles import class_limits
from risk.rules.profile import (
    CLASS_WORDS,
    ClassLimits,
    PayerClass,
    Profile,
    by_currency,
    is_deterioration,
    payer_profile,
)

ALERT_KIND = "risk.payer_class"
# For sorts and hashes over all payments of a year; given back at the end of the transaction.
_WORK_MEM = "64MB"

# Column of the profile -> its type in the temporary table; all that makes two profiles differ.
_COLUMNS = {
    "payer_class": "text",
    "rule": "text",
    "payment_index": "smallint",
    "days_beyond_terms": "numeric(7,1)",
    "late_days": "numeric(7,1)",
    "late_pct": "numeric(4,1)",
    "trend": "text",
    "trend_days": "numeric(7,1)",
    "worst_days": "integer",
    "median_days": "integer",
    "instalments": "integer",
    "part_payments": "integer",
    "broken_promises": "integer",
    "disputes": "integer",
    "rejected_debits": "integer",
    "is_insolvent": "boolean",
    "explanation": "jsonb",
}
_LISTED = ", ".join(_COLUMNS)


def profile_rows(
    *, on: date, known_on: date | None, customers: Collection[UUID] | None = None
) -> Iterator[dict[str, Any]]:
    """The profile of each customer on a day as it was known on a day, as the columns of its row. Writes nothing.

    With `known_on` = `on` these are the rows that the night of `on` stored, whenever it is asked.
    """
    limits = class_limits(on=on)
    for found in payer_facts(on=on, known_on=known_on, limits=limits, customer_ids=customers):
        yield {"customer_id": found.customer_id, **_row(found, limits)}


@transaction.atomic
def refresh_profiles(*, on: date, customers: Collection[UUID] | None = None, actor: Actor = SYSTEM) -> int:
    """Bring the profiles of all customers, or of these, to the business day `on`; the number of rows written.

    Judged by what was known on that day. A profile that differs from the one in force ends it and begins on `on`; one
    that began on `on` already is made anew in its place; one that began later is left alone. A second run writes
    nothing. A changed class is audited, a worse one raises an alert. Raises AlreadyRunning.
    """
    jobs.lock("payer-profiles")
    execute(f"SET LOCAL work_mem = '{_WORK_MEM}'")
    _stage(on=on, customers=customers)
    same_day = _replace_of_the_day(on=on, actor=actor)
    begun = _begin_new(on=on, actor=actor)
    _raise_alerts(on=on, actor=actor)
    return same_day + begun


def _stage(*, on: date, customers: Collection[UUID] | None) -> None:
    """The temporary table `fresh`: the profiles that differ from those in force, with the former class."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    temp_table("judged", f"(customer_id uuid, {columns}) ON COMMIT DROP")
    rows = profile_rows(on=on, known_on=on, customers=customers)
    # The first row is asked for before the COPY begins: the connection answers one question at a time.
    first = next(rows, None)
    with copy_into("judged", ["customer_id", *_COLUMNS]) as write:
        for row in chain(() if first is None else (first,), rows):
            write((row["customer_id"], *(_stored(row[name]) for name in _COLUMNS)))
    execute("ANALYZE judged")
    now, new = _qualified("p"), _qualified("j")
    temp_table(
        "fresh",
        f"ON COMMIT DROP AS SELECT j.*, p.id AS former_id, p.payer_class AS former_class, p.valid_from AS former_from "
        f"FROM judged j LEFT JOIN risk_payerprofile p "
        f"ON p.tenant_id = {tenant_literal()} AND p.customer_id = j.customer_id AND p.valid_to IS NULL "
        f"WHERE p.id IS NULL OR (p.valid_from <= '{on}' AND ({now}) IS DISTINCT FROM ({new}))",
    )
    execute("CREATE INDEX ON fresh (customer_id)")
    execute("ANALYZE fresh")


def _replace_of_the_day(*, on: date, actor: Actor) -> int:
    """Profiles that began on this very day, judged again: they become what they should have been."""
    assigned = ", ".join(f"{name} = f.{name}" for name in _COLUMNS)
    update = (
        f"UPDATE risk_payerprofile p SET {assigned}, updated_at = statement_timestamp() FROM fresh f "
        f"WHERE p.tenant_id = {tenant_literal()} AND p.id = f.former_id AND f.former_from = %s AND "
    )
    plain = execute(update + "f.payer_class = f.former_class", [on])
    return plain + audited(
        statement=update
        + "f.payer_class <> f.former_class "
        + "RETURNING p.id, p.customer_id, jsonb_build_object('payer_class', jsonb_build_array(f.former_class, f.payer_class))",
        params=[on],
        actor=actor,
        action="risk.payer_class_changed",
        model=PayerProfile,
    )


def _begin_new(*, on: date, actor: Actor) -> int:
    """Profiles that begin today; those in force until now end. The first of a customer is no change of class."""
    tenant = tenant_literal()
    execute(
        "UPDATE risk_payerprofile p SET valid_to = %s, updated_at = statement_timestamp() FROM fresh f "
        f"WHERE p.tenant_id = {tenant} AND p.id = f.former_id AND f.former_from < %s",
        [on, on],
    )
    insert = f"INSERT INTO risk_payerprofile (customer_id, valid_from, {_LISTED}) SELECT customer_id, %s, {_LISTED} "
    is_new = "(former_from IS NULL OR former_from < %s)"
    plain = execute(
        insert + f"FROM fresh WHERE {is_new} AND (former_class IS NULL OR former_class = payer_class) "
        "ORDER BY customer_id",
        [on, on],
    )
    changed = audited(
        statement=(
            f"{insert} FROM fresh WHERE {is_new} AND former_class <> payer_class ORDER BY customer_id "
            "RETURNING id, customer_id, (SELECT jsonb_build_object('payer_class', "
            "jsonb_build_array(f.former_class, f.payer_class)) FROM fresh f "
            "WHERE f.customer_id = risk_payerprofile.customer_id)"
        ),
        params=[on, on],
        actor=actor,
        action="risk.payer_class_changed",
        model=PayerProfile,
    )
    analyze_grown("risk_payerprofile", by=plain + changed)
    return plain + changed


def _raise_alerts(*, on: date, actor: Actor) -> int:
    """An alert for each customer whose class became worse: at most one a month for the same class."""
    changed = fetch(
        "SELECT customer_id, former_class, payer_class, explanation -> 'why' FROM fresh "
        "WHERE former_class <> payer_class ORDER BY customer_id"
    )
    alerts = [
        NewAlert(
            kind=ALERT_KIND,
            customer_id=customer_id,
            key=f"{now}/{on:%Y-%m}",
            severity=Alert.Severity.CRITICAL if now == PayerClass.DEFAULTING else Alert.Severity.WARNING,
            sentence=Phrase(
                gettext_noop("Pays worse: %(now)s, %(before)s until now. %(why)s"),
                {
                    "now": Phrase(CLASS_WORDS[PayerClass(now)]),
                    "before": Phrase(CLASS_WORDS[PayerClass(before)]),
                    "why": Phrase.read(json.loads(why)),
                },
            ),
        )
        for customer_id, before, now, why in changed
        if is_deterioration(before=PayerClass(before), now=PayerClass(now))
    ]
    return raise_alerts(alerts=alerts, on=on, actor=actor)


def _row(found: CustomerFacts, limits: ClassLimits) -> dict[str, Any]:
    facts = found.facts
    profile = payer_profile(facts=facts, limits=limits)
    return {
        "payer_class": profile.payer_class.value,
        "rule": profile.rule.value,
        "payment_index": profile.payment_index,
        "days_beyond_terms": profile.days_beyond_terms,
        "late_days": profile.late_days,
        "late_pct": profile.late_pct,
        "trend": profile.trend.value,
        "trend_days": profile.trend_days,
        "worst_days": profile.worst_days,
        "median_days": profile.median_days,
        "instalments": profile.instalments,
        "part_payments": facts.part_payments,
        "broken_promises": facts.broken_promises,
        "disputes": facts.disputes,
        "rejected_debits": facts.rejected_debits,
        "is_insolvent": facts.is_insolvent,
        "explanation": _explanation(profile, found, limits),
    }


def _explanation(profile: Profile, found: CustomerFacts, limits: ClassLimits) -> dict[str, Any]:
    """The sentence that decided, and what stands behind the figures. Amounts as the API writes them."""
    return {
        "why": profile.why.plain(),
        "window_days": limits.window_days,
        "currencies": [
            {
                "currency": line.currency,
                "instalments": line.instalments,
                "settled_amount": _money(line.settled_amount, line.currency),
                "late_amount": _money(line.late_amount, line.currency),
                "overdue_amount": _money(line.overdue_amount, line.currency),
                "days_beyond_terms": _text(line.days_beyond_terms),
                "late_days": _text(line.late_days),
                "late_pct": _text(line.late_pct),
            }
            for line in by_currency(found.facts.sums)
        ],
    }


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": amount_text(amount, currency), "currency": currency}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _stored(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def _qualified(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _COLUMNS)
