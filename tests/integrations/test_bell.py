"""A queued import whose message is lost rings until it is taken up, and no longer."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import Doorbell
from core.audit import SYSTEM
from integrations.models import SyncRun
from integrations.services import runs
from tests.make import TODAY


def bells() -> int:
    return Doorbell.objects.filter(queue=runs.BELL).count()


@pytest.fixture
def sent(monkeypatch) -> list:
    out: list = []
    monkeypatch.setattr(runs, "_send", out.append)
    return out


@pytest.fixture
def run(tenant):
    mapping = {"kind": "customers", "columns": {"customer_ref": "ref", "name": "name"}}
    return SyncRun.objects.create(as_of=TODAY, file_name="x.csv", file_size=1, sha256="0" * 64, mapping=mapping)


def test_a_lost_message_is_sent_again_and_the_bell_rests_when_all_is_done(run, sent):
    runs.queue(run_id=run.id, actor=SYSTEM)
    assert (bells(), len(sent)) == (1, 1)
    assert runs.resume_runs() == 0  # its message may still be on its way
    SyncRun.objects.update(heartbeat_at=Now() - timedelta(hours=1))
    assert (runs.resume_runs(), len(sent), bells()) == (1, 2, 1)
    SyncRun.objects.update(state=SyncRun.State.APPLIED)
    assert (runs.resume_runs(), bells()) == (0, 0)
