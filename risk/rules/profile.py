"""The payer profile: from what a customer paid, and has not paid, to figures, a trend, an index and a class.

Pure. Days are counted from the due date: positive = late. Amounts weigh within one currency and are never summed over
two: a figure over several currencies is the mean of theirs, weighted by how many instalments each has. Figures are
rounded to a tenth, half away from zero, and what is shown is what decides. Source: docs/rules/payer-profile.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise

from core.text import Phrase, gettext_noop

_TENTH = Decimal("0.1")
_ONE = Decimal(1)


class PayerClass(StrEnum):
    """How a customer pays. NOT_KNOWN: too few instalments to say."""

    PROMPT = "PROMPT"
    SLIGHT = "SLIGHT"
    SLOW = "SLOW"
    VERY_SLOW = "VERY_SLOW"
    DEFAULTING = "DEFAULTING"
    NOT_KNOWN = "NOT_KNOWN"


class Trend(StrEnum):
    IMPROVING = "IMPROVING"
    STABLE = "STABLE"
    WORSENING = "WORSENING"
    NOT_KNOWN = "NOT_KNOWN"


class Rule(StrEnum):
    """Which rule gave the class; the first that applies, in this order."""

    INSOLVENCY = "INSOLVENCY"
    TOO_FEW = "TOO_FEW"
    AT_MOST = "AT_MOST"
    ABOVE_ALL = "ABOVE_ALL"


# From good to bad; what is not known is neither.
SEVERITY = {
    PayerClass.PROMPT: 0,
    PayerClass.SLIGHT: 1,
    PayerClass.SLOW: 2,
    PayerClass.VERY_SLOW: 3,
    PayerClass.DEFAULTING: 4,
}

CLASS_WORDS = {
    PayerClass.PROMPT: gettext_noop("prompt"),
    PayerClass.SLIGHT: gettext_noop("slightly late"),
    PayerClass.SLOW: gettext_noop("slow"),
    PayerClass.VERY_SLOW: gettext_noop("very slow"),
    PayerClass.DEFAULTING: gettext_noop("defaulting"),
    PayerClass.NOT_KNOWN: gettext_noop("not known"),
}
TREND_WORDS = {
    Trend.IMPROVING: gettext_noop("improving"),
    Trend.STABLE: gettext_noop("stable"),
    Trend.WORSENING: gettext_noop("worsening"),
    Trend.NOT_KNOWN: gettext_noop("trend not known"),
}

# (days beyond terms, index): straight lines between them. Our own scale of the kind that bureaus publish.
INDEX_ANCHORS = (
    (Decimal(-30), Decimal(100)),
    (Decimal(-15), Decimal(90)),
    (Decimal(0), Decimal(80)),
    (Decimal(15), Decimal(70)),
    (Decimal(22), Decimal(60)),
    (Decimal(30), Decimal(50)),
    (Decimal(60), Decimal(40)),
    (Decimal(90), Decimal(30)),
    (Decimal(120), Decimal(20)),
    (Decimal(240), Decimal(0)),
)


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """The organisation's limits. A class holds up to its days of average lateness, its limit included.

    `window_days`: how far back payments count. `recent_days`: the end of it that the trend compares with the rest.
    `trend_days`: a smaller change is no trend. `minimum_instalments`: fewer, and the class is not known.
    """

    window_days: int = 365
    recent_days: int = 90
    minimum_instalments: int = 5
    prompt_days: int = 0
    slight_days: int = 10
    slow_days: int = 30
    very_slow_days: int = 60
    trend_days: int = 5

    def __post_init__(self) -> None:
        days = (self.prompt_days, self.slight_days, self.slow_days, self.very_slow_days)
        if days[0] < 0 or any(later <= earlier for earlier, later in pairwise(days)):
            raise ValueError("the limits of the classes rise, from 0 days on")
        if not 0 < self.recent_days < self.window_days:
            raise ValueError("the recent days are a part of the window")

    @property
    def by_class(self) -> tuple[tuple[PayerClass, int], ...]:
        return (
            (PayerClass.PROMPT, self.prompt_days),
            (PayerClass.SLIGHT, self.slight_days),
            (PayerClass.SLOW, self.slow_days),
            (PayerClass.VERY_SLOW, self.very_slow_days),
        )


DEFAULT_LIMITS = ClassLimits()


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """What a customer paid within the window, and what of it is overdue on the day, in one currency.

    A part is an amount paid on a day, or what is still open of an overdue instalment, with its days after the due date.
    `amount`: of all parts; `amount_days` and `late_amount_days`: each part times its days, early ones negative or zero.
    `late_amount`: of parts paid late and of overdue ones. `recent_...`: overdue parts and those paid in the last days.
    """

    currency: str
    instalments: int
    amount: Decimal
    amount_days: Decimal
    late_amount: Decimal
    late_amount_days: Decimal
    overdue_amount: Decimal
    recent_instalments: int
    recent_amount: Decimal
    recent_amount_days: Decimal
    earlier_instalments: int

    @property
    def settled_amount(self) -> Decimal:
        return self.amount - self.overdue_amount


@dataclass(frozen=True, slots=True)
class PayerFacts:
    """All that the profile of one customer on one day follows from. `worst_days`, `median_days`: None without parts."""

    sums: tuple[CurrencySums, ...] = ()
    worst_days: int | None = None
    median_days: int | None = None
    part_payments: int = 0
    broken_promises: int = 0
    disputes: int = 0
    rejected_debits: int = 0
    is_insolvent: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Weighted means over a customer's parts; None without any."""

    days_beyond_terms: Decimal | None
    late_days: Decimal | None
    late_pct: Decimal | None
    trend_days: Decimal | None


