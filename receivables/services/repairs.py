"""The nightly check of the ledger: stored amounts that differ are put right and recorded, too many are refused.

So are items without their document, which nobody can put right by themselves.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor
from core.errors import Conflict
from core.models import AuditRecord
from receivables.services.loading_stage import copy_into, temp_table
from receivables.services.open_amounts import check_open_amounts, items_without_document, recompute_open

# A few can be the trace of a crash in former software; more is a fault that a person must understand first.
MOST_REPAIRED = 100


class TooManyDifferences(Conflict):
    code = "too_many_differences"
    message = _("Too many open amounts are not what the allocations say. Nothing was changed; ask for support.")


class DocumentsMissing(Conflict):
    code = "documents_missing"
    message = _("Items of the ledger have lost their document. Nothing was changed; ask for support.")


@transaction.atomic
def refuse_lost_documents() -> None:
    """Raises DocumentsMissing where an item names a document that is not there. 1 SQL query."""
    lost = items_without_document(limit=1)
    if lost:
        raise DocumentsMissing(f"{DocumentsMissing.message} ({lost[0]})")


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
