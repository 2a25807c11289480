"""The nightly check of what is stored beside the facts: differences are put right and recorded, too many are refused."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor
from core.errors import Conflict
from core.models import AuditRecord
from receivables.services.loading_stage import copy_into, temp_table
from receivables.services.open_amounts import check_open_amounts, recompute_open

# A few can be the trace of a crash in former software; more is a fault that a person must understand first.
MOST_REPAIRED = 100


class TooManyDifferences(Conflict):
    code = "too_many_differences"
    message = _("Too many open amounts are not what the allocations say. Nothing was changed; ask for support.")


@transaction.atomic
def repair_open_amounts(*, actor: Actor = SYSTEM) -> int:
    """Set the stored open amounts that are not amount less allocations anew; how many. Raises TooManyDifferences.

    Each is written to the audit trail with what was stored and what it should have been. 1 SQL query when all is well.
    """
    differences = check_open_amounts(limit=MOST_REPAIRED + 1)
    if len(differences) > MOST_REPAIRED:
        raise TooManyDifferences
    if not differences:
        return 0
    temp_table("unsound", "(item_id uuid PRIMARY KEY) ON COMMIT DROP")
    with copy_into("unsound", ["item_id"]) as write:
        for difference in differences:
            write((difference.item_id,))
    count = recompute_open("unsound")
    AuditRecord.objects.bulk_create(
        AuditRecord(
            actor_kind=actor.kind,
            actor_id=actor.id,
            action="receivables.open_amount_repaired",
            object_type="receivables.LedgerItem",
            object_id=one.item_id,
            customer_id=one.customer_id,
            changes={"open_amount": [str(one.stored), str(one.computed)]},
        )
        for one in differences
    )
    return count
