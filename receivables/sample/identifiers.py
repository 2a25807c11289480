"""Legal identifiers and IBANs that pass every checksum and belong to nobody.

Each is drawn from a part of its series that the registers have not given out: French numbers begin with 0, German and
British ones with 99, Belgian ones with 01, and so on. A look-up of one at a register or a credit bureau finds nothing,
rather than a real company that would then stand in the sample as a bad payer.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stdnum import luhn
from stdnum.ch import uid
from stdnum.es import cif
from stdnum.fr import siren as french_siren
from stdnum.ie import vat as irish_vat
from stdnum.iso7064 import mod_11_10, mod_97_10
from stdnum.lu import tva as luxembourg_tva
from stdnum.pt import nif


@dataclass(frozen=True)
class LegalIds:
    """The identifiers of one company; empty where its country has no such number."""

    siren: str = ""
    siret: str = ""
    vat_number: str = ""
    registration_number: str = ""


def _digits(rng: Random, count: int) -> str:
    return "".join(str(rng.randint(0, 9)) for _ in range(count))


def _french(rng: Random) -> LegalIds:
    body = f"0{rng.randint(1, 9)}{_digits(rng, 6)}"
    siren = body + luhn.calc_check_digit(body)
    return LegalIds(
        siren=siren,
        siret=siret_of(siren, establishment=rng.randint(1, 4)),
        vat_number="FR" + french_siren.to_tva(siren),
    )


def siret_of(siren: str, *, establishment: int) -> str:
    """The number of one establishment of a French company: its SIREN, four digits of order, a check digit."""
    body = f"{siren}{establishment:04d}"
    return body + luhn.calc_check_digit(body)


def _german(rng: Random) -> LegalIds:
    body = "99" + _digits(rng, 6)
    return LegalIds(vat_number=f"DE{body}{mod_11_10.calc_check_digit(body)}")


def german_registration(rng: Random, *, name: str, city: str) -> str:
    """Court, register and number: co-operatives and partnerships have registers of their own."""
    register = "GnR" if name.endswith("eG") else "HRA" if name.endswith("KG") else "HRB"
    court = "Berlin (Charlottenburg)" if city == "Berlin" else city
    return f"{court} {register} 99{_digits(rng, 4)}"


def _british(rng: Random) -> LegalIds:
    body = "999" + _digits(rng, 4)
    total = sum(weight * int(digit) for weight, digit in zip((8, 7, 6, 5, 4, 3, 2), body, strict=True))
    return LegalIds(vat_number=f"GB{body}{-total % 97:02d}", registration_number="99" + _digits(rng, 6))


def _belgian(rng: Random) -> LegalIds:
    body = "01" + _digits(rng, 6)
    number = f"{body}{97 - int(body) % 97:02d}"
    return LegalIds(vat_number=f"BE{number}", registration_number=number)


def _spanish(rng: Random) -> LegalIds:
    body = "B99" + _digits(rng, 5)
    number = body + cif.calc_check_digits(body)[0]
    return LegalIds(vat_number=f"ES{number}", registration_number=number)


def _italian(rng: Random) -> LegalIds:
    body = f"9999{_digits(rng, 3)}999"
    number = body + luhn.calc_check_digit(body)
    return LegalIds(vat_number=f"IT{number}", registration_number=number)


def _dutch(rng: Random) -> LegalIds:
    while True:
        body = "99" + _digits(rng, 6)
        check = sum((9 - place) * int(digit) for place, digit in enumerate(body)) % 11
        if check < 10:
            return LegalIds(vat_number=f"NL{body}{check}B01")


def _irish(rng: Random) -> LegalIds:
    body = "99" + _digits(rng, 5)
    return LegalIds(vat_number=f"IE{body}{irish_vat.calc_check_digit(body)}")


def _swiss(rng: Random) -> LegalIds:
    while True:
        body = "999" + _digits(rng, 5)
        check = uid.calc_check_digit(body)
        if len(check) == 1:
            return LegalIds(vat_number=f"CHE{body}{check}MWST", registration_number=f"CHE{body}{check}")


def _luxembourgish(rng: Random) -> LegalIds:
    body = "99" + _digits(rng, 4)
    return LegalIds(vat_number=f"LU{body}{luxembourg_tva.calc_check_digits(body)}")


def _portuguese(rng: Random) -> LegalIds:
    body = "599" + _digits(rng, 5)
    number = body + nif.calc_check_digit(body)
    return LegalIds(vat_number=f"PT{number}", registration_number=number)


_BY_COUNTRY = {
    "FR": _french,
    "DE": _german,
    "GB": _british,
    "BE": _belgian,
    "ES": _spanish,
    "IT": _italian,
    "NL": _dutch,
    "IE": _irish,
    "CH": _swiss,
    "LU": _luxembourgish,
    "PT": _portuguese,
}


def legal_ids(rng: Random, country: str) -> LegalIds:
    """Identifiers of a new company of that country (ISO code); none for a country without a VAT number."""
    draw = _BY_COUNTRY.get(country)
    return draw(rng) if draw else LegalIds()


def lei(rng: Random) -> str:
    """A Legal Entity Identifier whose issuer code, 9999, stands for no issuer."""
    body = f"999900{_digits(rng, 12)}"
    return body + mod_97_10.calc_check_digits(body)


def iban(country: str, bban: str) -> str:
    """The IBAN of a national account number, with its two check digits."""
    return f"{country}{mod_97_10.calc_check_digits(bban + country)}{bban}"


def french_bban(*, bank: str, branch: str, account: str) -> str:
    """A French account number with its RIB key. Bank code 99999 is nobody's."""
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    return f"{bank}{branch}{account}{key:02d}"
