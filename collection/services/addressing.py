"""Who writes to whom: recipient, copies, sender and where answers go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext

from accounts.models import Member
from collection.services.papers import address_of
from desk.models import ON_PAPER, Channel
from desk.rules.recipients import Person, email_recipient, named_recipient, text_recipient
from desk.rules.texting import mobile_number
from receivables.models import Contact, Customer, CustomerAccount, Entity

_PERSON = {Channel.EMAIL: email_recipient, Channel.SMS: text_recipient}
MOST_COPIES = 3


@dataclass(frozen=True)
class Parties:
    """Who writes to whom. `persons`: the customer's active contacts; `sender`: who confirms it; `bounced`: addresses and
    numbers that refused a message; `can_text`: whether somebody carries text messages; `accounts`: the customer's at the
    entity, with their collectors and salespersons.
    """

    customer: Customer
    entity: Entity
    persons: Sequence[Person]
    sender: Member | None
    bounced: Collection[str] = ()
    can_text: bool = True
    accounts: Sequence[CustomerAccount] = ()

    @property
    def collector(self) -> Member | None:
        """Who looks after the customer at the entity."""
        return next((one.collector for one in self.accounts if one.collector and one.collector.is_active), None)


class Recipient(NamedTuple):
    """Where a message goes. `missing`: why it cannot; `person`: whom it speaks to, None for the customer as such."""

    address: str
    name: str
    missing: str
    person: Person | None


class Sender(NamedTuple):
    """Who signs, as whom it is shown among mails, where answers go, and who else receives it."""

    signs: str
    shown: str
    reply_to: str
    cc: list[str]


def persons_of(
    contacts: Sequence[Contact], *, country: str | None = None, refused: Collection[str] = ()
) -> list[Person]:
    """The active contacts as the rule of recipients takes them.

    `country`: where their mobile numbers are at home; None: nobody is sent a text message, and they are not looked at.
    """
    return [
        Person(
            contact_id=contact.id,
            name=str(contact),
            role=contact.role,
            email=contact.email,
            language=contact.language,
            is_primary=contact.is_primary,
            bounced=contact.email_bounced_at is not None,
            mobile="" if country is None else _mobile_of(contact, country, refused),
        )
        for contact in contacts
        if contact.is_active
    ]


def _mobile_of(contact: Contact, country: str, refused: Collection[str]) -> str:
    """The mobile number, else the telephone's if that is one that takes text messages."""
    numbers = (mobile_number(text, country) for text in (contact.mobile, contact.phone) if text)
    return next((number for number in numbers if number and number not in refused), "")


def address_of_member(member: Member | None) -> str:
    """Where a colleague reads mail; "" for one who has left or is a name only."""
    if member is None or not member.is_active:
        return ""
    return member.user.email if member.user else member.email


def person_for(channel: str, parties: Parties, roles: Sequence[str] = ()) -> Person | None:
    """Whom a message of a channel speaks to."""
    return _PERSON.get(Channel(channel), named_recipient)(parties.persons, roles)


def sender_of(parties: Parties, *, channel: str, is_from_collector: bool, cc_salesperson: bool, to: str) -> Sender:
    """The customer's collector, else whoever confirms it, in the company's name; or the company alone.

    Copies go to salespersons of the customer's accounts at the company, by e-mail only, never to the recipient again.
    """
    entity, collector = parties.entity, parties.collector
    cc: list[str] = []
    if cc_salesperson and channel == Channel.EMAIL:
        addresses = (address_of_member(one.salesperson) for one in parties.accounts)
        cc = [one for one in dict.fromkeys(addresses) if one and one.lower() != to.lower()][:MOST_COPIES]
    if not is_from_collector:
        return Sender("", entity.name, entity.email, cc)
    if collector is None:
        return Sender(parties.sender.name if parties.sender else "", entity.name, entity.email, cc)
    shown = f"{collector.name}, {entity.name}" if channel == Channel.EMAIL else entity.name
    return Sender(collector.name, shown[:160], address_of_member(collector) or entity.email, cc)


def recipient_of(channel: str, parties: Parties, *, person: Person | None, language: str) -> Recipient:
    """Where a message of a channel goes."""
    address, name, missing = _place(channel, parties, person, language)
    return Recipient(address, name, missing, person)


def _place(channel: str, parties: Parties, person: Person | None, language: str) -> tuple[str, str, str]:
    """(address, name, what is missing)."""
    customer = parties.customer
    if channel == Channel.CALL:
        return "", customer.name, gettext("A call is made by a person.")
    if channel in ON_PAPER:
        if not (customer.street and customer.city):
            return "", customer.name, gettext("The customer has no postal address.")
        return ", ".join(address_of(customer, parties.entity, language))[:320], customer.name, ""
    if channel == Channel.SMS:
        return _number(parties, person)
    if person:
        return person.email, person.name, ""
    if not customer.email:
        return "", customer.name, gettext("The customer has no e-mail address.")
    if customer.email in parties.bounced:
        return "", customer.name, gettext("The customer's e-mail address has refused a message.")
    return customer.email, customer.name, ""


def _number(parties: Parties, person: Person | None) -> tuple[str, str, str]:
    """Where a text message goes: the person's mobile number, else the customer's if it is one."""
    customer = parties.customer
    number = person.mobile if person else mobile_number(customer.phone, customer.country or parties.entity.country)
    name = person.name if person else customer.name
    if not parties.can_text:
        return "", name, gettext("Nobody is set up to carry text messages.")
    if not number:
        return "", name, gettext("Neither a contact nor the customer has a mobile number.")
    if number in parties.bounced:
        return "", name, gettext("The customer's mobile number has refused a message.")
    return number, name, ""
