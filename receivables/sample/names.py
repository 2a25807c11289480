"""Invented parts of company and personal names: none is meant to be a real company.

A company's name is a stem (a family or place that does not exist, or is not known as a company) in a pattern of its
country and sector. Stems are used once each, so that a name, a web domain and a group can be told apart at a glance.
"""

from __future__ import annotations

SECTORS = ("Installation", "Construction", "Distribution", "Agro", "Transport", "Automobile", "Maintenance")

# How often a sector occurs among customers without a group, in the order of SECTORS.
SECTOR_WEIGHTS = (32, 18, 16, 11, 9, 8, 6)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", " ").split())


STEMS: dict[str, tuple[str, ...]] = {
    "FR": _words("""
        Corvalle Brissande Tervault Ombrecourt Malvaize Sauvelin Chantebrac Morvelle Lavergnolle Ardillac Roquebelle
        Villardane Peyrolande Aubrelin Castelmire Desmarval Évrecourt Grandvaize Haubrac Joncheval Lanterac Marsillane
        Noirvallon Puyferrand Quercival Rochemarne Tourvelle Ussandre Vauclerin Vernoudet Beaulmont Champdorin Dervalis
        Fauvergne Issandre Jarvelle Lescarmont Montaval Nervilon Plouvarn Kervadenn Ploumadec Trégastin Bressoulx
        Chavannoz Dombrevaux Étrevelle Gérolmont Maurevert Sermoisel Ancelvy Arbressac Auzelin Barjonnet Belcastrel
        Bissoval Blanquevoie Bourgelac Branceval Brévaine Buxerolle Cabrillane Calverac Cérambois Chalvignan Charmoisel
        Clairmarest Combrelin Cormerieu Courtavelle Cressandre Dampvallon Doulevent Écharmeau Entremarche Escaudry
        Estivelle Fervaise Flaviran Fontarçon Frémondais Galvignac Gerbevelle Gourdelac Grézolane Guérandel Hautrivel
        Houdrecourt Jaussignac Labastel Landrevie Lauzerac Lignemare Loubressan Lurcival Merlavault Mirandoise
        Montfaverne Mornival Nantelle Orgevalle Ouvrelles Parcevaux Pontavel Pradessac Ravignole Ribeaumare Rouvelin
        Salvanès Sorbiérac Taverolles Thurmelin Valdoire Verchamp Vieilmont Virevaux Aspremare Bellegrange Crozelin
    """),
    "DE": _words("""
        Brennwald Hagenrath Eschenbrück Falkenrode Grevenstedt Hollerbach Kaltenried Lauterfeld Nordkamp Rautenfels
        Steinbrinck Tannrode Uhlenried Weidenthal Zellbrunn Althoven Birkenrath Dornhagen Erlenkamp Finkenrode Gerstenau
        Hasselried Immenrath Kirchhoven Lohfeldt Marschkamp Nettelrath Ostrode Pappelried Quellmar Reihersbach Sandkrog
        Thielbrand Ulmenhorst Wiesrath Zimmerath Bucheneck Dünenfeld Haselrath Kranichsee Lerchenfurt Moosbrunn
        Ahrenkamp Trautenried Wolkenrath
    """),
    "GB": _words("""
        Harthwell Brackenshaw Oldmere Calderwick Dunmarsh Ellerthwaite Fenbridge Hexleigh Langthorne Marrowdale
        Netherfold Penderby Quarmore Ravensett Skelthorne Tarnside Ulverleigh Yarrowby Aldermoss Blythwaite Coppershaw
        Dalehurst Eskmere Greythwaite Hollinsett Kirkmoor Lonsbridge Millthorne Overleigh Pennarth Thistlecote Underbeck
        Westerfold Wrayburn Birkstead Carrowmoor Gorsedale Inkersley Larkholme Swinmoor
    """),
    "BE": _words(
        "Lambrecq Vermaele Hautwez Marchenoul Ostervelde Wambreuil Stavelin Ghislenval Roncart Terhaegen Borinval Lessinck"
    ),
    "ES": _words(
        "Valdehierro Peñalbera Riovera Montesalgar Casarrubia Olmedal Torrealba Guadaleja Arroyuelo Sierravil"
    ),
    "IT": _words(
        "Valbrenna Montaldese Castelrovo Fontenera Oltremasso Roveralta Campolungo Sassovivo Brembana Torricella"
    ),
    "NL": _words("Oosterwaard Hogerkamp Zuidbroek Lindewaal Waterhoeve Molenrijk Duinrade Veldersma Noorderhout"),
    "IE": _words("Ballycarrow Kilmorane Dunlarragh Rathsallow"),
    "CH": _words("Jorasval Aaretal Rothenfluh"),
    "LU": _words("Moselbrück Alzerath"),
    "PT": _words("Ribalva Monteferro"),
    "US": ("Harrow Falls", "Lakemont"),
}

