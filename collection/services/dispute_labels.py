"""Names of reasons of disputes: the organisation's own, else ours."""

from receivables.models import DisputeReason
from receivables.words import DISPUTE_REASONS


def reason_labels() -> dict[str, str]:
    """Code -> name. 1 SQL query."""
    ours = {code: str(label) for code, label in DISPUTE_REASONS.items()}
    return ours | dict(DisputeReason.objects.values_list("code", "label"))
