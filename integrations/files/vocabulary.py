"""What the words of a header mean: a label becomes a set of concepts, whatever its language and spelling.

`DueDate`, `due_date`, `Date d'échéance`, `Fälligkeitsdatum` and `Fecha de vencimiento` are all {DUE, DATE}. Labels are
cut at blanks, signs and capitals; what then is no known word is cut into known words (Rechnungsnummer, customerid,
codeclient). Words nobody knows count as UNKNOWN: they make a guess less sure, not impossible. Pure.

The table is general vocabulary: a word of one language stands here because ledgers in that language use it, never
because one program's file does. Technical names of SAP's tables and of the legal French
export (FEC) are the exception: so many files carry them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from core.money import is_currency
from core.text import search_key

_CONCEPTS = """
CUSTOMER   debiteur debiteurs purchaser payor counterparty contrepartie adherent abonne besteller auftraggeber
           geschaeftspartner geschaftspartner rechnungsempfaenger customer customers cust client clients clt cli kunde
           kunden kd debitor debitoren deb debtor debtors buyer acheteur tiers tercero cliente clienti clientes deudor
           debitore partner partenaire abnehmer auxiliaire aux payer party billto soldto
ACCOUNT    account acct acc compte cpt cpte konto cuenta conto comp kontonr
NUMBER     number numero num no nr nummer nro nbr n numeros numbers nummern knr
ID         id identifier identifiant kennung ident identificativo uid guid
CODE       code codes cod codigo codice kode schluessel schlussel
REF        ref reference referenz referencia riferimento refer zeichen
NAME       name names nom nombre denominacion denominazione display
LABEL      libelle lib intitule bezeichnung designation bez label text texte
LEGALNAME  raison ragione razon firmenname
SOCIAL     sociale social
INVOICE    facturation billing invc invoice invoices inv facture factures fact fac rechnung rechnungs rechnungen rechn
           rg factura facturas fattura fatture fatt bill
DOCUMENT   txn transaction record mouvement document documents doc piece pieces pce beleg belege voucher documento
           dokument justificatif vorgang comprobante
DATE       date dates datum fecha data dt dat day jour tag
DUE        echu maturite payable zahlungsfrist faelligk exig due echeance echeances ech faelligkeit faelligkeits
           faellig falligkeit falligkeits fallig vencimiento venc vto scadenza scad maturity netdue exigible
           exigibilite zahlbar faelligam deadline zahlungsziel
SETTLED    reglee encaissee liquidation saldiert geleistet discharged settled settle settlement paid clear cleared
           clearing reglement reglements regl rglt regle lettrage let paye payee paiement paiements payment payments
           encaissement encaisse ausgleich ausgleichs ausgeglichen bezahlt zahlung zahlungs zahl gezahlt pago pagado
           cobro cobrado pagamento pagato incasso saldato solded receipt received closed closing remittance
POSTING    comptabilise enregistrement verbucht verbuchung posting post posted comptabilisation comptable compta
           buchung buchungs gebucht booking booked gl accounting ecriture saisie contable contabilizacion
           registrazione contabile entry ledger erfassung erfassungs
CREATED    basis created create creation baseline base emission emis emise issue issued ausstellung ausstellungs
           erstellung erstellt emisione expedicion
AMOUNT     montante mtant sume gesamt amount amounts amt montant montants mnt mt mtt betrag betraege betr importe
           importo imp total totale ttc brut brutto lordo gross value valeur wert sum somme summe valor valore monto
           rechnungsbetrag
OPEN       reliquat restliche offenstehend open outstanding remaining residual restant restante reste rest du offen
           offener offene offenes solde saldo balance pendiente residuo unpaid impaye impayes unbezahlt ouvert ouverte
VAT        vat tva mwst ust umsatzsteuer mehrwertsteuer iva tax taxe taxes steuer gst
NET        net netto ht hors untaxed excl exkl exclusive imponible imponibile
CURRENCY   currency curr cur ccy devise dev monnaie wahrung waehrung waehr wae divisa moneda valuta
ENTITY     entite entites entidad entita einheit bu creditor creancier mandat entity entities buchungskreis filiale
           filiales subsidiary etablissement etab mandant gesellschaft niederlassung
