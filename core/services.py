"""Answers of the API that are given again: the same Idempotency-Key, the same bytes."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict
from core.models import IdempotencyRecord

KEPT = timedelta(days=30)


class KeyUsedOtherwise(Conflict):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for another request. Choose a new key for each request.")


@dataclass(frozen=True)
class Answer:
    """What was answered: status, content type and bytes."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Claim:
    """A key that is ours to answer for, in this transaction."""

    record_id: UUID


def claim_key(*, key_id: UUID, key: str, fingerprint: str) -> Claim | Answer:
    """Take an Idempotency-Key for this transaction, or give the answer that it got before.

    While another transaction holds the key this waits for its end: its answer is then given, or where it was rolled
    back the key is ours. Raises KeyUsedOtherwise when the key was used with another fingerprint. 1 to 3 statements.
    """
    IdempotencyRecord.objects.filter(key_id=key_id, key=key, created_at__lt=Now() - KEPT).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{IdempotencyRecord._meta.db_table}" (key_id, key, fingerprint) VALUES (%s, %s, %s) '
            "ON CONFLICT (tenant_id, key_id, key) DO NOTHING RETURNING id",
            [key_id, key, fingerprint],
        )
        row = cursor.fetchone()
    if row is not None:
        return Claim(row[0])
    found = IdempotencyRecord.objects.get(key_id=key_id, key=key)
    if found.fingerprint != fingerprint or found.status is None:
        raise KeyUsedOtherwise
    return Answer(found.status, found.content_type, bytes(found.body or b""))


def keep_answer(*, claim: Claim, answer: Answer) -> None:
    """Keep what a claimed key is answered with. 1 SQL statement."""
    IdempotencyRecord.objects.filter(id=claim.record_id).update(
        status=answer.status, content_type=answer.content_type, body=answer.body
    )


@transaction.atomic
def forget_answers() -> int:
    """Delete the answers that were kept for 30 days; how many."""
    deleted, _by_model = IdempotencyRecord.objects.filter(created_at__lt=Now() - KEPT).delete()
    return deleted
