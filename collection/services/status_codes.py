"""The organisation's own status codes: offered from the start, changed by it (docs/rules/status-codes.md)."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from core.audit import Actor, changed, record
from core.errors import Invalid, NotFound
from core.tenancy import require_tenant_id
from core.text import gettext_noop
from receivables.models import StatusCode

MOST_DAYS = 365
_WAIT, _STOP, _TASK, _NONE = StatusCode.Behaviour.values
# Code, label, behaviour, days: what an organisation begins with.
SHIPPED = (
    ("CHECKING", gettext_noop("the customer checks it"), _WAIT, 7),
    ("PAYMENT_RUN", gettext_noop("in the customer's next payment run"), _WAIT, 14),
    ("SENT_AGAIN", gettext_noop("invoice sent again"), _WAIT, 7),
    ("CREDIT_COMES", gettext_noop("credit note to come"), _STOP, None),
    ("WITH_MANAGEMENT", gettext_noop("with the management"), _STOP, None),
    ("TO_CALL", gettext_noop("to call"), _TASK, None),
    ("SEND_COPY", gettext_noop("copy to send"), _TASK, None),
    ("WATCH", gettext_noop("to watch"), _NONE, None),
)


class BadStatusCode(Invalid):
    code = "bad_status_code"
    message = _("The status code cannot be kept like this.")


@transaction.atomic
def ensure_status_codes() -> None:
    """The codes that are offered from the start, named in the organisation's language; nothing where there are some."""
    if StatusCode.objects.exists():
        return
    with override(Tenant.objects.get(id=require_tenant_id()).language):
        StatusCode.objects.bulk_create(
            (
                StatusCode(code=code, label=gettext(label), behaviour=behaviour, wait_days=days, position=n)
                for n, (code, label, behaviour, days) in enumerate(SHIPPED, start=1)
            ),
            ignore_conflicts=True,
        )


@transaction.atomic
def save_status_code(
    *,
    status_id: UUID | None,
    code: str = "",
    label: str,
    behaviour: str,
    wait_days: int | None,
    is_active: bool = True,
    actor: Actor,
) -> StatusCode:
    """A new code, or a changed one: items that bear it follow its new behaviour. Its code stays.

    `wait_days`: calendar days, for WAIT only. Raises NotFound, BadStatusCode.
    """
    row = StatusCode() if status_id is None else StatusCode.objects.select_for_update().filter(id=status_id).first()
    if row is None:
        raise NotFound
    wrong: dict[str, Any] = {}
    if not label.strip():
        wrong["label"] = [_("Give it a name.")]
    if behaviour not in StatusCode.Behaviour.values:
        wrong["behaviour"] = [_("Choose what it does.")]
    if behaviour == _WAIT and not (wait_days and 1 <= wait_days <= MOST_DAYS):
        wrong["wait_days"] = [_("1 to %(most)d days.") % {"most": MOST_DAYS}]
    if status_id is None and not code.strip():
        wrong["code"] = [_("Give it a code.")]
    if wrong:
        raise BadStatusCode(fields=wrong)
    values: dict[str, Any] = {
        "label": label.strip()[:80],
        "behaviour": behaviour,
        "wait_days": wait_days if behaviour == _WAIT else None,
        "is_active": is_active,
    }
    if status_id is None:
        last = StatusCode.objects.order_by("-position").values_list("position", flat=True).first() or 0
        values |= {"code": code.strip().upper()[:40], "position": last + 1}
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    try:
        with transaction.atomic():
            row.save(force_insert=status_id is None)
    except IntegrityError as error:
        raise BadStatusCode(fields={"code": [_("There is a status with this code already.")]}) from error
    record(actor=actor, action="collection.status_code_saved", row=row, changes=changes)
    return row
