"""What the collectors of the three companies noted on a dispute, by reason and in their language."""

from __future__ import annotations

COMMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "PRICE": {
        "fr": (
            "Prix facturé supérieur au devis, remise de 8 % non appliquée.",
            "L'acheteur réclame le tarif de l'an passé.",
            "Remise de fin de chantier oubliée sur la facture.",
            "Frais de port facturés alors que la commande est franco.",
            "Prix du filtre F7 contesté, le commercial vérifie l'accord.",
        ),
        "de": (
            "Preis weicht vom Angebot ab, Rahmenvertrag prüfen.",
            "Vereinbarter Rabatt fehlt auf der Rechnung.",
            "Frachtkosten berechnet, Lieferung war frei Haus.",
            "Kunde verlangt Vorjahrespreise.",
        ),
        "en": (
            "Price differs from quotation; framework discount missing.",
            "Customer claims last year's price list.",
            "Carriage charged although the order was delivered free.",
            "Volume discount not applied.",
        ),
    },
    "QUANTITY": {
        "fr": (
            "Deux palettes manquantes à la livraison, bon de livraison annoté.",
            "Quantité facturée supérieure à la commande.",
            "Reliquat facturé avant livraison.",
            "Le chantier a retourné trois caissons non repris dans l'avoir.",
        ),
        "de": (
            "Fehlmenge laut Lieferschein, Lager prüft.",
            "Mehr berechnet als bestellt.",
            "Teillieferung, Rest noch nicht eingetroffen.",
        ),
        "en": (
            "Short delivery noted on the delivery slip.",
            "Invoiced quantity exceeds the order.",
            "Back order invoiced before it was delivered.",
        ),
    },
    "DAMAGED": {
        "fr": (
            "Gaines endommagées au transport, photos reçues.",
            "Caisson rayé, le client demande un avoir partiel.",
            "Moteur défectueux à la mise en service, expertise en cours.",
        ),
        "de": (
            "Transportschaden, Fotos liegen vor.",
            "Gehäuse verbeult, Kunde verlangt Gutschrift.",
            "Ventilator defekt bei Inbetriebnahme.",
        ),
        "en": (
            "Ducting damaged in transit, photos received.",
            "Two units dented; customer asks for a credit.",
            "Fan failed on commissioning; engineer to report.",
        ),
    },
    "MISSING_PO": {
        "fr": (
            "Numéro de commande absent, la comptabilité du client bloque la facture.",
            "Commande passée par téléphone, le client attend la régularisation de l'acheteur.",
            "Facture à redéposer sur le portail du client avec le bon de commande.",
        ),
        "de": (
            "Bestellnummer fehlt, Rechnung beim Kunden nicht erfassbar.",
            "Telefonische Bestellung, Einkauf muss nachtragen.",
        ),
        "en": (
            "No purchase order number; held by the customer's accounts payable.",
            "Ordered by telephone; buyer to raise a purchase order.",
        ),
    },
    "NOT_RECEIVED": {
        "fr": (
            "Le client n'a pas reçu la marchandise ; preuve de livraison demandée au transporteur.",
            "Livré à l'ancien dépôt du client, en cours de récupération.",
            "Bon de livraison non signé, recherche en cours.",
        ),
        "de": (
            "Ware laut Kunde nicht eingetroffen, Ablieferbeleg angefordert.",
            "An falsche Baustelle geliefert.",
        ),
        "en": (
            "Customer says the goods never arrived; proof of delivery requested.",
            "Delivered to the wrong site.",
        ),
    },
}
