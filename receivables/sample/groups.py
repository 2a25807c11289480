"""Groups of customers: who belongs together, parent company first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GroupPlan:
    """A group and its companies as (country, name, city). The first company is the parent.

    `second_entity`: the members, by place, that also buy from another company of ours.
    """

    name: str
    sector: str
    companies: tuple[tuple[str, str, str], ...]
    second_entity: tuple[tuple[int, str], ...] = ()


def _group(
    name: str, sector: str, *companies: tuple[str, str, str], second_entity: tuple[tuple[int, str], ...] = ()
) -> GroupPlan:
    return GroupPlan(name, sector, companies, second_entity)


GROUPS = (
    _group(
        "Valmère",
        "Distribution",
        ("FR", "Valmère SA", "Lyon"),
        ("FR", "Valmère Logistique SAS", "Villeurbanne"),
        ("DE", "Valmère Deutschland GmbH", "Mannheim"),
        ("GB", "Valmère UK Ltd", "Birmingham"),
        ("ES", "Valmère Ibérica SL", "Barcelona"),
        second_entity=((0, "NDE"), (2, "NFR")),
    ),
    _group(
        "Thermavel",
        "Installation",
        ("FR", "Thermavel Groupe SA", "Nanterre"),
        ("FR", "Thermavel Énergies SAS", "Nantes"),
        ("FR", "Thermavel Maintenance SAS", "Cergy"),
        ("BE", "Thermavel Belgique SRL", "Bruxelles"),
        second_entity=((0, "NDE"),),
    ),
    _group(
        "Ardenval",
        "Construction",
        ("FR", "Ardenval Construction SA", "Reims"),
        ("FR", "Ardenval Bâtiment Nord SAS", "Lille"),
        ("FR", "Ardenval Bâtiment Sud SAS", "Montpellier"),
        ("LU", "Ardenval Luxembourg Sàrl", "Luxembourg"),
    ),
    _group(
        "Corvellis",
        "Agro",
        ("FR", "Corvellis Alimentaire SA", "Rennes"),
        ("FR", "Laiteries Corvellis SAS", "Caen"),
        ("FR", "Corvellis Surgelés SAS", "Brest"),
        ("IT", "Corvellis Italia Srl", "Bologna"),
    ),
    _group(
        "Sauvelac",
        "Construction",
        ("FR", "Sauvelac Participations SAS", "Bordeaux"),
        ("FR", "Sauvelac Travaux SAS", "Limoges"),
    ),
    _group(
        "Montbrisac",
        "Installation",
        ("FR", "Montbrisac Génie Climatique SA", "Massy"),
        ("FR", "Montbrisac Ouest SAS", "Angers"),
        ("FR", "Montbrisac Méditerranée SAS", "Marseille"),
    ),
    _group(
        "Ombrac",
        "Automobile",
        ("FR", "Ombrac Équipements SA", "Clermont-Ferrand"),
        ("DE", "Ombrac Fahrzeugtechnik GmbH", "Stuttgart"),
        ("ES", "Ombrac Automoción SL", "Zaragoza"),
        second_entity=((0, "NDE"), (1, "NFR")),
    ),
    _group("Provelia", "Agro", ("FR", "Provelia Coopérative SA", "Avignon"), ("FR", "Provelia Conserves SAS", "Nîmes")),
    _group(
        "Delmarac",
        "Transport",
        ("FR", "Delmarac Transports SA", "Amiens"),
        ("FR", "Delmarac Entrepôts SAS", "Roubaix"),
        ("NL", "Delmarac Logistics BV", "Venlo"),
        second_entity=((0, "NDE"),),
    ),
    _group(
        "Kervann",
        "Agro",
        ("FR", "Kervann Océan SA", "Brest"),
        ("FR", "Kervann Salaisons SAS", "Rennes"),
        ("GB", "Kervann Seafoods Ltd", "Hull"),
    ),
    _group(
        "Brandelor",
        "Distribution",
        ("FR", "Brandelor Négoce SA", "Dijon"),
        ("FR", "Brandelor Est SAS", "Mulhouse"),
        ("FR", "Brandelor Sud SAS", "Valence"),
    ),
    _group(
        "Hexavent",
        "Installation",
        ("FR", "Hexavent Industries SAS", "Saint-Étienne"),
        ("BE", "Hexavent Benelux SRL", "Liège"),
    ),
    _group(
        "Lavandrel",
        "Maintenance",
        ("FR", "Lavandrel Services SA", "Créteil"),
        ("FR", "Lavandrel Propreté SAS", "Saint-Denis"),
    ),
    _group(
        "Rheinhoven",
        "Distribution",
        ("DE", "Rheinhoven Technik AG", "Düsseldorf"),
        ("DE", "Rheinhoven Großhandel Süd GmbH", "Augsburg"),
        ("NL", "Rheinhoven Nederland BV", "Rotterdam"),
        ("FR", "Rheinhoven France SAS", "Strasbourg"),
        second_entity=((0, "NFR"),),
    ),
    _group(
        "Kronbeck",
        "Automobile",
        ("DE", "Kronbeck Fahrzeugwerke AG", "Stuttgart"),
        ("DE", "Kronbeck Lackiertechnik GmbH", "Nürnberg"),
        ("GB", "Kronbeck UK Ltd", "Leicester"),
        second_entity=((0, "NFR"), (2, "NDE")),
    ),
    _group(
        "Lindrath",
        "Installation",
        ("DE", "Lindrath Gebäudetechnik AG", "Hamburg"),
        ("DE", "Lindrath Service GmbH", "Bremen"),
    ),
    _group(
        "Waldmark",
        "Construction",
        ("DE", "Waldmark Bau AG", "Berlin"),
        ("DE", "Waldmark Hochbau Ost GmbH", "Leipzig"),
        ("CH", "Waldmark Schweiz AG", "Zürich"),
    ),
    _group(
        "Tessendorf",
        "Agro",
        ("DE", "Tessendorf Molkerei eG", "Hannover"),
        ("DE", "Tessendorf Frische GmbH", "Bielefeld"),
    ),
    _group(
        "Bergental",
        "Transport",
        ("DE", "Bergental Spedition AG", "Kassel"),
        ("DE", "Bergental Kühllogistik GmbH", "Frankfurt am Main"),
        ("FR", "Bergental France SARL", "Metz"),
    ),
    _group(
        "Hallamby",
        "Construction",
        ("GB", "Hallamby Group plc", "Sheffield"),
        ("GB", "Hallamby Fit-Out Ltd", "Manchester"),
        ("IE", "Hallamby Ireland Ltd", "Dublin"),
    ),
    _group(
        "Wexmoor",
        "Distribution",
        ("GB", "Wexmoor Trade plc", "Reading"),
        ("GB", "Wexmoor North Ltd", "Newcastle upon Tyne"),
        ("FR", "Wexmoor France SAS", "Rouen"),
        second_entity=((0, "NFR"),),
    ),
    _group(
        "Thornwick",
        "Installation",
        ("GB", "Thornwick Engineering Ltd", "Nottingham"),
        ("GB", "Thornwick Controls Ltd", "Leeds"),
    ),
    _group("Stanmarsh", "Agro", ("GB", "Stanmarsh Foods plc", "Bristol"), ("GB", "Stanmarsh Chilled Ltd", "Cardiff")),
    _group(
        "Montferran",
        "Maintenance",
        ("BE", "Montferran Facility SA", "Charleroi"),
        ("FR", "Montferran France SAS", "Lille"),
        ("NL", "Montferran Nederland BV", "Eindhoven"),
        second_entity=((0, "NDE"),),
    ),
    _group(
        "Brescalia",
        "Automobile",
        ("IT", "Brescalia Componenti SpA", "Brescia"),
        ("DE", "Brescalia Deutschland GmbH", "München"),
    ),
)
