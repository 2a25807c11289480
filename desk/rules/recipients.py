"""Who receives a message: the contact whose role comes first, else the customer's own address."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

# Reminders go to who pays; who decides comes last, for he is asked when nobody else is left.
ROLE_ORDER = ("ACCOUNTING", "TREASURY", "OTHER", "LOGISTICS", "BUYER", "LEGAL", "MANAGEMENT")


@dataclass(frozen=True)
class Person:
    """A contact at the customer as the rule sees it. `bounced`: its address refused a message."""

    contact_id: UUID
    name: str
    role: str
    email: str
    language: str
    is_primary: bool
    bounced: bool


def email_recipient(persons: Sequence[Person]) -> Person | None:
    """The person to write to: of those with an address that works, by role, the primary one first. None: nobody."""
    able = [person for person in persons if person.email and not person.bounced]
    return min(able, key=lambda person: (_rank(person.role), not person.is_primary, person.name), default=None)


def _rank(role: str) -> int:
    return ROLE_ORDER.index(role) if role in ROLE_ORDER else len(ROLE_ORDER)
