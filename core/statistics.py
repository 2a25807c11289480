"""What PostgreSQL's planner knows of big tables, kept up where autovacuum does not.

Autovacuum counts a table again once enough of it has changed, and forgets how much has each time the database crashes.
A table that was never counted is taken for one of a few rows in each organisation: a night's statements over some
thousand late items then took seconds where they take milliseconds.
"""

from django.db import connection, transaction

# Never counted, or when they were empty, or grown by half and a few pages since: in between planning follows their size.
_OUTGROWN = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = current_schema() AND has_table_privilege(c.oid, 'MAINTAIN')
  AND pg_relation_size(c.oid) > 0
  AND (c.relpages = 0 OR pg_relation_size(c.oid) / current_setting('block_size')::int > c.relpages + c.relpages / 2 + 8)
ORDER BY c.relname
"""


def count_outgrown() -> int:
    """Have the tables counted that have outgrown what is known of them (models with `needs_analyze`); how many.

    Each in a transaction of its own, and one that somebody else is counting is left to them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OUTGROWN)
        tables = [name for (name,) in cursor.fetchall()]
    for table in tables:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {table}")
    return len(tables)
