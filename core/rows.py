"""One row of those that somebody may see."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from core.errors import NotFound

Row = TypeVar("Row", bound=Model)


def row_of(rows: "QuerySet[Row]", row_id: UUID) -> Row:
    """The row of `rows` with an id. Raises NotFound alike for an unknown one and for one out of scope. 1 SQL query."""
    row = rows.filter(id=row_id).first()
    if row is None:
        raise NotFound
    return row
