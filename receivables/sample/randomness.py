"""The only door to chance: named streams, so that a change in one part of the sample leaves the others as they were."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random


def stream(seed: int, *names: str) -> Random:
    """A generator of its own for one purpose. The same seed and names give the same numbers on every machine."""
    return Random("/".join((str(seed), *names)))  # noqa: S311 - sample data, nothing secret


def poisson(rng: Random, mean: float) -> int:
    """A count with the given mean (Knuth's method: for small means)."""
    limit, count, product = 2.718281828459045**-mean, 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def day_after(rng: Random, day: date, least: int, most: int) -> date:
    """A day between `least` and `most` days after `day`, bounds included."""
    return day + timedelta(days=rng.randint(least, most))
