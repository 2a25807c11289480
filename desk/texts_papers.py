"""What statements of account say around their figures, in the customers' languages (desk.texts has reminders')."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StatementWords:
    """Heads and lines of a statement. `as_of` and `overdue` take a day and an amount."""

    title: str
    as_of: str
    customer: str
    document: str
    kind: str
    document_date: str
    due_date: str
    days_late: str
    currency: str
    amount: str
    open_amount: str
    received: str
    remaining: str
    booked: str
    total: str
    overdue: str
    nothing: str
    pay_to: str
    # By receivables.models.ItemKind.
    kinds: dict[str, str]


STATEMENT_WORDS: dict[str, StatementWords] = {
    "en": StatementWords(
        title="Statement of account",
        as_of="Open items as of {day}",
        customer="Customer number",
        document="Document",
        kind="Kind",
        document_date="Date",
        due_date="Due date",
        days_late="Days late",
        currency="Currency",
        amount="Amount",
        open_amount="Open amount",
        received="Received, not yet booked",
        remaining="Remaining",
        booked="Open in our books",
        total="Balance",
        overdue="of which overdue",
        nothing="No item is open.",
        pay_to="Our bank account: {account}",
        kinds={
            "INVOICE": "Invoice", "CREDIT_NOTE": "Credit note", "DEBIT_NOTE": "Debit note", "PAYMENT": "Payment",
            "OPENING": "Opening balance", "DISCOUNT": "Discount", "WRITE_OFF": "Write-off",
            "EXCHANGE_DIFFERENCE": "Exchange difference",
        },
    ),
    "fr": StatementWords(
        title="Relevé de compte",
        as_of="Pièces ouvertes au {day}",
        customer="Numéro de client",
        document="Pièce",
        kind="Nature",
        document_date="Date",
        due_date="Échéance",
        days_late="Jours de retard",
        currency="Devise",
        amount="Montant",
        open_amount="Reste dû",
        received="Reçu, non encore comptabilisé",
        remaining="Reste à payer",
        booked="Ouvert dans nos livres",
        total="Solde",
        overdue="dont échu",
        nothing="Aucune pièce n’est ouverte.",
        pay_to="Notre compte bancaire\N{NO-BREAK SPACE}: {account}",
        kinds={
            "INVOICE": "Facture", "CREDIT_NOTE": "Avoir", "DEBIT_NOTE": "Note de débit", "PAYMENT": "Règlement",
            "OPENING": "Solde à nouveau", "DISCOUNT": "Escompte", "WRITE_OFF": "Passage en perte",
            "EXCHANGE_DIFFERENCE": "Écart de change",
        },
    ),
    "de": StatementWords(
        title="Kontoauszug",
        as_of="Offene Posten zum {day}",
        customer="Kundennummer",
        document="Beleg",
        kind="Art",
        document_date="Datum",
        due_date="Fällig am",
        days_late="Tage überfällig",
        currency="Währung",
        amount="Betrag",
        open_amount="Offener Betrag",
        received="Eingegangen, noch nicht verbucht",
        remaining="Restbetrag",
        booked="Offen in unseren Büchern",
        total="Saldo",
        overdue="davon überfällig",
        nothing="Es ist kein Posten offen.",
        pay_to="Unsere Bankverbindung: {account}",
        kinds={
            "INVOICE": "Rechnung", "CREDIT_NOTE": "Gutschrift", "DEBIT_NOTE": "Belastungsanzeige", "PAYMENT": "Zahlung",
            "OPENING": "Saldovortrag", "DISCOUNT": "Skonto", "WRITE_OFF": "Ausbuchung",
            "EXCHANGE_DIFFERENCE": "Kursdifferenz",
        },
    ),
}  # fmt: skip