# Patterns by country, in the order of SECTORS; "|" separates alternatives. The legal form is part of the name.
_PATTERNS: dict[str, tuple[str, ...]] = {
    "FR": (
        "{} Génie Climatique SAS|Établissements {} SARL|{} Énergies SAS|Climatique {} SARL|{} et Fils SARL|{} Ventilation SAS",
        "{} Bâtiment SAS|{} Construction SA|Entreprise {} SAS|{} Frères SARL",
        "Comptoir {} SAS|{} Distribution SAS|{} Négoce SARL|{} Équipements SAS",
        "Laiterie {} SAS|Minoterie {} SAS|Conserverie {} SA|Les Vergers {} SARL",
        "Transports {} SAS|{} Logistique SAS",
        "{} Carrosserie SARL|{} Industrie Automobile SAS",
        "{} Maintenance SAS|{} Services SARL",
    ),
    "DE": (
        "{} Klimatechnik GmbH|{} Lüftungsbau GmbH & Co. KG|Haustechnik {} GmbH|{} Gebäudetechnik GmbH",
        "{} Hochbau AG|{} Bauunternehmung GmbH|{} & Söhne KG",
        "{} Großhandel GmbH|{} Technischer Handel GmbH & Co. KG",
        "Molkerei {} eG|{} Lebensmittel GmbH|Brauerei {} KG",
        "Spedition {} GmbH|{} Logistik GmbH",
        "{} Fahrzeugtechnik GmbH|{} Karosseriebau GmbH",
        "{} Anlagenservice GmbH",
    ),
    "GB": (
        "{} Mechanical Services Ltd|{} Ventilation Ltd|{} Building Services Ltd|{} & Sons Ltd",
        "{} Construction plc|{} Builders Ltd",
        "{} Trade Supplies Ltd|{} Merchants Ltd",
        "{} Dairies Ltd|{} Foods Ltd|{} Bakeries Ltd",
        "{} Haulage Ltd|{} Logistics Ltd",
        "{} Motor Components Ltd|{} Coachworks Ltd",
        "{} Facilities Ltd",
    ),
    "BE": (
        "Ateliers {} SRL|{} Climatisation SA",
        "{} Construct SRL",
        "Comptoir {} SA",
        "Brasserie {} SA",
        "Transports {} SRL",
        "{} Automotive SRL",
        "{} Services SRL",
    ),
    "ES": (
        "Climatización {} SL",
        "Construcciones {} SA",
        "Suministros {} SL",
        "Conservas {} SA",
        "Transportes {} SL",
        "Talleres {} SL",
        "Mantenimientos {} SL",
    ),
    "IT": (
        "Impianti {} Srl",
        "Costruzioni {} SpA",
        "Forniture {} Srl",
        "Alimentari {} Srl",
        "Trasporti {} Srl",
        "Officine {} Srl",
        "Manutenzioni {} Srl",
    ),
    "NL": (
        "{} Klimaattechniek BV|{} Installaties BV",
        "Bouwbedrijf {} BV",
        "{} Groothandel BV",
        "Zuivel {} BV",
        "{} Transport BV",
        "{} Voertuigtechniek BV",
        "{} Onderhoud BV",
    ),
    "IE": (
        "{} Mechanical Ltd",
        "{} Construction Ltd",
        "{} Building Supplies Ltd",
        "{} Creameries Ltd",
        "{} Haulage Ltd",
        "{} Motors Ltd",
        "{} Facilities Ltd",
    ),
    "CH": (
        "{} Lüftung AG",
        "{} Bau AG",
        "{} Handel AG",
        "Käserei {} AG",
        "{} Transport AG",
        "{} Technik AG",
        "{} Service AG",
    ),
    "LU": ("{} Technique Sàrl",) * 7,
    "PT": ("Instalações {} Lda",) * 7,
    "US": ("{} Air Systems Inc.",) * 7,
}


