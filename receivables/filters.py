"""Filters of the ledger's lists: the same for pages, exports and the API.

What "mine" and "overdue" mean comes from the reader: the member, and the business day.
"""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.lists import ChoiceFilter, DayFilter, Filters, FlagFilter, PrefixFilter, Reader, RowFilter
from core.text import search_key
from receivables.models import (
    Cause,
    Customer,
    CustomerAccount,
    CustomerGroup,
    Dispute,
    DisputeReason,
    Hold,
    ItemCause,
    ItemStatus,
    LedgerItem,
    Promise,
    PromiseItem,
    StatusCode,
)
from receivables.models.ledger import ItemKind
from receivables.queries.quality import CHECKS, condition
from receivables.queries.visible import accounts_in, customers_in, disputes_in, entities_in, items_in, promises_in
from receivables.words import DISPUTE_REASONS

# Customers that a search in another list looks at, in the order of their names.
SEARCHED_CUSTOMERS = 200


def owners(reader: Reader) -> QuerySet[Member]:
    """Those to whom customers are assigned, by name."""
    accounts = CustomerAccount.objects.filter(Q(collector_id=OuterRef("id")) | Q(salesperson_id=OuterRef("id")))
    return Member.objects.filter(Exists(accounts)).order_by("name", "id")


def axis_values(name: str) -> Any:
    """The values of an axis of accounts, as choices that are read when the form shows."""

    def choices() -> list[tuple[str, str]]:
        found = CustomerAccount.objects.exclude(**{name: ""}).order_by(name).values_list(name, flat=True).distinct()
        return [(value, value) for value in found]

    return choices


def holds_in_force(on: Any) -> QuerySet[Hold]:
    """Holds that keep reminders back on a day."""
    return Hold.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on),
        Q(lifted_on__isnull=True) | Q(lifted_on__gt=on),
        from_on__lte=on,
    )


# The value of a filter that asks for items without a code.
NOTHING = "none"


def status_choices() -> list[tuple[str, Any]]:
    """The organisation's status codes. 1 SQL query."""
    codes = StatusCode.objects.order_by("position", "label").values_list("code", "label")
    return [(NOTHING, _("without")), *codes]


def cause_choices() -> list[tuple[str, Any]]:
    """The organisation's causes, those above with those below them. 1 SQL query."""
    codes = Cause.objects.order_by("position", "label").values_list("code", "label", "parent_id")
    return [(NOTHING, _("without")), *((code, label if top is None else f"– {label}") for code, label, top in codes)]


def dispute_reasons() -> list[tuple[str, Any]]:
    """The organisation's reasons of disputes, and the usual ones that it has not described. 1 SQL query."""
    own = dict(DisputeReason.objects.order_by("label").values_list("code", "label"))
    return list((DISPUTE_REASONS | own).items())


class _KnownOrNot(ChoiceFilter.field_class):  # type: ignore[name-defined,misc]
    """Choices are what is offered; a code that a source brought and nobody described is taken as well."""

    def valid_value(self, value: Any) -> bool:
        return True


class CodeFilter(ChoiceFilter):
    """A code in words: `?reason=PRICE` reads "price"."""

    field_class = _KnownOrNot


class CustomerRowFilter(RowFilter):
    """One customer, come here by a link: a chip with its name. There are too many of them for a select."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Customer"))
        super().__init__(rows=lambda reader: customers_in(scope=reader.scope), hidden=True, **kwargs)


class LedgerSearch(PrefixFilter):
    """Numbers and names that begin as typed: the row's own number, its customer's name or reference. 1 SQL query more."""

    def filter(self, qs: Any, value: Any) -> Any:
        text = (value or "").strip()
        if not text:
            return qs
        key = search_key(text)
        conditions = Q()
        for name in self.numbers:
            for form in {text, text.upper()}:
                conditions |= Q(**{f"{name}__prefix": form})
        if key:
            # Asked first: a list of ids and a beginning are two index scans, a subquery would be none.
            named = Customer.objects.filter(Q(name_key__prefix=key) | Q(ref_key__prefix=key)).order_by("name_key", "id")
            conditions |= Q(customer_id__in=list(named.values_list("id", flat=True)[:SEARCHED_CUSTOMERS]))
        return qs.filter(conditions) if conditions else qs.none()


class AccountFilters(Filters):
    """What customers' accounts say, for lists of rows that have an account."""

    collector = RowFilter(field_name="account__collector", rows=owners, label=_("Collector"))
    salesperson = RowFilter(field_name="account__salesperson", rows=owners, label=_("Salesperson"))
    sector = ChoiceFilter(field_name="account__sector", choices=axis_values("sector"), label=_("Sector"))
    region = ChoiceFilter(field_name="account__region", choices=axis_values("region"), label=_("Region"))
    mine = FlagFilter(method="of_mine", label=_("Mine"))

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        member = self.reader.member_id
        return (
            rows.filter(Q(account__collector_id=member) | Q(account__salesperson_id=member)) if member else rows.none()
        )


