"""Why an item is late, by ordered rules on facts: the first that holds decides (docs/rules/root-causes.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Fact(StrEnum):
    """What a rule may ask of a late item, its document and its customer on a day."""

    DISPUTE = "DISPUTE"  # an open dispute; values: its reasons
    HOLD = "HOLD"  # out of dunning; values: the kinds of hold
    PROMISE = "PROMISE"  # a promise to pay is open
    BROKEN_PROMISE = "BROKEN_PROMISE"  # one that spoke of the item, or of the whole customer, was broken
    STATUS = "STATUS"  # its status; values: codes
    BOUNCED = "BOUNCED"  # an address of the customer refuses messages
    NO_ADDRESS = "NO_ADDRESS"  # no address to write to is known
    NO_ORDER_REF = "NO_ORDER_REF"  # the document names no order
    PART_PAID = "PART_PAID"  # something of it was paid
    CLAIMED = "CLAIMED"  # interest or a charge was claimed for it
    PROFILE = "PROFILE"  # how the customer pays; values: payer classes
    ANY = "ANY"  # every late item


# Facts that have values; none means any of them.
WITH_VALUES = frozenset({Fact.DISPUTE, Fact.HOLD, Fact.STATUS, Fact.PROFILE})


class LateFacts(NamedTuple):
    """What is known of a late item on a day. Lists are None or empty where there is nothing; ids as texts."""

    item_id: str
    disputes: list[str] | None = None
    holds: list[str] | None = None
    has_promise: bool = False
    has_broken_promise: bool = False
    status: str | None = None
    is_bounced: bool = False
    has_no_address: bool = False
    has_no_order_ref: bool = False
    is_part_paid: bool = False
    is_claimed: bool = False
    profile: str | None = None

    def values_of(self, fact: Fact) -> Sequence[str]:
        """What the item shows of a fact that has values."""
        match fact:
            case Fact.DISPUTE:
                return self.disputes or ()
            case Fact.HOLD:
                return self.holds or ()
            case Fact.STATUS:
                return (self.status,) if self.status else ()
            case _:
                return (self.profile,) if self.profile else ()

    def shows(self, fact: Fact) -> bool:
        """Whether a fact without values holds."""
        match fact:
            case Fact.PROMISE:
                return self.has_promise
            case Fact.BROKEN_PROMISE:
                return self.has_broken_promise
            case Fact.BOUNCED:
                return self.is_bounced
            case Fact.NO_ADDRESS:
                return self.has_no_address
            case Fact.NO_ORDER_REF:
                return self.has_no_order_ref
            case Fact.PART_PAID:
                return self.is_part_paid
            case Fact.CLAIMED:
                return self.is_claimed
            case _:
                return fact is Fact.ANY


@dataclass(frozen=True)
class CauseRule:
    """Where `fact` holds, with one of `values` (none: any), the cause is `cause_id`. `name`: as people know the rule."""

    fact: Fact
    cause_id: str
    values: frozenset[str] = frozenset()
    name: str = ""

    def holds(self, facts: LateFacts) -> bool:
        """Whether the rule speaks of the item."""
        if self.fact in WITH_VALUES:
            shown = facts.values_of(self.fact)
            return bool(shown) and (not self.values or not self.values.isdisjoint(shown))
        return facts.shows(self.fact)


def decide(rules: Sequence[CauseRule], facts: LateFacts) -> CauseRule | None:
    """The first rule that holds; None where none does: the cause is not known."""
    return next((rule for rule in rules if rule.holds(facts)), None)
