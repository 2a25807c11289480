"""Legal identifiers and bank coordinates: are they well formed, and what is their one way of writing?

Checked by form and check digits alone (python-stdnum, schwifty); nothing here asks a register, so "well
formed" does not mean that the company exists. Spaces, dots and hyphens in what people type do not matter.
Source: docs/rules/identifiers.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schwifty import BIC, IBAN
from schwifty.exceptions import InvalidChecksumDigits, SchwiftyException
from schwifty.exceptions import InvalidLength as WrongIbanLength
from stdnum import lei as stdnum_lei
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret
from stdnum.fr import tva
from stdnum.util import get_cc_module

from core.text import Phrase, gettext_noop
from receivables.rules.registers import REGISTERS, SIREN


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the normalised `value`, or None and the `reason` in words.

    `field` is the field's name (`siren`, `vat_number`, ...), `given` what was typed.
    """

    field: str
    given: str
    value: str | None
    reason: Phrase | None = None

    @property
    def ok(self) -> bool:
        return self.reason is None


SIRET = Phrase(gettext_noop("a SIRET of 14 digits: the SIREN, then 5 digits of the establishment"))
LEI = Phrase(gettext_noop("an LEI of 20 letters and digits, the last two check digits"))
IBAN_EXPECTED = Phrase(gettext_noop("an IBAN: two letters of the country, two check digits, then the account"))
BIC_EXPECTED = Phrase(gettext_noop("a BIC of 8 or 11 letters and digits, such as BNPAFRPP"))

WRONG_LENGTH = Phrase(gettext_noop("has another length"))
WRONG_CHECK_DIGIT = Phrase(gettext_noop("does not match its check digits: a digit is probably mistyped"))
WRONG_FORM = Phrase(gettext_noop("is written otherwise"))
ROUNDED = Phrase(gettext_noop("was shortened by a spreadsheet: format the column as text and export it again"))

_ROUNDED_NUMBER = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"([0-9]+)[.,]0")


def check_siren(text: str) -> Checked:
    """A French company number, such as 732 829 320."""
    return _checked("siren", text, stdnum_siren.validate, SIREN)


def check_siret(text: str) -> Checked:
    """A French establishment number, such as 732 829 320 00074; La Poste's own check is known."""
    return _checked("siret", text, stdnum_siret.validate, SIRET)


def check_lei(text: str) -> Checked:
    """A legal entity identifier of ISO 17442."""
    return _checked("lei", text, lambda number: stdnum_lei.validate(number).upper(), LEI)


def check_vat_number(text: str, country: str = "") -> Checked:
    """A VAT number, with its country's prefix (EL for Greece, XI for Northern Ireland).

    Without a prefix it is read as `country`'s (ISO 3166). A prefix wins over the country, since companies
    are registered for VAT abroad. Countries whose form is not known are refused, naming the prefix.
    """
    known = []
    for code in (_letters_and_digits(text)[:2], country.upper()):
        prefix = "EL" if code == "GR" else code
        check = _vat_check(prefix)
        if check is not None:
            expected = Phrase(gettext_noop("a VAT number as in %(country)s"), {"country": prefix})
            known.append(_checked("vat_number", text, check, expected))
    if not known:
        expected = Phrase(gettext_noop("a VAT number that begins with two letters of a country, such as FR or DE"))
        return _refused("vat_number", text, expected, WRONG_FORM)
    # A French key may be two letters that look like another country: such a number was tried as both.
    return next((result for result in known if result.ok), known[0])


def check_registration_number(text: str, country: str) -> Checked:
    """A number in the country's company register (ISO 3166 code).

    Known: FR GB DE BE CH AT DK NO SE FI NL LU IE. A number of any other country is taken as it is written,
    in capitals and with single spaces, and not checked.
    """
    known = REGISTERS.get(country.upper())
    if known is None:
        return Checked("registration_number", text, " ".join(text.upper().split()))
    return _checked("registration_number", text, *known)


def check_iban(text: str) -> Checked:
    """An account number of ISO 13616, without spaces. Checks the country's form and the two check digits."""
    try:
        return Checked("iban", text, str(IBAN(text)))
    except InvalidChecksumDigits:
        return _refused("iban", text, IBAN_EXPECTED, WRONG_CHECK_DIGIT)
    except WrongIbanLength:
        return _refused("iban", text, IBAN_EXPECTED, WRONG_LENGTH)
    except SchwiftyException:
        return _refused("iban", text, IBAN_EXPECTED, WRONG_FORM)


def check_bic(text: str) -> Checked:
    """A bank's code of ISO 9362, 8 or 11 characters."""
    try:
        return Checked("bic", text, str(BIC(text)))
    except SchwiftyException:
        return _refused("bic", text, BIC_EXPECTED, WRONG_FORM)


def bic_of_iban(iban: str) -> str:
    """The BIC of the bank that keeps an account, from schwifty's own list; empty when it is not in there."""
    try:
        return str(IBAN(iban).bic or "")
    except SchwiftyException:
        return ""


