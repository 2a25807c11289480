"""What the words of a header mean, in the languages and abbreviations of ledgers."""

import pytest

from integrations.files import FIELDS
from integrations.files.fields import SIGN_COLUMNS
from integrations.files.headers import _rules, currency_in_label, header_score
from integrations.files.vocabulary import _meanings, concepts

ITEM_HEADERS = {
    "customer_ref": "Customer No|Customer ID|cust_number|CustomerNumber|customerid|Client code|Code client|N° client|codeclient"
    "|Numéro de compte client|Kunde|Kundennummer|Kunden-Nr.|Debitor|Debitorennummer|Código cliente|Codice cliente|KUNNR"
    "|Compte tiers|CompAuxNum|Sold-to party|Account number|ID Client|Débiteur|Auftraggeber",
    "customer_name": "Customer name|name_customer|Nom du client|Raison sociale|Kundenname|Name des Kunden|Ragione sociale"
    "|Razón social|Intitulé du compte|CompAuxLib|NAME1",
    "entity_code": "Company code|business_code|Code société|Buchungskreis|BUKRS|Entity|Filiale|Legal entity",
    "number": "Invoice number|invoiceNumber|Invoice no.|Inv #|doc_id|Document number|N° facture|Numéro de facture|numfacture"
    "|N° de pièce|PieceRef|Rechnungsnummer|Rechnungs-Nr|Belegnummer|Nº factura|Numero fattura|BELNR|Facture",
    "document_date": "Invoice date|InvoiceDate|inv_dt|Date de facture|Date facture|datefacture|Date pièce|Rechnungsdatum"
    "|Belegdatum|Fecha factura|Data fattura|BLDAT|baseline_create_date|Date|Issue date|Date d'émission",
    "posting_date": "Posting date|posting_date|Date comptable|Date de comptabilisation|EcritureDate|Buchungsdatum|BUDAT|GL date",
    "due_date": "Due date|DueDate|due_in_date|duedate|Date d'échéance|Échéance|Date échéance|Fälligkeit|Fälligkeitsdatum"
    "|Nettofälligkeit|Fecha de vencimiento|Vencimiento|Data scadenza|Scadenza|Maturity date|Payment due date|NETDT",
    "amount": "Amount|InvoiceAmount|Invoice amount|Total|Montant|Montant TTC|Montant (EUR)|Betrag|Rechnungsbetrag|Bruttobetrag"
    "|Importe|Importo|Gross amount|Amount incl. VAT|WRBTR",
    "open_amount": "Open amount|Outstanding|Outstanding amount|Balance due|Amount due|Remaining amount|Solde|Reste dû"
    "|Restant dû|Solde restant dû|Offener Betrag|Restbetrag|Saldo|Importe pendiente",
    "vat_amount": "VAT amount|VAT|Montant TVA|TVA|MwSt|MwSt-Betrag|Umsatzsteuer|IVA|Tax amount",
    "currency": "Currency|Curr.|CCY|Devise|Code devise|Währung|Divisa|Valuta|WAERS|Monnaie",
    "settled_date": "Settled date|SettledDate|Payment date|Paid on|clear_date|Clearing date|Date de règlement|Date de paiement"
    "|Date règlement|Date lettrage|DateLet|Ausgleichsdatum|Zahlungsdatum|Fecha de pago|Data pagamento|AUGDT|Date paid",
    "terms_code": "Payment terms|cust_payment_terms|Terms|Conditions de règlement|Zahlungsbedingung|ZTERM|Condiciones de pago",
    "payment_method": "Payment method|Mode de règlement|Moyen de paiement|Zahlungsart|Zahlweg|Forma de pago",
    "kind": "Document type|Type|Type de pièce|Belegart|Invoice type|BLART",
    "sign": "Sens|D/C|Debit/Credit|Soll/Haben|Debit credit indicator|SHKZG|Soll-Haben-Kennzeichen",
    "debit": "Debit|Débit|Soll|Debe|Debit amount",
    "credit": "Credit|Crédit|Haben|Haber|Credit amount",
    "order_ref": "Order number|PO number|N° commande|Bestellnummer|Auftragsnummer|Purchase order",
    "country": "Country|Country code|Pays|Land|País|countrycode",
    "disputed": "Disputed|Litige|En litige|Strittig|In dispute",
    "salesperson": "Salesperson|Sales rep|Commercial|Vertreter|Vendedor|Représentant",
    "instalment": "Instalment|Instalment no|N° échéance|Rate",
    "delivery_date": "Delivery date|Date de livraison|Lieferdatum",
    "project_ref": "Project|Affaire|Projekt|N° chantier",
}
CASES = [(field, label) for field, labels in ITEM_HEADERS.items() for label in labels.split("|")]


