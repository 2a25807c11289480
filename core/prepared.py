"""Statements that PostgreSQL parses and plans once per connection. Why and which: docs/decisions/planned-once.md."""

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """A cursor for statements that find few rows by keys, which take longer to plan than to answer.

    The tenant stands in the text of such a statement, never among its parameters: it is planned for that tenant. Not for
    statements whose best plan depends on their parameters: those are planned with each call.
    """
    return connection.prepared_cursor()  # type: ignore[attr-defined, no-any-return]
