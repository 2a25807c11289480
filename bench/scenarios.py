"""An organisation with many overdue items under ten scenarios: the further line of P7."""

from uuid import UUID

import psycopg

from accounts.models import Tenant
from accounts.services.organisations import create_organisation
from bench.database import as_owner
from bench.reading import inside
from bench.shape import UPTO, Size, make_ledger, settle
from collection.models import Scenario, ScenarioVersion
from collection.rules.steps import OldItems
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.scenarios import approve_go_live, create_scenario, ensure_default_scenario
from collection.services.versions import STEP_FIELDS, StepValues, publish_draft, save_draft
from core.audit import SYSTEM
from receivables.models import Entity

SLUG = "scenarios"
# Of the large organisation's invoices, how many are overdue here: 200,000 of a million.
SHARE = 5
_SECTORS = (("S0", "S1"), ("S2", "S3"), ("S4", "S5"), ("S6", "S7"), ("S8", "S9"))
_REGIONS = (("R0", "R1", "R2", "R3"), ("R4", "R5", "R6", "R7"), ("R8", "R9", "R10", "R11"))


def organisation(size: Size) -> Tenant:
    """Made once: customers and invoices, `invoices / SHARE` of them overdue, ten live scenarios."""
    found: Tenant | None = Tenant.objects.filter(slug=SLUG).first()
    if found is not None:
        return found
    made = create_organisation(slug=SLUG, name="Ten scenarios", sandbox_on=UPTO)
    with inside(made):
        entity = Entity.objects.create(code="E1", name="Entity 1", currency="EUR")
    with as_owner() as owner:
        customers = max(size.customers // SHARE, 20)
        make_ledger(owner, tenant=made.id, entity=entity.id, customers=customers, invoices=size.invoices // SHARE)
        _all_overdue(owner, made.id)
    with inside(made):
        _scenarios(made)
    settle()
    return made


def _all_overdue(owner: psycopg.Connection, tenant_id: UUID) -> None:
    """Every invoice open and 1 to 90 days late: nothing was paid."""
    owner.execute("DELETE FROM receivables_allocation WHERE tenant_id = %s", [tenant_id])
    owner.execute("DELETE FROM receivables_ledgeritem WHERE tenant_id = %s AND amount < 0", [tenant_id])
    owner.execute(
        "UPDATE receivables_ledgeritem SET open_amount = amount, due_date = %s::date - 1 - (abs(hashtext(id::text)) %% 90), "
        "posting_date = least(posting_date, %s::date - 120), document_date = least(document_date, %s::date - 120) "
        "WHERE tenant_id = %s",
        [UPTO, UPTO, UPTO, tenant_id],
    )


def _scenarios(tenant: Tenant) -> None:
    """The default one and nine others, each a day later than the one before it, given by rules on facts of accounts."""
    standard = ensure_default_scenario(tenant=tenant, on=UPTO)
    ScenarioVersion.objects.update(working_days_only=False, stale_after_days=None)
    approve_go_live(version=standard, old_items=OldItems.FIRST_STEP, live_from=UPTO, approved_by=None, actor=SYSTEM)
    criteria = [
        {"fact": "overdue_amount", "operator": "AT_LEAST", "values": ["20000"]},
        *({"fact": "sector", "operator": "IN", "values": list(values)} for values in _SECTORS),
        *({"fact": "region", "operator": "IN", "values": list(values)} for values in _REGIONS),
    ]
    rules = [
        RuleValues(f"Rule {number}", _scenario(standard.scenario, number).id, [criterion])
        for number, criterion in enumerate(criteria, start=1)
    ]
    set_rules(rules=rules, from_on=UPTO, on=UPTO, by=None, actor=SYSTEM)


def _scenario(standard: Scenario, number: int) -> Scenario:
    scenario = create_scenario(name=f"Scenario {number}", copy_of=standard, actor=SYSTEM)
    draft = scenario.versions.get()
    steps = []
    for row in draft.steps.order_by("position"):
        values = {name: getattr(row, name) for name in STEP_FIELDS}
        later = number if row.offset_days > 0 else 0
        steps.append(StepValues(**values | {"offset_days": row.offset_days + later}))
    version = publish_draft(
        version=save_draft(version=draft, limits={}, steps=steps, actor=SYSTEM), from_on=UPTO, on=UPTO, actor=SYSTEM
    )
    approve_go_live(version=version, old_items=OldItems.FIRST_STEP, live_from=UPTO, approved_by=None, actor=SYSTEM)
    return scenario
