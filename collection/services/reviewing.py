"""The night's reviews: customers that pay worse, and those that owe and with whom nobody has been in touch."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from collection.queries.facts import values_of_currencies
from core.audit import SYSTEM, Actor, audited
from core.days import BusinessCalendar
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.models import Alert
from receivables.queries.statement import fetch
from risk.models import Review, ReviewRules
from risk.queries.reviews import review_rules
from risk.services.reviews import ask_by_rule

_SILENT = gettext_noop("Owes overdue, and nobody has been in touch for %(days)s days")

# Customers that owe at least so much overdue, with the last day on which somebody was in touch: a call that was not in
# vain, a message that left, a mail from there, a review. Never: the day on which the oldest item fell due.
_OWING = """
    SELECT o.customer_id, coalesce(greatest(
        (SELECT max(i."on") FROM collection_interaction i WHERE i.tenant_id = %(tenant)s
           AND i.customer_id = o.customer_id AND i.kind = 'CALL' AND i.outcome <> 'NO_ANSWER' AND i."on" <= %(on)s),
        (SELECT max(m."on") FROM desk_message m WHERE m.tenant_id = %(tenant)s AND m.customer_id = o.customer_id
           AND m.state = 'SENT' AND m.member_id IS NULL AND m."on" <= %(on)s),
        (SELECT max(r."on") FROM desk_inboundmessage r WHERE r.tenant_id = %(tenant)s
           AND r.customer_id = o.customer_id AND r.kind = 'REPLY' AND r."on" <= %(on)s),
        (SELECT max(v.ended_on) FROM risk_review v WHERE v.tenant_id = %(tenant)s
           AND v.customer_id = o.customer_id AND v.state = 'DONE')
    ), o.oldest) AS touched_on
    FROM (
        SELECT b.customer_id, min(b.oldest_due_date) AS oldest FROM receivables_customerbalance b
        LEFT JOIN unnest(%(codes)s::text[], %(rates)s::numeric[]) AS w(code, rate) ON w.code = b.currency
        WHERE b.tenant_id = %(tenant)s AND b.overdue_amount > 0
        GROUP BY b.customer_id HAVING sum(b.overdue_amount * coalesce(w.rate, 1)) >= %(least)s
    ) o
"""


@transaction.atomic
def plan_reviews(*, currency: str, on: date, actor: Actor = SYSTEM) -> int:
    """What the organisation's rules ask for on the day `on`; reviews that silence asked for end where it is broken, or
    nothing is overdue any more. How many rows were made or ended. A second run of the day changes nothing.
    """
    rules = review_rules()
    return _after_alerts(rules, on=on, actor=actor) + _of_silence(rules, currency=currency, on=on, actor=actor)


def _after_alerts(rules: ReviewRules, *, on: date, actor: Actor) -> int:
    if not rules.after_alert_days:
        return 0
    asked = Review.objects.filter(source=Review.Source.ALERT)
    known = set(asked.filter(state=Review.State.OPEN).values_list("customer_id", flat=True))
    known |= set(asked.filter(asked_on=on).values_list("customer_id", flat=True))
    count = 0
    for alert in Alert.objects.filter(kind__startswith="risk.", on=on).select_related("customer").order_by("-id"):
        if alert.customer_id in known:
            continue
        known.add(alert.customer_id)
        country = alert.customer.country
        calendar = BusinessCalendar(countries=(country,) if country else ())
        due_on = calendar.add_working_days(on, rules.after_alert_days)
        sentence = Phrase.read({"text": alert.text, "values": alert.values})
        ask_by_rule(
            customer_id=alert.customer_id,
            source=Review.Source.ALERT,
            due_on=due_on,
            sentence=sentence,
            actor=actor,
            on=on,
        )
        count += 1
    return count


def _of_silence(rules: ReviewRules, *, currency: str, on: date, actor: Actor) -> int:
    """4 SQL statements."""
    silent: dict[Any, date] = {}
    if rules.silence_days:
        values = values_of_currencies(currency=currency, on=on)
        params = {"on": on, "codes": list(values), "rates": list(values.values()), "least": rules.silence_amount}
        last = on - timedelta(days=rules.silence_days)
        silent = {customer_id: touched for customer_id, touched in fetch(_OWING, params) if touched <= last}
    tenant = require_tenant_id()
    ended = audited(
        statement=(
            "UPDATE risk_review SET state = 'OVER', ended_on = %s, updated_at = statement_timestamp() "
            "WHERE tenant_id = %s AND source = 'SILENCE' AND state = 'OPEN' AND NOT customer_id = ANY(%s::uuid[]) "
            "RETURNING id, customer_id, jsonb_build_object('state', jsonb_build_array('OPEN', state))"
        ),
        params=[on, tenant, list(silent)],
        actor=actor,
        action="risk.review_over",
        model=Review,
    )
    if not silent:
        return ended
    return ended + audited(
        statement=(
            'INSERT INTO risk_review (tenant_id, customer_id, source, state, due_on, text, "values", asked_on) '
            "SELECT %s, s.customer_id, 'SILENCE', 'OPEN', %s, %s, jsonb_build_object('days', s.days), %s "
            "FROM unnest(%s::uuid[], %s::text[]) AS s(customer_id, days) "
            "WHERE NOT EXISTS (SELECT 1 FROM risk_review v WHERE v.tenant_id = %s AND v.customer_id = s.customer_id "
            "AND v.source = 'SILENCE' AND v.state = 'OPEN') "
            "RETURNING id, customer_id, jsonb_build_object('due_on', jsonb_build_array(NULL, due_on))"
        ),
        params=[
            tenant, on, _SILENT, on, list(silent), [str((on - touched).days) for touched in silent.values()], tenant,
        ],
        actor=actor,
        action="risk.review_asked",
        model=Review,
    )  # fmt: skip
