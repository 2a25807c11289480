"""Who and what a file mentions: entities, members, terms, groups, customers and accounts, made where they are absent.

Small sets (entities, members, terms, groups) are resolved in Python and put beside the stage as temporary tables
`entity_of`, `member_of`, `terms_of`, `group_of`; customers and accounts, which may be 100,000, in SQL (`party`).
"""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Role, Tenant
from core.errors import Invalid
from core.tenancy import require_tenant_id
from core.text import search_key
from receivables.models import CustomerGroup, Entity, PaymentTerms
from receivables.ports import Rejection
from receivables.rules.terms_code import UnknownTerms
from receivables.rules.terms_code import code as terms_rule
from receivables.rules.terms_code import parse as parse_terms
from receivables.services.loading_stage import (
    Stage,
    analyze_grown,
    analyze_temp,
    copy_into,
    execute,
    fetch,
    quoted,
    temp_table,
    tenant_literal,
)

MAIN = "MAIN"
_MEMBER_ROLES = {"salesperson": "sales", "collector": "collector"}
_LONGEST_MEMBER_REF = 80


class EntityNeeded(Invalid):
    code = "entity_needed"
    message = _("The file names no company and the organisation has several: say which one it belongs to.")


def name_entities(stage: Stage, *, given: str) -> None:
    """Fill `entity_of (code, id, currency, is_default)` with entities that exist; a row may belong to none."""
    _fill_entity_of(list(Entity.objects.all()), default=given)


def resolve_entities(stage: Stage, *, given: str, is_required: bool = True) -> int:
    """Fill `entity_of (code, id, currency, is_default)` and give the number of entities that had to be made.

    Rows without a code belong to `given`, else to the only entity, else to one that is made: MAIN, named like the
    organisation. Entities that do not exist are made with their code as name and the organisation's currency. Raises
    EntityNeeded where several exist and none is named; if not `is_required`, such rows belong to none.
    """
    named, has_blank = set(), True
    if stage.has("entity_code"):
        codes = {code for (code,) in fetch("SELECT DISTINCT entity_code FROM stage")}
        named, has_blank = {code for code in codes if code}, None in codes
    known = {entity.code: entity for entity in Entity.objects.all()}
    default = given
    if has_blank and not default:
        candidates = known or named
        if len(candidates) > 1 and is_required:
            raise EntityNeeded
        has_blank = len(candidates) <= 1
        default = next(iter(candidates), MAIN)
    wanted = named | ({default} if has_blank else set())
    absent = sorted(wanted - known.keys())
    for code in absent:
        tenant = Tenant.objects.get(id=require_tenant_id())
        known[code] = Entity.objects.create(
            code=code,
            name=tenant.name if code == MAIN else code,
            country=tenant.country,
            currency=tenant.currency,
            language=tenant.language,
        )
    _fill_entity_of([known[code] for code in sorted(wanted)], default=default if has_blank else "")
    return len(absent)


def _fill_entity_of(entities: list[Entity], *, default: str) -> None:
    rows = [(entity.code, entity.id, entity.currency, entity.code == default) for entity in entities]
    # Texts of a bounded length: the table needs no second one for long values, and takes half the time to make.
    temp_table(
        "entity_of",
        '(code varchar(40) COLLATE "C", id uuid, currency varchar(3) COLLATE "C", is_default boolean) ON COMMIT DROP'
        + (f"; INSERT INTO entity_of VALUES {', '.join(['(%s, %s, %s, %s)'] * len(rows))}" if rows else ""),
        [value for row in rows for value in row],
    )


