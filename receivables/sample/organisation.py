"""Nordis Groupe: an invented maker of ventilation equipment with three companies, and the people who work there."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from random import Random

from core.days import add_months
from core.text import search_key
from receivables.sample import identifiers
from receivables.sample.company import Organisation, SampleEntity, SampleMember, SampleRate, SampleTerms

FRANCE, GERMANY, BRITAIN = "NFR", "NDE", "NUK"

ENTITY_COUNTRY = {FRANCE: "FR", GERMANY: "DE", BRITAIN: "GB"}
ENTITY_CURRENCY = {FRANCE: "EUR", GERMANY: "EUR", BRITAIN: "GBP"}
VAT_PCT = {FRANCE: 20, GERMANY: 19, BRITAIN: 20}

# Where the goods leave from, by entity.
SITES = {FRANCE: ("Lyon Gerland", "Lyon Gerland", "Lesquin"), GERMANY: ("Köln Niehl",), BRITAIN: ("Leeds Holbeck",)}
PRODUCTS = ("Ventilation", "Filtration", "Automation", "Maintenance")

TERMS = (
    SampleTerms("NET14", "14 days net", "NET14"),
    SampleTerms("NET15", "15 days net", "NET15"),
    SampleTerms("NET30", "30 days net", "NET30"),
    SampleTerms("NET45", "45 days net", "NET45"),
    SampleTerms("NET60", "60 days net", "NET60"),
    SampleTerms("45 EOM", "45 days, end of month", "45 EOM"),
    SampleTerms("EOM+45", "End of month, 45 days", "EOM+45"),
    SampleTerms("2/10 NET 30", "2 % within 10 days, 30 days net", "2/10 NET 30"),
    SampleTerms("CIA", "Payment in advance", "CIA"),
)

# Who sells where: the countries or French regions of a salesperson, by entity. The last one takes what is left.
_SOUTH = ("Auvergne-Rhône-Alpes", "Provence-Alpes-Côte d'Azur", "Occitanie", "Nouvelle-Aquitaine")
SALES_TERRITORIES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    FRANCE: (
        ("Antoine Delaunay", _SOUTH),
        ("Inès Charrier", ("BE", "ES", "IT", "LU", "PT", "US")),
        ("Mathilde Besnard", ()),
    ),
    GERMANY: (
        ("Katharina Brandt", ("Nordrhein-Westfalen", "Niedersachsen", "Hamburg", "Bremen", "NL")),
        ("Lukas Reuter", ()),
    ),
    BRITAIN: (("Daniel Ashworth", ()),),
}
COLLECTORS = {FRANCE: "Amélie Rousset", GERMANY: "Jonas Weidner", BRITAIN: "Sophie Hartnell"}


# Of its three companies, in this order.
COUNTRIES = ("FR", "DE", "GB")


def organisation(rng: Random) -> Organisation:
    """The tenant, its entities and its members. Only the legal identifiers are drawn."""
    return Organisation(
        name="Nordis Groupe",
        country="FR",
        currency="EUR",
        language="fr",
        time_zone="Europe/Paris",
        entities=_entities(rng),
        members=_members(),
        terms=TERMS,
    )


def _entities(rng: Random) -> tuple[SampleEntity, ...]:
    french, german, british = (identifiers.legal_ids(rng, country) for country in COUNTRIES)
    french_account = identifiers.french_bban(bank="99999", branch="00069", account="00012457803")
    return (
        SampleEntity(
            code=FRANCE,
            name="Nordis France SAS",
            country="FR",
            currency="EUR",
            language="fr",
            legal_identifier=french.siren,
            siret=french.siret,
            vat_number=french.vat_number,
            street="24 rue des Souffleurs",
            postal_code="69007",
            city="Lyon",
            email="comptabilite.clients@nordis.example",
            phone="+33 4 65 71 20 40",
            iban=identifiers.iban("FR", french_account),
            bic="NRDSFR2LXXX",
        ),
        SampleEntity(
            code=GERMANY,
            name="Nordis Deutschland GmbH",
            country="DE",
            currency="EUR",
            language="de",
            legal_identifier=identifiers.german_registration(rng, name="Nordis Deutschland GmbH", city="Köln"),
            siret="",
            vat_number=german.vat_number,
            street="Am Molenkopf 11",
            postal_code="50735",
            city="Köln",
            email="debitoren@nordis.example",
            phone="+49 221 4710 300",
            iban=identifiers.iban("DE", "999999990004711300"),
            bic="NRDSDEK1XXX",
        ),
        SampleEntity(
            code=BRITAIN,
            name="Nordis UK Ltd",
            country="GB",
            currency="GBP",
            language="en",
            legal_identifier=british.registration_number,
            siret="",
            vat_number=british.vat_number,
            street="Unit 6, Holbeck Works",
            postal_code="LS11 5QN",
            city="Leeds",
            email="credit.control@nordis.example",
            phone="+44 113 496 0150",
            iban=identifiers.iban("GB", "NRDS99999940960150"),
            bic="NRDSGB2LXXX",
        ),
    )


def _members() -> tuple[SampleMember, ...]:
    members = [
        SampleMember("Hélène Marchetti", "cfo@nordis.example", "cfo", "fr", is_login=True),
        SampleMember("Marc Oberlin", "credit@nordis.example", "credit_manager", "fr", is_login=True),
        SampleMember("Nadia Ferreira", "litiges@nordis.example", "dispute_resolver", "fr", is_login=True),
        SampleMember("Paul Kessler", "audit@nordis.example", "auditor", "fr", is_login=True),
        SampleMember("Thomas Vasseur", "admin@nordis.example", "admin", "fr", is_login=True),
    ]
    language = {FRANCE: "fr", GERMANY: "de", BRITAIN: "en"}
    for entity, name in COLLECTORS.items():
        address = "collector@nordis.example" if entity == FRANCE else _address(name)
        members.append(SampleMember(name, address, "collector", language[entity], name, entity == FRANCE))
    for entity, territories in SALES_TERRITORIES.items():
        for place, (name, _) in enumerate(territories):
            is_login = entity == FRANCE and place == 0
            address = "sales@nordis.example" if is_login else _address(name)
            members.append(SampleMember(name, address, "sales", language[entity], name, is_login, (entity,)))
    return tuple(members)


def _address(name: str) -> str:
    first, last = name.split(" ", 1)
    return f"{search_key(first)}.{search_key(last)}@nordis.example"


def salesperson(*, entity: str, country: str, region: str) -> str:
    """Who sells for that entity to a customer of that country and region."""
    for name, places in SALES_TERRITORIES[entity]:
        if not places or country in places or region in places:
            return name
    raise ValueError(f"nobody sells for {entity}")


def rates(*, on: date, months: int) -> tuple[SampleRate, ...]:
    """Rates of the euro on the first of each month, from `months` before `on`: two slow waves, not a market."""
    first = add_months(on.replace(day=1), -months)
    found = []
    for place in range(months + 1):
        day = add_months(first, place)
        wave = math.sin((day.year * 12 + day.month) / 5)
        found.append(SampleRate("EUR", "GBP", day, _rate(0.855 + 0.014 * wave)))
        found.append(SampleRate("EUR", "USD", day, _rate(1.095 - 0.031 * wave)))
    return tuple(found)


def _rate(value: float) -> Decimal:
    return Decimal(round(value * 10_000)) / 10_000