class ItemFilters(AccountFilters):
    """Ledger items."""

    order = ("state", "standing", "status", "cause", "kind", "entity", "late", "minimum", "currency", "mine")

    class State:
        OPEN, NOT_DUE, OVERDUE, CREDITS, SETTLED, ALL = "open", "not_due", "overdue", "credits", "settled", "all"
        choices = (
            (OPEN, _("open")),
            (NOT_DUE, _("not due yet")),
            (OVERDUE, _("overdue")),
            (CREDITS, _("credits to apply")),
            (SETTLED, _("settled")),
            (ALL, _("all")),
        )

    q = LedgerSearch(numbers=["number"], label=_("Search"))
    state = ChoiceFilter(choices=State.choices, method="in_state", label=_("State"))
    late = django_filters.NumberFilter(
        method="later_than", min_value=0, max_value=9999, label=_("Days late, more than")
    )
    standing = ChoiceFilter(
        choices=[("disputed", _("disputed")), ("promised", _("promised")), ("held", _("reminders suspended"))],
        method="with_standing",
        label=_("Standing"),
    )
    status = ChoiceFilter(choices=status_choices, method="with_status", label=_("Status code"))
    cause = ChoiceFilter(choices=cause_choices, method="with_cause", label=_("Cause"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    kind = ChoiceFilter(choices=ItemKind.choices, label=_("Kind"))
    currency = django_filters.CharFilter(label=_("Currency"), max_length=3)
    minimum = django_filters.NumberFilter(
        field_name="open_amount", lookup_expr="gte", label=_("Open amount, at least"), max_digits=20
    )
    due_from = DayFilter(field_name="due_date", lookup_expr="gte", label=_("Due from"))
    due_until = DayFilter(field_name="due_date", lookup_expr="lte", label=_("Due until"))
    issued_from = DayFilter(field_name="document_date", lookup_expr="gte", label=_("Issued from"))
    issued_until = DayFilter(field_name="document_date", lookup_expr="lte", label=_("Issued until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        state, on = self.State, self.reader.on
        if value == state.ALL:
            return rows
        if value == state.SETTLED:
            return rows.filter(is_open=False)
        rows = rows.filter(is_open=True)
        match value:
            case state.NOT_DUE:
                return rows.filter(due_date__gte=on)
            case state.OVERDUE:
                return rows.filter(due_date__lt=on)
            case state.CREDITS:
                return rows.filter(open_amount__lt=0)
        return rows

    def later_than(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(due_date__lt=self.reader.on - timedelta(days=int(value)))

    def with_standing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        on = self.reader.on
        match value:
            case "disputed":
                return rows.filter(Exists(Dispute.objects.filter(item_id=OuterRef("id"), closed_on__isnull=True)))
            case "promised":
                open_promises = PromiseItem.objects.filter(item_id=OuterRef("id"), promise__state=Promise.State.OPEN)
                return rows.filter(Exists(open_promises))
        held = holds_in_force(on).filter(
            Q(item_id=OuterRef("id"))
            | Q(item_id__isnull=True, customer_id=OuterRef("customer_id"))
            | Q(group__customers__id=OuterRef("customer_id"))
        )
        return rows.filter(Exists(held))

    def with_status(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        marked = ItemStatus.objects.filter(item_id=OuterRef("id"), ended_on__isnull=True)
        return rows.filter(~Exists(marked) if value == NOTHING else Exists(marked.filter(status__code=value)))

    def with_cause(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        coded = ItemCause.objects.filter(item_id=OuterRef("id"), ended_on__isnull=True)
        if value == NOTHING:
            return rows.filter(~Exists(coded))
        return rows.filter(Exists(coded.filter(Q(cause__code=value) | Q(cause__parent__code=value))))


class DocumentFilters(AccountFilters):
    """Documents: what was issued."""

    order = ("state", "kind", "entity", "mine", "issued_from", "issued_until")
    q = LedgerSearch(numbers=["number"], label=_("Search"))
    state = ChoiceFilter(
        choices=[("open", _("open")), ("overdue", _("overdue")), ("settled", _("settled"))],
        method="in_state",
        label=_("State"),
    )
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    kind = ChoiceFilter(choices=ItemKind.choices, label=_("Kind"))
    order_ref = django_filters.CharFilter(label=_("Order"))
    site = django_filters.CharFilter(label=_("Site"))
    biller = django_filters.CharFilter(label=_("Biller"))
    issued_from = DayFilter(field_name="document_date", lookup_expr="gte", label=_("Issued from"))
    issued_until = DayFilter(field_name="document_date", lookup_expr="lte", label=_("Issued until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        open_items = LedgerItem.objects.filter(document_id=OuterRef("id"), is_open=True)
        if value == "overdue":
            open_items = open_items.filter(due_date__lt=self.reader.on)
        return rows.filter(~Exists(open_items) if value == "settled" else Exists(open_items))


class CustomerFilters(Filters):
    """Customers. What accounts say must hold of one of the accounts that the reader sees."""

    q = PrefixFilter(keys=["name_key", "ref_key"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("owing", _("owes something")),
            ("overdue", _("overdue")),
            ("late", _("more than 60 days late")),
            ("disputed", _("disputed")),
            ("promised", _("promise open")),
            ("held", _("reminders suspended")),
        ],
        method="in_state",
        label=_("State"),
    )
    mine = FlagFilter(method="of_mine", label=_("Mine"))
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), method="of_account", label=_("Company"))
    collector = RowFilter(rows=owners, method="of_account", label=_("Collector"))
    salesperson = RowFilter(rows=owners, method="of_account", label=_("Salesperson"))
    sector = ChoiceFilter(choices=axis_values("sector"), method="of_account", label=_("Sector"))
    region = ChoiceFilter(choices=axis_values("region"), method="of_account", label=_("Region"))
    product = ChoiceFilter(choices=axis_values("product"), method="of_account", label=_("Product"))
    country = django_filters.CharFilter(label=_("Country"), max_length=2)
    group = RowFilter(rows=lambda reader: CustomerGroup.objects.all(), hidden=True, label=_("Group"))

    def of_account(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        accounts = self._accounts().filter(**{name: value})
        return rows.filter(Exists(accounts))

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        member = self.reader.member_id
        if member is None:
            return rows.none()
        return rows.filter(Exists(self._accounts().filter(Q(collector_id=member) | Q(salesperson_id=member))))

    def _accounts(self) -> QuerySet[Any]:
        return accounts_in(scope=self.reader.scope).filter(customer_id=OuterRef("id"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        scope, on = self.reader.scope, self.reader.on
        items = items_in(scope=scope).filter(customer_id=OuterRef("id"), is_open=True)
        debits = items.filter(open_amount__gt=0)
        of_customer = {"customer_id": OuterRef("id")}
        match value:
            case "owing":
                return rows.filter(Exists(items))
            case "overdue":
                return rows.filter(Exists(debits.filter(due_date__lt=on)))
            case "late":
                return rows.filter(Exists(debits.filter(due_date__lt=on - timedelta(days=60))))
            case "disputed":
                return rows.filter(Exists(disputes_in(scope=scope).filter(closed_on__isnull=True, **of_customer)))
            case "promised":
                return rows.filter(Exists(promises_in(scope=scope).filter(state=Promise.State.OPEN, **of_customer)))
        held = holds_in_force(on).filter(Q(**of_customer) | Q(group_id=OuterRef("group_id")))
        return rows.filter(Exists(held))


class QualityFilters(Filters):
    """Customers of whom something is missing, contradictory or double."""

    check = ChoiceFilter(choices=[(check, check) for check in CHECKS], method="of_check", widget=HiddenInput())
    q = PrefixFilter(keys=["name_key", "ref_key"], label=_("Search"))

    def of_check(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(condition(value, on=self.reader.on, scope=self.reader.scope))


class OrderFilters(Filters):
    """Orders accepted and not yet invoiced."""

    q = LedgerSearch(numbers=["number"], label=_("Search"))
    state = ChoiceFilter(
        choices=[("open", _("not invoiced yet")), ("late", _("delivery overdue")), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    currency = django_filters.CharFilter(label=_("Currency"), max_length=3)
    mine = FlagFilter(method="of_mine", label=_("Mine"))
    ordered_from = DayFilter(field_name="order_date", lookup_expr="gte", label=_("Ordered from"))
    ordered_until = DayFilter(field_name="order_date", lookup_expr="lte", label=_("Ordered until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "all":
            return rows
        rows = rows.exclude(open_amount=0)
        return rows.filter(delivery_date__lt=self.reader.on) if value == "late" else rows

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return of_own_customers(rows, self.reader)


class PromiseFilters(Filters):
    """Promises to pay."""

    q = LedgerSearch(label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("open", _("open")),
            ("due", _("due by today")),
            ("kept", _("kept")),
            ("partly", _("kept in part")),
            ("broken", _("broken")),
            ("lapsed", _("lapsed with its plan")),
            ("withdrawn", _("withdrawn")),
            ("all", _("all")),
        ],
        method="in_state",
        label=_("State"),
    )
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    currency = django_filters.CharFilter(label=_("Currency"), max_length=3)
    mine = FlagFilter(method="of_mine", label=_("Mine"))
    due_from = DayFilter(field_name="due_on", lookup_expr="gte", label=_("Due from"))
    due_until = DayFilter(field_name="due_on", lookup_expr="lte", label=_("Due until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "all":
            return rows
        if value == "due":
            return rows.filter(state=Promise.State.OPEN, due_on__lte=self.reader.on)
        return rows.filter(state=value.upper())

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return of_own_customers(rows, self.reader)


class HoldFilters(Filters):
    """What is out of dunning."""

    q = LedgerSearch(numbers=["item__number"], label=_("Search"))
    state = ChoiceFilter(
        choices=[("in_force", _("in force")), ("ahead", _("not begun")), ("over", _("over")), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )
    reason = ChoiceFilter(choices=Hold.Reason.choices, label=_("Reason"))
    on_what = ChoiceFilter(
        choices=[("item", _("an item")), ("customer", _("a customer")), ("group", _("a group"))],
        method="of_what",
        label=_("What"),
    )
    customer = CustomerRowFilter()
    mine = FlagFilter(method="of_mine", label=_("Mine"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        on = self.reader.on
        over = Q(until_on__lt=on) | Q(lifted_on__lte=on)
        match value:
            case "in_force":
                return rows.filter(id__in=holds_in_force(on).values("id"))
            case "ahead":
                return rows.filter(from_on__gt=on).exclude(over)
            case "over":
                return rows.filter(over)
        return rows

    def of_what(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        match value:
            case "item":
                return rows.filter(item_id__isnull=False)
            case "group":
                return rows.filter(group_id__isnull=False)
        return rows.filter(item_id__isnull=True, group_id__isnull=True)

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return of_own_customers(rows, self.reader)


class DisputeFilters(Filters):
    """Disputes."""

    q = LedgerSearch(numbers=["item__number"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("open", _("open")),
            ("old", _("open for more than 30 days")),
            ("closed", _("closed")),
            ("all", _("all")),
        ],
        method="in_state",
        label=_("State"),
    )
    reason = CodeFilter(choices=dispute_reasons, label=_("Reason"))
    customer = CustomerRowFilter()
    entity = RowFilter(
        field_name="item__entity", rows=lambda reader: entities_in(scope=reader.scope), label=_("Company")
    )
    mine = FlagFilter(method="of_mine", label=_("Mine"))
    opened_from = DayFilter(field_name="opened_on", lookup_expr="gte", label=_("Opened from"))
    opened_until = DayFilter(field_name="opened_on", lookup_expr="lte", label=_("Opened until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "all":
            return rows
        rows = rows.filter(closed_on__isnull=value != "closed")
        return rows.filter(opened_on__lt=self.reader.on - timedelta(days=30)) if value == "old" else rows

    def of_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return of_own_customers(rows, self.reader)


def of_own_customers(rows: QuerySet[Any], reader: Reader) -> QuerySet[Any]:
    """Rows of customers of whom the member is collector or salesperson at one entity."""
    if reader.member_id is None:
        return rows.none()
    accounts = CustomerAccount.objects.filter(
        Q(collector_id=reader.member_id) | Q(salesperson_id=reader.member_id), customer_id=OuterRef("customer_id")
    )
    return rows.filter(Exists(accounts))
