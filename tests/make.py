"""Plain functions that make test rows. Names, refs and addresses are numbered; amounts are given as text."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts.models import Member, Role, Tenant, User, UserTenant
from accounts.services.organisations import create_organisation
from core.tenancy import require_tenant_id
from core.text import search_key
from receivables.models import Allocation, BankLine, Customer, CustomerAccount, Entity, LedgerItem

_number = count(1)
PASSWORD = "correct horse battery staple"
TODAY = date(2026, 3, 2)


def make_tenant(*, slug: str | None = None, sandbox_on: date | None = TODAY, **fields: Any) -> Tenant:
    """An organisation with its default roles; a sandbox on TODAY unless told otherwise."""
    n = next(_number)
    return create_organisation(
        slug=slug or f"org-{n}", name=fields.pop("name", f"Organisation {n}"), sandbox_on=sandbox_on, **fields
    )


def make_user(*, email: str | None = None, password: str | None = None, **fields: Any) -> User:
    """A person; signs in with `password` where given."""
    return User.objects.create_user(email or f"person{next(_number)}@nordis.example", password, **fields)


def make_member(*, role: str = "credit_manager", user: User | None = None, **fields: Any) -> Member:
    """A member of the tenant in scope, under one of its roles, with a person who may enter."""
    user = user or make_user()
    UserTenant.objects.get_or_create(user=user, of_tenant_id=require_tenant_id())
    return Member.objects.create(
        user=user, role=Role.objects.get(code=role), name=fields.pop("name", user.email), email=user.email, **fields
    )


def make_entity(*, code: str | None = None, currency: str = "EUR", **fields: Any) -> Entity:
    code = code or f"E{next(_number)}"
    return Entity.objects.create(code=code, name=fields.pop("name", f"Entity {code}"), currency=currency, **fields)


def make_customer(*, ref: str | None = None, name: str | None = None, **fields: Any) -> Customer:
    ref = ref or f"C{next(_number)}"
    name = name or f"Customer {ref}"
    return Customer.objects.create(ref=ref, name=name, name_key=search_key(name), ref_key=search_key(ref), **fields)


def make_account(*, customer: Customer | None = None, entity: Entity | None = None, **fields: Any) -> CustomerAccount:
    customer, entity = customer or make_customer(), entity or Entity.objects.first() or make_entity()
    return CustomerAccount.objects.create(
        customer=customer, entity=entity, ref=fields.pop("ref", customer.ref), **fields
    )


def make_item(
    *,
    account: CustomerAccount | None = None,
    amount: str = "100.00",
    due: date = TODAY,
    issued: date | None = None,
    number: str | None = None,
    kind: str | None = None,
    currency: str = "EUR",
    open_amount: str | None = None,
    **fields: Any,
) -> LedgerItem:
    """An item of `account`: an invoice when the amount is positive, else a credit note; wholly open."""
    account, number = account or make_account(), number or f"F{next(_number)}"
    issued = issued or min(due, TODAY)
    value = Decimal(amount)
    return LedgerItem.objects.create(
        customer=account.customer,
        account=account,
        entity=account.entity,
        source_ref=fields.pop("source_ref", number),
        kind=kind or ("INVOICE" if value >= 0 else "CREDIT_NOTE"),
        number=number,
        document_date=issued,
        posting_date=fields.pop("posting_date", issued),
        due_date=due,
        currency=currency,
        amount=value,
        open_amount=Decimal(open_amount) if open_amount is not None else value,
        known_on=fields.pop("known_on", issued),
        **fields,
    )


def make_allocation(
    *, debit: LedgerItem, credit: LedgerItem | None = None, amount: str, on: date, **fields: Any
) -> Allocation:
    """Set `amount` of `credit` (or of an unnamed counterpart) against `debit`, and lower the open amounts."""
    value = Decimal(amount)
    LedgerItem.objects.filter(id=debit.id).update(open_amount=debit.open_amount - value)
    debit.refresh_from_db()
    sides: dict[str, Any] = {}
    if credit is not None:
        LedgerItem.objects.filter(id=credit.id).update(open_amount=credit.open_amount + value)
        credit.refresh_from_db()
        sides = {"credit_item": credit, "credit_amount": value, "credit_currency": credit.currency}
    return Allocation.objects.create(
        customer_id=debit.customer_id,
        debit_item=debit,
        debit_amount=value,
        debit_currency=debit.currency,
        on=on,
        known_on=fields.pop("known_on", on),
        **sides,
        **fields,
    )


def make_bank_line(
    *, amount: Decimal | str = "100", booked_on: date = TODAY, currency: str = "EUR", **fields: Any
) -> BankLine:
    """A line of the bank that waits."""
    values = {"source_ref": f"line-{next(_number)}", "remaining_amount": Decimal(amount), **fields}
    line = BankLine.objects.create(amount=Decimal(amount), booked_on=booked_on, currency=currency, **values)
    line.refresh_from_db()
    return line
