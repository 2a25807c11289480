"""What the outbox asks of the apps above it. Found by name in settings.PORTS, opened in tasks and views only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from desk.models import Message

# The name of the port behind which the carrier of text messages stands (settings.PORTS).
TEXT_CARRIER = "desk.text_carrier"


class RefusedForNow(Exception):
    """The other side said no for the time being (4xx, or our side is to blame): try this message again later."""


class NoConnection(RefusedForNow):
    """Nothing can be sent at the moment, this message or another: the whole batch waits."""


class RefusedForGood(Exception):
    """This message will never be accepted. `is_address_wrong`: the recipient's address is the reason (a bounce)."""

    def __init__(self, text: str, *, is_address_wrong: bool = False) -> None:
        super().__init__(text)
        self.is_address_wrong = is_address_wrong


class CannotTell(Exception):
    """It may have left or not, and nobody can be asked: a person decides."""


class TextCarrier(Protocol):
    """Takes text messages to mobile telephones. Opened for one organisation (`tenant=`), kept over a batch."""

    def find(self, key: str) -> str | None:
        """The carrier's own name for what it was given under this key; None: it was given nothing.

        Raises NoConnection, and CannotTell where a carrier does not remember keys.
        """

    def send(self, *, key: str, to: str, text: str, sender: str) -> str:
        """Hand a text over under a key; the carrier's own name for it. `to` is E.164.

        Raises RefusedForNow, RefusedForGood, and OSError when the answer did not arrive.
        """

    def close(self) -> None: ...


class Transport(Protocol):
    """Carries messages of one channel. Kept open over a batch."""

    def expect(self, messages: Sequence[Message]) -> None:
        """These will be delivered next, in this order: what takes time and has no effect may be done ahead."""

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        """Transmit `message`; call `hand` once, just before the point of no return, and stop when it returns False.

        Returns whether it was handed over and accepted. Raises RefusedForNow, NoConnection, RefusedForGood, CannotTell.
        """

    def close(self) -> None: ...


@dataclass(frozen=True)
class FileSource:
    """A file that goes along with a message: HTML to make a PDF of, or a file that lies below the files folder."""

    kind: str  # desk.models.MessageFile.Kind
    file_name: str
    html: str = ""
    path: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Verdict:
    """What to do with a message whose facts were looked at again: send it, changed or not, or cancel it."""

    send: bool
    # Fields of the message that have changed since it was composed (subject, body_text, body_html, facts ...).
    changes: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    # What goes along with it, as the facts are at the second look.
    files: Sequence[FileSource] = ()


class Reasons(Protocol):
    """The app whose rows some messages belong to. Each method is called in the transaction that changes the message."""

    def recheck(self, messages: Sequence[Message]) -> Sequence[Verdict]:
        """Look at the facts of these messages again, just before they leave: a verdict for each, in their order."""

    def sent(self, messages: Sequence[Message]) -> None:
        """They have left: mark what they stand for as done."""

    def cancelled(self, message: Message, reason: str) -> None:
        """It will not leave, by a verdict of `recheck`."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """The recipient's side refused it for good, or every attempt failed."""
