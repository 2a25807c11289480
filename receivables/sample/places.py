"""Towns, streets and telephone numbers for plausible addresses.

Towns and postal codes are real, streets are the ordinary ones of an industrial estate, house numbers are drawn.
Telephone numbers come only from the ranges that the regulators of France (ARCEP), Germany (Bundesnetzagentur),
the United Kingdom (Ofcom) and North America (555-01xx) keep for fiction; other countries have no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# country -> (city, postal code or outward code, region)
TOWNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "FR": (
        ("Lyon", "69007", "Auvergne-Rhône-Alpes"),
        ("Villeurbanne", "69100", "Auvergne-Rhône-Alpes"),
        ("Grenoble", "38000", "Auvergne-Rhône-Alpes"),
        ("Saint-Étienne", "42000", "Auvergne-Rhône-Alpes"),
        ("Clermont-Ferrand", "63000", "Auvergne-Rhône-Alpes"),
        ("Annecy", "74000", "Auvergne-Rhône-Alpes"),
        ("Valence", "26000", "Auvergne-Rhône-Alpes"),
        ("Nanterre", "92000", "Île-de-France"),
        ("Saint-Denis", "93200", "Île-de-France"),
        ("Créteil", "94000", "Île-de-France"),
        ("Cergy", "95000", "Île-de-France"),
        ("Massy", "91300", "Île-de-France"),
        ("Meaux", "77100", "Île-de-France"),
        ("Lille", "59000", "Hauts-de-France"),
        ("Roubaix", "59100", "Hauts-de-France"),
        ("Amiens", "80000", "Hauts-de-France"),
        ("Strasbourg", "67000", "Grand Est"),
        ("Metz", "57000", "Grand Est"),
        ("Reims", "51100", "Grand Est"),
        ("Mulhouse", "68100", "Grand Est"),
        ("Nantes", "44300", "Pays de la Loire"),
        ("Angers", "49000", "Pays de la Loire"),
        ("Le Mans", "72000", "Pays de la Loire"),
        ("Rennes", "35000", "Bretagne"),
        ("Brest", "29200", "Bretagne"),
        ("Bordeaux", "33300", "Nouvelle-Aquitaine"),
        ("Limoges", "87000", "Nouvelle-Aquitaine"),
        ("Toulouse", "31200", "Occitanie"),
        ("Montpellier", "34000", "Occitanie"),
        ("Nîmes", "30900", "Occitanie"),
        ("Marseille", "13014", "Provence-Alpes-Côte d'Azur"),
        ("Avignon", "84000", "Provence-Alpes-Côte d'Azur"),
        ("Dijon", "21000", "Bourgogne-Franche-Comté"),
        ("Besançon", "25000", "Bourgogne-Franche-Comté"),
        ("Rouen", "76100", "Normandie"),
        ("Caen", "14000", "Normandie"),
        ("Orléans", "45000", "Centre-Val de Loire"),
        ("Tours", "37000", "Centre-Val de Loire"),
    ),
    "DE": (
        ("Köln", "50735", "Nordrhein-Westfalen"),
        ("Düsseldorf", "40589", "Nordrhein-Westfalen"),
        ("Dortmund", "44147", "Nordrhein-Westfalen"),
        ("Bielefeld", "33609", "Nordrhein-Westfalen"),
        ("Hannover", "30179", "Niedersachsen"),
        ("Bremen", "28197", "Bremen"),
        ("Hamburg", "22113", "Hamburg"),
        ("Berlin", "12099", "Berlin"),
        ("Leipzig", "04158", "Sachsen"),
        ("Dresden", "01139", "Sachsen"),
        ("Frankfurt am Main", "60386", "Hessen"),
        ("Kassel", "34123", "Hessen"),
        ("Mannheim", "68219", "Baden-Württemberg"),
        ("Stuttgart", "70499", "Baden-Württemberg"),
        ("Freiburg", "79108", "Baden-Württemberg"),
        ("München", "80939", "Bayern"),
        ("Nürnberg", "90431", "Bayern"),
        ("Augsburg", "86156", "Bayern"),
    ),
    "GB": (
        ("Leeds", "LS10", "Yorkshire"),
        ("Bradford", "BD4", "Yorkshire"),
        ("Sheffield", "S9", "Yorkshire"),
        ("Hull", "HU3", "Yorkshire"),
        ("Manchester", "M17", "North West"),
        ("Liverpool", "L24", "North West"),
        ("Newcastle upon Tyne", "NE6", "North East"),
        ("Birmingham", "B24", "Midlands"),
        ("Leicester", "LE4", "Midlands"),
        ("Nottingham", "NG7", "Midlands"),
        ("Bristol", "BS11", "South West"),
        ("Reading", "RG2", "South East"),
        ("Croydon", "CR0", "London"),
        ("Cardiff", "CF24", "Wales"),
        ("Glasgow", "G51", "Scotland"),
        ("Edinburgh", "EH6", "Scotland"),
    ),
    "BE": (
        ("Liège", "4000", "Wallonie"),
        ("Charleroi", "6000", "Wallonie"),
        ("Namur", "5000", "Wallonie"),
        ("Bruxelles", "1070", "Bruxelles"),
        ("Tournai", "7500", "Wallonie"),
    ),
    "ES": (
        ("Barcelona", "08020", "Cataluña"),
        ("Zaragoza", "50014", "Aragón"),
        ("Valencia", "46015", "Comunitat Valenciana"),
        ("Bilbao", "48013", "País Vasco"),
        ("Madrid", "28031", "Madrid"),
    ),
    "IT": (
        ("Torino", "10156", "Piemonte"),
        ("Milano", "20157", "Lombardia"),
        ("Brescia", "25125", "Lombardia"),
        ("Bologna", "40127", "Emilia-Romagna"),
        ("Padova", "35127", "Veneto"),
    ),
    "NL": (
        ("Rotterdam", "3045", "Zuid-Holland"),
        ("Eindhoven", "5651", "Noord-Brabant"),
        ("Utrecht", "3542", "Utrecht"),
        ("Venlo", "5928", "Limburg"),
    ),
    "IE": (("Dublin", "D12", "Leinster"), ("Cork", "T12", "Munster"), ("Galway", "H91", "Connacht")),
    "CH": (("Zürich", "8048", "Zürich"), ("Basel", "4057", "Basel"), ("Bern", "3018", "Bern")),
    "LU": (("Esch-sur-Alzette", "4362", "Luxembourg"), ("Luxembourg", "1899", "Luxembourg")),
    "PT": (("Porto", "4100", "Norte"), ("Setúbal", "2910", "Lisboa")),
    "US": (("Cleveland", "44135", "Ohio"), ("Milwaukee", "53207", "Wisconsin")),
}

# "{}" is the house number.
STREETS: dict[str, tuple[str, ...]] = {
    "FR": (
        "{} rue des Tisserands",
        "{} avenue de l'Industrie",
        "{} rue du Port",
        "{} chemin des Aubépines",
        "{} boulevard des Ateliers",
        "{} rue des Entrepreneurs",
        "{} zone artisanale des Peupliers",
        "{} rue de la Fonderie",
        "{} allée des Charmes",
        "{} route de la Gare",
    ),
    "DE": (
        "Industriestraße {}",
        "Am Güterbahnhof {}",
        "Gewerbepark {}",
        "Mühlenweg {}",
        "Hafenstraße {}",
        "Lindenallee {}",
        "Werkstraße {}",
        "An der Ziegelei {}",
    ),
    "GB": (
        "{} Foundry Lane",
        "Unit {}, Canal Road Trading Estate",
        "{} Station Approach",
        "{} Mill Street",
        "Unit {}, Riverside Business Park",
        "{} Brickfield Road",
    ),
    "BE": ("Rue de l'Usine {}", "Chaussée du Canal {}", "Zoning artisanal {}"),
    "ES": ("Calle de la Industria {}", "Polígono industrial Norte, parcela {}", "Avenida del Puerto {}"),
    "IT": ("Via dell'Artigianato {}", "Via delle Officine {}", "Viale dell'Industria {}"),
    "NL": ("Havenweg {}", "Industrieweg {}", "Ambachtsstraat {}"),
    "IE": ("Unit {}, Harbour Business Park", "{} Mill Road"),
    "CH": ("Industriestrasse {}", "Bahnhofweg {}"),
    "LU": ("{} rue de l'Acier", "{} rue du Commerce"),
    "PT": ("Rua da Indústria {}", "Zona Industrial, lote {}"),
    "US": ("{} Commerce Drive", "{} Harbor Avenue"),
}

_POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"

# Numbering zone of a French region, with the range that is kept for fiction in it.
_FRENCH_RANGES = {
    "Île-de-France": "1 99 00",
    "Hauts-de-France": "3 53 01",
    "Grand Est": "3 53 01",
    "Bourgogne-Franche-Comté": "3 53 01",
    "Normandie": "2 61 91",
    "Bretagne": "2 61 91",
    "Pays de la Loire": "2 61 91",
    "Centre-Val de Loire": "2 61 91",
    "Nouvelle-Aquitaine": "5 36 49",
    "Occitanie": "5 36 49",
}
_FRENCH_SOUTH_EAST = "4 65 71"
_GERMAN_RANGES = {
    "Köln": "221 4710",
    "Berlin": "30 23125",
    "Hamburg": "40 66969",
    "Frankfurt am Main": "69 90009",
    "München": "89 99998",
}
_GERMAN_MOBILE = "171 39200"
_BRITISH_RANGES = {
    "Leeds": "113 496 0",
    "Sheffield": "114 496 0",
    "Nottingham": "115 496 0",
    "Leicester": "116 496 0",
    "Bristol": "117 496 0",
    "Reading": "118 496 0",
    "Birmingham": "121 496 0",
    "Edinburgh": "131 496 0",
    "Glasgow": "141 496 0",
    "Liverpool": "151 496 0",
    "Manchester": "161 496 0",
    "Newcastle upon Tyne": "191 498 0",
    "Cardiff": "29 2018 0",
    "Croydon": "20 7946 0",
}
_BRITISH_ANYWHERE = "1632 960"


@dataclass(frozen=True)
class Address:
    street: str
    postal_code: str
    city: str
    region: str


def address(rng: Random, country: str, city: str = "") -> Address:
    """An address in a town of that country, drawn unless `city` names one of TOWNS."""
    town, code, region = rng.choice([one for one in TOWNS[country] if not city or one[0] == city])
    street = rng.choice(STREETS[country]).format(rng.randint(2, 128))
    if country in ("GB", "IE"):
        tail = rng.choice(_POSTCODE_LETTERS) + rng.choice(_POSTCODE_LETTERS)
        code = f"{code} {rng.randint(1, 9)}{tail}" if country == "GB" else f"{code} {tail}{rng.randint(10, 99)}"
    elif country == "NL":
        code = f"{code} {rng.choice(_POSTCODE_LETTERS)}{rng.choice(_POSTCODE_LETTERS)}"
    elif country == "PT":
        code = f"{code}-{rng.randint(100, 899)}"
    return Address(street, code, town, region)


def phone(rng: Random, country: str, city: str, region: str) -> str:
    """A telephone number that can belong to nobody, or nothing where the country keeps no range for fiction."""
    if country == "FR":
        return f"+33 {_FRENCH_RANGES.get(region, _FRENCH_SOUTH_EAST)} {rng.randint(0, 99):02d} {rng.randint(0, 99):02d}"
    if country == "DE":
        start = _GERMAN_RANGES.get(city)
        return f"+49 {start}{rng.randint(0, 999):03d}" if start else f"+49 {_GERMAN_MOBILE}{rng.randint(0, 99):02d}"
    if country == "GB":
        return f"+44 {_BRITISH_RANGES.get(city, _BRITISH_ANYWHERE)}{rng.randint(0, 999):03d}"
    if country == "US":
        return f"+1 {'216' if region == 'Ohio' else '414'} 555 01{rng.randint(0, 99):02d}"
    return ""
