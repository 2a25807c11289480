"""Late-payment law by country as dated data: which rate, from when, what fixed sum per document.

Reference rates are series of dated rows, each with its source; a law pack says which series its statutory rate is built
on. What is shipped here an organisation extends with rows of its own (collection.models.ReferenceRate): a rate that is
not known yet is never guessed, the last known one is used and marked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Series(StrEnum):
    """What a rate row states. Percent a year."""

    ECB_REFINANCING = "ECB_REFINANCING"  # main refinancing operations, on 1 January and 1 July
    FR_LEGAL = (
        "FR_LEGAL"  # taux de l'intérêt légal for professional creditors: the floor of agreed rates, never a default
    )
    DE_BASE = "DE_BASE"  # Basiszinssatz, § 247 BGB
    GB_BANK_RATE = "GB_BANK_RATE"  # Bank of England rate, on 31 December and 30 June
    CH_FIXED = "CH_FIXED"  # art. 104 OR/CO: five percent, unchanged since 1912


@dataclass(frozen=True)
class RateRow:
    """`percent` a year of a series from `valid_from` until the next row of the series."""

    series: Series
    valid_from: date
    percent: Decimal
    source: str


@dataclass(frozen=True)
class FixedSum:
    """The fixed recovery charge of a document whose amount is at least `from_amount`. Same currency for both."""

    from_amount: Decimal
    charge: Decimal
    currency: str


@dataclass(frozen=True)
class LawPack:
    """What the law of a country gives a creditor between businesses when nothing else was agreed.

    `margin`: points on top of the series. `floor`: an agreed rate may not be below `floor_factor` times that series.
    `year_days`: the days that divide a yearly rate.
    """

    code: str
    series: Series
    margin: Decimal
    fixed_sums: tuple[FixedSum, ...]
    source: str
    year_days: int = 365
    floor: Series | None = None
    floor_factor: Decimal = Decimal(0)


_DIRECTIVE = "Directive 2011/7/EU"
_EUR_40 = (FixedSum(Decimal(0), Decimal(40), "EUR"),)

PACKS = {
    pack.code: pack
    for pack in (
        LawPack("EU", Series.ECB_REFINANCING, Decimal(8), _EUR_40, f"{_DIRECTIVE}, art. 2(6), 6"),
        LawPack(
            "FR",
            Series.ECB_REFINANCING,
            Decimal(10),
            _EUR_40,
            "C. com. art. L441-10 II, D441-5",
            floor=Series.FR_LEGAL,
            floor_factor=Decimal(3),
        ),
        LawPack("DE", Series.DE_BASE, Decimal(9), _EUR_40, "BGB § 288 (2), (5)"),
        LawPack("BE", Series.ECB_REFINANCING, Decimal(8), _EUR_40, "Loi du 2 août 2002, art. 5, 6"),
        LawPack("ES", Series.ECB_REFINANCING, Decimal(8), _EUR_40, "Ley 3/2004, art. 7, 8"),
        LawPack("IT", Series.ECB_REFINANCING, Decimal(8), _EUR_40, "D.lgs. 231/2002, art. 2, 5, 6"),
        LawPack("LU", Series.ECB_REFINANCING, Decimal(8), _EUR_40, "Loi du 18 avril 2004, art. 3, 5"),
        LawPack("NL", Series.ECB_REFINANCING, Decimal(8), _EUR_40, "BW 6:119a, 6:96"),
        LawPack("CH", Series.CH_FIXED, Decimal(0), (), "OR/CO art. 104"),
        LawPack(
            "GB",
            Series.GB_BANK_RATE,
            Decimal(8),
            (
                FixedSum(Decimal(0), Decimal(40), "GBP"),
                FixedSum(Decimal(1000), Decimal(70), "GBP"),
                FixedSum(Decimal(10_000), Decimal(100), "GBP"),
            ),
            "Late Payment of Commercial Debts (Interest) Act 1998, s. 5A, 6",
        ),
    )
}

# Member states whose own pack is not shipped get the directive's minimum.
_MEMBER_STATES = frozenset(
    [
        "AT",
        "BG",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "GR",
        "HR",
        "HU",
        "IE",
        "LT",
        "LV",
        "MT",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


def pack_for(country: str) -> LawPack | None:
    """The law of the creditor's country (ISO 3166 alpha-2); None where no statutory interest is known here."""
    return PACKS.get(country) or (PACKS["EU"] if country in _MEMBER_STATES else None)


