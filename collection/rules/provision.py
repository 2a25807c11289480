"""What is expected to be lost of what is open: a rate for each age bracket and standing (docs/rules/terminal.md)."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from core.money import round_amount
from receivables.rules.ageing import DEFAULT_BUCKETS

BUCKETS = DEFAULT_BUCKETS.names


class Standing(StrEnum):
    """How an item stands, the worst first: of several the first one counts."""

    INSOLVENCY = "INSOLVENCY"  # its customer is insolvent
    LITIGATION = "LITIGATION"  # handed over, or in litigation
    DOUBTFUL = "DOUBTFUL"  # the books call it doubtful
    DISPUTED = "DISPUTED"  # contested, wholly or in part
    NORMAL = "NORMAL"


Rates = Mapping[tuple[Standing, str], Decimal]

_SUGGESTED = {
    Standing.INSOLVENCY: ("100", "100", "100", "100", "100"),
    Standing.LITIGATION: ("50", "50", "60", "70", "80"),
    Standing.DOUBTFUL: ("50", "50", "50", "50", "50"),
    Standing.DISPUTED: ("2", "5", "10", "25", "50"),
    Standing.NORMAL: ("0.5", "1", "3", "10", "30"),
}
# A place to begin, to be replaced by what the organisation has lost in the past.
SUGGESTED: Rates = {
    (standing, bucket): Decimal(percent)
    for standing, row in _SUGGESTED.items()
    for bucket, percent in zip(BUCKETS, row, strict=True)
}


def expected_loss(
    *, base: Decimal, currency: str, standing: Standing, bucket: str, rates: Rates, override: Decimal | None
) -> Decimal:
    """What is expected to be lost of `base`, rounded as its currency is. Below 0 (credits) nothing is.

    `override`: the percentage of the customer, whatever the bracket says.
    """
    percent = rates[(standing, bucket)] if override is None else override
    return max(round_amount(base * percent / 100, currency), Decimal(0))
