"""The organisation's limits of the payer classes: set from tomorrow, so that a day is judged by one set of them."""

from dataclasses import asdict
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core import jobs
from core.audit import Actor, record
from core.errors import Invalid
from risk.models import PayerClassLimits
from risk.queries.profiles import LIMIT_NAMES, newest_limits
from risk.rules.profile import DEFAULT_LIMITS, ClassLimits


class LimitsDoNotRise(Invalid):
    code = "limits_do_not_rise"
    message = _("The limits of the classes must rise, and the recent days be a part of the window.")


@transaction.atomic
def set_class_limits(*, values: dict[str, int], on: date, set_by: Member | None, actor: Actor) -> PayerClassLimits:
    """New limits from the day after `on`; what was to begin then is replaced. The next night judges everybody anew.

    `values`: the fields of risk.rules.profile.ClassLimits; what is left out stays. Raises LimitsDoNotRise.
    """
    jobs.lock("payer-class-limits")
    former = newest_limits()
    before = ClassLimits(**{name: getattr(former, name) for name in LIMIT_NAMES}) if former else DEFAULT_LIMITS
    try:
        limits = ClassLimits(**{**asdict(before), **values})
    except ValueError as error:
        raise LimitsDoNotRise from error
    starts = on + timedelta(days=1)
    changes = {
        name: [getattr(before, name), getattr(limits, name)]
        for name in LIMIT_NAMES
        if getattr(before, name) != getattr(limits, name)
    }
    if former is not None and not changes:
        return former
    if former is not None and former.valid_from >= starts:
        for name in LIMIT_NAMES:
            setattr(former, name, getattr(limits, name))
        former.set_by = set_by
        former.save()
        row = former
    else:
        if former is not None:
            former.valid_to = starts
            former.save(update_fields=["valid_to"])
        row = PayerClassLimits.objects.create(valid_from=starts, set_by=set_by, **asdict(limits))
    record(
        actor=actor,
        action="risk.class_limits_set",
        row=row,
        changes={"valid_from": [former.valid_from if former else None, row.valid_from], **changes},
    )
    return row
