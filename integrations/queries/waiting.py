"""Imports that wait for a person. A system query: whoever may import sees all of them."""

from integrations.models import SyncRun

WAITING = (SyncRun.State.CHECKED, SyncRun.State.HELD, SyncRun.State.RECEIVED)


def imports_waiting() -> list[SyncRun]:
    """Files that were checked or held and not yet applied, the newest first; at most 5. 1 SQL query."""
    return list(SyncRun.objects.filter(state__in=WAITING).order_by("-received_at", "-id")[:5])