def siren_of_siret(siret: str) -> str:
    """The SIREN in a SIRET; empty when the SIRET is not well formed."""
    checked = check_siret(siret)
    return checked.value[:9] if checked.value else ""


def siren_of_vat_number(vat_number: str) -> str:
    """The SIREN in a French VAT number; empty for other countries', for Monaco's (FRkk000...) and bad ones."""
    checked = check_vat_number(vat_number)
    if not checked.value or not checked.value.startswith("FR") or checked.value[4:7] == "000":
        return ""
    return tva.to_siren(checked.value)


@dataclass(frozen=True, slots=True)
class LegalIds:
    """A customer's identifiers, checked together: values by field, and what is wrong by field.

    `values` holds the well-formed ones, and the SIREN also where only another number gave it: `siren_from`
    names that field. `problems` are reasons to refuse; `doubts` are worth showing, and may be right.
    """

    values: Mapping[str, str]
    problems: Mapping[str, Phrase]
    doubts: Mapping[str, Phrase]
    siren_from: str


def check_legal_ids(
    *,
    country: str = "",
    siren: str = "",
    siret: str = "",
    vat_number: str = "",
    lei: str = "",
    registration_number: str = "",
) -> LegalIds:
    """Check what is given of a customer's identifiers, each for itself and the French ones against each other.

    A SIRET of another SIREN is a problem. A French VAT number of another SIREN is a doubt: members of a VAT
    group bill under the group's number. Blank fields are not checked.
    """
    checks = {
        "siren": (siren, check_siren),
        "siret": (siret, check_siret),
        "vat_number": (vat_number, lambda text: check_vat_number(text, country)),
        "lei": (lei, check_lei),
        "registration_number": (registration_number, lambda text: check_registration_number(text, country)),
    }
    results = [check(text) for text, check in checks.values() if text.strip()]
    values = {result.field: result.value for result in results if result.value is not None}
    problems = {result.field: result.reason for result in results if result.reason is not None}
    sirens = {
        "siren": values.get("siren", ""),
        "siret": values.get("siret", "")[:9],
        "registration_number": values.get("registration_number", "") if country.upper() == "FR" else "",
        "vat_number": siren_of_vat_number(values.get("vat_number", "")),
    }
    siren_from = next((field for field, found in sirens.items() if found and "siren" not in problems), "")
    doubts: dict[str, Phrase] = {}
    if siren_from:
        values["siren"] = sirens[siren_from]
        for field, found in sirens.items():
            if found and found != values["siren"]:
                text = gettext_noop("This number belongs to SIREN %(found)s, not to %(siren)s.")
                reason = Phrase(text, {"found": found, "siren": values["siren"]})
                (doubts if field == "vat_number" else problems)[field] = reason
    values = {field: value for field, value in values.items() if field not in problems}
    return LegalIds(values, problems, doubts, siren_from)


def _checked(field: str, text: str, validate: Callable[[str], str], expected: Phrase) -> Checked:
    """Run one check; a whole number that a spreadsheet wrote as 732829320.0 is read as what it was."""
    given = text.strip()
    if _ROUNDED_NUMBER.fullmatch(given):
        return _refused(field, text, expected, ROUNDED)
    if whole := _WHOLE_FLOAT.fullmatch(given):
        given = whole[1]
    try:
        return Checked(field, text, validate(_plain_signs(given)))
    except InvalidLength:
        return _refused(field, text, expected, WRONG_LENGTH)
    except InvalidChecksum:
        return _refused(field, text, expected, WRONG_CHECK_DIGIT)
    except ValidationError:
        return _refused(field, text, expected, WRONG_FORM)


def _refused(field: str, text: str, expected: Phrase, fault: Phrase) -> Checked:
    reason = gettext_noop("Expected %(expected)s; “%(given)s” %(fault)s.")
    return Checked(
        field, text, None, Phrase(reason, {"expected": expected, "given": text.strip()[:60], "fault": fault})
    )


def _plain_signs(text: str) -> str:
    """Spaces of any width, hyphens of any length and slashes as people write them, brought to plain ones."""
    return re.sub(r"[‐-―−]", "-", " ".join(text.split()))


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def _vat_check(prefix: str) -> Callable[[str], str] | None:
    """The check of VAT numbers with that prefix, if their form is known. It gives them with the prefix."""
    if prefix == "EL" or prefix.lower() in eu_vat.MEMBER_STATES - {"gr"}:
        validate = eu_vat.validate
    elif len(prefix) == 2 and prefix.isalpha() and (module := get_cc_module(prefix, "vat")) is not None:
        validate = module.validate
    else:
        return None

    def check(text: str) -> str:
        number = _letters_and_digits(text)
        if number[:2] in (prefix, "GR" if prefix == "EL" else prefix):
            number = number[2:]
        value = validate(prefix + number)
        return value if value.startswith(prefix) else prefix + value

    return check
