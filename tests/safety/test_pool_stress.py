"""Many threads of two organisations share two pooled connections, with errors and rollbacks in between.

The tenant of one transaction must never be seen by the next one that gets the same connection.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest
from django.db import DatabaseError, connection, connections, transaction

from core.tenancy import tenant_scope
from core.tenancy.backend.base import DatabaseWrapper
from receivables.models import Customer
from tests.make import make_customer, make_tenant


class Interrupted(Exception):
    """Stands for whatever goes wrong in the middle of a request."""


def pooled_settings() -> dict:
    settings_dict = deepcopy(connections["default"].settings_dict)
    settings_dict["CONN_MAX_AGE"] = 0
    settings_dict["OPTIONS"] = {**settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 2, "timeout": 60}}
    return settings_dict


def work(settings_dict: dict, tenant_id, ref: str, seed: int) -> list[str]:
    """A worker's life: returns every ref seen that is not its own organisation's, and what was readable without scope."""
    connections["default"] = DatabaseWrapper(settings_dict, alias="default")
    choose, leaks = random.Random(seed), []
    try:
        for _round in range(60):
            try:
                with tenant_scope(tenant_id), transaction.atomic():
                    leaks += [seen for seen in Customer._base_manager.values_list("ref", flat=True) if seen != ref]
                    fate = choose.choice(["commit", "raise", "sql_error", "nested"])
                    if fate == "raise":
                        raise Interrupted
                    if fate == "sql_error":
                        connection.cursor().execute("SELECT 1 / 0")
                    if fate == "nested":
                        with transaction.atomic():
                            connection.cursor().execute("SELECT broken")
            except (Interrupted, DatabaseError):
                pass
            connection.close()  # back into the pool
            try:
                with transaction.atomic():
                    leaks += [f"without scope: {seen}" for seen in Customer._base_manager.values_list("ref", flat=True)]
            except DatabaseError:
                pass  # as it must: no tenant, no rows
            connection.close()
    finally:
        connections["default"].close()
    return leaks


def stress(*, threads: int) -> list[str]:
    """Run `threads` workers of two organisations over one pool of two connections. Returns the leaks."""
    organisations = [make_tenant(), make_tenant()]
    for organisation in organisations:
        with tenant_scope(organisation), transaction.atomic():
            make_customer(ref=organisation.slug)
    settings_dict = pooled_settings()
    try:
        with ThreadPoolExecutor(threads) as pool:
            jobs = [
                pool.submit(work, settings_dict, organisations[n % 2].id, organisations[n % 2].slug, n)
                for n in range(threads)
            ]
            return [leak for job in jobs for leak in job.result(timeout=120)]
    finally:
        wrapper = DatabaseWrapper(settings_dict, alias="default")
        wrapper.close_pool()


@pytest.mark.django_db(transaction=True)
def test_pooled_connections_carry_no_organisation_over():
    assert stress(threads=8) == []


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_pooled_connections_under_many_threads():
    for _round in range(10):
        assert stress(threads=40) == []
