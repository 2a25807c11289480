"""Who reads a list, on which day."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Reader:
    """What the rows of a list depend on beside its filters.

    `scope`: which rows the reader may see (accounts.access.Scope). `on`: the business day that "overdue" means.
    `member_id`: whom "mine" means; None for a reader that owns nothing. `may`: whether the reader has a capability.
    """

    scope: Any
    on: date
    member_id: UUID | None = None
    may: Any = None

    @classmethod
    def of(cls, request: Any) -> "Reader":
        """The reader behind a page's request, as accounts.access.requires has set it up."""
        return cls(scope=request.scope, on=request.on, member_id=request.member.id, may=request.member.can)