@dataclass(frozen=True, slots=True)
class Profile:
    """How a customer pays, with the rule that says so and why.

    `days_beyond_terms`, `late_days`: amount-weighted mean days after the due date, early payments counted as negative
    or as 0. `late_pct`: share of the amount that was late, 0-100. `trend_days`: recent less earlier days beyond terms.
    `payment_index`: 100 best, 0 worst.
    """

    payer_class: PayerClass
    rule: Rule
    why: Phrase
    payment_index: int | None
    days_beyond_terms: Decimal | None
    late_days: Decimal | None
    late_pct: Decimal | None
    trend: Trend
    trend_days: Decimal | None
    worst_days: int | None
    median_days: int | None
    instalments: int


def payer_profile(*, facts: PayerFacts, limits: ClassLimits = DEFAULT_LIMITS) -> Profile:
    """The profile that follows from the facts. Never raises on facts that are consistent; see examples 1-9."""
    figures = figures_of(facts.sums)
    instalments = sum(sums.instalments for sums in facts.sums)
    is_enough = instalments >= limits.minimum_instalments and figures.late_days is not None
    payer_class, rule, why = _decide(
        late_days=figures.late_days if is_enough else None,
        instalments=instalments,
        is_insolvent=facts.is_insolvent,
        limits=limits,
    )
    index = None
    if facts.is_insolvent:
        index = 0
    elif is_enough and figures.days_beyond_terms is not None:
        index = payment_index(figures.days_beyond_terms)
    return Profile(
        payer_class=payer_class,
        rule=rule,
        why=why,
        payment_index=index,
        days_beyond_terms=figures.days_beyond_terms,
        late_days=figures.late_days,
        late_pct=figures.late_pct,
        trend=trend_of(figures.trend_days if is_enough else None, limits=limits),
        trend_days=figures.trend_days,
        worst_days=facts.worst_days,
        median_days=facts.median_days,
        instalments=instalments,
    )


