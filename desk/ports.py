"""What the outbox asks of the apps above it. Found by name in settings.PORTS, opened in tasks and views only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from desk.models import Message


class RefusedForNow(Exception):
    """The other side said no for the time being (4xx, no connection): try again later."""


class RefusedForGood(Exception):
    """The other side said no for good (5xx): a bounce."""


class Transport(Protocol):
    """Carries messages of one channel. Kept open over a batch."""

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        """Transmit `message`; call `hand` just before the point of no return and stop when it returns False.

        Returns whether it was handed over and accepted. Raises RefusedForNow and RefusedForGood.
        """

    def close(self) -> None: ...


@dataclass
class Verdict:
    """What to do with a message whose facts were looked at again: send it, changed or not, or cancel it."""

    send: bool
    # Fields of the message that have changed since it was composed (subject, body_text, body_html, facts ...).
    changes: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


class Reasons(Protocol):
    """The app whose row a message belongs to."""

    def recheck(self, message: Message) -> Verdict:
        """Look at the facts again, in the transaction that claims it."""

    def sent(self, message: Message) -> None:
        """It has left: mark what it stands for as done, in the same transaction."""

    def cancelled(self, message: Message, reason: str) -> None:
        """It will not leave."""

    def refused(self, message: Message, error: str) -> None:
        """The recipient's side refused it for good, or every attempt failed."""
