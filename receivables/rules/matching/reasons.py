"""The reasons of a proposal in words: what speaks for it, what against, and why there is none."""

from core.text import Phrase, gettext_noop
from receivables.rules.matching.payers import Sure

STRUCTURED = gettext_noop("Its creditor reference names %(numbers)s.")
NUMBERS = gettext_noop("It names %(numbers)s.")
SHORT_NUMBERS = gettext_noop("It names %(numbers)s by short numbers, which other documents may bear too.")
PAYER = {
    Sure.SAID: gettext_noop("A person said whose payment it is."),
    Sure.IBAN: gettext_noop("This bank account was confirmed as the customer's."),
    Sure.LEARNED_NAME: gettext_noop("This name was confirmed as the customer's."),
    Sure.NAME: gettext_noop("It bears the customer's name."),
    Sure.PART: gettext_noop("It bears part of the customer's name."),
}
EXACT = gettext_noop("The amount is what is open, to the cent.")
ONE = gettext_noop("One open item has this very amount.")
ALL = gettext_noop("The amount is all that the customer owes.")
OLDEST = gettext_noop("The amount is the sum of the %(n)s oldest items.")
BUT_ONE = gettext_noop("The amount is all but one of the open items.")
SOME = gettext_noop("The amount is the sum of %(n)s of %(of)s open items.")
WITH_CREDITS = gettext_noop("The customer took credits off: %(numbers)s.")
SEVERAL_CUSTOMERS = gettext_noop("One payment for %(n)s customers.")
DISCOUNT = gettext_noop("A discount of %(amount)s was taken, in time.")
TOLERANCE = gettext_noop("The difference of %(amount)s lies within the tolerance.")
PARTIAL = gettext_noop("%(amount)s less than is open was paid.")
OVERPAID = gettext_noop("%(amount)s more than is open was paid; it stays on the line.")
OLDEST_FIRST = gettext_noop("Nothing says what it pays: set against the oldest items first.")

OTHER_PAYER = gettext_noop("But it seems to come from another customer.")
EQUALS = gettext_noop("But %(n)s items have this amount, and nothing tells them apart.")
OTHER_SUMS = gettext_noop("But other items add up to it too.")
OTHER_CUSTOMERS = gettext_noop("But %(n)s customers could have paid it.")
SAME_NUMBER = gettext_noop("But several customers have documents of this number.")
CHANCE = gettext_noop("But among so many items some add up by chance.")
NO_PAYER = gettext_noop("But nothing says who paid.")

SETTLED = gettext_noop("It names %(numbers)s, which are settled already: paid twice, perhaps.")
OTHER_CURRENCY = gettext_noop("It names %(numbers)s, in another currency than the payment: they are not mixed.")
NOTHING_OPEN = gettext_noop("The customer owes nothing in this currency.")
UNKNOWN_PAYER = gettext_noop("No number of a document is in it, and nobody has this bank account or name yet.")
MONEY_OUT = gettext_noop("Money went out: a refund, or a payment that was returned.")
REFUSED = gettext_noop("What fits best was refused by a person.")
NO_AMOUNT = gettext_noop("It has no amount.")


def listed(numbers: list[str]) -> dict[str, object]:
    """Numbers as they stand in a sentence: the first five, and that there are more."""
    return {"numbers": ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")}


def phrase(text: str, **values: object) -> Phrase:
    return Phrase(text, values)
