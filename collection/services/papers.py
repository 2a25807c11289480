"""What every paper has in common: whose letterhead, to which address, on which account to pay."""

from functools import lru_cache

from babel import Locale
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from core.errors import Refusal
from desk.pdf import PdfFailed, PdfProcess
from desk.queries.templates import language_of
from desk.texts import Words
from receivables.models import Customer, Entity


def css_text(text: str) -> SafeString:
    """A text for a CSS string: whatever is no letter, digit or space as its number, so that nothing can end the string.

    The space after a number belongs to it, so each has one of its own.
    """
    return mark_safe("".join(mark if mark.isalnum() or mark == " " else f"\\{ord(mark):06x} " for mark in text))  # noqa: S308


def footer_of(entity: Entity) -> SafeString:
    """What stands at the foot of each page: the company and its numbers, as a CSS string."""
    return css_text(" · ".join(filter(None, [entity.name, entity.legal_identifier, entity.vat_number])))


def address_of(customer: Customer, entity: Entity, language: str) -> list[str]:
    """The lines of the postal address; the country, in the sender's own language and capitals, only when abroad."""
    lines = [customer.name, customer.street, f"{customer.postal_code} {customer.city}".strip()]
    if customer.country and customer.country != entity.country:
        lines.append(_country(customer.country, language_of(entity.language, language)).upper())
    return [" ".join(line.split()) for line in lines if line.strip()]


def iban_of(entity: Entity) -> str:
    """The IBAN in groups of four."""
    return " ".join(entity.iban[start : start + 4] for start in range(0, len(entity.iban), 4))


def bank_account_of(entity: Entity, words: Words) -> str:
    """IBAN and BIC, or "the account stated on our invoices"."""
    if not entity.iban:
        return words.usual_account
    return f"IBAN {iban_of(entity)}, BIC {entity.bic}" if entity.bic else f"IBAN {iban_of(entity)}"


def rendered(html: str) -> bytes:
    """The PDF of a paper that somebody looks at now. Raises Refusal."""
    renderer = PdfProcess()
    try:
        return renderer.render(html)
    except PdfFailed as failure:
        raise Refusal(gettext("The paper could not be made.")) from failure
    finally:
        renderer.close()


@lru_cache(maxsize=1000)
def _country(code: str, language: str) -> str:
    return Locale(language).territories.get(code, code)