def resolve_members(stage: Stage) -> int:
    """Fill `member_of (name, id)` for salespersons and collectors: by reference, else by name, else made as names only.

    Where the source feeds neither there is no such table (`joined`).
    """
    if not stage.has(*_MEMBER_ROLES):
        return 0
    temp_table("member_of", '(name text COLLATE "C", id uuid) ON COMMIT DROP')
    roles = {code: _role(code) for code in _MEMBER_ROLES.values()}
    by_ref = {member.source_ref: member for member in Member.objects.exclude(source_ref="")}
    by_name = {member.name: member for member in Member.objects.filter(source_ref="", is_active=True)}
    found: dict[str, UUID] = {}
    made = 0
    for column, role in _MEMBER_ROLES.items():
        if not stage.has(column):
            continue
        for (name,) in fetch(f"SELECT DISTINCT {column} FROM stage WHERE {column} IS NOT NULL ORDER BY 1"):
            member = by_ref.get(name[:_LONGEST_MEMBER_REF]) or by_name.get(name)
            if member is None:
                member = by_ref[name[:_LONGEST_MEMBER_REF]] = Member.objects.create(
                    role=roles[role], name=name[:120], source_ref=name[:_LONGEST_MEMBER_REF]
                )
                made += 1
            found[name] = member.id
    with copy_into("member_of", ("name", "id")) as write:
        for name, member_id in found.items():
            write((name, member_id))
    return made


def _role(code: str) -> Role:
    """The organisation's role of that code; where it was deleted, the one that sees least."""
    return Role.objects.filter(code=code).first() or Role.objects.order_by("-portfolio_only", "code")[0]


def resolve_terms(stage: Stage) -> int:
    """Fill `terms_of (code, id)`; terms that do not exist are made, with a rule where their code can be read as one.

    Where the source feeds none there is no such table (`joined`).
    """
    if not stage.has("terms_code"):
        return 0
    temp_table("terms_of", '(code text COLLATE "C", id uuid) ON COMMIT DROP')
    codes = [code for (code,) in fetch("SELECT DISTINCT terms_code FROM stage WHERE terms_code IS NOT NULL")]
    known = {terms.code: terms.id for terms in PaymentTerms.objects.filter(code__in=codes)}
    absent = sorted(set(codes) - known.keys())
    for code in absent:
        known[code] = PaymentTerms.objects.create(code=code, label=code, rule=_rule(code)).id
    with copy_into("terms_of", ("code", "id")) as write:
        for code, terms_id in known.items():
            write((code, terms_id))
    return len(absent)


def _rule(code: str) -> str:
    try:
        return terms_rule(parse_terms(code))[:80]
    except UnknownTerms:
        return ""


def joined(stage: Stage, column: str, *, alias: str, of: str) -> str:
    """SQL that joins the terms or the member of a field of the stage as `alias`, whose `id` is NULL where there is none.

    `of`: the SQL of the field's value.
    """
    if not stage.has(column):
        return f" LEFT JOIN (SELECT NULL::uuid AS id) {alias} ON false"
    table, key = ("terms_of", "code") if column == "terms_code" else ("member_of", "name")
    return f" LEFT JOIN {table} {alias} ON {alias}.{key} = {of}"


def resolve_groups(stage: Stage) -> int:
    """Fill `group_of (ref, id)`; groups that do not exist are made, and renamed where the file names them otherwise."""
    found: dict[str, str] = {}
    if stage.has("group_ref"):
        name = 'max("group_name")' if stage.has("group_name") else "NULL::text"
        found = dict(fetch(f"SELECT group_ref, {name} FROM stage WHERE group_ref IS NOT NULL GROUP BY 1"))
    known = {group.ref: group for group in CustomerGroup.objects.filter(ref__in=found)}
    made = 0
    for ref, group_name in found.items():
        if ref not in known:
            known[ref] = CustomerGroup.objects.create(ref=ref, name=group_name or ref)
            made += 1
        elif group_name and known[ref].name != group_name:
            CustomerGroup.objects.filter(id=known[ref].id).update(name=group_name)
    temp_table("group_of", '(ref text COLLATE "C", id uuid) ON COMMIT DROP')
    with copy_into("group_of", ("ref", "id")) as write:
        for ref, group in known.items():
            write((ref, group.id))
    return made


