"""Background work of the reports: one call of a service each."""

from typing import Any
from uuid import UUID

from celery import shared_task

from accounts.access import TenantTask
from reporting.services import exports

_LONG_SECONDS = 1800


@shared_task(base=TenantTask, name="reporting.write_export", queue="long", time_limit=_LONG_SECONDS)
def write_export(*, export: str, **_: Any) -> int:
    """Write the file of an export; how many rows."""
    return exports.write_export(export_id=UUID(export)).row_count
