"""Stand-ins for what the outbox talks to: a transport that does as it is told, and reasons that note what they hear."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk.models import Message
from desk.ports import Verdict


@dataclass
class Script:
    """A transport: `does` says for a message what happens ("sent" unless told), by recipient."""

    does: dict[str, Any] = field(default_factory=dict)
    transmitted: list[Message] = field(default_factory=list)
    closed: int = 0
    expected: list[str] = field(default_factory=list)

    def expect(self, messages: Sequence[Message]) -> None:
        self.expected += [message.recipient for message in messages]

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        wanted = self.does.get(message.recipient, "sent")
        if isinstance(wanted, Exception):
            raise wanted
        if wanted == "refuse after hand":
            assert hand()
            raise self.does["error"]
        if not hand():
            return False
        self.transmitted.append(message)
        if callable(wanted):
            return bool(wanted(message))
        return bool(wanted == "sent")

    def close(self) -> None:
        self.closed += 1


@dataclass
class Notes:
    """Reasons: each message may go, unless `verdicts` says otherwise by recipient."""

    verdicts: dict[str, Any] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, _reason_type: str) -> "Notes":
        return self

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        out = []
        for message in messages:
            verdict = self.verdicts.get(message.recipient, Verdict(send=True))
            if isinstance(verdict, Exception):
                raise verdict
            out.append(verdict)
        return out

    def sent(self, messages: Sequence[Message]) -> None:
        self.heard += [("sent", message.recipient) for message in messages]

    def cancelled(self, message: Message, reason: str) -> None:
        self.heard.append((f"cancelled: {reason}", message.recipient))

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        self.heard.append(("bounced" if is_address_wrong else "failed", message.recipient))