def company_names(*, country: str, sector: str, stem: str) -> tuple[str, ...]:
    """The names a company of that country and sector may bear."""
    return tuple(pattern.format(stem) for pattern in _PATTERNS[country][SECTORS.index(sector)].split("|"))


FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "FR": _words("""
        Camille Nathalie Sophie Isabelle Élodie Laurence Céline Hélène Aurélie Martine Sandrine Émilie Philippe Julien
        Laurent Thierry Nicolas Olivier Bruno Sébastien Mathieu Christophe Guillaume Vincent
    """),
    "DE": _words("""
        Anna Katrin Sabine Julia Petra Monika Susanne Heike Claudia Birgit Thomas Andreas Stefan Michael Jürgen Markus
        Matthias Tobias Florian Uwe
    """),
    "GB": _words("""
        Emma Rachel Helen Karen Victoria Joanne Claire Hannah Gillian Susan James Andrew Mark Stephen Simon Graham Peter
        Martin Alan Oliver
    """),
    "ES": _words("María Carmen Lucía Elena Javier Antonio Miguel Álvaro"),
    "IT": _words("Giulia Francesca Chiara Elisa Marco Luca Paolo Stefano"),
    "NL": _words("Sanne Marieke Anouk Ingrid Jeroen Pieter Bas Maarten"),
}

LAST_NAMES: dict[str, tuple[str, ...]] = {
    "FR": _words("""
        Lefèvre Moreau Girard Fontaine Chevalier Roussel Perrin Marchand Dumas Brunet Gaillard Renaud Picard Colin Vidal
        Caron Aubert Lemoine Bertin Philippe Guérin Carpentier Meunier Delmas Lacroix Besson Charpentier Poulain Masson
        Barbier Texier Hamel
    """),
    "DE": _words("""
        Schneider Fischer Wagner Becker Hoffmann Schäfer Koch Richter Klein Wolf Neumann Schwarz Zimmermann Braun Hartmann
        Lange Krause Lehmann Köhler Maier Vogel Keller Günther Winkler
    """),
    "GB": _words("""
        Taylor Walker Wright Robinson Thompson Hughes Edwards Green Hall Clarke Jackson Turner Cooper Ward Morris Baker
        Harrison Parker Bennett Shaw Fletcher Barker Holmes Marsh
    """),
    "ES": _words("García Fernández López Navarro Serrano Molina Ortega Castro"),
    "IT": _words("Rossi Ferrari Colombo Ricci Marino Greco Conti Gallo"),
    "NL": _words("Jansen Visser Bakker Mulder Bos Dekker Brouwer Kuipers"),
}

# Which list of personal names a country uses.
NAMES_OF = {
    "FR": "FR",
    "BE": "FR",
    "LU": "FR",
    "DE": "DE",
    "CH": "DE",
    "GB": "GB",
    "IE": "GB",
    "US": "GB",
    "ES": "ES",
    "PT": "ES",
    "IT": "IT",
    "NL": "NL",
}

# The language in which Nordis writes to a country; English where the group has no staff who speak the local one.
LANGUAGE_OF = {"FR": "fr", "BE": "fr", "LU": "fr", "DE": "de", "CH": "de"}
