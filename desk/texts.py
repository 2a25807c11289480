"""The texts that every organisation starts with, by template code and language. Edited ones are rows (desk.Template).

They are texts for customers, in the customers' languages, so they are not part of the interface's catalogues.
"""

import re
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
        credits="En votre faveur, non encore imputé",
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

To help you plan: the following invoice{{ if several_items }}s fall{{ else }} falls{{ end }} due in the coming days.

{{ items }}

If anything is unclear, or an invoice has not reached you, please tell us now; we will see to it at once.

Our bank account: {{ bank_details }}

Thank you for your business.

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_1", "en"): Text(
        "{{ entity_name }}: overdue invoices, {{ total }}",
        """Dear {{ contact_name }},

According to our books, the following {{ if several_items }}invoices have passed their{{ else }}invoice has passed its\
{{ end }} due date. If your payment has crossed this message, please disregard it.

{{ items }}

Please transfer {{ total }} to {{ bank_details }}, quoting the invoice number, or tell us when we may expect the \
payment and whether anything stands in its way.

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "en"): Text(
        "{{ entity_name }}: second reminder, {{ total }} overdue",
        """Dear {{ contact_name }},

Despite our first reminder, we have not received payment of the following invoice{{ if several_items }}s; the oldest \
has been{{ else }}, which has been{{ end }} due since {{ oldest_due_date }}.

{{ items }}