def _series(series: Series, source: str, *rows: tuple[int, int, int, str]) -> list[RateRow]:
    return [RateRow(series, date(year, month, day), Decimal(rate), source) for year, month, day, rate in rows]


# Half-yearly rows: H1 takes the rate in force on 1 January, H2 that of 1 July. Shipped as far as a source was read.
RATES: tuple[RateRow, ...] = (
    *_series(
        Series.ECB_REFINANCING,
        "European Central Bank, main refinancing operations, fixed rate",
        (2011, 7, 1, "1.25"),
        (2012, 1, 1, "1.00"),
        (2012, 7, 1, "1.00"),
        (2013, 1, 1, "0.75"),
        (2013, 7, 1, "0.50"),
        (2014, 1, 1, "0.25"),
        (2014, 7, 1, "0.15"),
        (2015, 1, 1, "0.05"),
        (2016, 7, 1, "0.00"),
        (2023, 1, 1, "2.50"),
        (2023, 7, 1, "4.00"),
        (2024, 1, 1, "4.50"),
        (2024, 7, 1, "4.25"),
        (2025, 1, 1, "3.15"),
        (2025, 7, 1, "2.15"),
        (2026, 1, 1, "2.15"),
    ),
    *_series(
        Series.FR_LEGAL,
        "Arrêtés semestriels, taux de l'intérêt légal, créanciers professionnels",
        (2023, 1, 1, "2.06"),
        (2023, 7, 1, "4.22"),
        (2024, 1, 1, "5.07"),
        (2024, 7, 1, "4.92"),
        (2025, 1, 1, "3.71"),
        (2025, 7, 1, "2.76"),
        (2026, 1, 1, "2.62"),
    ),
    *_series(
        Series.DE_BASE,
        "Deutsche Bundesbank, Basiszinssatz nach § 247 BGB",
        (2016, 7, 1, "-0.88"),
        (2023, 1, 1, "1.62"),
        (2023, 7, 1, "3.12"),
        (2024, 1, 1, "3.62"),
        (2024, 7, 1, "3.37"),
        (2025, 1, 1, "2.27"),
        (2025, 7, 1, "1.27"),
        (2026, 1, 1, "1.27"),
    ),
    *_series(
        Series.GB_BANK_RATE,
        "Bank of England, official bank rate on 31 December and 30 June",
        (2020, 7, 1, "0.10"),
        (2022, 1, 1, "0.25"),
        (2022, 7, 1, "1.25"),
        (2023, 1, 1, "3.50"),
        (2023, 7, 1, "5.00"),
        (2024, 1, 1, "5.25"),
        (2024, 7, 1, "5.25"),
        (2025, 1, 1, "4.75"),
        (2025, 7, 1, "4.25"),
        (2026, 1, 1, "3.75"),
    ),
    *_series(Series.CH_FIXED, "OR/CO art. 104 (1)", (1912, 1, 1, "5")),
)


def fixed_sum(*, pack: LawPack, amount: Decimal, currency: str) -> FixedSum | None:
    """The recovery charge of one document paid late; `amount`: its total in `currency`, VAT included.

    A charge in another currency than the document's is owed all the same; where the law has steps by amount they are
    read at the document's face value in that currency only, the lowest one otherwise. None: the law has no fixed sum.
    """
    reached = [one for one in pack.fixed_sums if one.currency != currency or one.from_amount <= amount]
    if not reached:
        return None
    return reached[-1] if reached[-1].currency == currency else reached[0]


def rate_rows(rows: Sequence[RateRow], series: Series) -> list[RateRow]:
    """The rows of a series in order of date. Of two with one date the later in `rows` counts: the organisation's own."""
    return [row for _day, row in sorted({row.valid_from: row for row in rows if row.series == series}.items())]