COMPANY    ste company societe soc business firma empresa sociedad societa azienda unternehmen legal organisation
           organization org unit unite
TERMS      terms term condition conditions cond zahlungsbedingung zahlungsbedingungen bedingung bedingungen
           zahlungskondition kondition konditionen condiciones condizioni modalites modalite
METHOD     method methode mode moyen zahlart zahlungsart zahlweg zahlungsweg metodo modo forma means instrument
SALES      salesperson salesman salesrep sales commercial commerciale representant vertreter verkaeufer verkaufer
           vendedor comercial agente venditore vendeur vendeuse rep vertrieb vertriebler
COLLECTOR  collector recouvrement recouvreur inkasso gestor recuperatore controller
CHARGE     charge gestionnaire responsable sachbearbeiter zustaendig
SECTOR     sector secteur branche branchen industry industrie sektor settore activite activity naf ape nace
REGION     region regione gebiet area territoire zone zona bundesland departement
COUNTRY    country ctry pays land laender landes pais paese nation staat
PRODUCT    product produit produkt producto prodotto article artikel articulo articolo gamme range
KIND       type kind typ art nature tipo category categorie belegart blart documenttype
ORDER      order orders commande commandes cde cmde bestellung bestell auftrag auftrags pedido ordine po purchase
           orden
PROJECT    project projet projekt affaire chantier proyecto progetto dossier
SITE       site plant werk standort usine location agence depot lieu branch sede
DELIVERY   delivery deliver delivered livraison livre bl lieferung liefer lieferschein entrega consegna shipment
           shipping ship expedition versand
DISPUTE    conteste contestee contestes reklamiert bestritten disputed dispute disputes litige litiges litigieux
           contested contestation contestata strittig streit streitfall reklamation reclamacion disputa contestato
           reclamo
INSTALMENT instalment installment instalments teilzahlung rata tranche rate zeile position posten ligne line
SIGN       sign sens signe vorzeichen segno signo dc indicator kennzeichen kz shkz
DEBIT      debit debits debe soll dare
CREDIT     credit credits haber haben avere
NOTE       note memo
BILLER     biller facturier
STREET     street address addresses adresse rue strasse str calle via addr anschrift direccion indirizzo adr
POSTAL     postal postale zip zipcode cp plz cap postcode postleitzahl
CITY       city town ville ort stadt ciudad citta commune localite localidad
EMAIL      email mail emails courriel mel
PHONE      phone tel telephone telefon telefono telefonnummer fon
MOBILE     mobile handy portable mobil mobiltelefon gsm movil cellulare cell
LANGUAGE   language lang langue sprache idioma lingua
SIREN      siren
SIRET      siret
LEI        lei
REGISTER   registration register rcs hrb handelsregister registre immatriculation registro
INTRA      intra intracommunautaire intracom community
GROUP      group groupe gruppe konzern grupo gruppo parent holding
FIRST      first prenom vorname given
LAST       last nachname familienname surname family cognome apellido apellidos
CONTACT    contact interlocuteur ansprechpartner contacto contatto kontakt person personne
ROLE       role fonction funktion cargo ruolo job poste position title
INFLUENCE  influence einfluss
PRIMARY    primary principal haupt main
REASON     reason motif grund motivo cause raisons
COMMENT    comment comments commentaire commentaires remarque bemerkung observation nota notiz kommentar
PROMISE    promise promised promises promesse promesses promis zusage zugesagt zugesagter zugesagte
           zahlungszusage ptp promesa promessa
ALLOCATION allocation allocated applied application imputation affectation matched matching zuordnung verrechnung
           aplicacion aplicado compensazione compensacion abbinamento kompensation
