"""The texts that every organisation starts with, by template code and language. Edited ones are rows (desk.Template).

They are texts for customers, in the customers' languages, so they are not part of the interface's catalogues.
"""

from dataclasses import dataclass

from desk.texts_notices import NOTICE_TEXTS


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


LANGUAGES = ("en", "fr", "de")


@dataclass(frozen=True)
class Words:
    """What stands around the texts, in the customer's language: the heads of the table of items, and the like."""

    document: str
    document_date: str
    due_date: str
    days_late: str
    open_amount: str
    total: str
    # In place of the bank details of an entity whose IBAN is not known.
    usual_account: str
    # The date of a letter, after its place.
    letter_date: str
    # Above the address of a registered letter.
    registered: str
    # Below the total: what is in credit, and what is left to pay where that is deducted.
    credits: str
    to_pay: str


WORDS: dict[str, Words] = {
    "en": Words(
        document="Document",
        document_date="Date",
        due_date="Due date",
        days_late="Days late",
        open_amount="Open amount",
        total="Total",
        usual_account="the account stated on our invoices",
        letter_date="{day}",
        registered="Registered letter with acknowledgement of receipt",
        credits="In your favour, not yet set against an item",
        to_pay="To pay",
    ),
    "fr": Words(
        document="Pièce",
        document_date="Date",
        due_date="Échéance",
        days_late="Jours de retard",
        open_amount="Reste dû",
        total="Total",
        usual_account="indiqué sur nos factures",
        letter_date="le {day}",
        registered="Lettre recommandée avec avis de réception",
        credits="En votre faveur, pas encore imputé",
        to_pay="À régler",
    ),
    "de": Words(
        document="Beleg",
        document_date="Datum",
        due_date="Fällig am",
        days_late="Tage überfällig",
        open_amount="Offener Betrag",
        total="Summe",
        usual_account="gemäß unseren Rechnungen",
        letter_date="den {day}",
        registered="Einschreiben mit Rückschein",
        credits="Zu Ihren Gunsten, noch nicht verrechnet",
        to_pay="Zu zahlen",
    ),
}

