"""Every rule of the catalogue holds, and each rule notices when it is broken."""

import pytest
from django.conf import settings
from django.db import connection, connections

from core.tenancy.install import GLOBAL_TABLES, UNUSED_TABLES, tenant_models
from tests.safety.catalogue import RULES, offenders

# Tables that big loads and nights count themselves. Adding one is a decision: the list is written out.
BIG_TABLES = [
    "collection_action",
    "collection_actionline",
    "collection_scenariooverride",
    "desk_message",
    "receivables_allocation",
    "receivables_bankline",
    "receivables_cashallocation",
    "receivables_contact",
    "receivables_customer",
    "receivables_customeraccount",
    "receivables_customerbalance",
    "receivables_dispute",
    "receivables_document",
    "receivables_hold",
    "receivables_itemcause",
    "receivables_ledgeritem",
    "receivables_openorder",
    "receivables_promise",
    "receivables_promiseitem",
    "risk_payerprofile",
]


def facts() -> dict:
    append_only = [m._meta.db_table for m in tenant_models() if getattr(m, "append_only", False)]
    return {
        "role": settings.RUNTIME_ROLE,
        "global": [*GLOBAL_TABLES, *UNUSED_TABLES],
        "big": BIG_TABLES,
        "append_only": append_only,
    }


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds(db, rule):
    with connection.cursor() as cursor:
        assert offenders(cursor, rule=rule, facts=facts()) == []


def test_the_big_tables_are_the_models_that_ask_for_it():
    assert sorted(m._meta.db_table for m in tenant_models() if getattr(m, "needs_analyze", False)) == BIG_TABLES


def test_the_audit_trail_is_append_only():
    assert "core_auditrecord" in facts()["append_only"]


CUSTOMER, ITEM = "receivables_customer", "receivables_ledgeritem"
BREAK = {
    "R01": "CREATE TABLE stray (id int)",
    "R02": "CREATE TABLE stray (tenant_id uuid, id uuid)",
    "R03": "CREATE TABLE stray (tenant_id uuid NOT NULL, id uuid PRIMARY KEY)",
    "R04": f"CREATE UNIQUE INDEX stray ON {CUSTOMER} (ref)",
    "R05": f"ALTER TABLE {CUSTOMER} ADD CONSTRAINT stray EXCLUDE USING btree (ref WITH =)",
    "R06": "CREATE TABLE stray (tenant_id uuid NOT NULL, id uuid, other uuid REFERENCES stray2 (id))",
    "R07": "CREATE TABLE stray (tenant uuid, id uuid, FOREIGN KEY (tenant, id) REFERENCES receivables_customer (tenant_id, id))",
    "R08": f"ALTER TABLE {ITEM} ADD CONSTRAINT stray FOREIGN KEY (tenant_id, run_id) REFERENCES {CUSTOMER} (tenant_id, id) ON DELETE SET NULL",
    "R09": f"ALTER TABLE {CUSTOMER} NO FORCE ROW LEVEL SECURITY",
    "R10": f"CREATE POLICY stray ON {CUSTOMER} USING (true)",
    "R11": f"GRANT TRUNCATE ON {CUSTOMER} TO {{role}}",
    "R12": "CREATE ROLE stray_group; GRANT stray_group TO {role}",
    "R13": f"CREATE VIEW stray AS SELECT * FROM {CUSTOMER}",
    "R14": "CREATE MATERIALIZED VIEW stray AS SELECT 1 AS one",
    "R15": "CREATE FUNCTION stray() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "R16": "CREATE FUNCTION stray() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
    f"CREATE TRIGGER stray BEFORE INSERT ON {CUSTOMER} FOR EACH ROW EXECUTE FUNCTION stray()",
    "R17": f"ALTER TABLE {CUSTOMER} ADD COLUMN stray bigserial",
    "R18": "CREATE TABLE stray (id int) PARTITION BY LIST (id); "
    "CREATE TABLE stray1 PARTITION OF stray FOR VALUES IN (1); GRANT SELECT ON stray1 TO {role}",
    "R19": f"ALTER TABLE {CUSTOMER} ADD CONSTRAINT stray CHECK (ref <> 'x') NOT VALID",
    "R20": f"ALTER TABLE {ITEM} ADD CONSTRAINT stray FOREIGN KEY (tenant_id, run_id) REFERENCES {CUSTOMER} (tenant_id, id)",
    "R21": f"ALTER TABLE {CUSTOMER} ADD COLUMN stray float8",
    "R22": f"ALTER TABLE {CUSTOMER} ADD COLUMN stray timestamp",
    "R23": f"ALTER TABLE {ITEM} ADD CONSTRAINT stray FOREIGN KEY (tenant_id, run_id) REFERENCES {CUSTOMER} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
    "R24": "GRANT DELETE ON core_auditrecord TO {role}",
}
# The owner role cannot make roles, as it should be: this rule is broken on paper, in test_role_rule_sees_a_member.
NOT_BREAKABLE_BY_OWNER = {"R12"}


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule[:3] not in NOT_BREAKABLE_BY_OWNER])
def test_rule_notices_what_breaks_it(rule):
    """Break it as the owner, in a transaction that is rolled back: the rule must name an offender."""
    with connections["owner"].cursor() as cursor:
        if rule.startswith("R06"):
            cursor.execute("CREATE TABLE stray2 (tenant_id uuid NOT NULL, id uuid UNIQUE)")
        cursor.execute(BREAK[rule[:3]].format(role=settings.RUNTIME_ROLE))
        assert offenders(cursor, rule=rule, facts=facts()) != []


@pytest.mark.django_db(databases=["default", "owner"])
def test_role_rule_sees_an_owner():
    """Asked about the owner role instead, the rule on roles must find it."""
    owner = settings.DATABASES["owner"]["USER"]
    with connections["owner"].cursor() as cursor:
        rule = next(rule for rule in RULES if rule.startswith("R12"))
        assert offenders(cursor, rule=rule, facts={**facts(), "role": owner}) == [owner]
