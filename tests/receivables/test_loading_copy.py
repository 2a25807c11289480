"""What is written as text for COPY is what PostgreSQL reads: texts with all that COPY gives a meaning to, days, amounts."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.services.loading_copy import copy_text

TEXTS = st.none() | st.text(st.sampled_from("\\N\t\n\ra é%'\x0b"), max_size=5)
ROWS = st.lists(
    st.tuples(
        TEXTS,
        st.none() | st.dates(date(1950, 1, 1), date(2199, 12, 31)),
        st.none() | st.decimals(-(10**15), 10**15, places=4),
        st.none() | st.booleans(),
        st.integers(1, 10**6),
    ),
    max_size=8,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_postgresql_reads_back_what_was_written(rows):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (t text, d date, a numeric(20, 4), b boolean, n integer) ON COMMIT DROP"
        )
        with cursor.copy("COPY copied FROM STDIN") as copy:
            copy.write(copy_text(list(zip(*rows, strict=True))) if rows else "")
        cursor.execute("SELECT * FROM copied")
        assert cursor.fetchall() == rows
        cursor.execute("DROP TABLE copied")


def test_nothing_is_written_for_no_rows():
    assert copy_text([[], []]) == ""
    assert copy_text([["a"], [None], [Decimal("1E+3")]]) == "a\t\\N\t1E+3\n"
