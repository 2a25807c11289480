"""Tables that have outgrown what the planner knows of them are counted, under the runtime role."""

import pytest
from django.db import connection

from core.statistics import count_outgrown
from tests.make import make_account, make_item

pytestmark = pytest.mark.django_db

ITEMS = "receivables_ledgeritem"


def known():
    """Rows and pages of the items, as the planner takes them to be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples, relpages FROM pg_class WHERE oid = %s::regclass", [ITEMS])
        return cursor.fetchone()


def believe(*, rows, pages):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s::text,"
            " 'reltuples', %s::real, 'relpages', %s::integer)",
            [ITEMS, rows, pages],
        )


@pytest.fixture
def items(tenant):
    account = make_account()
    for n in range(5):
        make_item(account=account, number=f"N{n}")
    count_outgrown()


def test_a_table_that_was_never_counted_is_counted_once(items):
    believe(rows=-1, pages=0)
    assert count_outgrown() == 1
    rows, pages = known()
    assert rows >= 5
    assert pages >= 1
    assert count_outgrown() == 0


def test_a_table_of_which_enough_is_known_is_left_alone(items):
    _rows, pages = known()
    believe(rows=7, pages=pages)
    assert count_outgrown() == 0
    assert known() == (7, pages)


def test_a_table_counted_when_it_was_empty_is_counted_again(items):
    believe(rows=0, pages=0)
    assert count_outgrown() == 1
    assert known()[0] >= 5
