"""Who paid? By what was learned of an IBAN or a name, by the payer's name, or by a name in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum

from core.text import search_key
from receivables.rules.matching.facts import Line


class Sure(IntEnum):
    """How well the payer is known, the best first."""

    SAID = 5  # a person said so of this line
    IBAN = 4  # somebody confirmed that this account pays for them
    LEARNED_NAME = 3  # or this name
    NAME = 2  # the payer bears the customer's name, or it stands whole in the text
    PART = 1  # part of it


# How sure a match is that rests on the payer and the amount alone.
WORTH: Mapping[Sure, Decimal] = {
    Sure.SAID: Decimal("0.97"),
    Sure.IBAN: Decimal("0.96"),
    Sure.LEARNED_NAME: Decimal("0.94"),
    Sure.NAME: Decimal("0.92"),
    Sure.PART: Decimal("0.80"),
}

# Words that say what a company is, not which.
_FORMS = frozenset(
    word
    for words in (
        "sa sas sasu sarl eurl snc sci scop scp selarl gie cie ets etablissements societe ste groupe group holding",
        "gmbh mbh ag kg ohg ug co kgaa ltd limited plc llp llc inc corp company bv nv vof bvba srl spa sl as ab oy aps",
        "et und and the de du des la le les l d of m mme mr",
    )
    for word in words.split()
)

# A word that more customers bear (a town, a trade) tells none of them.
SHARED_BY = 5


def name_words(name: str) -> tuple[str, ...]:
    """The words of a company's name that tell it from others; all of them where none is left."""
    words = tuple(search_key(name).split())
    return tuple(word for word in words if word not in _FORMS) or words


def name_key(name: str) -> str:
    """A payer's name as it is learned and compared."""
    return " ".join(name_words(name))


@dataclass
class Payers:
    """What is known of who pays. `ibans` and `names` (keys): what was learned; `called`: customers by the words of their
    name, `lengths`: how many words the names have that begin with a word; `worded`: customers by each word of theirs that
    is not short. Of 100,000 customers thousands may begin with the same word.
    """

    ibans: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    called: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    lengths: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    worded: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(
        cls,
        *,
        names: Iterable[tuple[str, str]],
        learned_ibans: Iterable[tuple[str, str]] = (),
        learned_names: Iterable[tuple[str, str]] = (),
    ) -> Payers:
        """`names`: (customer, name); `learned_ibans`: (IBAN, customer); `learned_names`: (name key, customer)."""
        known = cls()
        for customer, name in sorted(names):
            words = name_words(name)
            if words:
                known.called[words].append(customer)
                known.lengths[words[0]].add(len(words))
            for word in words:
                if len(word) > 3 or len(words) == 1:
                    known.worded[word].append(customer)
        for iban, customer in sorted(learned_ibans):
            known.ibans[iban].append(customer)
        for key, customer in sorted(learned_names):
            known.names[key].append(customer)
        return known

    def of_line(self, line: Line) -> dict[str, Sure]:
        """Who may have paid a line, by how sure that is; {} when nothing says so. Several: they share what is said."""
        if line.customer:
            return {line.customer: Sure.SAID}
        if line.payer_iban and (found := self.ibans.get(line.payer_iban)):
            return dict.fromkeys(found, Sure.IBAN)
        if line.payer_name and (found := self.names.get(name_key(line.payer_name))):
            return dict.fromkeys(found, Sure.LEARNED_NAME)
        return self._by_name(line)

    def _by_name(self, line: Line) -> dict[str, Sure]:
        words = search_key(f"{line.payer_name} {line.text}").split()
        kept = [word for word in words if word not in _FORMS]
        whole: list[tuple[int, str]] = []
        part: dict[str, Sure] = {}
        for place, word in enumerate(kept):
            for length in self.lengths.get(word, ()):
                name = tuple(kept[place : place + length])
                if _tells(name):
                    whole += ((len(name), customer) for customer in self.called.get(name, ()))
            if len(some := self.worded.get(word, ())) <= SHARED_BY:
                part.update(dict.fromkeys(some, Sure.PART))
        if not whole:
            return part
        # The longest name: "Martin Transport" is not "Martin".
        longest = max(length for length, _customer in whole)
        return {customer: Sure.NAME for length, customer in whole if length == longest}


def _tells(name: tuple[str, ...]) -> bool:
    """Whether a name in a text is more than a chance word: two words, or one of four letters."""
    return len(name) > 1 or len(name[0]) >= 4
