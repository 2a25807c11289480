"""Whose is a mail that came in? Our Message-ID first, then its sender, then what it names. Only the tenant in scope.

A mail that names another organisation's message matches nothing by it: the connection decided whose mail this is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from core.tenancy import require_tenant_id
from desk.models import InboundMessage, Message
from desk.rules.inbound.mail import Mail
from receivables.models import Contact, Customer, Document, LedgerItem
from receivables.rules.matching.references import is_long, number_keys, text_keys

By = InboundMessage.MatchedBy
# Domains under which everybody has an address: two people there have nothing in common.
PUBLIC_DOMAINS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "outlook.fr",
        "outlook.de",
        "hotmail.com",
        "hotmail.fr",
        "hotmail.de",
        "live.com",
        "live.fr",
        "msn.com",
        "yahoo.com",
        "yahoo.fr",
        "yahoo.de",
        "ymail.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "orange.fr",
        "wanadoo.fr",
        "free.fr",
        "laposte.net",
        "sfr.fr",
        "bbox.fr",
        "neuf.fr",
        "numericable.fr",
        "gmx.de",
        "gmx.net",
        "gmx.at",
        "gmx.ch",
        "gmx.com",
        "web.de",
        "t-online.de",
        "freenet.de",
        "posteo.de",
        "mail.com",
        "bluewin.ch",
        "skynet.be",
        "telenet.be",
        "btinternet.com",
        "mail.ru",
    ]
)
_OURS = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})@")
# Of a long ledger the newest items are looked at, and so many words of a long mail.
MOST_ITEMS, MOST_WORDS = 2_000, 3_000


@dataclass
class Match:
    """Whose mail it is and why; empty where nothing says so. `items`: those of the customer that it names."""

    customer_id: UUID | None = None
    by: str = ""
    contact_id: UUID | None = None
    message: Message | None = None
    items: list[LedgerItem] = field(default_factory=list)


def match(mail: Mail, *, new_text: str) -> Match:
    """The customer, contact, message and items of a mail. At most 7 SQL queries."""
    found = Match(message=our_message((mail.reported_id, mail.in_reply_to, *reversed(mail.references))))
    people = list(Contact.objects.filter(email__iexact=mail.sender)) if mail.sender else []
    if found.message is not None and found.message.customer_id:
        found.customer_id, found.by = found.message.customer_id, By.REFERENCE
    elif not mail.report:
        found.customer_id, found.by = _by_sender(mail.sender, people) or _by_items(mail, new_text) or (None, "")
    if found.customer_id:
        found.contact_id = next(
            (one.id for one in people if one.customer_id == found.customer_id),
            found.message.contact_id if found.message and found.message.recipient.lower() == mail.sender else None,
        )
        found.items = named_items(found.customer_id, text=f"{mail.subject}\n{new_text}", message=found.message)
    return found


def our_message(ids: Iterable[str]) -> Message | None:
    """The first message of this organisation among Message-IDs that others gave back."""
    wanted = [UUID(parts[2]) for one in ids if (parts := _OURS.match(one)) and UUID(parts[1]) == require_tenant_id()]
    if not wanted:
        return None
    known = Message.objects.in_bulk(wanted[:30])
    return next((known[one] for one in wanted if one in known), None)


def _by_sender(sender: str, people: Sequence[Contact]) -> tuple[UUID, str] | None:
    """The one customer whose contact or own address it is, else the one customer of its domain."""
    if not sender:
        return None
    owners = {person.customer_id for person in people}
    owners |= set(Customer.objects.filter(email__iexact=sender).values_list("id", flat=True)[:2])
    if len(owners) == 1:
        return owners.pop(), By.ADDRESS
    domain = sender.rpartition("@")[2]
    if owners or domain in PUBLIC_DOMAINS:
        return None
    ending = f"@{domain}"
    owners = set(Contact.objects.filter(email__iendswith=ending).values_list("customer_id", flat=True).distinct()[:2])
    owners |= set(Customer.objects.filter(email__iendswith=ending).values_list("id", flat=True)[:2])
    return (owners.pop(), By.DOMAIN) if len(owners) == 1 else None


def _by_items(mail: Mail, new_text: str) -> tuple[UUID, str] | None:
    """The one customer whose documents it names, written as they are."""
    words = dict.fromkeys(re.findall(r"[\w/.-]{4,40}", f"{mail.subject}\n{new_text}")[:MOST_WORDS])
    numbers = {form for word in words for form in (word, word.strip("._-/")) if any(map(str.isdigit, form))}
    long_ones = [number for number in numbers if number_keys(number) and is_long(number_keys(number)[0])]
    if not long_ones:
        return None
    documents = Document.objects.filter(number__in=long_ones)
    owners = set(documents.values_list("customer_id", flat=True).distinct()[:2])
    return (owners.pop(), By.ITEM) if len(owners) == 1 else None


def named_items(customer_id: UUID, *, text: str, message: Message | None) -> list[LedgerItem]:
    """Items of the customer that a text names, however their numbers are spelt; the oldest due first.

    A short number counts only where the message that is answered spoke of it. 1 SQL query.
    """
    written = text_keys(text[:20_000])
    spoken = {fact.get("item") for fact in message.facts} if message else set()
    rows = LedgerItem.objects.filter(Q(amount__gt=0), customer_id=customer_id, void_on=None)
    named = [
        item
        for item in rows.order_by("-document_date", "id")[:MOST_ITEMS]
        if any(key in written for key in number_keys(item.number) if is_long(key) or str(item.id) in spoken)
    ]
    return sorted(named, key=lambda item: (item.due_date, item.number))