def _decide(
    *, late_days: Decimal | None, instalments: int, is_insolvent: bool, limits: ClassLimits
) -> tuple[PayerClass, Rule, Phrase]:
    if is_insolvent:
        return (
            PayerClass.DEFAULTING,
            Rule.INSOLVENCY,
            Phrase(gettext_noop("An insolvency is recorded: the customer counts as defaulting, whatever it paid.")),
        )
    if late_days is None:
        return (
            PayerClass.NOT_KNOWN,
            Rule.TOO_FEW,
            Phrase(
                gettext_noop(
                    "Instalments paid or overdue within %(window)s days: %(instalments)s. "
                    "From %(minimum)s on a class is given."
                ),
                {"window": limits.window_days, "instalments": instalments, "minimum": limits.minimum_instalments},
            ),
        )
    for payer_class, limit in limits.by_class:
        if late_days <= limit:
            label = Phrase(CLASS_WORDS[payer_class])
            text = gettext_noop(
                "On average %(days)s days late, weighted by amount: up to %(limit)s days is %(payer_class)s."
            )
            found = {"days": late_days, "limit": limit, "payer_class": label}
            return payer_class, Rule.AT_MOST, Phrase(text, found)
    text = gettext_noop(
        "On average %(days)s days late, weighted by amount: more than %(limit)s days is %(payer_class)s."
    )
    label = Phrase(CLASS_WORDS[PayerClass.DEFAULTING])
    found = {"days": late_days, "limit": limits.very_slow_days, "payer_class": label}
    return PayerClass.DEFAULTING, Rule.ABOVE_ALL, Phrase(text, found)


def figures_of(sums: Iterable[CurrencySums]) -> Figures:
    """Means within each currency, then their mean weighted by instalments; the trend needs both sides."""
    known = [one for one in sums if one.amount > 0]
    recent = [one for one in known if one.recent_instalments and one.recent_amount > 0]
    earlier = [one for one in known if one.earlier_instalments and one.amount > one.recent_amount]
    now = _mean((one.recent_instalments, one.recent_amount_days / one.recent_amount) for one in recent)
    before = _mean(
        (one.earlier_instalments, (one.amount_days - one.recent_amount_days) / (one.amount - one.recent_amount))
        for one in earlier
    )
    return Figures(
        days_beyond_terms=_tenth(_mean((one.instalments, one.amount_days / one.amount) for one in known)),
        late_days=_tenth(_mean((one.instalments, one.late_amount_days / one.amount) for one in known)),
        late_pct=_tenth(_mean((one.instalments, 100 * one.late_amount / one.amount) for one in known)),
        trend_days=None if now is None or before is None else _tenth(now - before),
    )


def payment_index(days_beyond_terms: Decimal) -> int:
    """0-100 on straight lines between INDEX_ANCHORS, half up: 80 is on terms, 100 is 30 days early or more."""
    first, last = INDEX_ANCHORS[0], INDEX_ANCHORS[-1]
    if days_beyond_terms <= first[0]:
        return int(first[1])
    for (from_days, high), (to_days, low) in pairwise(INDEX_ANCHORS):
        if days_beyond_terms <= to_days:
            exact = high - (high - low) * (days_beyond_terms - from_days) / (to_days - from_days)
            return int(exact.quantize(_ONE, rounding=ROUND_HALF_UP))
    return int(last[1])


def trend_of(trend_days: Decimal | None, *, limits: ClassLimits = DEFAULT_LIMITS) -> Trend:
    """Worse by more than `limits.trend_days`, better by more, or neither."""
    if trend_days is None:
        return Trend.NOT_KNOWN
    if abs(trend_days) <= limits.trend_days:
        return Trend.STABLE
    return Trend.WORSENING if trend_days > 0 else Trend.IMPROVING


