"""The organisation's tree of causes and the rules that give them: offered from the start, changed by it."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from collection.models import CauseRule
from collection.rules.causes import WITH_VALUES, Fact
from core.audit import Actor, changed, record
from core.errors import Invalid, NotFound
from core.tenancy import require_tenant_id
from core.text import gettext_noop
from receivables.models import Cause

MOST_LEVELS = 3
MOST_RULES = 100
FACTS = frozenset(fact.value for fact in Fact)
_CUSTOMER, _OURS = Cause.Side.values
# Code, label, side, causes below.
SHIPPED: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "CUSTOMER",
        gettext_noop("The customer's doing"),
        _CUSTOMER,
        (
            ("CASH", gettext_noop("short of cash")),
            ("INSOLVENCY", gettext_noop("insolvency")),
            ("ADMIN", gettext_noop("administrative delay")),
            ("REMINDER", gettext_noop("waits to be chased")),
            ("CONTESTS", gettext_noop("contests without a listed reason")),
        ),
    ),
    (
        "OURS",
        gettext_noop("Our doing"),
        _OURS,
        (
            ("PRICING", gettext_noop("price")),
            ("DELIVERY", gettext_noop("delivery or quantity")),
            ("QUALITY", gettext_noop("quality")),
            ("INVOICE_LATE", gettext_noop("invoice late or not received")),
            ("INVOICE_WRONG", gettext_noop("invoice wrong")),
            ("CONTRACT", gettext_noop("contract terms")),
            ("POSTING", gettext_noop("payment not posted")),
        ),
    ),
)
# Fact, values, cause, whether it is in force from the start.
SHIPPED_RULES: tuple[tuple[Fact, tuple[str, ...], str, bool], ...] = (
    (Fact.HOLD, ("INSOLVENCY",), "INSOLVENCY", True),
    (Fact.DISPUTE, ("PRICE",), "PRICING", True),
    (Fact.DISPUTE, ("QUANTITY", "DAMAGED", "NOT_RECEIVED"), "DELIVERY", True),
    (Fact.DISPUTE, ("QUALITY",), "QUALITY", True),
    (Fact.DISPUTE, ("MISSING_PO", "WRONG_ADDRESSEE", "DUPLICATE"), "INVOICE_WRONG", True),
    (Fact.DISPUTE, ("CONTRACT",), "CONTRACT", True),
    (Fact.DISPUTE, ("ALREADY_PAID",), "POSTING", True),
    (Fact.DISPUTE, (), "CONTESTS", True),
    (Fact.BOUNCED, (), "INVOICE_LATE", True),
    (Fact.NO_ADDRESS, (), "INVOICE_LATE", True),
    (Fact.NO_ORDER_REF, (), "INVOICE_WRONG", False),
    (Fact.HOLD, ("PLAN",), "CASH", True),
    (Fact.BROKEN_PROMISE, (), "CASH", True),
    (Fact.PROFILE, ("VERY_SLOW", "DEFAULTING"), "CASH", True),
    (Fact.PART_PAID, (), "CASH", True),
    (Fact.PROMISE, (), "REMINDER", True),
    (Fact.HOLD, ("PAYMENT_ANNOUNCED",), "REMINDER", True),
    (Fact.PROFILE, ("SLIGHT", "SLOW"), "REMINDER", True),
)


class BadCause(Invalid):
    code = "bad_cause"
    message = _("The cause cannot be kept like this.")


class BadCauseRule(Invalid):
    code = "bad_cause_rule"
    message = _("The rules cannot be kept like this.")


class RuleValues(NamedTuple):
    """A rule as a form or the API gives it."""

    fact: str
    values: tuple[str, ...]
    cause_id: UUID
    is_active: bool = True


@transaction.atomic
def ensure_causes() -> None:
    """The causes and rules that are offered from the start, named in the organisation's language; once."""
    if Cause.objects.exists():
        return
    # One at a time: two first readers would else both make them, and the second fail.
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    if Cause.objects.exists():
        return
    with override(Tenant.objects.get(id=require_tenant_id()).language):
        made: dict[str, Cause] = {}
        for code, label, side, below in SHIPPED:
            made[code] = Cause.objects.create(code=code, label=gettext(label), side=side, position=len(made) + 1)
            for child, child_label in below:
                made[child] = Cause.objects.create(
                    code=child, label=gettext(child_label), side=side, parent=made[code], position=len(made) + 1
                )
    CauseRule.objects.bulk_create(
        CauseRule(position=n, fact=fact, values=list(values), cause=made[cause], is_active=is_active)
        for n, (fact, values, cause, is_active) in enumerate(SHIPPED_RULES, start=1)
    )