Please transfer {{ total }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within the next few days{{ end }} to {{ bank_details }}, quoting the \
invoice number. If there is a difficulty, please call us: we would rather find a solution with you.

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "en"): Text(
        "{{ entity_name }}: last reminder before formal notice, {{ total }}",
        """Dear {{ contact_name }},

Despite our reminders, the following invoice{{ if several_items }}s are{{ else }} is{{ end }} still unpaid\
{{ if several_items }}, the oldest{{ end }} {{ oldest_days_late }} days after its due date.

{{ items }}

Please transfer {{ total }} to {{ bank_details }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within eight days{{ end }}, quoting the \
invoice number. Otherwise we shall have to send a formal notice and to review the terms on which we deliver.

Yours sincerely,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "en"): Text(
        "Formal notice: {{ total }} overdue",
        """Dear Sir or Madam,

Despite several reminders, the following invoice{{ if several_items }}s, which are due and payable, have{{ else }}, which \
is due and payable, has{{ end }} not been paid.

{{ items }}

We hereby give you formal notice to pay {{ total }} {{ if new_deadline }}by {{ new_deadline }}{{ else }}within eight days of receipt of this letter{{ end }} to \
{{ bank_details }}, quoting the invoice number.

Failing payment within this period, we shall take legal steps to recover our claim without further notice. Statutory \
late-payment interest and the fixed recovery charge remain payable in addition.

Yours faithfully,

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("before_due", "fr"): Text(
        "{{ entity_name }} : factures à échéance prochaine, {{ total }}",
        """Bonjour {{ contact_name }},

Pour faciliter votre organisation, voici {{ if several_items }}les factures qui arrivent{{ else }}la facture qui arrive\
{{ end }} à échéance dans les prochains jours.

{{ items }}

Si une facture ne vous est pas parvenue ou appelle une remarque de votre part, merci de nous le signaler dès \
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

Sauf erreur de notre part, {{ if several_items }}les factures suivantes sont arrivées à échéance et restent dues\
{{ else }}la facture suivante est arrivée à échéance et reste due{{ end }}. Si votre règlement a croisé ce message, merci de \
ne pas en tenir compte.

{{ items }}

Nous vous remercions de virer {{ total }} sur le compte {{ bank_details }}, en rappelant le numéro \
de facture, ou de nous indiquer la date de votre règlement et, le cas échéant, ce qui le retarde.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "fr"): Text(
        "{{ entity_name }} : deuxième relance, {{ total }} échus",
        """Bonjour {{ contact_name }},

Malgré notre première relance, nous n’avons pas reçu le règlement {{ if several_items }}des factures suivantes, dont la \
plus ancienne est{{ else }}de la facture suivante,{{ end }} échue depuis le {{ oldest_due_date }}.

{{ items }}

Merci de virer {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}dans les prochains jours{{ end }} sur le compte {{ bank_details }}, en \
rappelant le numéro de facture. En cas de difficulté, appelez-nous : nous préférons chercher une solution avec vous.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "fr"): Text(
        "{{ entity_name }} : dernière relance avant mise en demeure, {{ total }}",
        """Bonjour {{ contact_name }},

Malgré nos relances, {{ if several_items }}les factures suivantes demeurent impayées ; la plus ancienne est en retard\
{{ else }}la facture suivante demeure impayée, avec un retard{{ end }} de {{ oldest_days_late }} jours.

{{ items }}

Merci de virer {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}sous huit jours{{ end }} sur le compte {{ bank_details }}, en rappelant \
le numéro de facture. À défaut, nous serons contraints de vous adresser une mise en demeure et de revoir nos conditions de livraison.

Cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "fr"): Text(
        "Mise en demeure : {{ total }} échus",
        """Madame, Monsieur,

Malgré plusieurs relances, {{ if several_items }}les factures suivantes demeurent impayées, alors qu’elles sont échues\
{{ else }}la facture suivante demeure impayée, alors qu’elle est échue{{ end }}. Notre créance est certaine, liquide et \
exigible.

{{ items }}

Par la présente, nous vous mettons en demeure de nous régler la somme de {{ total }} {{ if new_deadline }}au plus tard le {{ new_deadline }}{{ else }}dans un délai de huit jours à \
compter de la réception de ce courrier{{ end }}, par virement sur le compte {{ bank_details }}, en rappelant le \
numéro de facture. La présente vaut mise en demeure au sens de l’article 1344 du code civil.

À défaut de règlement dans ce délai, nous engagerons sans autre avis toute procédure utile au recouvrement de notre \
créance. S’y ajoutent, de plein droit, les pénalités de retard et l’indemnité forfaitaire de 40 € par facture pour frais \
de recouvrement (articles L441-10 et D441-5 du code de commerce).

Veuillez agréer, Madame, Monsieur, l’expression de nos salutations distinguées.

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("before_due", "de"): Text(
        "{{ entity_name }}: demnächst fällige Rechnungen, {{ total }}",
        """Guten Tag {{ contact_name }},

zu Ihrer Planung: {{ if several_items }}Die folgenden Rechnungen werden{{ else }}Die folgende Rechnung wird{{ end }} in \
den nächsten Tagen fällig.

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

{{ if several_items }}die folgenden Rechnungen sind{{ else }}die folgende Rechnung ist{{ end }} nach unseren Büchern \
fällig und noch offen. Sollte sich Ihre Zahlung mit dieser Nachricht überschnitten haben, betrachten Sie diese Erinnerung \
bitte als gegenstandslos.

{{ items }}

Bitte überweisen Sie {{ total }} unter Angabe der Rechnungsnummer auf das Konto {{ bank_details }}, oder nennen Sie uns \
den Zahlungstermin und gegebenenfalls den Grund der Verzögerung.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_2", "de"): Text(
        "{{ entity_name }}: zweite Zahlungserinnerung, {{ total }}",
        """Guten Tag {{ contact_name }},

trotz unserer Erinnerung {{ if several_items }}sind die folgenden Rechnungen noch offen, die älteste ist\
{{ else }}ist die folgende Rechnung noch offen, sie ist{{ end }} seit dem {{ oldest_due_date }} fällig.

{{ items }}

Bitte überweisen Sie {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}in den nächsten Tagen{{ end }} unter Angabe der Rechnungsnummer \
auf das Konto {{ bank_details }}. Wenn es Schwierigkeiten gibt, rufen Sie uns an: Wir finden lieber gemeinsam eine Lösung.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("reminder_3", "de"): Text(
        "{{ entity_name }}: letzte Zahlungserinnerung, {{ total }}",
        """Guten Tag {{ contact_name }},

trotz unserer Erinnerungen {{ if several_items }}sind die folgenden Rechnungen weiterhin offen, die älteste ist\
{{ else }}ist die folgende Rechnung weiterhin offen, sie ist{{ end }} seit {{ oldest_days_late }} Tagen überfällig.

{{ items }}

Bitte überweisen Sie {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}innerhalb von acht Tagen{{ end }} unter Angabe der \
Rechnungsnummer auf das Konto {{ bank_details }}. Andernfalls müssen wir Sie förmlich mahnen und unsere Lieferbedingungen überprüfen.

Mit freundlichen Grüßen

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("formal_notice", "de"): Text(
        "Mahnung: {{ total }} überfällig",
        """Sehr geehrte Damen und Herren,

trotz mehrfacher Erinnerung {{ if several_items }}wurden die folgenden fälligen Rechnungen{{ else }}wurde die folgende \
fällige Rechnung{{ end }} nicht bezahlt.

{{ items }}

Wir fordern Sie hiermit auf, {{ total }} {{ if new_deadline }}bis zum {{ new_deadline }}{{ else }}innerhalb von acht Tagen nach Erhalt dieses Schreibens{{ end }} unter \
Angabe der Rechnungsnummer auf das Konto {{ bank_details }} zu überweisen.

Nach Ablauf dieser Frist werden wir ohne weitere Ankündigung rechtliche Schritte einleiten. Die gesetzlichen \
Verzugszinsen, die Verzugspauschale und der Ersatz eines weiteren Verzugsschadens bleiben vorbehalten.

Mit freundlichen Grüßen

{{ sender_name }}
{{ entity_name }}""",
    ),
}
DEFAULT_TEXTS |= {place: Text(*words) for place, words in NOTICE_TEXTS.items()}


def _french(text: str) -> str:
    """With the no-break spaces of French: none of its double marks, and no euro sign, begins a line."""
    return re.sub(" (?=[:;!?»€])|(?<=«) ", "\N{NO-BREAK SPACE}", text)


DEFAULT_TEXTS |= {
    (code, language): Text(_french(text.subject), _french(text.body))
    for (code, language), text in DEFAULT_TEXTS.items()
    if language == "fr"
}
