"""What the ledger's resources look like from outside: the fields of each answer, in their order."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import BooleanField, CharField, DateField, DateTimeField, IntegerField, UUIDField

from core.rest_fields import CurrencyField, MoneyField, OptionalMoneyField

Out = serializers.Serializer[Any]


class EntityOut(Out):
    """A company of the organisation: the creditor."""

    id = UUIDField()
    code = CharField()
    name = CharField()
    country = CharField()
    currency = CurrencyField()
    language = CharField()
    legal_identifier = CharField()
    vat_number = CharField()


class CustomerOut(Out):
    """A legal identity that owes. What it buys where stands in its accounts."""

    id = UUIDField()
    ref = CharField()
    name = CharField()
    group_ref = CharField(source="group.ref", allow_null=True)
    country = CharField()
    language = CharField()
    siren = CharField()
    siret = CharField()
    vat_number = CharField()
    lei = CharField()
    registration_number = CharField()
    street = CharField()
    postal_code = CharField()
    city = CharField()
    email = CharField()
    phone = CharField()
    created_at = DateTimeField()
    updated_at = DateTimeField()


class AccountOut(Out):
    """A customer at one company and source: reference there, terms, owners and axes."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity = UUIDField(source="entity_id")
    entity_code = CharField(source="entity.code")
    source = CharField()  # type: ignore[assignment]
    ref = CharField()
    currency = CharField(help_text="ISO code; empty where the source gives none.")
    terms_code = CharField(source="terms.code", allow_null=True)
    payment_method = CharField()
    salesperson = CharField(source="salesperson.name", allow_null=True)
    collector = CharField(source="collector.name", allow_null=True)
    sector = CharField()
    region = CharField()
    product = CharField()
    updated_at = DateTimeField()


class ContactOut(Out):
    """A person at a customer."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    first_name = CharField()
    last_name = CharField()
    role = CharField()
    influence = CharField()
    email = CharField()
    phone = CharField()
    mobile = CharField()
    language = CharField()
    is_primary = BooleanField()
    is_active = BooleanField()
    email_bounced_at = DateTimeField(allow_null=True)
    updated_at = DateTimeField()


class DocumentOut(Out):
    """What was issued: one number, one date, one total. Its due amounts are items."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    source = CharField()  # type: ignore[assignment]
    number = CharField()
    kind = CharField()
    document_date = DateField()
    total = MoneyField("total_amount")
    vat = OptionalMoneyField("vat_amount")
    order_ref = CharField()
    project_ref = CharField()
    biller = CharField()
    product = CharField()
    site = CharField()
    updated_at = DateTimeField()


class ItemOut(Out):
    """One due amount, signed: positive is owed to us. `void_on`: taken back, and in no figure known from that day on."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    account = UUIDField(source="account_id")
    entity_code = CharField(source="entity.code")
    document = UUIDField(source="document_id", allow_null=True)
    source = CharField()  # type: ignore[assignment]
    kind = CharField()
    number = CharField()
    instalment = IntegerField()
    document_date = DateField()
    posting_date = DateField()
    due_date = DateField()
    delivery_date = DateField(allow_null=True)
    amount = MoneyField("amount")
    vat = OptionalMoneyField("vat_amount")
    open = MoneyField("open_amount")
    payment_method = CharField()
    known_on = DateField()
    void_on = DateField(allow_null=True)
    updated_at = DateTimeField()


class OrderOut(Out):
    """An order accepted and not yet invoiced."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    source = CharField()  # type: ignore[assignment]
    number = CharField()
    order_date = DateField()
    delivery_date = DateField(allow_null=True)
    amount = MoneyField("amount")
    open = MoneyField("open_amount")
    updated_at = DateTimeField()


class AllocationOut(Out):
    """Part of a credit set against a debit. Never changed: one that was wrong is taken back by another (`reverses`).

    A side is null where the source closed the item without naming its counterpart.
    """

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    debit_item = UUIDField(source="debit_item_id", allow_null=True)
    debit = OptionalMoneyField("debit_amount", "debit_currency")
    credit_item = UUIDField(source="credit_item_id", allow_null=True)
    credit = OptionalMoneyField("credit_amount", "credit_currency")
    on = DateField()
    known_on = DateField()
    origin = CharField()
    reason = CharField()
    reverses = UUIDField(source="reverses_id", allow_null=True)
    recorded_at = DateTimeField()


class DisputeOut(Out):
    """The customer contests an item, or a part of it."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    item = UUIDField(source="item_id")
    number = CharField(source="item.number")
    reason = CharField()
    disputed = OptionalMoneyField("disputed_amount", help_text="null: the whole item.")
    opened_on = DateField()
    closed_on = DateField(allow_null=True)
    comment = CharField()
    updated_at = DateTimeField()


class PromiseOut(Out):
    """The customer says that it pays by a day."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code", allow_null=True)
    amount = MoneyField("amount")
    made_on = DateField()
    due_on = DateField()
    state = CharField()
    decided_on = DateField(allow_null=True)
    received = OptionalMoneyField("received_amount")
    plan = UUIDField(source="plan_id", allow_null=True)
    comment = CharField()
    updated_at = DateTimeField()


class HoldOut(Out):
    """Takes an item, a customer or a group out of dunning, from a day until a day (included) or open-ended."""

    id = UUIDField()
    customer = UUIDField(source="customer_id", allow_null=True)
    item = UUIDField(source="item_id", allow_null=True)
    group = UUIDField(source="group_id", allow_null=True)
    reason = CharField()
    note = CharField()
    from_on = DateField()
    until_on = DateField(allow_null=True)
    lifted_on = DateField(allow_null=True)
    placed_at = DateTimeField()
    updated_at = DateTimeField()
