"""What the annex on interest and charges says around its figures, in the customers' languages (desk.texts_papers: statements)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AnnexWords:
    """Heads and lines of the annex. `as_of` takes name, ref and day, `due` a day.

    `interest_laws`, `charge_laws`: what the claim rests on, by the creditor's law (collection.rules.law.PACKS), "" for
    the laws that are not named: those follow the directive, and `{source}` names their own text. `sources`: who publishes
    a series of rates (collection.rules.law.Series), where the rate is one that is shipped.
    """

    title: str
    as_of: str
    due: str
    first: str
    last: str
    days: str
    unpaid: str
    percent: str
    interest: str
    published_by: str
    agreed: str
    stale: str
    floor: str
    item_total: str
    charges: str
    document: str
    source: str
    amount: str
    total: str
    formula: str
    interest_laws: dict[str, str]
    charge_laws: dict[str, str]
    sources: dict[str, str]


ANNEX_WORDS: dict[str, AnnexWords] = {
    "en": AnnexWords(
        title="Annex: interest and charges for late payment",
        as_of="{name} ({ref}), as of {day}",
        due="due {day}",
        first="From",
        last="Until",
        days="Days",
        unpaid="Unpaid",
        percent="Percent a year",
        interest="Interest",
        published_by="Rate published by",
        agreed="as agreed",
        stale="no newer rate is known",
        floor="legal minimum",
        item_total="Interest on this item",
        charges="Fixed recovery charge, once for each document paid late",
        document="Document",
        source="Legal basis",
        amount="Amount",
        total="Total",
        formula=(
            "Simple interest: unpaid amount × percent × days / 365, from the day after the due date to the day of payment,"
            " each line rounded to the cent. Statutory rate: the reference rate of the half-year plus the points of the law."
        ),
        interest_laws={
            "FR": "French Commercial Code, art. L441-10 II: ECB refinancing rate plus 10 percentage points",
            "DE": "German Civil Code (BGB), § 288 (2): base rate under § 247 BGB plus 9 percentage points",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, s. 6: Bank of England rate plus 8 percentage points",
            "CH": "Swiss Code of Obligations, art. 104: 5 % a year",
            "": "Directive 2011/7/EU: ECB refinancing rate plus 8 percentage points ({source})",
        },
        charge_laws={
            "FR": "French Commercial Code, art. D441-5",
            "DE": "German Civil Code (BGB), § 288 (5)",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, s. 5A",
            "": "Directive 2011/7/EU, art. 6 ({source})",
        },
        sources={
            "ECB_REFINANCING": "European Central Bank, main refinancing operations",
            "FR_LEGAL": "French legal interest rate, professional creditors, published half-yearly",
            "DE_BASE": "Deutsche Bundesbank, base rate under § 247 BGB",
            "GB_BANK_RATE": "Bank of England, official bank rate on 31 December and 30 June",
            "CH_FIXED": "Swiss Code of Obligations, art. 104",
        },
    ),
    "fr": AnnexWords(
        title="Annexe\N{NO-BREAK SPACE}: pénalités de retard et indemnités forfaitaires",
        as_of="{name} ({ref}), situation au {day}",
        due="échéance {day}",
        first="Du",
        last="Au",
        days="Jours",
        unpaid="Reste dû",
        percent="Taux annuel (%)",
        interest="Pénalités",
        published_by="Taux publié par",
        agreed="taux convenu",
        stale="aucun taux plus récent n’est connu",
        floor="minimum légal",
        item_total="Pénalités sur cette pièce",
        charges="Indemnité forfaitaire pour frais de recouvrement, une fois par pièce réglée en retard",
        document="Pièce",
        source="Fondement",
        amount="Montant",
        total="Total",
        formula=(
            "Intérêts simples\N{NO-BREAK SPACE}: montant TTC restant dû × taux × jours de retard / 365, du lendemain de l’échéance au jour du"
            " règlement, chaque ligne étant arrondie au centime. Taux légal\N{NO-BREAK SPACE}: taux de référence du semestre majoré des points"
            " prévus par la loi."
        ),
        interest_laws={
            "FR": "Article L441-10, II du code de commerce\N{NO-BREAK SPACE}: taux de refinancement de la BCE majoré de 10 points",
            "DE": "§ 288, al. 2 du code civil allemand (BGB)\N{NO-BREAK SPACE}: taux de base (§ 247 BGB) majoré de 9 points",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, art. 6\N{NO-BREAK SPACE}: taux de la Banque d’Angleterre majoré de 8 points",
            "CH": "Article 104 du code des obligations suisse\N{NO-BREAK SPACE}: 5\N{NO-BREAK SPACE}% l’an",
            "": "Directive 2011/7/UE\N{NO-BREAK SPACE}: taux de refinancement de la BCE majoré de 8 points ({source})",
        },
        charge_laws={
            "FR": "Article D441-5 du code de commerce",
            "DE": "§ 288, al. 5 du code civil allemand (BGB)",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, art. 5A",
            "": "Directive 2011/7/UE, art. 6 ({source})",
        },
        sources={
            "ECB_REFINANCING": "Banque centrale européenne, opérations principales de refinancement",
            "FR_LEGAL": "Arrêtés semestriels, taux de l’intérêt légal, créanciers professionnels",
            "DE_BASE": "Deutsche Bundesbank, taux de base (§ 247 BGB)",
            "GB_BANK_RATE": "Banque d’Angleterre, taux directeur aux 31 décembre et 30 juin",
            "CH_FIXED": "Code des obligations suisse, art. 104",
        },
    ),
    "de": AnnexWords(
        title="Anlage: Berechnung der Verzugszinsen und Verzugspauschalen",
        as_of="{name} ({ref}), Stand {day}",
        due="fällig am {day}",
        first="Vom",
        last="Bis",
        days="Tage",
        unpaid="Offener Betrag",
        percent="Zinssatz p. a. (%)",
        interest="Zinsen",
        published_by="Zinssatz veröffentlicht von",
        agreed="vereinbarter Zinssatz",
        stale="ein neuerer Zinssatz ist nicht bekannt",
        floor="gesetzlicher Mindestzinssatz",
        item_total="Verzugszinsen auf diesen Posten",
        charges="Verzugspauschale, einmal je verspätet bezahltem Beleg",
        document="Beleg",
        source="Rechtsgrundlage",
        amount="Betrag",
        total="Summe",
        formula=(
            "Einfache Zinsen: offener Bruttobetrag × Zinssatz × Tage / 365, vom Tag nach der Fälligkeit bis einschließlich zum"
            " Tag der Zahlung, jede Zeile auf den Cent gerundet. Gesetzlicher Zinssatz: Referenzzinssatz des Halbjahres"
            " zuzüglich der gesetzlichen Prozentpunkte."
        ),
        interest_laws={
            "FR": "Art. L441-10 II des französischen Handelsgesetzbuchs (Code de commerce): Refinanzierungssatz der EZB zuzüglich 10 Prozentpunkte",
            "DE": "§ 288 Abs. 2 BGB: Basiszinssatz nach § 247 BGB zuzüglich 9 Prozentpunkte",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, s. 6: Leitzins der Bank of England zuzüglich 8 Prozentpunkte",
            "CH": "Art. 104 des Schweizerischen Obligationenrechts: 5 % pro Jahr",
            "": "Richtlinie 2011/7/EU: Refinanzierungssatz der EZB zuzüglich 8 Prozentpunkte ({source})",
        },
        charge_laws={
            "FR": "Art. D441-5 des französischen Handelsgesetzbuchs (Code de commerce)",
            "DE": "§ 288 Abs. 5 BGB",
            "GB": "Late Payment of Commercial Debts (Interest) Act 1998, s. 5A",
            "": "Richtlinie 2011/7/EU, Art. 6 ({source})",
        },
        sources={
            "ECB_REFINANCING": "Europäische Zentralbank, Hauptrefinanzierungsgeschäfte",
            "FR_LEGAL": "Gesetzlicher Zinssatz in Frankreich (gewerbliche Gläubiger), halbjährlich veröffentlicht",
            "DE_BASE": "Deutsche Bundesbank, Basiszinssatz nach § 247 BGB",
            "GB_BANK_RATE": "Bank of England, Leitzins am 31. Dezember und 30. Juni",
            "CH_FIXED": "Schweizerisches Obligationenrecht, Art. 104",
        },
    ),
}  # fmt: skip
