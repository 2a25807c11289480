"""The texts of messages that are no reminders: statements, thanks, delivery notes. (subject, body) by code and language."""

NOTICE_TEXTS: dict[tuple[str, str], tuple[str, str]] = {
    ("statement", "en"): (
        "{{ entity_name }}: statement of account as of {{ statement_day }}",
        """Dear {{ contact_name }},

You will find enclosed our statement of your account as of {{ statement_day }}.

{{ if open }}
Balance: {{ balance }}
{{ if received }}
after payments received and not yet booked: {{ received_total }}
{{ end }}
{{ if overdue }}
of which overdue: {{ overdue_total }}
{{ end }}
{{ else }}
Nothing is open on that day.
{{ end }}

{{ if open }}
Our bank account: {{ bank_details }}
{{ end }}

If anything differs from your own books, please tell us.

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("statement", "fr"): (
        "{{ entity_name }} : relevé de compte au {{ statement_day }}",
        """Bonjour {{ contact_name }},

Veuillez trouver ci-joint le relevé de votre compte au {{ statement_day }}.

{{ if open }}
Solde : {{ balance }}
{{ if received }}
compte tenu de règlements reçus, non encore comptabilisés : {{ received_total }}
{{ end }}
{{ if overdue }}
dont échu : {{ overdue_total }}
{{ end }}
{{ else }}
À cette date, aucune pièce n’est ouverte.
{{ end }}

{{ if open }}
Notre compte bancaire : {{ bank_details }}
{{ end }}

Si vous constatez un écart avec votre comptabilité, merci de nous en informer.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("statement", "de"): (
        "{{ entity_name }}: Kontoauszug zum {{ statement_day }}",
        """Guten Tag {{ contact_name }},

anbei erhalten Sie den Auszug Ihres Kontos zum {{ statement_day }}.

{{ if open }}
Saldo: {{ balance }}
{{ if received }}
nach Abzug eingegangener, noch nicht verbuchter Zahlungen: {{ received_total }}
{{ end }}
{{ if overdue }}
davon überfällig: {{ overdue_total }}
{{ end }}
{{ else }}
An diesem Tag ist kein Posten offen.
{{ end }}

{{ if open }}
Bankverbindung: {{ bank_details }}
{{ end }}

Sollte etwas von Ihren Büchern abweichen, geben Sie uns bitte Bescheid.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("thank_you", "en"): (
        "{{ entity_name }}: thank you for your payment",
        """Dear {{ contact_name }},

We have received your payment of {{ paid_amount }}, booked on {{ paid_on }}, and set it against {{ paid_items }}.

Thank you.

Kind regards,

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("thank_you", "fr"): (
        "{{ entity_name }} : merci pour votre règlement",
        """Bonjour {{ contact_name }},

Nous avons bien reçu votre règlement de {{ paid_amount }}, comptabilisé le {{ paid_on }} et imputé sur {{ paid_items }}.

Nous vous en remercions.

Bien cordialement,

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("thank_you", "de"): (
        "{{ entity_name }}: vielen Dank für Ihre Zahlung",
        """Guten Tag {{ contact_name }},

Ihre Zahlung über {{ paid_amount }}, gebucht am {{ paid_on }}, ist eingegangen und wurde mit {{ paid_items }} verrechnet.

Vielen Dank.

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}""",
    ),
    ("delivery_note", "en"): (
        "{{ entity_name }}: invoice {{ document_number }}, {{ total }}, due {{ due_date }}",
        """Dear {{ contact_name }},

Our invoice {{ document_number }} of {{ document_date }} amounts to {{ total }} and is due on {{ due_date }}.
{{ if file }}
You will find it enclosed.
{{ end }}

If it has not reached you, or if anything about it is unclear, please tell us now.

Our bank account: {{ bank_details }}

Kind regards,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("delivery_note", "fr"): (
        "{{ entity_name }} : facture {{ document_number }}, {{ total }}, échéance {{ due_date }}",
        """Bonjour {{ contact_name }},

Notre facture {{ document_number }} du {{ document_date }} s’élève à {{ total }} et arrive à échéance le {{ due_date }}.
{{ if file }}
Vous la trouverez ci-jointe.
{{ end }}

Si elle ne vous est pas parvenue ou appelle une remarque, merci de nous le signaler dès maintenant.

Notre compte bancaire : {{ bank_details }}

Bien cordialement,

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
    ("delivery_note", "de"): (
        "{{ entity_name }}: Rechnung {{ document_number }}, {{ total }}, fällig am {{ due_date }}",
        """Guten Tag {{ contact_name }},

unsere Rechnung {{ document_number }} vom {{ document_date }} über {{ total }} ist am {{ due_date }} fällig.
{{ if file }}
Sie finden sie anbei.
{{ end }}

Sollte sie Ihnen nicht vorliegen oder etwas unklar sein, geben Sie uns bitte jetzt Bescheid.

Bankverbindung: {{ bank_details }}

Freundliche Grüße

{{ sender_name }}
{{ entity_name }}
{{ entity_phone }}""",
    ),
}
