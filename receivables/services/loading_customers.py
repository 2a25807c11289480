"""Customers with their accounts, and contacts. A blank cell leaves what is there: it says nothing, not "none".

Legal identifiers are stored when they are well formed and written in one way; one that is not is left out, what was
stored before stays, and the row carries a warning.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from core.text import search_key
from receivables.ports import ROW_FIELDS, Batch, Progress, Rejection
from receivables.rules.identifiers import check_legal_ids
from receivables.services.loading_parties import (
    entity_code,
    joined,
    resolve_customers,
    resolve_entities,
    resolve_groups,
    resolve_members,
    resolve_terms,
)
from receivables.services.loading_stage import Stage, analyze_grown, execute, fetch, temp_table, tenant_literal
from receivables.services.loading_standing import write_changes

_IDENTIFIERS = ("siren", "siret", "vat_number", "lei", "registration_number")
_CUSTOMER_TEXTS = ("country", "language", *_IDENTIFIERS, "street", "postal_code", "city", "email", "phone")
_ACCOUNT_TEXTS = ("payment_method", "currency", "sector", "region", "product")
_CONTACT_TEXTS = ("email", "phone", "mobile", "language")
_MOST_WARNINGS = 1_000


class Counted(Protocol):
    """What a load counts (receivables.services.loading.LoadResult)."""

    run_id: UUID
    created: int
    changed: int
    warnings: list[Rejection]
    made: dict[str, int]


def load_customers(
    batches: Iterable[Batch],
    columns: Collection[str],
    *,
    source: str,
    entity_code: str,
    result: Counted,
    progress: Progress | None,
) -> Stage:
    """Load customers, groups and accounts; rows with the same reference are accounts of one customer."""
    checked = _Checker([name for name in _IDENTIFIERS if name in columns], result.warnings)
    extra = {"name_key": "text", "ref_key": "text", **{f"good_{name}": "text" for name in _IDENTIFIERS}}
    stage = Stage("customers", columns, extra=extra)
    stage.fill(batches, progress=progress, enrich=checked)
    _refuse_contradictions(stage)
    result.made["groups"] = resolve_groups(stage)
    result.made["members"] = resolve_members(stage)
    result.made["terms"] = resolve_terms(stage)
    _write_customers(stage, run_id=result.run_id)
    result.made["entities"] = resolve_entities(stage, given=entity_code, is_required=False)
    result.made["accounts"] = _write_accounts(stage, source=source, run_id=result.run_id)
    # Joins, not EXISTS for each row: of these tables nobody knows the size, and 100,000 rows were held against 100,000.
    [(result.created, result.changed)] = fetch(
        "SELECT count(w.ref), count(*) FILTER (WHERE w.ref IS NULL AND x.customer_ref IS NOT NULL) FROM stage s "
        "LEFT JOIN (SELECT DISTINCT ref FROM work WHERE was_absent) w ON w.ref = s.customer_ref "
        "LEFT JOIN (SELECT DISTINCT customer_ref FROM written) x ON x.customer_ref = s.customer_ref"
    )
    return stage


class _Checker:
    """Computes for each row the keys by which it is found and its well-formed identifiers; notes the others."""

    def __init__(self, names: Sequence[str], warnings: list[Rejection]) -> None:
        fields = ROW_FIELDS["customers"]
        self._names = names
        self._places = {name: fields.index(name) + 1 for name in (*_IDENTIFIERS, "customer_ref", "name", "country")}
        self._warnings = warnings

    def __call__(self, row: tuple[Any, ...]) -> Sequence[Any]:
        place = self._places
        ref, name = row[place["customer_ref"]], row[place["name"]]
        given = {field: row[place[field]] for field in self._names if row[place[field]]}
        values: dict[str, str] = {}
        if given:
            checked = check_legal_ids(country=row[place["country"]] or "", **given)
            values = dict(checked.values)
            for field, reason in checked.problems.items():
                if len(self._warnings) < _MOST_WARNINGS:
                    self._warnings.append(Rejection(row[0], field, reason.in_words(_), (given.get(field, ""),)))
        good = (values.get(field) for field in _IDENTIFIERS)
        return (search_key(name or ref)[:200], search_key(ref)[:80], *good)


def _refuse_contradictions(stage: Stage) -> None:
    """One account once; and what rows with one reference say of the customer itself must be the same."""
    stage.drop_repeated(["s.customer_ref", stage.column("entity_code"), stage.column("account_ref")])
    own = [name for name in ("name", *_CUSTOMER_TEXTS, "group_ref") if stage.has(name)]
    names = stage.columns
    try:
        stage.columns = ("customer_ref", *own)
        kept = stage.repeated
        temp_table("whole_stage", "ON COMMIT DROP AS SELECT * FROM stage")
        stage.drop_repeated(["s.customer_ref"])
        temp_table("own_stage", "ON COMMIT DROP AS SELECT * FROM stage")
        execute("DELETE FROM stage")
        execute("INSERT INTO stage SELECT * FROM whole_stage")
        stage.repeated = kept
    finally:
        stage.columns = names


def _write_customers(stage: Stage, *, run_id: UUID) -> None:
    """Write the customers of `own_stage`, one row per reference; `written` holds the references that changed."""
    tenant = tenant_literal()
    texts = [name for name in _CUSTOMER_TEXTS if stage.has(name) or (name == "siren" and stage.has(*_IDENTIFIERS))]
    said = {name: f"s.good_{name}" if name in _IDENTIFIERS else stage.column(name) for name in texts}
    temp_table(
        "work",
        "ON COMMIT DROP AS SELECT s.line, c.id AS row_id, c.id IS NULL AS was_absent, s.customer_ref AS ref, s.ref_key, "
        f"coalesce({stage.column('name')}, c.name, s.customer_ref) AS name, "
        f"CASE WHEN {stage.column('name')} IS NULL AND c.id IS NOT NULL THEN c.name_key ELSE s.name_key END AS name_key, "
        "coalesce(g.id, c.group_id) AS group_id"
        + "".join(
            f", coalesce({said[name]}, c.{name}, '') AS {name}"
            if name in said
            else f", coalesce(c.{name}, '') AS {name}"
            for name in _CUSTOMER_TEXTS
        )
        + f" FROM own_stage s LEFT JOIN receivables_customer c ON c.tenant_id = {tenant} AND c.ref = s.customer_ref "
        f"LEFT JOIN group_of g ON g.ref = {stage.column('group_ref')}",
    )
    columns = ("name", "name_key", "group_id", *_CUSTOMER_TEXTS)
    temp_table(
        "written",
        f"ON COMMIT DROP AS SELECT w.ref AS customer_ref FROM work w JOIN receivables_customer c ON c.tenant_id = {tenant} "
        f"AND c.id = w.row_id WHERE ({', '.join('c.' + name for name in columns)}) IS DISTINCT FROM "
        f"({', '.join('w.' + name for name in columns)})",
    )
    write_changes(table="customer", label="Customer", columns=columns, run_id=run_id)
    names = ", ".join(("ref", "ref_key", *columns))
    made = execute(
        f"INSERT INTO receivables_customer ({names}, run_id) SELECT {names}, %s FROM work WHERE row_id IS NULL "
        "ORDER BY ref ON CONFLICT (tenant_id, ref) DO NOTHING",
        [run_id],
    )
    analyze_grown("receivables_customer", by=made)
    execute(
        f"UPDATE work w SET row_id = c.id FROM receivables_customer c WHERE w.row_id IS NULL AND c.tenant_id = {tenant} AND c.ref = w.ref"
    )


def _write_accounts(stage: Stage, *, source: str, run_id: UUID) -> int:
    """Write the accounts; one is known by company, source and reference. How many were made."""
    tenant = tenant_literal()
    texts = [name for name in _ACCOUNT_TEXTS if stage.has(name)]
    execute("DROP TABLE IF EXISTS pg_temp.account_work")
    execute(
        "CREATE TEMP TABLE account_work ON COMMIT DROP AS "
        "SELECT s.line, s.customer_ref, c.row_id AS customer_id, e.id AS entity_id, %s::text AS source, "
        f"coalesce({stage.column('account_ref')}, s.customer_ref) AS ref, a.id AS row_id, "
        "coalesce(t.id, a.terms_id) AS terms_id, coalesce(m.id, a.salesperson_id) AS salesperson_id, "
        "coalesce(k.id, a.collector_id) AS collector_id"
        + "".join(f", coalesce({stage.column(name)}, a.{name}, '') AS {name}" for name in _ACCOUNT_TEXTS)
        + f" FROM stage s JOIN work c ON c.ref = s.customer_ref JOIN entity_of e ON e.code = {entity_code(stage)} "
        f"LEFT JOIN receivables_customeraccount a ON a.tenant_id = {tenant} AND a.entity_id = e.id AND a.source = %s "
        f"AND a.ref = coalesce({stage.column('account_ref')}, s.customer_ref) "
        + joined(stage, "terms_code", alias="t", of=stage.column("terms_code"))
        + joined(stage, "salesperson", alias="m", of=stage.column("salesperson"))
        + joined(stage, "collector", alias="k", of=stage.column("collector")),
        [source, source],
    )
    stage.reject_where(
        "account_work",
        f"r.row_id IS NOT NULL AND EXISTS (SELECT 1 FROM receivables_customeraccount a WHERE a.tenant_id = {tenant} "
        "AND a.id = r.row_id AND a.customer_id <> r.customer_id)",
        field="account_ref",
        reason=_("This reference belongs to the account of another customer of that company."),
    )
    columns = ("terms_id", "salesperson_id", "collector_id", *texts)
    execute(
        "INSERT INTO written SELECT w.customer_ref FROM account_work w LEFT JOIN receivables_customeraccount a "
        f"ON a.tenant_id = {tenant} AND a.id = w.row_id WHERE ({', '.join('a.' + name for name in columns)}) IS DISTINCT FROM "
        f"({', '.join('w.' + name for name in columns)}) OR w.row_id IS NULL"
    )
    write_changes(table="customeraccount", label="CustomerAccount", columns=columns, run_id=run_id, work="account_work")
    names = ", ".join(
        ("customer_id", "entity_id", "source", "ref", "terms_id", "salesperson_id", "collector_id", *_ACCOUNT_TEXTS)
    )
    made = execute(
        f"INSERT INTO receivables_customeraccount ({names}, run_id) SELECT {names}, %s FROM account_work WHERE row_id IS NULL "
        "ORDER BY ref ON CONFLICT (tenant_id, entity_id, source, ref) DO NOTHING",
        [run_id],
    )
    analyze_grown("receivables_customeraccount", by=made)
    return made


def load_contacts(
    batches: Iterable[Batch],
    columns: Collection[str],
    *,
    source: str,
    entity_code: str,
    result: Counted,
    progress: Progress | None,
) -> Stage:
    """Load contacts; one is known by customer, last and first name."""
    stage = Stage("contacts", columns)
    stage.fill(batches, progress=progress)
    stage.drop_repeated(["s.customer_ref", "s.last_name", stage.column("first_name")])
    resolve_customers(stage, source=source)
    tenant = tenant_literal()
    temp_table(
        "work",
        "ON COMMIT DROP AS SELECT s.line, k.id AS row_id, c.customer_id, s.last_name, "
        f"coalesce({stage.column('first_name')}, '') AS first_name, "
        f"coalesce({stage.column('role')}, k.role, 'ACCOUNTING') AS role, "
        f"coalesce({stage.column('influence')}, k.influence, 'UNKNOWN') AS influence, "
        f"coalesce({stage.column('is_primary')}, k.is_primary, false) AS is_primary, true AS is_active"
        + "".join(f", coalesce({stage.column(name)}, k.{name}, '') AS {name}" for name in _CONTACT_TEXTS)
        + " FROM stage s JOIN customer_of c USING (customer_ref) LEFT JOIN LATERAL ("
        f"SELECT * FROM receivables_contact k WHERE k.tenant_id = {tenant} AND k.customer_id = c.customer_id "
        'AND k.last_name = s.last_name COLLATE "default" '
        f"AND k.first_name = coalesce({stage.column('first_name')}, '') COLLATE \"default\" ORDER BY k.id LIMIT 1) k ON true",
    )
    fields = ("role", "influence", "is_primary", *_CONTACT_TEXTS)
    result.changed = write_changes(table="contact", label="Contact", columns=fields, run_id=result.run_id)
    names = ", ".join((*fields, "customer_id", "last_name", "first_name", "is_active"))
    result.created = execute(
        f"INSERT INTO receivables_contact ({names}, run_id) SELECT {names}, %s FROM work WHERE row_id IS NULL ORDER BY line",
        [result.run_id],
    )
    return stage