def resolve_parties(stage: Stage, *, source: str) -> bool:
    """Fill `party`: customer and account of each (customer_ref, entity_code) of the stage. False if one has none.

    A reference is a customer's, else the reference of an account at that entity and source. An account is the one of
    that reference and source, else another of the customer there.
    """
    tenant = tenant_literal()
    refs = stage.among("customer_ref")
    temp_table(
        "party",
        "ON COMMIT DROP AS SELECT s.customer_ref, e.code AS entity_code, e.id AS entity_id, e.currency, "
        "coalesce(c.id, a.customer_id) AS customer_id, "
        "CASE WHEN c.id IS NULL OR c.id = a.customer_id THEN a.id END AS account_id "
        f"FROM (SELECT DISTINCT customer_ref, {entity_code(stage)} AS entity_code FROM stage s) s "
        "JOIN entity_of e ON e.code = s.entity_code "
        f"LEFT JOIN receivables_customer c ON c.tenant_id = {tenant} AND c.ref = s.customer_ref {refs and f'AND c.ref {refs}'} "
        f"LEFT JOIN receivables_customeraccount a ON a.tenant_id = {tenant} AND a.entity_id = e.id "
        f"AND a.source = {quoted(source)} AND a.ref = s.customer_ref {refs and f'AND a.entity_id = ANY(ARRAY(SELECT id FROM entity_of)) AND a.ref {refs}'}",
    )
    analyze_temp("party", "customer_ref", "entity_code", "customer_id", "account_id")
    return not fetch("SELECT 1 FROM party WHERE account_id IS NULL LIMIT 1")


def entity_code(stage: Stage, alias: str = "s") -> str:
    """The SQL of a row's entity code, with the default in place of none."""
    return f"coalesce({stage.column('entity_code', alias)}, (SELECT code FROM entity_of WHERE is_default))"


def _find_customers(tenant: str) -> None:
    execute(
        "UPDATE party p SET customer_id = c.id FROM receivables_customer c "
        f"WHERE p.customer_id IS NULL AND c.tenant_id = {tenant} AND c.ref = p.customer_ref"
    )


def _find_accounts(tenant: str, source: str) -> None:
    """Where `party` lacks an account: another one of the customer at the entity, first of the same source."""
    if not fetch("SELECT 1 FROM party WHERE account_id IS NULL LIMIT 1"):
        return
    execute(
        "UPDATE party p SET account_id = a.id FROM ("
        "SELECT DISTINCT ON (p.customer_ref, p.entity_id) p.customer_ref, p.entity_id, a.id "
        "FROM party p JOIN receivables_customeraccount a "
        f"ON a.tenant_id = {tenant} AND a.customer_id = p.customer_id AND a.entity_id = p.entity_id "
        "WHERE p.account_id IS NULL "
        "ORDER BY p.customer_ref, p.entity_id, (a.source = %s AND a.ref = p.customer_ref) DESC, (a.source = %s) DESC, a.ref, a.id"
        ") a WHERE p.customer_ref = a.customer_ref AND p.entity_id = a.entity_id",
        [source, source],
    )


def make_missing_customers(stage: Stage, *, run_id: UUID) -> int:
    """Make the customers of `party` that do not exist. Their name is the one the file gives most often."""
    if not fetch("SELECT 1 FROM party WHERE customer_id IS NULL LIMIT 1"):
        return 0
    tenant = tenant_literal()
    name, country = stage.column("customer_name"), stage.column("country")
    rows = fetch(
        "SELECT customer_ref, (array_agg(name ORDER BY n DESC, name))[1], max(country) FROM ("
        f"SELECT s.customer_ref, {name} AS name, max({country}) AS country, count(*) AS n FROM stage s "
        "WHERE s.customer_ref IN (SELECT customer_ref FROM party WHERE customer_id IS NULL) GROUP BY 1, 2"
        ") named GROUP BY 1"
    )
    insert_customers(((ref, name or ref, country or "") for ref, name, country in rows), run_id=run_id)
    analyze_grown("receivables_customer", by=len(rows))
    _find_customers(tenant)
    return len(rows)