MADE       made given faite
IBAN       iban ibans
NARRATIVE  verwendungszweck communication communications narrative description descriptif concepto causale
START      opened opening ouverture begin start debut beginn eroeffnet apertura
END        fin ende end fine cloture cierre chiusura
DAYS       days jours tage dias giorni delay retard verzug ritardo retraso late overdue aging ageing
YEAR       year annee jahr ano anno exercice geschaeftsjahr fiscal gjahr
QUANTITY   quantity qty quantite menge cantidad quantita unitprice price prix preis precio prezzo
LIMIT      limit limite plafond kreditlimit encours
PERCENT    percent pct pourcent prozent taux
INCL       incl inkl including inclus incluse comprise inklusive
DISCOUNT   discount skonto escompte sconto descuento remise rabatt
REMINDER   reminder reminders relance relances mahnung mahnstufe mahn recordatorio sollecito dunning
EXCHANGE   exchange kurs change cours
LOCAL      local hauswaehrung hauswahrung lokal locale
FOREIGN    foreign fremdwaehrung
"""

# Names of SAP's tables and of the French accounting export, and words that carry two ideas.
_SPECIAL = {
    "kunnr": "CUSTOMER NUMBER", "name1": "CUSTOMER NAME", "belnr": "DOCUMENT NUMBER", "xblnr": "DOCUMENT REF",
    "vbeln": "INVOICE NUMBER", "bldat": "DOCUMENT DATE", "budat": "POSTING DATE", "zfbdt": "CREATED DATE",
    "faedt": "DUE DATE", "netdt": "DUE DATE", "dmbtr": "AMOUNT LOCAL", "wrbtr": "AMOUNT", "waers": "CURRENCY",
    "bukrs": "COMPANY CODE", "shkzg": "SIGN", "zterm": "TERMS", "zlsch": "METHOD", "augdt": "SETTLED DATE",
    "land1": "COUNTRY", "gjahr": "YEAR", "buzei": "INSTALMENT", "hbkid": "UNKNOWN",
    "compauxnum": "CUSTOMER NUMBER", "compauxlib": "CUSTOMER NAME",
    "matricule": "ID", "montantdevise": "AMOUNT FOREIGN CURRENCY", "idevise": "FOREIGN CURRENCY",
    "restedu": "OPEN AMOUNT", "encours": "OPEN AMOUNT", "ttc": "AMOUNT GROSS", "tiers": "CUSTOMER",
    "vendor": "UNKNOWN", "supplier": "UNKNOWN", "fournisseur": "UNKNOWN", "lieferant": "UNKNOWN", "naf": "SECTOR",
    "valutadatum": "CREATED DATE", "restbetrag": "OPEN AMOUNT", "teilbetrag": "AMOUNT", "endbetrag": "AMOUNT GROSS",
    "gesamtbetrag": "AMOUNT GROSS", "bruttobetrag": "AMOUNT GROSS", "nettobetrag": "AMOUNT NET",
    "sollhaben": "DEBIT CREDIT", "wertstellung": "AMOUNT DATE",
    "brutto": "AMOUNT GROSS", "brut": "AMOUNT GROSS", "gross": "AMOUNT GROSS", "total": "AMOUNT GROSS",
    "lordo": "AMOUNT GROSS", "totale": "AMOUNT GROSS", "nom": "NAME", "apellidos": "LAST NAME",
}  # fmt: skip

# Phrases that mean something else than their words do: "à payer" is no payer.
_PHRASES = {
    "DUE": "a payer|pay by|to be paid|zu zahlen|a pagar|da pagare|zahlbar bis|zahlbar am",
    "CUSTOMER": "sold to|bill to|ship to",
}
_PHRASE_PATTERNS = {
    concept: re.compile(
        "|".join(rf"(?<![^\W_]){phrase.replace(' ', '[^a-z0-9]*')}(?![^\W_])" for phrase in phrases.split("|")),
        re.IGNORECASE,
    )
    for concept, phrases in _PHRASES.items()
}

_NOISE_WORDS = """
de du des d la le les l of the der die das dem den und et and y e in en a au aux to for per par pour von vom zum zur im
am is est el los las del di della dello da il lo gli i on mit with
"""
_NOISE = frozenset(_NOISE_WORDS.split())

_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])")
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
# Written on to a word (amounteur): only such as no word ends with by chance.
_CURRENCY_ENDINGS = frozenset(
    {"eur", "usd", "gbp", "chf", "jpy", "cad", "aud", "sek", "nok", "dkk", "pln", "czk", "huf"}
)
# Longer ones are no words, and would take long to cut.
_LONGEST_WORD = 40
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_NUMBER_SIGN = re.compile(r"[nN][°º]|#")
# What joins the parts of a German compound (Rechnung-s-nummer, Kunde-n-konto).
_JOINTS = ("", "s", "n", "en", "es", "e")


@cache
def _meanings() -> dict[str, frozenset[str]]:
    meanings: dict[str, set[str]] = {}
    concept = ""
    for line in _CONCEPTS.strip().split("\n"):
        words = line.split()
        if not line.startswith(" "):
            concept, words = words[0], words[1:]
        for word in words:
            meanings.setdefault(word, set()).add(concept)
    for word, concepts in _SPECIAL.items():
        meanings[word] = set(concepts.split())
    return {word: frozenset(concepts) for word, concepts in meanings.items()}


@lru_cache(maxsize=10_000)
def concepts(label: str) -> frozenset[str]:
    """What a header says. A currency's code or sign in it is `ISO:USD`; UNKNOWN stands for any number of odd words."""
    found: set[str] = set()
    for sign, code in (("€", "EUR"), ("£", "GBP"), ("$", "USD")):
        if sign in label:
            found.add(f"ISO:{code}")
    spaced = _NUMBER_SIGN.sub(" numero ", label)
    for concept, pattern in _PHRASE_PATTERNS.items():
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", spaced).translate(_ACCENTS))
        if pattern.search(plain):
            found.add(concept)
            spaced = pattern.sub(" ", plain)
    if "%" in label:
        found.add("PERCENT")
    whole = search_key(label).replace(" ", "")
    if whole in _SPECIAL or (len(whole) <= 3 and whole in _meanings()):  # D/C
        return frozenset(found | _meanings()[whole])
    words = _BETWEEN_WORDS.split(spaced)
    for word in words:
        meaning = _word(search_key(word).replace(" ", ""), alone=len(words) == 1)
        if meaning == {"UNKNOWN"}:
            parts = search_key(_CAMEL.sub(" ", word)).split()
            meaning = frozenset().union(*(_word(part, alone=False) for part in parts))
        found |= meaning
    return frozenset(found)


