"""A run beside those of its source that came before: not of an earlier day, and not the same file again."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Conflict
from integrations.files import Mapping
from integrations.models import SyncRun

State = SyncRun.State

# An orders file lists all open orders of its companies; other kinds say what they say and no more.
_DEFAULT_MODES = {"items": "delta", "orders": "snapshot"}


class OlderThanLast(Conflict):
    code = "older_than_last"
    message = gettext_lazy("A later file of this source has already been loaded.")


def mode_of(run: SyncRun, mapping: Mapping) -> str:
    """How the rows are understood: as chosen for the run, as the mapping says, else by kind."""
    return run.mode or mapping.mode or _DEFAULT_MODES.get(mapping.kind, "delta")


@transaction.atomic
def refuse_older(run: SyncRun, mapping: Mapping) -> None:
    """A file of an earlier day than the last one of its source, kind and company would take the ledger back."""
    last = _applied_before(run, mapping).order_by("-as_of").first()
    if last is not None and last.as_of > run.as_of:
        raise OlderThanLast(
            _("The file is of %(day)s; one of %(last)s has already been loaded from this source.")
            % {"day": run.as_of.isoformat(), "last": last.as_of.isoformat()}
        )


def _applied_before(run: SyncRun, mapping: Mapping) -> Any:
    return SyncRun.objects.filter(
        source=run.source,
        kind=mapping.kind,
        state__in=(State.APPLIED, State.UNCHANGED),
        options__entity=run.options.get("entity", ""),
    ).exclude(id=run.id)


@transaction.atomic
def same_as_last(run: SyncRun, mapping: Mapping) -> SyncRun | None:
    """The last run of the source and kind, if it read the same bytes in the same way and took every row."""
    last = _applied_before(run, mapping).filter(state=State.APPLIED).order_by("-finished_at").first()
    if last is None or last.sha256 != run.sha256 or last.rejected_count:
        return None
    same = last.mapping == run.mapping and mode_of(last, mapping) == mode_of(run, mapping)
    return last if same else None
