"""300 customers, their accounts at the three entities, their groups and their contacts. Independent of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from core.text import search_key
from receivables.sample import identifiers, names, organisation, places
from receivables.sample.accounts import Size
from receivables.sample.company import ContactRow, CustomerRow, SampleGroup
from receivables.sample.groups import GROUPS
from receivables.sample.organisation import BRITAIN, FRANCE, GERMANY
from receivables.sample.randomness import stream

# Customers without a group, by country; the groups bring 72 more.
_ALONE = {
    "FR": 112,
    "DE": 40,
    "GB": 33,
    "BE": 9,
    "ES": 9,
    "IT": 8,
    "NL": 6,
    "IE": 3,
    "CH": 2,
    "LU": 2,
    "PT": 2,
    "US": 2,
}
_ENTITY_OF = {"DE": GERMANY, "NL": GERMANY, "CH": GERMANY, "GB": BRITAIN, "IE": BRITAIN}

# What the data quality page should find: customers without an e-mail address, without any legal identifier, and pairs.
_WITHOUT_EMAIL = 9
_WITHOUT_LEGAL_ID = 10
_DUPLICATES = (("FR", "FR"), ("FR", "FR"), ("DE", "DE"))
_SECOND_ACCOUNTS_ALONE = 7
_WITH_LEI = 24

_TERMS: dict[str, tuple[tuple[str, int], ...]] = {
    "FR": (("45 EOM", 21), ("EOM+45", 15), ("NET30", 25), ("NET60", 18), ("NET45", 14), ("NET15", 4), ("CIA", 3)),
    "export": (("NET30", 42), ("NET60", 38), ("NET45", 12), ("CIA", 8)),
    GERMANY: (("NET30", 40), ("2/10 NET 30", 24), ("NET14", 13), ("NET45", 9), ("NET60", 10), ("CIA", 4)),
    BRITAIN: (("NET30", 52), ("NET60", 14), ("NET45", 18), ("NET14", 12), ("CIA", 4)),
}
_METHODS: dict[str, tuple[tuple[str, int], ...]] = {
    FRANCE: (("TRANSFER", 70), ("BILL_OF_EXCHANGE", 14), ("DIRECT_DEBIT", 9), ("CHEQUE", 7)),
    GERMANY: (("TRANSFER", 86), ("DIRECT_DEBIT", 14)),
    BRITAIN: (("TRANSFER", 88), ("DIRECT_DEBIT", 10), ("CHEQUE", 2)),
}
# Of the customers, from the largest: parents of groups come first.
_SIZES = ((Size.KEY, 12), (Size.LARGE, 38), (Size.MEDIUM, 105))


@dataclass(frozen=True)
class CustomerBase:
    """Rows as they go to the files, and the size of each customer by its reference."""

    rows: tuple[CustomerRow, ...]
    contacts: tuple[ContactRow, ...]
    groups: tuple[SampleGroup, ...]
    sizes: dict[str, Size]


@dataclass(frozen=True)
class _Company:
    country: str
    name: str
    stem: str
    sector: str
    group: str = ""
    group_name: str = ""
    is_head: bool = False
    second_entity: str = ""
    city: str = ""


def customer_base(seed: int) -> CustomerBase:
    """All customers of the sample; the same for every day."""
    rng = stream(seed, "customers")
    companies = [*_group_companies(), *_companies_alone(rng)]
    rng.shuffle(companies)
    refs = {company.name: f"C{10_000 + 7 * place}" for place, company in enumerate(companies, start=3)}
    sizes = _sizes(rng, companies, refs)
    rows: list[CustomerRow] = []
    taken: set[str] = set()
    for company in companies:
        ref = refs[company.name]
        rows.append(_first_row(stream(seed, "customer", ref), company, ref, sizes[ref], taken))
    rows = _with_identifiers_apart(rng, companies, rows, sizes)
    second = [
        _second_row(rng, company, row, sizes[row.customer_ref])
        for company, row in zip(companies, rows, strict=True)
        if company.second_entity
    ]
    contacts = [contact for row in rows for contact in _contacts(stream(seed, "contacts", row.customer_ref), row)]
    all_rows = sorted([*rows, *second], key=lambda row: (row.customer_ref, row.entity_code))
    return CustomerBase(
        rows=tuple(_with_account_refs(all_rows)),
        contacts=tuple(contacts),
        groups=tuple(
            SampleGroup(company.group, company.group_name, refs[company.name])
            for company in companies
            if company.is_head
        ),
        sizes=sizes,
    )


def _group_companies() -> list[_Company]:
    found = []
    for group in GROUPS:
        second = dict(group.second_entity)
        ref = search_key(group.name).upper()
        for place, (country, name, city) in enumerate(group.companies):
            found.append(
                _Company(
                    country, name, group.name, group.sector, ref, group.name, place == 0, second.get(place, ""), city
                )
            )
    return found


def _companies_alone(rng: Random) -> list[_Company]:
    found: list[_Company] = []
    for country, count in _ALONE.items():
        stems = rng.sample(names.STEMS[country], count)
        sectors = rng.choices(names.SECTORS, names.SECTOR_WEIGHTS, k=count)
        for stem, sector in zip(stems, sectors, strict=True):
            name = rng.choice(names.company_names(country=country, sector=sector, stem=stem))
            found.append(_Company(country, name, stem, sector))
    for _ in range(_SECOND_ACCOUNTS_ALONE):
        place = rng.choice([p for p, c in enumerate(found) if c.country in ("FR", "BE", "GB") and not c.second_entity])
        other = GERMANY if found[place].country != "GB" else FRANCE
        found[place] = replace(found[place], second_entity=other)
    return found


def _sizes(rng: Random, companies: Sequence[_Company], refs: dict[str, str]) -> dict[str, Size]:
    ranked = sorted(companies, key=lambda c: (not c.is_head, not c.group, rng.random()))
    heads, rest = ranked[:18], ranked[18:]
    rng.shuffle(rest)
    sizes = [size for size, count in _SIZES for _ in range(count)]
    sizes += [Size.SMALL] * (len(companies) - len(sizes))
    by_ref = {refs[company.name]: size for company, size in zip([*heads, *rest], sizes, strict=True)}
    abroad = {"IE": Size.MEDIUM, "US": Size.LARGE}  # enough trade in a second currency for it to be seen
    return by_ref | {refs[c.name]: abroad[c.country] for c in companies if c.country in abroad}


def _first_row(rng: Random, company: _Company, ref: str, size: Size, taken: set[str]) -> CustomerRow:
    place = places.address(rng, company.country, company.city)
    ids = _new_ids(rng, company, place.city, taken)
    entity = _ENTITY_OF.get(company.country, FRANCE)
    currency = "USD" if company.country == "US" else organisation.ENTITY_CURRENCY[entity]
    domain = f"{search_key(company.stem).replace(' ', '')}.example"
    row = CustomerRow(
        customer_ref=ref,
        name=company.name,
        country=company.country,
        language=names.LANGUAGE_OF.get(company.country, "en"),
        siren=ids.siren,
        siret=ids.siret,
        vat_number=ids.vat_number,
        lei="",
        registration_number=ids.registration_number,
        street=place.street,
        postal_code=place.postal_code,
        city=place.city,
        email=f"{_mailbox(company.country)}@{domain}",
        phone=places.phone(rng, company.country, place.city, place.region),
        group_ref=company.group,
        group_name=company.group_name,
        entity_code=entity,
        account_ref="",
        terms_code="",
        payment_method="",
        currency=currency,
        salesperson="",
        collector="",
        sector=company.sector,
        region=place.region,
        product=rng.choices(organisation.PRODUCTS, (46, 24, 18, 12))[0],
    )
    return _at_entity(rng, row, entity, size)


def _new_ids(rng: Random, company: _Company, city: str, taken: set[str]) -> identifiers.LegalIds:
    """Identifiers that no other company of the sample has; `taken` remembers them."""
    while True:
        ids = identifiers.legal_ids(rng, company.country)
        if company.country == "DE":
            number = identifiers.german_registration(rng, name=company.name, city=city)
            ids = replace(ids, registration_number=number)
        numbers = {number for number in (ids.siren, ids.vat_number, ids.registration_number) if number}
        if not numbers & taken:
            taken |= numbers
            return ids


def _mailbox(country: str) -> str:
    return {"fr": "comptabilite", "de": "buchhaltung"}.get(names.LANGUAGE_OF.get(country, "en"), "accounts")


def _at_entity(rng: Random, row: CustomerRow, entity: str, size: Size) -> CustomerRow:
    """The row with the conditions that this entity grants; large customers neither pay in advance nor within a fortnight."""
    conditions = _TERMS[entity] if entity != FRANCE else _TERMS["FR" if row.country == "FR" else "export"]
    if size in (Size.KEY, Size.LARGE):
        conditions = tuple(one for one in conditions if one[0] not in ("CIA", "NET14", "NET15"))
    terms = "NET30" if row.country in ("IE", "US") else _weighted(rng, conditions)
    method = _weighted(rng, _METHODS[entity]) if terms in ("45 EOM", "EOM+45", "NET30", "NET60") else "TRANSFER"
    if row.country != organisation.ENTITY_COUNTRY[entity]:
        method = "TRANSFER"
    return replace(
        row,
        entity_code=entity,
        terms_code=terms,
        payment_method=method,
        salesperson=organisation.salesperson(entity=entity, country=row.country, region=row.region),
        collector=organisation.COLLECTORS[entity],
    )


def _weighted(rng: Random, choices: Sequence[tuple[str, int]]) -> str:
    return rng.choices([value for value, _ in choices], [weight for _, weight in choices])[0]


def _second_row(rng: Random, company: _Company, row: CustomerRow, size: Size) -> CustomerRow:
    second = _at_entity(rng, row, company.second_entity, size)
    return replace(second, currency=organisation.ENTITY_CURRENCY[company.second_entity])


def _with_identifiers_apart(
    rng: Random, companies: Sequence[_Company], rows: Sequence[CustomerRow], sizes: dict[str, Size]
) -> list[CustomerRow]:
    """Some rows lose their e-mail or identifiers, a few become second records of a company that is already there."""
    changed = list(rows)
    simple = [
        place
        for place, c in enumerate(companies)
        if not c.group and not c.second_entity and sizes[rows[place].customer_ref] in (Size.SMALL, Size.MEDIUM)
    ]
    rng.shuffle(simple)

    def take(country: str = "") -> int:
        return simple.pop(
            next(n for n, place in enumerate(simple) if not country or companies[place].country == country)
        )

    for first, second in _DUPLICATES:
        one, other = take(first), take(second)
        changed[other] = _second_record(rng, changed[one], changed[other])
    for _ in range(_WITHOUT_EMAIL):
        place = take()
        changed[place] = replace(changed[place], email="")
    for _ in range(_WITHOUT_LEGAL_ID):
        place = take()
        changed[place] = replace(changed[place], siren="", siret="", vat_number="", registration_number="")
    large = [place for place, row in enumerate(rows) if sizes[row.customer_ref] in (Size.KEY, Size.LARGE)]
    for place in rng.sample(large, _WITH_LEI):
        changed[place] = replace(changed[place], lei=identifiers.lei(rng))
    return changed


def _second_record(rng: Random, original: CustomerRow, record: CustomerRow) -> CustomerRow:
    """A second record of the original, as a colleague in a hurry creates it: other spelling, other establishment."""
    siret = identifiers.siret_of(original.siren, establishment=rng.randint(5, 9)) if original.siren else ""
    return replace(
        record,
        name=search_key(original.name).upper(),
        siren=original.siren,
        siret=siret,
        vat_number=original.vat_number,
        registration_number=original.registration_number,
        email=original.email,
        sector=original.sector,
    )


def _contacts(rng: Random, row: CustomerRow) -> list[ContactRow]:
    """Somebody who books the invoices, mostly a buyer, often the head of the company."""
    roles = [("ACCOUNTING", "EXECUTES")]
    if rng.random() < 0.88:
        roles.append(("BUYER", "ADVISES"))
    if rng.random() < 0.57:
        roles.append(("MANAGEMENT", "DECIDES"))
    elif len(roles) == 1:
        roles.append(("TREASURY", "ADVISES"))
    found: list[ContactRow] = []
    origin = names.NAMES_OF[row.country]
    for role, influence in roles:
        first, last = rng.choice(names.FIRST_NAMES[origin]), rng.choice(names.LAST_NAMES[origin])
        while any((first, last) == (other.first_name, other.last_name) for other in found):
            last = rng.choice(names.LAST_NAMES[origin])
        address = f"{search_key(first)}.{search_key(last)}".replace(" ", "-")
        found.append(
            ContactRow(
                customer_ref=row.customer_ref,
                last_name=last,
                first_name=first,
                role=role,
                influence=influence,
                email=f"{address}@{row.email.partition('@')[2]}" if row.email else "",
                phone=places.phone(rng, row.country, row.city, row.region) if rng.random() < 0.6 else "",
                language=row.language,
                is_primary=role == "ACCOUNTING",
            )
        )
    return found


def _with_account_refs(rows: Sequence[CustomerRow]) -> list[CustomerRow]:
    """Account numbers as each entity's books give them: 411... in France, five digits in Germany, letters in Britain."""
    counts = dict.fromkeys((FRANCE, GERMANY, BRITAIN), 0)
    found = []
    for row in rows:
        counts[row.entity_code] += 1
        number = counts[row.entity_code]
        letters = search_key(row.name).replace(" ", "")[:4].upper()
        ref = {
            FRANCE: f"411{number * 3:05d}",
            GERMANY: f"{20_000 + number * 5}",
            BRITAIN: f"{letters}{number:03d}",
        }[row.entity_code]
        found.append(replace(row, account_ref=ref))
    return found
