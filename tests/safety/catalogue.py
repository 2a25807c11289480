"""The rules that keep organisations apart and the schema fit for scale-out, read from Postgres' catalogue.

A table is a tenant table when it has tenant_id; every other table must stand on the list of global tables.
Each rule is a query of the offenders: an empty answer means that it holds.
"""

from collections.abc import Sequence
from typing import Any

TENANT_TABLES = """
WITH t AS (
    SELECT c.oid FROM pg_class c
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
      AND EXISTS (SELECT 1 FROM pg_attribute a WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped)
)
"""

POLICY = "(tenant_id = (current_setting(''app.tenant_id''::text))::uuid)"

RULES: dict[str, str] = {
    "R01 every table is a tenant table or on the list of global tables": """
        SELECT relname FROM pg_class c
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
          AND c.oid NOT IN (SELECT oid FROM t) AND NOT relname = ANY(%(global)s)""",
    "R02 tenant_id is a uuid and never null": """
        SELECT c.relname FROM t JOIN pg_class c USING (oid)
        JOIN pg_attribute a ON attrelid = c.oid AND attname = 'tenant_id'
        WHERE NOT attnotnull OR atttypid <> 'uuid'::regtype""",
    "R03 the primary key starts with tenant_id": """
        SELECT c.relname FROM t JOIN pg_class c USING (oid)
        LEFT JOIN pg_index i ON indrelid = c.oid AND indisprimary
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE a.attname IS DISTINCT FROM 'tenant_id'""",
    "R04 every unique index starts with tenant_id": """
        SELECT c.relname || '.' || x.relname FROM t JOIN pg_class c USING (oid)
        JOIN pg_index i ON indrelid = c.oid AND indisunique JOIN pg_class x ON x.oid = indexrelid
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE a.attname IS DISTINCT FROM 'tenant_id'""",
    "R05 exclusion constraints contain tenant_id": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid
        WHERE contype = 'x' AND NOT (
            SELECT attnum FROM pg_attribute WHERE attrelid = k.conrelid AND attname = 'tenant_id') = ANY(conkey)""",
    "R06 references between tenant tables carry the tenant on both sides": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid JOIN t f ON k.confrelid = f.oid
        WHERE contype = 'f' AND NOT EXISTS (
            SELECT 1 FROM generate_subscripts(conkey, 1) s
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = conkey[s]
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = confkey[s]
            WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')""",
    "R07 no global table refers to a tenant table": """
        SELECT conname FROM pg_constraint k JOIN t f ON k.confrelid = f.oid
        WHERE contype = 'f' AND k.conrelid NOT IN (SELECT oid FROM t)""",
    "R08 no reference sets null or a default by itself": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid
        WHERE contype = 'f' AND (confdeltype IN ('n', 'd') OR confupdtype IN ('n', 'd', 'c'))""",
    "R09 row security is enabled and forced": """
        SELECT relname FROM pg_class c JOIN t USING (oid) WHERE NOT (relrowsecurity AND relforcerowsecurity)""",
    "R10 the one bare policy, for reading and writing": f"""
        SELECT c.relname FROM t JOIN pg_class c USING (oid)
        WHERE (SELECT count(*) FROM pg_policy p WHERE polrelid = c.oid AND polcmd = '*' AND polpermissive
                 AND pg_get_expr(polqual, polrelid) = '{POLICY}'
                 AND pg_get_expr(polwithcheck, polrelid) = pg_get_expr(polqual, polrelid)) <> 1
           OR (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) <> 1""",
    "R11 the runtime role holds SELECT INSERT UPDATE DELETE, MAINTAIN on the named big tables only": """
        SELECT c.relname || ' ' || privilege FROM t JOIN pg_class c USING (oid),
            unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) privilege
        WHERE has_table_privilege(%(role)s, c.oid, privilege)
          AND NOT (privilege = 'MAINTAIN' AND c.relname = ANY(%(big)s))""",
    "R12 the runtime role is no superuser, bypasses nothing, creates nothing, is member of nothing, owns nothing": """
        SELECT rolname FROM pg_roles r WHERE rolname = %(role)s AND (
            rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole
            OR EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid)
            OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid AND relpersistence <> 't'))""",
    "R13 views run with the rights of who asks": """
        SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace
          AND NOT coalesce('security_invoker=true' = ANY(reloptions) OR 'security_invoker=on' = ANY(reloptions), false)""",
    "R14 no materialised views": """
        SELECT relname FROM pg_class WHERE relkind = 'm' AND relnamespace = 'public'::regnamespace""",
    "R15 no functions with the rights of their owner": """
        SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace""",
    "R16 no triggers on tenant tables": """
        SELECT tgname FROM pg_trigger g JOIN t ON g.tgrelid = t.oid WHERE NOT tgisinternal""",
    "R17 no sequences behind tenant tables": """
        SELECT s.relname FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN t ON t.oid = d.refobjid WHERE d.deptype IN ('a', 'i')""",
    "R18 the runtime role cannot read partitions directly": """
        SELECT relname FROM pg_class
        WHERE relispartition AND relkind = 'r' AND has_table_privilege(%(role)s, oid, 'SELECT')""",
    "R19 constraints are validated": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid WHERE NOT convalidated""",
    "R20 every reference has an index that starts with its first two columns: the tenant and another": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid JOIN t f ON k.confrelid = f.oid
        WHERE contype = 'f' AND NOT EXISTS (
            SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid
              AND (i.indkey::int2[])[0:1] @> k.conkey[1:2] AND k.conkey[1:2] @> (i.indkey::int2[])[0:1])""",
    "R21 money is numeric, never a float": """
        SELECT c.relname || '.' || attname FROM t JOIN pg_class c USING (oid) JOIN pg_attribute a ON attrelid = c.oid
        WHERE atttypid IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype) AND attnum > 0""",
    "R22 no timestamp without time zone": """
        SELECT c.relname || '.' || attname FROM t JOIN pg_class c USING (oid) JOIN pg_attribute a ON attrelid = c.oid
        WHERE atttypid = 'timestamp'::regtype AND attnum > 0""",
    "R23 no reference between tenant tables is deferred by default": """
        SELECT conname FROM pg_constraint k JOIN t ON k.conrelid = t.oid JOIN t f ON k.confrelid = f.oid
        WHERE contype = 'f' AND condeferred""",
    "R24 the runtime role can neither change nor delete rows of append-only tables": """
        SELECT c.relname || ' ' || privilege FROM t JOIN pg_class c USING (oid),
            unnest(ARRAY['UPDATE', 'DELETE']) privilege
        WHERE c.relname = ANY(%(append_only)s) AND has_table_privilege(%(role)s, c.oid, privilege)""",
}


def offenders(cursor: Any, *, rule: str, facts: dict[str, Sequence[str] | str]) -> list[str]:
    """Who breaks `rule`. `facts`: the global, big and append-only tables and the runtime role."""
    cursor.execute(TENANT_TABLES + RULES[rule], facts)
    return [row[0] for row in cursor.fetchall()]