@transaction.atomic
def save_cause(
    *,
    cause_id: UUID | None,
    code: str = "",
    label: str,
    side: str,
    parent_id: UUID | None,
    is_active: bool = True,
    actor: Actor,
) -> Cause:
    """A new cause, or a changed one. Its code stays, as rules of scenarios name it. Raises NotFound, BadCause."""
    row = Cause() if cause_id is None else Cause.objects.select_for_update().filter(id=cause_id).first()
    if row is None:
        raise NotFound
    wrong: dict[str, Any] = {}
    if not label.strip():
        wrong["label"] = [_("Give it a name.")]
    if side not in Cause.Side.values:
        wrong["side"] = [_("Choose whose doing it is.")]
    if cause_id is None and not code.strip():
        wrong["code"] = [_("Give it a code.")]
    if problem := _place(cause_id, parent_id):
        wrong["parent"] = [problem]
    if wrong:
        raise BadCause(fields=wrong)
    values: dict[str, Any] = {
        "label": label.strip()[:80],
        "side": side,
        "parent_id": parent_id,
        "is_active": is_active,
    }
    if cause_id is None:
        last = Cause.objects.order_by("-position").values_list("position", flat=True).first() or 0
        values |= {"code": code.strip().upper()[:40], "position": last + 1}
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    try:
        with transaction.atomic():
            row.save(force_insert=cause_id is None)
    except IntegrityError as error:
        raise BadCause(fields={"code": [_("There is a cause with this code already.")]}) from error
    record(actor=actor, action="collection.cause_saved", row=row, changes=changes)
    return row


def _place(cause_id: UUID | None, parent_id: UUID | None) -> Any:
    """What is wrong with the place in the tree; "" if nothing: not below itself, not deeper than one can read."""
    above, levels = parent_id, 1
    while above is not None:
        levels += 1
        if above == cause_id or levels > MOST_LEVELS:
            return _("Not below itself, and at most %(most)d levels.") % {"most": MOST_LEVELS}
        row = Cause.objects.filter(id=above).only("parent_id").first()
        if row is None:
            return _("There is no such cause.")
        above = row.parent_id
    return ""


@transaction.atomic
def save_cause_rules(*, rules: Sequence[RuleValues], actor: Actor) -> list[CauseRule]:
    """The rules in their new order, instead of those before; they decide from the next night on. Raises BadCauseRule."""
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    if len(rules) > MOST_RULES:
        raise BadCauseRule(_("At most %(most)d rules.") % {"most": MOST_RULES})
    known = set(Cause.objects.values_list("id", flat=True))
    for n, rule in enumerate(rules, start=1):
        if rule.fact not in FACTS:
            raise BadCauseRule(_("Rule %(n)d asks for nothing that is known.") % {"n": n})
        if rule.cause_id not in known:
            raise BadCauseRule(_("Rule %(n)d names a cause that does not exist.") % {"n": n})
        if rule.values and Fact(rule.fact) not in WITH_VALUES:
            raise BadCauseRule(_("Rule %(n)d narrows a fact that has no values.") % {"n": n})
    before = [_plain(row) for row in CauseRule.objects.order_by("position")]
    CauseRule.objects.all().delete()
    made = CauseRule.objects.bulk_create(
        CauseRule(
            position=n, fact=rule.fact, values=list(rule.values), cause_id=rule.cause_id, is_active=rule.is_active
        )
        for n, rule in enumerate(rules, start=1)
    )
    changes = {"rules": [before, [_plain(row) for row in made]]}
    record(actor=actor, action="collection.cause_rules_saved", row=CauseRule(id=require_tenant_id()), changes=changes)
    return made


def _plain(row: CauseRule) -> dict[str, Any]:
    return {"fact": row.fact, "values": row.values, "cause": str(row.cause_id), "is_active": row.is_active}
