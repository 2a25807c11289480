"""While a long transaction works: say from a connection of one's own that it lives, how far it is, and hear "stop"."""

import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from integrations.models import SyncRun

EVERY_SECONDS = 2.0
# A run whose heart stood still for so long has no process any more.
STALE_SECONDS = 60


class Heart:
    """Beats in a thread until the block ends. Called with the number of rows read, answers whether to go on."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._rows = 0
        self._stop_requested = False
        self._over = threading.Event()

    def __call__(self, rows: int) -> bool:
        self._rows = rows
        return not self._stop_requested

    def _beat(self) -> None:
        try:
            while not self._over.wait(EVERY_SECONDS):
                with transaction.atomic():
                    SyncRun.objects.filter(id=self._run_id).update(done_count=self._rows, heartbeat_at=Now())
                    self._stop_requested = SyncRun.objects.filter(id=self._run_id, stop_requested=True).exists()
        except DatabaseError:
            pass  # the load itself meets the same database, and says so
        finally:
            connection.close()


@contextmanager
def heart_of(run_id: UUID) -> Iterator[Heart]:
    """Beat while the block runs. The thread sees the tenant scope of the caller; a short block opens no connection."""
    heart = Heart(run_id)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(heart._beat,), daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        heart._over.set()
        thread.join()
