"""The demo mailbox's SMTP server: takes every message on this machine and passes none on.

Messages of an organisation are stored by the header that our own mail carries, others (sign-in links) under `system`.
What is accepted lies on disk: the mailbox survives a restart.
"""

import hashlib
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from integrations.adapters.messaging import mailbox
from integrations.adapters.messaging.smtp import TENANT_HEADER

LARGEST = 10 * 1024 * 1024
SYSTEM = UUID(int=0)  # mail of the product itself, to persons who sign in


class Keeper:
    """aiosmtpd's handler: 250 once the message is on disk."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        payload = envelope.original_content or b""
        headers = message_from_bytes(payload, policy=policy.compat32)
        try:
            tenant_id = UUID(str(headers[TENANT_HEADER]))
        except ValueError:
            tenant_id = SYSTEM
        name = str(headers["Message-ID"] or hashlib.sha256(payload).hexdigest())
        try:
            mailbox.keep(tenant_id=tenant_id, payload=payload, name=name.strip("<> "))
        except OSError as error:
            return f"451 the mailbox cannot be written: {error.strerror}"
        return "250 kept"


def controller(*, port: int, host: str = "127.0.0.1", handler: Any = None) -> Controller:
    """A server on this machine only, not started yet. Messages above 10 MB are refused."""
    return Controller(handler or Keeper(), hostname=host, port=port, data_size_limit=LARGEST, ready_timeout=30)
