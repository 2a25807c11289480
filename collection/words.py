"""Words for what the rules name by codes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from collection.models import CauseRule, Claim
from collection.rules.causes import Fact
from collection.rules.criteria import FACTS, Criterion, Kind, Operator, Value
from collection.rules.law import Series
from collection.services.assigning import Why
from collection.services.claims import Without
from core import formats
from receivables.models import Cause, ItemCause, StatusCode
from receivables.models.ledger import ItemKind
from receivables.words import DISPUTE_REASONS, HOLD_REASONS
from risk.models import PayerProfile

CLAIM_KINDS = dict(Claim.Kind.choices)
CLAIM_STATES = dict(Claim.State.choices)
CLAIM_STATE_KINDS = {"CLAIMED": "warn", "PAID": "good", "WAIVED": "", "REPLACED": ""}

SERIES = {
    Series.ECB_REFINANCING: _("European Central Bank, main refinancing operations"),
    Series.FR_LEGAL: _("France, legal interest rate for professional creditors"),
    Series.DE_BASE: _("Germany, base rate of the Bundesbank"),
    Series.GB_BANK_RATE: _("Bank of England, bank rate"),
    Series.CH_FIXED: _("Switzerland, rate of the code of obligations"),
}

WITHOUT = {
    Without.CONTESTED: _("in dispute: the claim rests"),
    Without.NO_LAW: _("no law is known for the company's country"),
    Without.NO_RATE: _("no rate is known for its days"),
    Without.CLAIMED: _("claimed up to this day already"),
    Without.NOTHING: _("no interest"),
}

FACT_WORDS = {
    "entity": _("company"),
    "payer_class": _("payer class"),
    "payer_index": _("payer index"),
    "days_beyond_terms": _("days beyond terms"),
    "broken_promises": _("broken promises"),
    "risk_class": _("risk class"),
    "is_insured": _("insured"),
    "country": _("country"),
    "language": _("language"),
    "group": _("group"),
    "sector": _("sector"),
    "region": _("region"),
    "product_line": _("product line of the account"),
    "salesperson": _("salesperson"),
    "collector": _("collector"),
    "payment_method": _("payment method"),
    "open_amount": _("open amount of the customer"),
    "overdue_amount": _("overdue amount of the customer"),
    "oldest_days_late": _("days late of the oldest item"),
    "item_amount": _("amount of the item"),
    "item_days_late": _("days late of the item"),
    "item_kind": _("kind of item"),
    "currency": _("currency"),
    "cause": _("cause of the delay"),
    "status_code": _("status code"),
    "product": _("product of the document"),
    "site": _("site"),
    "biller": _("biller"),
}
FACT_CHOICES: Mapping[str, Mapping[str, object]] = {
    "payer_class": {code: word for code, word in PayerProfile.Class.choices if code != PayerProfile.Class.NOT_KNOWN},
    "item_kind": dict(ItemKind.choices),
}
# By operator: {fact} compared with {values}.
_SENTENCES = {
    Operator.IN: _("%(fact)s: %(values)s"),
    Operator.NOT_IN: _("%(fact)s: not %(values)s"),
    Operator.WITHIN: _("%(fact)s: %(values)s and all below"),
    Operator.NOT_WITHIN: _("%(fact)s: neither %(values)s nor anything below"),
    Operator.AT_LEAST: _("%(fact)s at least %(values)s"),
    Operator.AT_MOST: _("%(fact)s at most %(values)s"),
}
OPERATOR_WORDS = {
    Operator.IN: _("is one of"),
    Operator.NOT_IN: _("is none of"),
    Operator.WITHIN: _("is one of, or below"),
    Operator.NOT_WITHIN: _("is none of, nor below"),
    Operator.AT_LEAST: _("at least"),
    Operator.AT_MOST: _("at most"),
    Operator.IS: _("is"),
}


def criterion_words(criterion: Criterion, *, names: Mapping[Any, str], currency: str) -> str:
    """The criterion as one says it: "country: France, Belgium". `names` of rows, and of causes by their code casefolded;
    amounts in `currency`.
    """
    fact = FACTS[criterion.fact]
    if fact.kind is Kind.YES_NO:
        text = _("%(fact)s: yes") if criterion.values[0] is True else _("%(fact)s: no")
        return str(text) % {"fact": FACT_WORDS[fact.name]}
    values = [_value_words(fact.name, value, names=names, currency=currency) for value in criterion.values]
    return str(_SENTENCES[criterion.operator]) % {"fact": FACT_WORDS[fact.name], "values": ", ".join(values)}


def criteria_words(criteria: Iterable[Criterion], *, names: Mapping[Any, str], currency: str) -> str:
    """All of them in one sentence; without any: everything."""
    texts = [criterion_words(one, names=names, currency=currency) for one in criteria]
    return " · ".join(texts) or str(_("everything"))


def _value_words(fact: str, value: Value, *, names: Mapping[Any, str], currency: str) -> str:
    if isinstance(value, UUID):
        return names.get(value) or str(_("(no longer there)"))
    if isinstance(value, Decimal):
        shown = formats.current()
        return shown.money(value, currency) if FACTS[fact].kind is Kind.MONEY else shown.number(value)
    text = str(value)
    if FACTS[fact].kind is Kind.TREE:
        return names.get(text) or text
    if choice := FACT_CHOICES.get(fact, {}).get(text):
        return str(choice)
    locale = Locale.parse((get_language() or "en").replace("-", "_"))
    if fact == "country":
        return str(locale.territories.get(text, text))
    if fact == "language":
        return str(locale.languages.get(text, text))
    return text


def why_words(why: Why) -> str:
    """Why a scenario applies: the pin or who chose it and why, or the rule by its name; what the rules could not know."""
    if why.pin is not None:
        return str(_("pinned: %(reason)s")) % {"reason": why.pin.reason}
    if why.override is not None:
        until = why.override.until_on
        day = formats.current().day(until) if until else ""
        chosen = _("chosen until %(day)s: %(reason)s") if until else _("chosen: %(reason)s")
        return str(chosen) % {"day": day, "reason": why.override.reason}
    text = str(_("by the rule “%(rule)s”")) % {"rule": why.rule.name} if why.rule else str(_("by default"))
    if why.not_known:
        facts = ", ".join(str(FACT_WORDS[name]) for name in why.not_known)
        text += " · " + str(_("rules before it ask for what is not known: %(facts)s")) % {"facts": facts}
    return text


TERMINAL_MARKS = {
    "STOP_REQUESTED": _("stop of deliveries asked for"),
    "STOP_ACCEPTED": _("deliveries stopped"),
    "CASE_PREPARED": _("case prepared"),
    "CASE_HANDED_OVER": _("handed over"),
}

CAUSE_FACTS = {
    Fact.DISPUTE: _("in dispute"),
    Fact.HOLD: _("reminders suspended"),
    Fact.PROMISE: _("a promise is open"),
    Fact.BROKEN_PROMISE: _("a promise was broken"),
    Fact.STATUS: _("status code"),
    Fact.BOUNCED: _("an address refuses messages"),
    Fact.NO_ADDRESS: _("no address to write to"),
    Fact.NO_ORDER_REF: _("the document names no order"),
    Fact.PART_PAID: _("paid in part"),
    Fact.CLAIMED: _("interest or a charge was claimed"),
    Fact.PROFILE: _("payer class"),
    Fact.ANY: _("every late item"),
}
CAUSE_SIDES = dict(Cause.Side.choices)
CAUSE_ORIGINS = dict(ItemCause.Origin.choices)
BEHAVIOURS = dict(StatusCode.Behaviour.choices)


def cause_rule_words(row: CauseRule) -> str:
    """When a rule of causes holds: "in dispute: price, quantity"."""
    known: Mapping[str, Mapping[str, object]] = {
        Fact.DISPUTE: DISPUTE_REASONS,
        Fact.HOLD: HOLD_REASONS,
        Fact.PROFILE: dict(PayerProfile.Class.choices),
    }
    words = known.get(row.fact, {})
    values = ", ".join(str(words.get(value, value)) for value in row.values)
    fact = str(CAUSE_FACTS.get(Fact(row.fact), row.fact))
    return str(_("%(fact)s: %(values)s") % {"fact": fact, "values": values}) if values else fact
