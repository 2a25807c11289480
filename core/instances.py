"""Rows of hand-written statements as model instances, for the few statements that every request pays for.

The ORM takes ten times as long to write such a statement as PostgreSQL to answer it.
"""

from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


@cache
def columns_of(model: type[Model], alias: str) -> str:
    """The columns of a model in the order that `instance_of` takes them, for a SELECT of the table under `alias`."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def instance_of(model: type[Row], row: tuple[Any, ...], start: int = 0) -> tuple[Row, int]:
    """An instance out of a row, of the columns from place `start` on; and the place after them.

    For models whose fields come from the driver as they are: no JSON.
    """
    names, end = _names(model, start)
    return model.from_db(DEFAULT_DB_ALIAS, names, row[start:end]), end


@cache
def _names(model: type[Model], start: int) -> tuple[list[str], int]:
    names = [field.attname for field in model._meta.concrete_fields]
    return names, start + len(names)
