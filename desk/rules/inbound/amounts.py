"""Amounts in a sentence: a number beside a currency, as people write them. A number alone is no amount."""

import re
from decimal import Decimal, InvalidOperation

_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR",
    "$": "USD", "usd": "USD", "us$": "USD", "dollars": "USD", "dollar": "USD",
    "£": "GBP", "gbp": "GBP", "pounds": "GBP",
    "chf": "CHF", "sfr": "CHF", "francs": "CHF", "franken": "CHF",
}  # fmt: skip
_SIGN = r"€|us\$|\$|£|\b(?:eur|euros?|usd|dollars?|gbp|pounds|chf|sfr|francs|franken)\b"
_NUMBER = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?P<before>{_SIGN})[ \u00a0\u202f]?(?P<first>{_NUMBER})(?![\d])|(?<![\d.,/-])(?P<second>{_NUMBER})(?:,-{{1,2}}|\.-)?"
    rf"[ \u00a0\u202f]?(?P<kilo>k)?(?P<after>{_SIGN})",
    re.I,
)


def amounts_in(sentence: str) -> list[tuple[Decimal, str]]:
    """(amount, ISO 4217 code) of each amount named, in its order. "1.200" and "1 200" are twelve hundred."""
    found = []
    for one in _AMOUNT.finditer(sentence):
        value = _value(one["first"] or one["second"])
        if value is not None and value > 0:
            currency = _CURRENCIES[(one["before"] or one["after"]).lower()]
            found.append((value * 1000 if one["kilo"] else value, currency))
    return found


def _value(text: str) -> Decimal | None:
    plain = re.sub(r"[ '’\u00a0\u202f]", "", text)
    # The last sign is a decimal one unless exactly three digits follow it.
    tail = re.search(r"[.,](\d{1,2})$", plain)
    whole, decimals = (plain[: tail.start()], tail[1]) if tail else (plain, "")
    try:
        return Decimal(re.sub(r"[.,]", "", whole) + (f".{decimals}" if decimals else ""))
    except InvalidOperation:
        return None
