"""Files handed over to an agency or a lawyer: who has them, what is in them, what they cost and bring in."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from collection.models.actions import Action
from collection.models.terminal import other_than_requester
from core.models import JobRun
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer, Entity, Hold, LedgerItem
from receivables.models.ledger import AMOUNT


class Agency(TenantModel):
    """Somebody outside who collects for us."""

    class Kind(models.TextChoices):
        AGENCY = "AGENCY", _("collection agency")
        LAWYER = "LAWYER", _("lawyer")
        BAILIFF = "BAILIFF", _("bailiff")

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind)
    contact_name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    terms = models.TextField(blank=True)  # what was agreed: fees, share of what comes in
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="agency_name_once")]
        indexes = [models.Index(fields=["tenant", "updated_at", "id"], name="agency_updated")]

    def __str__(self) -> str:
        return self.name


class LegalCase(TenantModel):
    """The items of a customer at an entity that an agency or lawyer is to collect: prepared, handed over, closed.

    The step of a scenario prepares one without saying who is to collect, unless there is but one: then `agency` is empty
    until somebody chooses. `path`, `sha256`, `size`: the dossier as it was made, a ZIP below the files folder; empty
    before. `wanted_on`: it is to be made, as of that day, by the worker whose `run` shows how far it is.
    """

    class State(models.TextChoices):
        PREPARED = "PREPARED", _("prepared")
        HANDED_OVER = "HANDED_OVER", _("handed over")
        CLOSED = "CLOSED", _("closed")
        WITHDRAWN = "WITHDRAWN", _("withdrawn before it was handed over")
        REFUSED = "REFUSED", _("refused")

    class Outcome(models.TextChoices):
        PAID = "PAID", _("paid")
        PART_PAID = "PART_PAID", _("paid in part")
        NOTHING = "NOTHING", _("nothing came in")
        TAKEN_BACK = "TAKEN_BACK", _("taken back")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="legal_cases")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    agency = TenantForeignKey(Agency, models.PROTECT, null=True, related_name="cases")
    # Where a scenario prepared it: the action of its step.
    action = TenantForeignKey(Action, models.PROTECT, null=True, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.PREPARED)
    note = models.TextField(blank=True)
    four_eyes = models.BooleanField()
    on = models.DateField()
    requested_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    # Who handed it over, or would not, and when.
    decided_on = models.DateField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=300, blank=True, default="", db_default="")  # why it was refused
    agency_ref = models.CharField(max_length=80, blank=True)
    closed_on = models.DateField(null=True)
    closed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(null=True)
    made_on = models.DateField(null=True)
    wanted_on = models.DateField(null=True)
    wanted_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    run = TenantForeignKey(JobRun, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="legal_case_number_once"),
            models.CheckConstraint(
                name="legal_case_closed_with_outcome", condition=~Q(state="CLOSED") | ~Q(outcome="")
            ),
            models.CheckConstraint(
                name="legal_case_days",
                condition=(Q(decided_on__isnull=True) | Q(decided_on__gte=F("on")))
                & (Q(closed_on__isnull=True) | Q(closed_on__gte=F("on"))),
            ),
            models.CheckConstraint(
                name="legal_case_refused_with_reason", condition=~Q(state="REFUSED") | ~Q(answer="")
            ),
            models.CheckConstraint(
                name="legal_case_out_has_agency",
                condition=~Q(state__in=["HANDED_OVER", "CLOSED"]) | Q(agency__isnull=False),
            ),
            models.UniqueConstraint(fields=["tenant", "action"], name="legal_case_action_once"),
            other_than_requester("legal_case_four_eyes"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="legal_case_customer"),
            models.Index(fields=["tenant", "entity"], name="legal_case_entity"),
            models.Index(fields=["tenant", "agency"], name="legal_case_agency"),
            models.Index(fields=["tenant", "requested_by"], name="legal_case_requested_by"),
            models.Index(fields=["tenant", "decided_by"], name="legal_case_decided_by"),
            models.Index(fields=["tenant", "closed_by"], name="legal_case_closed_by"),
            models.Index(fields=["tenant", "wanted_by"], name="legal_case_wanted_by"),
            models.Index(fields=["tenant", "run"], name="legal_case_run"),
            models.Index(fields=["tenant", "updated_at", "id"], name="legal_case_updated"),
        ]


class LegalCaseItem(TenantModel):
    """An item in a case, with what was open of it when it was handed over. In one open case at a time."""

    case = TenantForeignKey(LegalCase, models.PROTECT, related_name="case_items")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    open_amount = models.DecimalField(**AMOUNT)
    is_active = models.BooleanField(default=True)  # until the case is closed or withdrawn
    # What keeps the item out of dunning while the case is open.
    hold = TenantForeignKey(Hold, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "case", "item"], name="legal_case_item_once"),
            models.UniqueConstraint(
                fields=["tenant", "item"], name="legal_case_item_one_open", condition=Q(is_active=True)
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "item"], name="legal_case_item_item"),
            models.Index(fields=["tenant", "hold"], name="legal_case_item_hold"),
        ]


class LegalCost(TenantModel):
    """What a case cost, by date. A mistake is taken back by a row with the amount below zero. Append-only."""

    append_only = True

    class Kind(models.TextChoices):
        FEE = "FEE", _("fee of the agency or lawyer")
        COMMISSION = "COMMISSION", _("share of what came in")
        COURT = "COURT", _("court")
        BAILIFF = "BAILIFF", _("bailiff")
        OTHER = "OTHER", _("other")

    case = TenantForeignKey(LegalCase, models.PROTECT, related_name="costs")
    kind = models.CharField(max_length=10, choices=Kind)
    on = models.DateField()
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=200, blank=True)
    member = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="legal_cost_not_zero", condition=~Q(amount=0))]
        indexes = [
            models.Index(fields=["tenant", "case", "on"], name="legal_cost_case"),
            models.Index(fields=["tenant", "member"], name="legal_cost_member"),
        ]