DEFAULT_TEXTS: dict[tuple[str, str], Text] = {
    ("before_due", "en"): Text(
        "{{ entity_name }}: invoices due soon, {{ total }}",
        """Dear {{ contact_name }},

To help you plan: the following invoices fall due in the coming days.

{{ items }}

If anything about them is unclear, or an invoice has not reached you, please tell us now; we will settle it at once.

Our bank account: {{ bank_details }}

Thank you for your business.

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_1", "en"): Text(
        "{{ entity_name }}: overdue invoices, {{ total }}",
        """Dear {{ contact_name }},

According to our books, the following invoices have passed their due date. Perhaps they were overlooked, or your payment \
has crossed this message; in that case please disregard it.

{{ items }}

Please transfer {{ total }} to {{ bank_details }}, or tell us when we may expect the payment \
and whether anything stands in its way.

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "en"): Text(
        "{{ entity_name }}: second reminder, {{ total }} overdue",
        """Dear {{ contact_name }},

Despite our first reminder, we have not received the payment of the following invoices; the oldest has been due since \
{{ oldest_due_date }}.

{{ items }}

Please transfer {{ total }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within the next few days{{ end }} to {{ bank_details }}. If there is a \
difficulty, call us: we would rather find a solution with you.

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "en"): Text(
        "{{ entity_name }}: last reminder before formal notice, {{ total }}",
        """Dear {{ contact_name }},

Our reminders have remained unanswered. The following invoices are still open, the oldest \
{{ oldest_days_late }} days after its due date.

{{ items }}

Please transfer {{ total }} to {{ bank_details }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within eight days{{ end }}. Otherwise we shall have \
to send a formal notice and to review the terms on which we deliver.

Yours sincerely,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "en"): Text(
        "Formal notice: {{ total }} overdue",
        """Dear Sir or Madam,

In spite of several reminders, the following invoices, which are due and payable, have not been paid.

{{ items }}

We hereby give you formal notice to pay {{ total }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within eight days of receipt of this letter{{ end }} to \
{{ bank_details }}.

Failing payment within this period we shall take the matter further without notice, at your expense. Late-payment \
interest and fixed recovery costs are reserved.

Yours faithfully,

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("before_due", "fr"): Text(
        "{{ entity_name }} : factures à échéance prochaine, {{ total }}",
        """Bonjour {{ contact_name }},

Pour faciliter votre organisation, voici les factures qui arrivent à échéance dans les prochains jours.

{{ items }}

Si l’une d’elles ne vous est pas parvenue ou appelle une remarque de votre part, merci de nous le signaler dès \
maintenant : nous ferons aussitôt le nécessaire.

Notre compte bancaire : {{ bank_details }}

Nous vous remercions de votre confiance.

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_1", "fr"): Text(
        "{{ entity_name }} : factures échues, {{ total }}",
        """Bonjour {{ contact_name }},

Sauf erreur de notre part, les factures suivantes sont arrivées à échéance et restent dues. Si votre règlement a croisé \
ce message, merci de ne pas en tenir compte.

{{ items }}

Nous vous remercions de virer {{ total }} sur le compte {{ bank_details }}, ou de nous \
indiquer la date de votre règlement et, le cas échéant, ce qui le retarde.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "fr"): Text(
        "{{ entity_name }} : deuxième relance, {{ total }} échus",
        """Bonjour {{ contact_name }},

Malgré notre première relance, nous n’avons pas reçu le règlement des factures suivantes, dont la plus ancienne est \
échue depuis le {{ oldest_due_date }}.

{{ items }}

Merci de virer {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}dans les prochains jours{{ end }} sur le compte {{ bank_details }}. En cas \
de difficulté, appelez-nous : nous préférons chercher une solution avec vous.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "fr"): Text(
        "{{ entity_name }} : dernière relance avant mise en demeure, {{ total }}",
        """Bonjour {{ contact_name }},

Nos relances sont restées sans réponse. Les factures suivantes demeurent impayées ; la plus ancienne est en retard \
de {{ oldest_days_late }} jours.

{{ items }}

Merci de virer {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}sous huit jours{{ end }} sur le compte {{ bank_details }}. À défaut, nous \
serons contraints de vous adresser une mise en demeure et de revoir nos conditions de livraison.

Cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "fr"): Text(
        "Mise en demeure : {{ total }} échus",
        """Madame, Monsieur,

Malgré plusieurs relances, les factures suivantes, certaines, liquides et exigibles, demeurent impayées.

{{ items }}

Par la présente, nous vous mettons en demeure de nous régler la somme de {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}dans un délai de huit jours à \
compter de la réception de ce courrier{{ end }}, par virement sur le compte {{ bank_details }}.

À défaut de règlement dans ce délai, nous engagerons sans autre avis toute procédure utile au recouvrement de notre \
créance, à vos frais. Les pénalités de retard et l’indemnité forfaitaire pour frais de recouvrement (articles L441-10 \
et D441-5 du code de commerce) demeurent réservées.

Veuillez agréer, Madame, Monsieur, l’expression de nos salutations distinguées.

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("before_due", "de"): Text(
        "{{ entity_name }}: demnächst fällige Rechnungen, {{ total }}",
        """Guten Tag {{ contact_name }},

zu Ihrer Planung: Die folgenden Rechnungen werden in den nächsten Tagen fällig.

{{ items }}

Sollte eine Rechnung fehlen oder etwas unklar sein, geben Sie uns bitte jetzt Bescheid; wir kümmern uns sofort darum.

Bankverbindung: {{ bank_details }}

Vielen Dank für Ihr Vertrauen.

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_1", "de"): Text(
        "{{ entity_name }}: Zahlungserinnerung, {{ total }}",
        """Guten Tag {{ contact_name }},

die folgenden Rechnungen sind nach unseren Büchern fällig und noch offen. Sollte sich Ihre Zahlung mit dieser Nachricht \
überschnitten haben, betrachten Sie diese Erinnerung bitte als gegenstandslos.

{{ items }}

Bitte überweisen Sie {{ total }} auf das Konto {{ bank_details }}, oder nennen Sie uns den \
Zahlungstermin und gegebenenfalls den Grund der Verzögerung.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "de"): Text(
        "{{ entity_name }}: zweite Zahlungserinnerung, {{ total }}",
        """Guten Tag {{ contact_name }},

trotz unserer Erinnerung sind die folgenden Rechnungen noch offen, die älteste ist seit dem {{ oldest_due_date }} \
fällig.

{{ items }}

Bitte überweisen Sie {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}in den nächsten Tagen{{ end }} auf das Konto {{ bank_details }}. \
Wenn es Schwierigkeiten gibt, rufen Sie uns an: Wir finden lieber gemeinsam eine Lösung.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "de"): Text(
        "{{ entity_name }}: letzte Zahlungserinnerung, {{ total }}",
        """Guten Tag {{ contact_name }},

unsere Erinnerungen blieben ohne Antwort. Die folgenden Rechnungen sind weiterhin offen, die älteste seit \
{{ oldest_days_late }} Tagen.

{{ items }}

Bitte überweisen Sie {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}innerhalb von acht Tagen{{ end }} auf das Konto {{ bank_details }}. \
Andernfalls müssen wir Sie förmlich mahnen und unsere Lieferbedingungen überprüfen.

Mit freundlichen Grüßen

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "de"): Text(
        "Mahnung: {{ total }} überfällig",
        """Sehr geehrte Damen und Herren,

trotz mehrfacher Erinnerung sind die folgenden fälligen Rechnungen nicht bezahlt.

{{ items }}

Wir fordern Sie hiermit auf, {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}innerhalb von acht Tagen nach Erhalt dieses Schreibens{{ end }} auf das Konto \
{{ bank_details }} zu überweisen.

Nach Ablauf dieser Frist werden wir ohne weitere Ankündigung rechtliche Schritte auf Ihre Kosten einleiten. \
Verzugszinsen und Verzugspauschale bleiben vorbehalten.

Mit freundlichen Grüßen

{{ sender_name }}
{{ entity_name }}""",
    ),
}
DEFAULT_TEXTS |= {place: Text(*words) for place, words in NOTICE_TEXTS.items()}