def is_deterioration(*, before: PayerClass, now: PayerClass) -> bool:
    """Whether somebody should look: a worse class than before, or defaulting where nothing was known."""
    if before is PayerClass.NOT_KNOWN:
        return now is PayerClass.DEFAULTING
    return now is not PayerClass.NOT_KNOWN and SEVERITY[now] > SEVERITY[before]


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of one instalment: paid so many days after its due date on a day, or open and overdue.

    `paid_days_ago`: days between the payment and the day of the profile; None: open. `amount` is positive.
    """

    instalment: str
    currency: str
    amount: Decimal
    days: int
    paid_days_ago: int | None = None


def facts_of(
    parts: Iterable[Part], *, limits: ClassLimits = DEFAULT_LIMITS, others: Mapping[str, int] | None = None
) -> PayerFacts:
    """The facts of one customer, part by part: what the SQL of risk.queries.facts must come to.

    Parts paid `window_days` ago or earlier do not count. `others`: counts that do not follow from parts, by name.
    """
    counted = [one for one in parts if one.paid_days_ago is None or one.paid_days_ago < limits.window_days]
    instalments: dict[tuple[str, str], list[Part]] = {}
    for part in counted:
        instalments.setdefault((part.currency, part.instalment), []).append(part)
    worst = [max(part.days for part in of_one) for of_one in instalments.values()]
    return PayerFacts(
        sums=tuple(_sums(currency, counted, limits=limits) for currency in sorted({one.currency for one in counted})),
        worst_days=max(worst, default=None),
        median_days=sorted(worst)[(len(worst) - 1) // 2] if worst else None,
        part_payments=sum(len({part.paid_days_ago for part in of_one}) > 1 for of_one in instalments.values()),
        **(others or {}),  # type: ignore[arg-type]
    )


def _sums(currency: str, parts: Iterable[Part], *, limits: ClassLimits) -> CurrencySums:
    of_it = [part for part in parts if part.currency == currency]
    recent = [one for one in of_it if one.paid_days_ago is None or one.paid_days_ago < limits.recent_days]
    earlier = [one for one in of_it if one not in recent]
    zero = Decimal(0)
    return CurrencySums(
        currency=currency,
        instalments=len({part.instalment for part in of_it}),
        amount=sum((part.amount for part in of_it), zero),
        amount_days=sum((part.amount * part.days for part in of_it), zero),
        late_amount=sum((part.amount for part in of_it if part.days > 0), zero),
        late_amount_days=sum((part.amount * max(part.days, 0) for part in of_it), zero),
        overdue_amount=sum((part.amount for part in of_it if part.paid_days_ago is None), zero),
        recent_instalments=len({part.instalment for part in recent}),
        recent_amount=sum((part.amount for part in recent), zero),
        recent_amount_days=sum((part.amount * part.days for part in recent), zero),
        earlier_instalments=len({part.instalment for part in earlier}),
    )


def _mean(weighted: Iterable[tuple[int, Decimal]]) -> Decimal | None:
    pairs = list(weighted)
    if len(pairs) == 1:
        return pairs[0][1]  # one currency, as nearly always: exactly its own mean
    weight = sum(count for count, _value in pairs)
    return sum((count * value for count, value in pairs), Decimal(0)) / weight if weight else None


def _tenth(value: Decimal | None) -> Decimal | None:
    """To a tenth, half away from zero, and never a negative zero."""
    if value is None:
        return None
    rounded = value.quantize(_TENTH, rounding=ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


@dataclass(frozen=True, slots=True)
class CurrencyLine:
    """A currency of the profile: its own means, and the amounts behind them in that currency."""

    currency: str
    instalments: int
    settled_amount: Decimal
    overdue_amount: Decimal
    late_amount: Decimal
    days_beyond_terms: Decimal | None
    late_days: Decimal | None
    late_pct: Decimal | None


def by_currency(sums: Iterable[CurrencySums]) -> tuple[CurrencyLine, ...]:
    """One line a currency, the one with most instalments first."""
    lines = []
    for one in sums:
        figures = figures_of([one])
        lines.append(
            CurrencyLine(
                currency=one.currency,
                instalments=one.instalments,
                settled_amount=one.settled_amount,
                overdue_amount=one.overdue_amount,
                late_amount=one.late_amount,
                days_beyond_terms=figures.days_beyond_terms,
                late_days=figures.late_days,
                late_pct=figures.late_pct,
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.instalments, line.currency)))
