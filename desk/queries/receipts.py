"""Whether messages to customers ask for a read receipt."""

from desk.models import ReplyRules


def receipts_are_asked() -> bool:
    """What the organisation has chosen; no unless it has. 1 SQL query."""
    return bool(ReplyRules.objects.values_list("asks_receipts", flat=True).first())
