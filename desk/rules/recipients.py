"""Who receives a message: the contact whose role is asked for first, else the customer's own address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

# Reminders go to who pays; who decides comes last, for he is asked when nobody else is left.
ROLE_ORDER = ("ACCOUNTING", "TREASURY", "OTHER", "LOGISTICS", "BUYER", "LEGAL", "MANAGEMENT")


@dataclass(frozen=True)
class Person:
    """A contact at the customer as the rule sees it. `bounced`: its address refused a message.

    `mobile`: a number that takes text messages, as E.164; "" where there is none or it refused one.
    """

    contact_id: UUID
    name: str
    role: str
    email: str
    language: str
    is_primary: bool
    bounced: bool
    mobile: str = ""


def email_recipient(persons: Sequence[Person], roles: Sequence[str] = ()) -> Person | None:
    """The person to write to: of those with an address that works, by role, the primary one first. None: nobody.

    `roles`: asked for, in this order; when nobody has one of them the usual order decides.
    """
    return _first(persons, roles, lambda person: bool(person.email) and not person.bounced)


def text_recipient(persons: Sequence[Person], roles: Sequence[str] = ()) -> Person | None:
    """The person to send a text message to: of those with a mobile number."""
    return _first(persons, roles, lambda person: bool(person.mobile))


def named_recipient(persons: Sequence[Person], roles: Sequence[str] = ()) -> Person | None:
    """The person that a letter to the customer's address speaks to."""
    return _first(persons, roles, lambda person: True)


def _first(persons: Sequence[Person], roles: Sequence[str], is_able: Callable[[Person], bool]) -> Person | None:
    able = [person for person in persons if is_able(person)]
    order = [*roles, *(role for role in ROLE_ORDER if role not in roles)]

    def rank(person: Person) -> tuple[int, bool, str]:
        place = order.index(person.role) if person.role in order else len(order)
        return place, not person.is_primary, person.name

    return min(able, key=rank, default=None)