def _word(word: str, *, alone: bool) -> frozenset[str]:
    meanings = _meanings()
    if not word:
        return frozenset()
    if word in meanings and not (word in _NOISE and not alone):
        return meanings[word]
    if word in _NOISE:
        return frozenset()
    if word.isdigit():
        return frozenset({"DIGITS"})
    if len(word) == 3 and is_currency(word.upper()):
        return frozenset({f"ISO:{word.upper()}"})
    letters = word.rstrip("0123456789")
    if letters != word and letters in meanings:
        return meanings[letters] | {"DIGITS"}
    if len(word) > _LONGEST_WORD:
        return frozenset({"UNKNOWN"})
    if parts := _split(word):
        return frozenset().union(*(meanings[part] for part in parts))
    if word[-3:] in _CURRENCY_ENDINGS and len(word) > 5:
        return _word(word[:-3], alone=False) | {f"ISO:{word[-3:].upper()}"}
    return frozenset({"UNKNOWN"})


def _split(word: str) -> tuple[str, ...]:
    """The word as known words of three letters or more (two at its ends), with as few parts as possible; else ()."""
    meanings = _meanings()
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            if start not in best:
                continue
            for joint in _JOINTS if start else ("",):
                part = word[start + len(joint) : end]
                if not word.startswith(joint, start) or part not in meanings:
                    continue
                if len(part) < 3 and not (len(part) == 2 and end == len(word)):
                    continue
                candidate = (*best[start], part)
                if end not in best or len(candidate) < len(best[end]):
                    best[end] = candidate
    found = best.get(len(word), ())
    return found if len(found) > 1 else ()
