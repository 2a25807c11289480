"""The text messages that every organisation starts with, by template code and language.

Short, and in signs of the default alphabet of text messages, which has é and à, but neither ê nor ç.
"""

TEXTS_SMS: dict[tuple[str, str], str] = {
    ("before_due", "en"): (
        "{{ entity_name }}: {{ total }} falls due soon. Thank you for your payment on time."
        "{{ if phone }} Questions: {{ entity_phone }}{{ end }}"
    ),
    ("reminder_1", "en"): (
        "{{ entity_name }}: {{ total }} has been overdue since {{ oldest_due_date }}. If you have paid, please disregard this"
        " message.{{ if phone }} Otherwise call us: {{ entity_phone }}{{ end }}"
    ),
    ("reminder_2", "en"): (
        "{{ entity_name }}: {{ total }} is still unpaid, {{ oldest_days_late }} days after the due date. Please pay or"
        " tell us when you will{{ if phone }}: {{ entity_phone }}{{ else }}.{{ end }}"
    ),
    ("reminder_3", "en"): (
        "{{ entity_name }}: last reminder before formal notice. {{ total }} is unpaid, {{ oldest_days_late }} days after"
        " the due date.{{ if phone }} Please call us today: {{ entity_phone }}{{ end }}"
    ),
    ("formal_notice", "en"): (
        "{{ entity_name }}: a formal notice to pay {{ total }} is on its way to you."
        "{{ if phone }} Please call us: {{ entity_phone }}{{ end }}"
    ),
    ("before_due", "fr"): (
        "{{ entity_name }} : {{ total }} arrivent prochainement à échéance. Merci de votre règlement à la date prévue."
        "{{ if phone }} Une question : {{ entity_phone }}{{ end }}"
    ),
    ("reminder_1", "fr"): (
        "{{ entity_name }} : sauf erreur, {{ total }} restent dus depuis le {{ oldest_due_date }}. Si vous avez réglé,"
        " ignorez ce message.{{ if phone }} Sinon, appelez-nous : {{ entity_phone }}{{ end }}"
    ),
    ("reminder_2", "fr"): (
        "{{ entity_name }} : {{ total }} toujours impayés, {{ oldest_days_late }} jours de retard. Merci de régler ou de"
        " nous donner une date{{ if phone }} : {{ entity_phone }}{{ else }}.{{ end }}"
    ),
    ("reminder_3", "fr"): (
        "{{ entity_name }} : dernière relance avant mise en demeure. {{ total }} impayés, {{ oldest_days_late }} jours"
        " de retard.{{ if phone }} Appelez-nous dès aujourd'hui : {{ entity_phone }}{{ end }}"
    ),
    ("formal_notice", "fr"): (
        "{{ entity_name }} : une mise en demeure de régler {{ total }} vous est adressée."
        "{{ if phone }} Appelez-nous : {{ entity_phone }}{{ end }}"
    ),
    ("before_due", "de"): (
        "{{ entity_name }}: {{ total }} werden demnächst fällig. Vielen Dank für Ihre pünktliche Zahlung."
        "{{ if phone }} Fragen: {{ entity_phone }}{{ end }}"
    ),
    ("reminder_1", "de"): (
        "{{ entity_name }}: {{ total }} sind seit {{ oldest_due_date }} fällig. Falls Sie schon gezahlt haben, ist diese"
        " Nachricht hinfällig.{{ if phone }} Sonst rufen Sie uns bitte an: {{ entity_phone }}{{ end }}"
    ),
    ("reminder_2", "de"): (
        "{{ entity_name }}: {{ total }} sind weiterhin offen, {{ oldest_days_late }} Tage nach Fälligkeit. Bitte zahlen"
        " Sie oder nennen Sie uns einen Termin{{ if phone }}: {{ entity_phone }}{{ else }}.{{ end }}"
    ),
    ("reminder_3", "de"): (
        "{{ entity_name }}: letzte Erinnerung vor der förmlichen Mahnung. {{ total }} sind {{ oldest_days_late }} Tage"
        " überfällig.{{ if phone }} Bitte rufen Sie heute an: {{ entity_phone }}{{ end }}"
    ),
    ("formal_notice", "de"): (
        "{{ entity_name }}: Eine förmliche Mahnung über {{ total }} ist an Sie unterwegs."
        "{{ if phone }} Bitte rufen Sie uns an: {{ entity_phone }}{{ end }}"
    ),
}
