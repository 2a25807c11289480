"""Numbers in company registers, by country: how each is checked, and what is expected in words.

Listed are countries with one public number of a known form. Elsewhere several numbers are in use (Italy, Spain,
Poland) or the form is not checked by anybody (most states of the United States): refusing would be guessing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum.at import businessid
from stdnum.be import vat as belgian_enterprise
from stdnum.ch import uid
from stdnum.de import handelsregisternummer
from stdnum.dk import cvr
from stdnum.exceptions import InvalidFormat, InvalidLength
from stdnum.fi import ytunnus
from stdnum.fr import siren
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from core.text import Phrase, gettext_noop

SIREN = Phrase(gettext_noop("a SIREN of 9 digits, the last a check digit"))


def _by_form(form: str, normalise: Callable[[str], str] = str) -> Callable[[str], str]:
    """A check by regular expression, of letters and digits only."""

    def check(text: str) -> str:
        number = normalise(re.sub(r"[^0-9A-Z]", "", text.upper()))
        if re.fullmatch(form, number):
            return number
        raise InvalidLength if number.isdecimal() else InvalidFormat

    return check


def _uk_company_number(number: str) -> str:
    """Leading zeros back: 8 characters, of which letters come first (SC123456, 00445790)."""
    digits = number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return number[: len(number) - len(digits)] + digits.zfill(8 - (len(number) - len(digits)))


def _german(text: str) -> str:
    """The court's name without "Amtsgericht" or "AG" before it."""
    return handelsregisternummer.validate(re.sub(r"^(amtsgericht|ag) ", "", text, flags=re.IGNORECASE))


def _austrian(text: str) -> str:
    """Firmenbuch numbers end in a small letter."""
    return businessid.validate(text.lower())


REGISTERS: dict[str, tuple[Callable[[str], str], Phrase]] = {
    "AT": (_austrian, Phrase(gettext_noop("a Firmenbuch number, such as FN 122119m"))),
    "BE": (belgian_enterprise.validate, Phrase(gettext_noop("an enterprise number of 10 digits"))),
    "CH": (uid.validate, Phrase(gettext_noop("a UID: CHE and 9 digits"))),
    "DE": (_german, Phrase(gettext_noop("court, register and number, such as “München HRB 42243”"))),
    "DK": (cvr.validate, Phrase(gettext_noop("a CVR number of 8 digits"))),
    "FI": (ytunnus.validate, Phrase(gettext_noop("a business ID, such as 2077474-0"))),
    "FR": (siren.validate, SIREN),
    "GB": (
        _by_form(r"[0-9]{8}|[A-Z]{2}[0-9]{6}|R0[0-9]{6}|[A-Z]{2}[0-9]{5}R", _uk_company_number),
        Phrase(gettext_noop("a Companies House number of 8 characters, such as 00445790 or SC123456")),
    ),
    "IE": (_by_form(r"[0-9]{1,6}"), Phrase(gettext_noop("a CRO number of at most 6 digits"))),
    "LU": (_by_form(r"[A-Z][0-9]{1,6}"), Phrase(gettext_noop("an RCS number, such as B123456"))),
    "NL": (_by_form(r"[0-9]{8}"), Phrase(gettext_noop("a KVK number of 8 digits"))),
    "NO": (norwegian.validate, Phrase(gettext_noop("an organisation number of 9 digits"))),
    "SE": (swedish.validate, Phrase(gettext_noop("an organisation number of 10 digits"))),
}
