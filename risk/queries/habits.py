"""How late customers usually pay: what the chance of a payment is judged by (risk.rules.chance)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from accounts.access import Scope
from receivables.queries.statement import fetch_one
from risk.models import PayerProfile
from risk.queries.profiles import current_profiles
from risk.rules.chance import UNKNOWN_MEDIAN, Habit


@dataclass(frozen=True)
class Habits:
    """Habits by customer; `usual`: that of the organisation's customers, for those without a history of their own."""

    own: dict[UUID, Habit]
    usual: Habit

    def of(self, customer_id: UUID) -> Habit:
        return self.own.get(customer_id, self.usual)


def payment_habits(*, scope: Scope, customer_ids: Collection[UUID] | None = None) -> Habits:
    """The habits of these customers, or of all, by their newest profiles. 2 SQL queries.

    The median customer of the organisation is made of all customers, whatever the reader sees: one number of days.
    """
    rows = current_profiles(scope=scope).exclude(payer_class=PayerProfile.Class.NOT_KNOWN)
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    medians = rows.filter(median_days__isnull=False).values_list("customer_id", "median_days")
    (usual,) = fetch_one(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY p.median_days) FROM risk_payerprofile p"
        " WHERE p.tenant_id = %(tenant)s AND p.valid_to IS NULL AND p.payer_class <> 'NOT_KNOWN'",
        {},
    )
    return Habits(
        own={customer_id: Habit(int(median or 0)) for customer_id, median in medians},
        usual=Habit(UNKNOWN_MEDIAN if usual is None else int(usual), is_own=False),
    )
