"""Named refusals: what a service says no with.

A function that refuses raises a subclass of `Refusal` that is defined beside it, such as
`class PeriodClosed(Conflict)`. Views turn a refusal into a form message and the API turns it into
problem+json; both do so in one place, from the four facts a refusal carries: a machine name, an HTTP
status, a sentence for a person, and messages by field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_MACHINE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Refusal(Exception):
    """A request that was understood and is refused.

    `code` is the machine name clients may rely on (lower snake case), `status` the HTTP status,
    `message` one sentence in the reader's language (lazy), `fields` the messages by field name; the
    name `""` holds what concerns no single field. Subclasses set `code` and a default `message`;
    the raiser may pass a more exact one. Everything else that goes wrong is a bug, not a refusal.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    message: StrOrPromise = _("The request was refused.")

    def __init__(
        self,
        message: StrOrPromise | None = None,
        *,
        fields: Mapping[str, StrOrPromise | Iterable[StrOrPromise]] | None = None,
    ) -> None:
        """Refuse with the class's sentence, or with `message`; a field may have one message or several."""
        if message is not None:
            self.message = message
        self.fields: dict[str, list[StrOrPromise]] = {
            name: _listed(messages) for name, messages in (fields or {}).items()
        }
        super().__init__(self.message)

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Hold the machine name to its form when the class is defined, not when a client meets it."""
        super().__init_subclass__(**kwargs)
        if not _MACHINE_NAME.fullmatch(cls.code):
            raise TypeError(f"{cls.__name__}.code must be lower snake case, not {cls.code!r}")

    def __str__(self) -> str:
        """The sentence, then each field with its messages: what a command prints."""
        by_field = [
            f"{name}: {' '.join(map(str, messages))}" if name else " ".join(map(str, messages))
            for name, messages in self.fields.items()
        ]
        return " ".join([str(self.message), *by_field])


class Invalid(Refusal):
    """What was sent cannot be accepted as it is; `fields` says where."""

    code = "invalid"
    status = 400
    message = _("Some of the values cannot be accepted.")


class NotAllowed(Refusal):
    """The actor may see this, but may not do that."""

    code = "not_allowed"
    status = 403
    message = _("You are not allowed to do this.")


class NotFound(Refusal):
    """There is no such thing for this actor: unknown, another organisation's, or out of their scope."""

    code = "not_found"
    status = 404
    message = _("This does not exist, or is not visible to you.")


class Conflict(Refusal):
    """The request contradicts the present state; reading again and deciding anew may help."""

    code = "conflict"
    status = 409
    message = _("This contradicts the present state.")


class TooLarge(Refusal):
    """More bytes, rows or pages than one request may bring."""

    code = "too_large"
    status = 413
    message = _("This is larger than what can be accepted at once.")


class _Passing(Refusal):
    """A refusal that passes with time. `retry_after_seconds` is None where nobody can say."""

    def __init__(
        self,
        message: StrOrPromise | None = None,
        *,
        fields: Mapping[str, StrOrPromise | Iterable[StrOrPromise]] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message, fields=fields)
        self.retry_after_seconds = retry_after_seconds


class TooMany(_Passing):
    """More requests than the actor may make in a while."""

    code = "too_many"
    status = 429
    message = _("Too many requests. Try again later.")


class Unavailable(_Passing):
    """Something this needs is not there at the moment; nothing was changed."""

    code = "unavailable"
    status = 503
    message = _("This is not available at the moment. Try again later.")


def _listed(messages: StrOrPromise | Iterable[StrOrPromise]) -> list[StrOrPromise]:
    """One message as a list of one. A lazy text is iterable too, hence the look at what it is."""
    if isinstance(messages, (str, Promise)):
        return [messages]
    return list(messages)
