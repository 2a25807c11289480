"""What the sample consists of: an organisation with its people, and rows that are written to files as they stand.

The rows' field names are the column names of the import: a file's header is the list of its row's fields.
Amounts are exact to the cent, in the currency beside them; positive = owed to Nordis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class SampleEntity:
    """A company of the organisation: the creditor on the letterhead."""

    code: str
    name: str
    country: str
    currency: str
    language: str
    legal_identifier: str
    siret: str
    vat_number: str
    street: str
    postal_code: str
    city: str
    email: str
    phone: str
    iban: str
    bic: str


@dataclass(frozen=True)
class SampleMember:
    """A person of the organisation. `source_ref` is the name under which the files assign customers to them.

    `role`: code of a default role. `is_login`: the one member of that role whose address is shown for signing in.
    `entity_codes`: the entities they see; empty: all.
    """

    name: str
    email: str
    role: str
    language: str
    source_ref: str = ""
    is_login: bool = False
    entity_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleTerms:
    """Payment terms: `rule` is what the due dates follow."""

    code: str
    label: str
    rule: str


@dataclass(frozen=True)
class SampleRate:
    """Units of `currency` for one unit of `base` from the day `on`. Invented, in the usual range."""

    base: str
    currency: str
    on: date
    rate: Decimal


@dataclass(frozen=True)
class SampleGroup:
    """Customers judged together; `head_customer_ref` is the parent company."""

    ref: str
    name: str
    head_customer_ref: str


@dataclass(frozen=True)
class SampleHold:
    """A customer out of dunning from a day on; `reason` is one of the product's hold reasons."""

    customer_ref: str
    reason: str
    from_on: date
    until_on: date | None
    note: str


@dataclass(frozen=True)
class Organisation:
    """The tenant that owns the sample."""

    name: str
    country: str
    currency: str
    language: str
    time_zone: str
    entities: tuple[SampleEntity, ...]
    members: tuple[SampleMember, ...]
    terms: tuple[SampleTerms, ...]


@dataclass(frozen=True)
class CustomerRow:
    """One account of a customer at one entity; a customer with two accounts has two rows, alike but for the account."""

    customer_ref: str
    name: str
    country: str
    language: str
    siren: str
    siret: str
    vat_number: str
    lei: str
    registration_number: str
    street: str
    postal_code: str
    city: str
    email: str
    phone: str
    group_ref: str
    group_name: str
    entity_code: str
    account_ref: str
    terms_code: str
    payment_method: str
    currency: str
    salesperson: str
    collector: str
    sector: str
    region: str
    product: str


@dataclass(frozen=True)
class ContactRow:
    customer_ref: str
    last_name: str
    first_name: str
    role: str
    influence: str
    email: str
    phone: str
    language: str
    is_primary: bool


@dataclass(frozen=True)
class ItemRow:
    """One posting. A credit (payment, credit note, discount, write-off) has a negative amount and is due at once."""

    customer_ref: str
    entity_code: str
    number: str
    kind: str
    document_date: date
    due_date: date
    delivery_date: date | None
    amount: Decimal
    vat_amount: Decimal
    currency: str
    terms_code: str
    payment_method: str
    order_ref: str
    product: str
    site: str


@dataclass(frozen=True)
class AllocationRow:
    """`amount` of the credit set against the debit, both of one customer, entity and currency."""

    customer_ref: str
    entity_code: str
    debit_number: str
    credit_number: str
    amount: Decimal
    currency: str
    on: date


@dataclass(frozen=True)
class OrderRow:
    customer_ref: str
    entity_code: str
    number: str
    order_date: date
    delivery_date: date
    amount: Decimal
    open_amount: Decimal
    currency: str


@dataclass(frozen=True)
class DisputeRow:
    customer_ref: str
    number: str
    entity_code: str
    reason: str
    amount: Decimal
    opened_on: date
    closed_on: date | None
    comment: str


@dataclass(frozen=True)
class PromiseRow:
    """`numbers`: the documents it speaks of, separated by a space."""

    customer_ref: str
    entity_code: str
    amount: Decimal
    currency: str
    due_on: date
    made_on: date
    numbers: str


@dataclass(frozen=True)
class BankLineRow:
    """What the bank credited and the ERP has not booked. `own_iban`: the entity's account; `reference`: the bank's."""

    booked_on: date
    amount: Decimal
    currency: str
    payer_name: str
    payer_iban: str
    text: str
    reference: str
    own_iban: str
    entity_code: str


@dataclass(frozen=True)
class SampleCompany:
    """Everything, as of the day `on`: nothing in it was known later than that day."""

    on: date
    seed: int
    organisation: Organisation
    groups: tuple[SampleGroup, ...]
    rates: tuple[SampleRate, ...]
    holds: tuple[SampleHold, ...]
    customers: tuple[CustomerRow, ...]
    contacts: tuple[ContactRow, ...]
    items: tuple[ItemRow, ...]
    allocations: tuple[AllocationRow, ...]
    orders: tuple[OrderRow, ...]
    disputes: tuple[DisputeRow, ...]
    promises: tuple[PromiseRow, ...]
    bank_lines: tuple[BankLineRow, ...]