@pytest.mark.parametrize(("field", "label"), CASES)
def test_a_header_names_its_field_more_than_any_other(field, label):
    scores = {name: header_score("items", name, label) for name in _rules("items")}
    best = max(scores.values())
    assert scores[field] == best >= 0.5, sorted(scores.items(), key=lambda one: -one[1])[:4]


OTHER_HEADERS = {
    (
        "allocations",
        "on",
    ): "Allocation date|Applied on|Allocated on|Matching date|Application date|Value date|Cleared on"
    "|Payment date|clear_date|Date lettrage|DateLet|Date d'imputation|Date de valeur|Date règlement|Ausgleichsdatum"
    "|Verrechnungsdatum|Valutadatum|Wertstellung|Wertstellungsdatum|Buchungsdatum|AUGDT|Fecha valor"
    "|Fecha de aplicación|Data valuta|Data compensazione",
    ("orders", "number"): "Order number|Order no|PO number|Sales order|SO number|Number|No.|Document number|N° commande"
    "|Numéro de commande|Commande|Bestellnummer|Auftragsnummer|Auftrag|Nr.|Nº pedido|Ordine",
    ("promises", "numbers"): "Invoice numbers|Invoices|Document numbers|Numbers|Factures|N° factures|Numéros|Rechnungen"
    "|Rechnungsnummern|Belege|Facturas|Fatture",
}


@pytest.mark.parametrize(
    ("kind", "field", "label"),
    [(kind, field, label) for (kind, field), labels in OTHER_HEADERS.items() for label in labels.split("|")],
)
def test_a_header_of_another_kind_names_its_field(kind, field, label):
    # A header of days may say no more than that something was applied: that its cells are no amounts decides then.
    numbers = {"amount", "open_amount"} if field == "on" else set()
    rivals = {one.name for one in FIELDS[kind]} - numbers
    scores = {name: header_score(kind, name, label) for name in rivals}
    assert scores[field] == max(scores.values()) >= 0.5, sorted(scores.items(), key=lambda one: -one[1])[:3]


@pytest.mark.parametrize(
    "label",
    ["Comment", "Created by", "Days late", "DaysToSettle", "Jours de retard", "buisness_year", "Exercice", "Quantity",
     "Unit price", "Credit limit", "Supplier", "Fournisseur", "Discount amount", "PaperlessBill", "(1)", "Mahnstufe"],
)  # fmt: skip
def test_a_header_that_names_no_field_is_not_sure_of_any(label):
    certain = {name: header_score("items", name, label) for name in _rules("items")}
    certain.pop("number" if label == "PaperlessBill" else "", None)  # a bill may be one: its cells decide
    assert all(score < 0.6 for score in certain.values()), certain


def test_every_field_of_every_kind_can_be_named():
    for kind, fields in FIELDS.items():
        unknown = {field.name for field in fields} - set(_rules(kind))
        assert not unknown, (kind, unknown)


def test_rules_speak_only_of_fields_and_concepts_that_exist():
    known = {concept for concepts_of in _meanings().values() for concept in concepts_of} | {"DIGITS", "UNKNOWN"}
    fields = {field.name for fields in FIELDS.values() for field in fields} | set(SIGN_COLUMNS)
    for kind in FIELDS:
        for name, rule in _rules(kind).items():
            assert name in fields
            used = rule.blocked | rule.neutral | {concept for pattern, _sure in rule.patterns for concept in pattern}
            assert used <= known, (kind, name, used - known)


@pytest.mark.parametrize(
    ("label", "code"),
    [("Amount (EUR)", "EUR"), ("converted_usd", "USD"), ("Montant €", "EUR"), ("Amount", ""), ("EUR to USD", "")],
)
def test_a_currency_in_a_header(label, code):
    assert currency_in_label(label) == code


def test_compounds_are_cut_into_known_words():
    assert concepts("Rechnungsnummer") == {"INVOICE", "NUMBER"}
    assert concepts("kundenkontonummer") == {"CUSTOMER", "ACCOUNT", "NUMBER"}
    assert concepts("zorkblork") == {"UNKNOWN"}
