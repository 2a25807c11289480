"""Rates of provision: by standing and age bracket, dated, and for single customers with a reason."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Tenant
from collection.models import ProvisionOverride, ProvisionRate
from collection.queries.provision import rates_in_force
from collection.rules.provision import SUGGESTED, Standing
from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from core.tenancy import require_tenant_id
from receivables.queries.visible import customers_in


class BadRate(Invalid):
    code = "bad_provision_rate"
    message = _("The rate cannot be kept like this.")


class RateChanged(Conflict):
    code = "rate_changed"
    message = _("Somebody has changed this rate meanwhile. Load the page again.")


@transaction.atomic
def set_provision_rates(*, rates: Mapping[tuple[str, str], Decimal], actor: Actor, on: date) -> int:
    """These percentages count from the day `on`; figures of the days before keep theirs. How many changed.

    Raises BadRate: an unknown standing or bracket, or not 0 to 100 with at most two decimals.
    """
    for key, percent in rates.items():
        if key not in SUGGESTED or not _is_percent(percent):
            raise BadRate(fields={f"{key[0]}-{key[1]}": [_("0 to 100, with at most two decimals.")]})
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    before = rates_in_force(on=on)
    changed = {key: percent for key, percent in rates.items() if before[(Standing(key[0]), key[1])] != percent}
    for (standing, bucket), percent in changed.items():
        row, is_new = ProvisionRate.objects.get_or_create(
            standing=standing,
            bucket=bucket,
            valid_from=on,
            defaults={"percent": percent, "set_by_id": actor.member_id},
        )
        if not is_new:
            row.percent, row.set_by_id = percent, actor.member_id
            row.save(update_fields=["percent", "set_by"])
        values: dict[str, Any] = {"percent": [before[(Standing(standing), bucket)], percent]}
        record(actor=actor, action="collection.provision_rate_set", row=row, changes=values)
    return len(changed)


@transaction.atomic
def override_provision(
    *, customer_id: UUID, percent: Decimal | None, reason: str = "", scope: Scope, actor: Actor, on: date
) -> ProvisionOverride | None:
    """A rate for one customer from the day `on`, whatever its brackets say; None: the brackets count again.

    Raises NotFound, BadRate, RateChanged.
    """
    if not customers_in(scope=scope).filter(id=customer_id).exists():
        raise NotFound
    wrong: dict[str, Any] = {}
    if percent is not None and not _is_percent(percent):
        wrong["percent"] = [_("0 to 100, with at most two decimals.")]
    if percent is not None and not reason.strip():
        wrong["reason"] = [_("Say why.")]
    if wrong:
        raise BadRate(fields=wrong)
    former = ProvisionOverride.objects.select_for_update().filter(customer_id=customer_id, ended_on=None).first()
    if former is not None:
        former.ended_on, former.ended_by_id = max(on, former.from_on), actor.member_id
        former.save(update_fields=["ended_on", "ended_by"])
        record(actor=actor, action="collection.provision_override_ended", row=former, changes={"ended_on": [None, on]})
    if percent is None:
        return None
    try:
        with transaction.atomic():
            row = ProvisionOverride.objects.create(
                customer_id=customer_id,
                percent=percent,
                reason=reason.strip()[:300],
                from_on=on,
                set_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise RateChanged from error
    values: dict[str, Any] = {"percent": [former.percent if former else None, percent], "reason": [None, row.reason]}
    record(actor=actor, action="collection.provision_override_set", row=row, changes=values)
    return row


def _is_percent(percent: Decimal) -> bool:
    return percent.is_finite() and 0 <= percent <= 100 and percent == percent.quantize(Decimal("0.01"))
