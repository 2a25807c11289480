"""Which items add up to what was paid: a bounded search, the same answer each time. Amounts are integers (units of 0.0001).

Items come oldest first. Tried: all of them, the oldest so many, all but one or two, then two to four of the first 40.
How likely it is that some add up by chance is said with each find: with 40 items there are 91,390 ways to take four.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, islice
from math import comb

MOST_ITEMS = 40
MOST_OF_THEM = 4
_UNIT = 10_000


class Way(StrEnum):
    """What the items that add up have in common."""

    ONE = "ONE"
    ALL = "ALL"
    OLDEST = "OLDEST"
    BUT_ONE = "BUT_ONE"
    SOME = "SOME"


@dataclass(frozen=True, slots=True)
class Sum:
    """Items (their places) that add up, and how many such finds chance alone would make among as many items."""

    places: tuple[int, ...]
    way: Way
    chance: Decimal


def units(amount: Decimal) -> int:
    """An amount in units of 0.0001. Exact: no currency has more decimals."""
    return int(amount * _UNIT)


def sums(amounts: Sequence[int], target: int) -> list[Sum]:
    """The first ways in which amounts, oldest first, make up the target: at most one of each way, and a second of SOME.

    Several items of the target's very amount are several finds, as nothing tells them apart.
    """
    found = [
        Sum((place,), Way.ONE, _chance(len(amounts), target)) for place, one in enumerate(amounts) if one == target
    ]
    if len(amounts) > 1:
        found += _runs(amounts, target)
    if not found:
        found += _all_but(amounts, target)
    if not found:
        found += _some(amounts[:MOST_ITEMS], target)
    return found


def _runs(amounts: Sequence[int], target: int) -> Iterator[Sum]:
    for place, total in enumerate(accumulate(amounts)):
        if total == target and place:
            way = Way.ALL if place == len(amounts) - 1 else Way.OLDEST
            yield Sum(tuple(range(place + 1)), way, _chance(len(amounts), target))
            return


def _all_but(amounts: Sequence[int], target: int) -> list[Sum]:
    missing = sum(amounts) - target
    left = [place for place, one in enumerate(amounts) if one == missing]
    if len(amounts) < 4 or not left:
        return []
    chance = _chance(len(amounts), target)
    return [Sum(tuple(p for p in range(len(amounts)) if p != out), Way.BUT_ONE, chance) for out in left[:2]]


def _some(amounts: Sequence[int], target: int) -> list[Sum]:
    """Two, three or four items; the smallest number at which there is a find, at most two finds."""
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for second in range(len(amounts)):
        for first in range(second):
            pairs[amounts[first] + amounts[second]].append((first, second))
    for size, finds in ((2, pairs.get(target, [])), (3, _threes(amounts, pairs, target)), (4, _fours(pairs, target))):
        places = list(islice(finds, 2))  # a find lists its places in order, so no two are the same
        if places:
            chance = _chance(sum(comb(len(amounts), k) for k in range(2, size + 1)), target)
            return [Sum(one, Way.SOME, chance) for one in places]
    return []


def _threes(amounts: Sequence[int], pairs: dict[int, list[tuple[int, int]]], target: int) -> Iterator[tuple[int, ...]]:
    for last, amount in enumerate(amounts):
        for pair in pairs.get(target - amount, ()):
            if pair[1] < last:
                yield (*pair, last)


def _fours(pairs: dict[int, list[tuple[int, int]]], target: int) -> Iterator[tuple[int, ...]]:
    for total, some in pairs.items():
        for first in some:
            for second in pairs.get(target - total, ()):
                if first[1] < second[0]:
                    yield (*first, *second)


def _chance(ways: int, target: int) -> Decimal:
    """How many of so many sums would be the target by chance, were they spread evenly up to twice of it.

    Round targets are commoner: an amount in whole tens has a thousandth of the values that one in cents has.
    """
    grain = 100  # a cent
    while target % (grain * 10) == 0 and grain < _UNIT * 100:
        grain *= 10
    return Decimal(ways) / max(1, 2 * abs(target) // grain)
