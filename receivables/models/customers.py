"""The creditor's companies, the customers and the persons there."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel


class Entity(TenantModel):
    """The creditor: a company of the organisation, with its letterhead, bank account, language and currency."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=160)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5, default="en")
    legal_identifier = models.CharField(max_length=40, blank=True)  # SIREN, company number, HRB ...
    vat_number = models.CharField(max_length=20, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="entity_code_once")]

    def __str__(self) -> str:
        return self.name


class EntityAccess(TenantModel):
    """Restricts a member to some entities. No row: the member sees all entities."""

    member = TenantForeignKey(Member, models.CASCADE, related_name="entity_accesses")
    entity = TenantForeignKey(Entity, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "member", "entity"], name="entity_access_once")]
        indexes = [models.Index(fields=["tenant", "entity"], name="entity_access_entity")]


class PaymentTerms(TenantModel):
    """Payment terms under the code of the source, with the rule that computes due dates (receivables.rules.terms)."""

    code = models.CharField(max_length=40)
    label = models.CharField(max_length=120, blank=True)
    # A text that receivables.rules.terms reads ("NET30", "45 EOM"); empty: unknown, due dates come from the source.
    rule = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="payment_terms_code_once")]

    def __str__(self) -> str:
        return self.label or self.code


class CustomerGroup(TenantModel):
    """Customers judged together for exposure; `parent` says who pulls the strings."""

    ref = models.CharField(max_length=80)
    name = models.CharField(max_length=160)
    parent = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "ref"], name="customer_group_ref_once")]
        indexes = [models.Index(fields=["tenant", "parent"], name="customer_group_parent")]

    def __str__(self) -> str:
        return self.name


class Customer(TenantModel):
    """A legal identity that owes. What it buys where stands in its accounts."""

    needs_analyze = True

    ref = models.CharField(max_length=80, db_collation="C")
    name = models.CharField(max_length=200)
    # core.text.search_key(name): prefix search with ^@, the only text search an index serves under a policy.
    name_key = models.CharField(max_length=200, db_collation="C")
    ref_key = models.CharField(max_length=80, db_collation="C", default="")
    group = TenantForeignKey(CustomerGroup, models.PROTECT, null=True, blank=True, related_name="customers")
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=5, blank=True)
    siren = models.CharField(max_length=9, blank=True)
    siret = models.CharField(max_length=14, blank=True)
    vat_number = models.CharField(max_length=20, blank=True)
    lei = models.CharField(max_length=20, blank=True)
    registration_number = models.CharField(max_length=40, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    run_id = models.UUIDField(null=True)  # the load that brought it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # With the id: a load finds its customers by this index alone.
            models.UniqueConstraint(fields=["tenant", "ref"], include=["id"], name="customer_ref_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "name_key", "id"], name="customer_name_key"),
            models.Index(fields=["tenant", "ref_key"], name="customer_ref_key"),
            models.Index(fields=["tenant", "group"], name="customer_group"),
            models.Index(fields=["tenant", "updated_at", "id"], name="customer_updated"),
            models.Index(fields=["tenant", "siren"], name="customer_siren", condition=~Q(siren="")),
            models.Index(fields=["tenant", "vat_number"], name="customer_vat", condition=~Q(vat_number="")),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerAccount(TenantModel):
    """A customer at one entity and source: reference there, terms, owners and axes."""

    needs_analyze = True

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="accounts")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    source = models.CharField(max_length=40, default="file")
    ref = models.CharField(max_length=80, db_collation="C")
    currency = models.CharField(max_length=3, blank=True)
    terms = TenantForeignKey(PaymentTerms, models.PROTECT, null=True, blank=True, related_name="+")
    payment_method = models.CharField(max_length=40, blank=True)
    salesperson = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    collector = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    sector = models.CharField(max_length=60, blank=True)
    region = models.CharField(max_length=60, blank=True)
    product = models.CharField(max_length=60, blank=True)
    run_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "entity", "source", "ref"],
                include=["id", "customer"],
                name="customer_account_ref_once",
            ),
            # What items refer to: an account, of that customer at that entity. Also finds a customer's accounts.
            models.UniqueConstraint(fields=["tenant", "customer", "entity", "id"], name="account_of_customer"),
        ]
        indexes = [
            models.Index(fields=["tenant", "terms"], name="account_terms"),
            models.Index(fields=["tenant", "salesperson", "customer"], name="account_salesperson"),
            models.Index(fields=["tenant", "collector", "customer"], name="account_collector"),
            models.Index(fields=["tenant", "updated_at", "id"], name="account_updated"),
        ]


class Contact(TenantModel):
    """A person at the customer; `influence` says how much they decide."""

    needs_analyze = True

    class Role(models.TextChoices):
        ACCOUNTING = "ACCOUNTING", _("accounting")
        BUYER = "BUYER", _("buyer")
        TREASURY = "TREASURY", _("treasury")
        MANAGEMENT = "MANAGEMENT", _("management")
        LOGISTICS = "LOGISTICS", _("logistics")
        LEGAL = "LEGAL", _("legal")
        OTHER = "OTHER", _("other")

    class Influence(models.TextChoices):
        DECIDES = "DECIDES", _("decides")
        ADVISES = "ADVISES", _("advises")
        EXECUTES = "EXECUTES", _("executes")
        UNKNOWN = "UNKNOWN", _("unknown")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="contacts")
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80)
    role = models.CharField(max_length=12, choices=Role, default=Role.ACCOUNTING)
    influence = models.CharField(max_length=10, choices=Influence, default=Influence.UNKNOWN)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    mobile = models.CharField(max_length=40, blank=True, default="", db_default="")
    language = models.CharField(max_length=5, blank=True)
    is_primary = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    email_bounced_at = models.DateTimeField(null=True, blank=True)
    run_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer"], name="contact_customer"),
            models.Index(fields=["tenant", "updated_at", "id"], name="contact_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
