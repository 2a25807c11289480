"""The benchmark's own database: made and migrated by the owner role, dropped at the end. Never the product's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from core.tenancy import SETTING

NAME = "bench_encours"
LEAVE_SECONDS = 120


class AlreadyMeasuring(RuntimeError):
    """Another benchmark of this machine holds the database."""


def _connect(alias: str, database: str, **options: Any) -> psycopg.Connection:
    values = settings.DATABASES[alias]
    return psycopg.connect(
        dbname=database,
        user=values["USER"],
        password=values["PASSWORD"] or None,
        host=values["HOST"] or None,
        port=values["PORT"] or None,
        cursor_factory=psycopg.ClientCursor,
        **options,
    )


def as_owner(**options: Any) -> psycopg.Connection:
    """A connection to the benchmark's database under the owner role, which row-level security lets pass."""
    return _connect("owner", NAME, **options)


def as_runtime(tenant_id: UUID) -> psycopg.Connection:
    """A connection under the runtime role, inside a transaction that is stamped with an organisation."""
    connection = _connect("default", NAME)
    connection.execute(f"SET LOCAL {SETTING} = '{tenant_id}'".encode())
    return connection


def drop() -> None:
    """Drop the benchmark's database, if it is there."""
    for connection in connections.all():
        connection.close()
    with _connect("owner", "postgres", autocommit=True) as maintenance:
        _drop(maintenance)


def _drop(maintenance: psycopg.Connection) -> None:
    """A worker of autovacuum, which no owner may end, leaves by itself: it is waited for."""
    until = time.monotonic() + LEAVE_SECONDS
    while True:
        try:
            maintenance.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
            return
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            if time.monotonic() > until:
                raise
            time.sleep(1)


@contextmanager
def own_database(*, keep: bool = False) -> Iterator[None]:
    """Inside, all of Django speaks to a fresh `bench_encours`. With `keep` an old one is taken up and left behind.

    Raises AlreadyMeasuring while another benchmark runs.
    """
    with _connect("owner", "postgres", autocommit=True) as maintenance:
        [alone] = maintenance.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [NAME]).fetchone() or [False]
        if not alone:
            raise AlreadyMeasuring("another benchmark is running: two at once measure each other")
        exists = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if exists and not keep:
            _drop(maintenance)
        if not exists or not keep:
            maintenance.execute(f'CREATE DATABASE "{NAME}"')
        for alias in ("default", "owner"):
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = NAME
        try:
            call_command("migrate", verbosity=0)
            yield
        finally:
            if not keep:
                drop()
