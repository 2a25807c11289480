import pytest

from receivables.sample import generate
from tests.receivables.sample.books import DAYS, Books


@pytest.fixture(scope="session", params=DAYS, ids=str)
def books(request: pytest.FixtureRequest) -> Books:
    """The books of the sample on each of several days."""
    return Books(generate(request.param))


@pytest.fixture(scope="session")
def friday() -> Books:
    """The books of the sample on Friday 21 November 2025, where one day is enough."""
    return Books(generate(DAYS[5]))