def insert_customers(rows: Iterable[tuple[str, str, str]], *, run_id: UUID) -> None:
    """Insert customers given by (ref, name, country); one that another load has just made stays as it is."""
    columns = ("ref", "ref_key", "name", "name_key", "country")
    temp_table("new_customer", f"({', '.join(name + ' text' for name in columns)}) ON COMMIT DROP")
    with copy_into("new_customer", columns) as write:
        for ref, name, country in rows:
            write((ref, search_key(ref)[:80], name, search_key(name)[:200], country))
    blank = ("language", "siren", "siret", "vat_number", "lei", "registration_number", "street", "postal_code", "city", "email", "phone")  # fmt: skip
    execute(
        f"INSERT INTO receivables_customer ({', '.join(columns)}, {', '.join(blank)}, run_id) "
        f"SELECT {', '.join(columns)}, {', '.join(['%s'] * len(blank))}, %s FROM new_customer ORDER BY ref "
        "ON CONFLICT (tenant_id, ref) DO NOTHING",
        [*("" for _name in blank), run_id],
    )


def make_missing_accounts(stage: Stage, *, source: str, run_id: UUID) -> int:
    """Make the accounts of `party` that do not exist, with the terms and axes that the file gives first.

    A row whose reference belongs to another customer's account there is taken out of the stage and listed.
    """
    tenant = tenant_literal()
    _find_accounts(tenant, source)
    if not fetch("SELECT 1 FROM party WHERE account_id IS NULL LIMIT 1"):
        return 0
    code = entity_code(stage)
    axes = ("payment_method", "sector", "region")
    wanted = {name: f"min({stage.column(name)})" for name in ("terms_code", "salesperson", *axes)}
    made = execute(
        "INSERT INTO receivables_customeraccount "
        "(customer_id, entity_id, source, ref, currency, terms_id, salesperson_id, payment_method, sector, region, product, run_id) "
        "SELECT p.customer_id, p.entity_id, %s, p.customer_ref, '', t.id, m.id, "
        "coalesce(x.payment_method, ''), coalesce(x.sector, ''), coalesce(x.region, ''), '', %s "
        f"FROM party p JOIN (SELECT s.customer_ref, {code} AS entity_code, "
        + ", ".join(f"{sql} AS {name}" for name, sql in wanted.items())
        + " FROM stage s GROUP BY 1, 2) x ON x.customer_ref = p.customer_ref AND x.entity_code = p.entity_code"
        + joined(stage, "terms_code", alias="t", of="x.terms_code")
        + joined(stage, "salesperson", alias="m", of="x.salesperson")
        + " WHERE p.account_id IS NULL AND p.customer_id IS NOT NULL ORDER BY p.customer_ref "
        "ON CONFLICT (tenant_id, entity_id, source, ref) DO NOTHING",
        [source, run_id],
    )
    analyze_grown("receivables_customeraccount", by=made)
    _find_accounts(tenant, source)
    return made


def resolve_customers(stage: Stage, *, source: str) -> None:
    """Fill `customer_of (customer_ref, customer_id)` and take rows of unknown customers out of the stage.

    A reference is a customer's, else that of an account of the source, if it is one customer's only.
    """
    if not stage.has("customer_ref"):
        return
    tenant = tenant_literal()
    execute("DROP TABLE IF EXISTS pg_temp.customer_of")
    execute(
        "CREATE TEMP TABLE customer_of ON COMMIT DROP AS SELECT s.customer_ref, coalesce(c.id, a.customer_id) AS customer_id "
        "FROM (SELECT DISTINCT customer_ref FROM stage WHERE customer_ref IS NOT NULL) s "
        f"LEFT JOIN receivables_customer c ON c.tenant_id = {tenant} AND c.ref = s.customer_ref "
        "LEFT JOIN LATERAL (SELECT (array_agg(DISTINCT a.customer_id))[1] AS customer_id FROM receivables_customeraccount a "
        f"WHERE c.id IS NULL AND a.tenant_id = {tenant} AND a.source = %s AND a.ref = s.customer_ref "
        "HAVING count(DISTINCT a.customer_id) = 1) a ON true",
        [source],
    )
    execute("ANALYZE customer_of")
    unknown = fetch(
        "DELETE FROM stage s USING customer_of c WHERE c.customer_ref = s.customer_ref AND c.customer_id IS NULL RETURNING s.line"
    )
    reason = str(_("There is no customer with this reference."))
    stage.reject(Rejection(line, "customer_ref", reason) for (line,) in unknown)
