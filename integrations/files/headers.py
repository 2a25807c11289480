"""How well a header fits a field, by what its words mean. Pure.

A pattern is a set of concepts that the label must hold, with the confidence that the field is meant when it holds
nothing else. What it holds beside lowers the confidence; some concepts say that something else is meant.
"""

from __future__ import annotations

from functools import cache

from integrations.files.vocabulary import concepts

_EXTRA = 0.15
_UNKNOWN = 0.08
# With a word that says nothing more than "some date", an odd word beside it says which: probably not the one we seek.
_UNKNOWN_BESIDE_GENERIC = 0.18
_GENERIC = frozenset({"DATE", "NUMBER", "ID", "REF", "CODE", "NAME", "KIND"})

Pattern = tuple[frozenset[str], float]

# field: patterns "CONCEPT CONCEPT=confidence", then after | what rules the field out, then after ~ what does not matter.
_COMMON = """
customer_ref    CUSTOMER NUMBER=1, CUSTOMER ID=1, CUSTOMER CODE=1, CUSTOMER REF=.97, CUSTOMER ACCOUNT=.9, CUSTOMER=.75,
                ACCOUNT NUMBER=.7, ACCOUNT ID=.7, ACCOUNT REF=.7,
                ACCOUNT CODE=.65, ACCOUNT=.6
                | NAME DATE COUNTRY CITY STREET POSTAL EMAIL PHONE LANGUAGE TERMS METHOD GROUP AMOUNT OPEN INVOICE
                DOCUMENT ORDER KIND SECTOR REGION LIMIT CURRENCY SALES COLLECTOR SIREN SIRET VAT CONTACT COMMENT
                DELIVERY LEGALNAME DAYS DUE SETTLED POSTING LEI REGISTER PERCENT ROLE FIRST LAST
                ~ NUMBER ID CODE REF ACCOUNT
customer_name   CUSTOMER NAME=1, LEGALNAME SOCIAL=.95, LEGALNAME=.9, ACCOUNT NAME=.8, CUSTOMER LABEL=.95, ACCOUNT LABEL=.8,
                COMPANY NAME=.7, NAME=.6, CUSTOMER=.5,
                COMPANY=.55 | DATE FIRST LAST CONTACT GROUP SALES COLLECTOR PRODUCT POSTING ENTITY NUMBER ID CODE REF TERMS
                COUNTRY CITY DOCUMENT INVOICE SITE ~ LEGALNAME SOCIAL
entity_code     ENTITY CODE=1, ENTITY ID=1, ENTITY=.9, COMPANY CODE=.95, COMPANY ID=.9, COMPANY NUMBER=.8, COMPANY=.65
                | CUSTOMER NAME REGISTER VAT DATE AMOUNT POSTAL CITY COUNTRY GROUP
number          INVOICE NUMBER=1, INVOICE ID=1, INVOICE REF=.95, INVOICE CODE=.9, DOCUMENT NUMBER=.97, DOCUMENT ID=.97,
                DOCUMENT REF=.85, DOCUMENT CODE=.85, INVOICE=.7, DOCUMENT=.65, CUSTOMER INVOICE NUMBER=.95,
                CUSTOMER INVOICE=.6, POSTING NUMBER=.5, NUMBER=.55, REF=.5, ID=.45
                | CUSTOMER ACCOUNT ORDER PROJECT DATE AMOUNT DUE VAT KIND DELIVERY SETTLED COMPANY ENTITY INSTALMENT
                CURRENCY DISPUTE PROMISE GROUP POSTAL PHONE NAME TERMS METHOD YEAR LIMIT DAYS STREET NET OPEN SALES
                CREDIT CONTACT PRODUCT COUNTRY SIGN ~ NUMBER ID REF DOCUMENT
instalment      INSTALMENT NUMBER=.9, INSTALMENT=.7, DUE NUMBER=.8 | DATE AMOUNT CUSTOMER ORDER
kind            INVOICE KIND=1, DOCUMENT KIND=1, KIND=.8 | CUSTOMER SETTLED METHOD ORDER PRODUCT
document_date   INVOICE DATE=1, DOCUMENT DATE=1, CUSTOMER INVOICE DATE=.95, CREATED DATE=.8, CREATED DUE DATE=.75,
                DATE=.7, CREATED=.6
                | DUE SETTLED POSTING DELIVERY ORDER PROMISE DISPUTE START END REMINDER DAYS YEAR CUSTOMER ~ CREATED
posting_date    POSTING DATE=1, POSTING=.6 | DUE SETTLED DELIVERY ORDER PROMISE NUMBER REMINDER ~ DOCUMENT
due_date        DUE DATE=1, DUE=.9 | AMOUNT DAYS NUMBER OPEN REMINDER PROMISE ORDER DISCOUNT CREATED ~ SETTLED NET INVOICE
delivery_date   DELIVERY DATE=1, DELIVERY=.6 | AMOUNT NUMBER STREET
amount          INVOICE AMOUNT=1, AMOUNT GROSS=1, DOCUMENT AMOUNT=1, AMOUNT VAT INCL=.95, VAT INCL=.7, NET DUE=.7, AMOUNT=.9, AMOUNT NET=.5
                | OPEN DUE SETTLED DAYS LIMIT PERCENT QUANTITY DISPUTE PROMISE DISCOUNT EXCHANGE DATE REMINDER ORDER VAT
                ~ GROSS
open_amount     OPEN AMOUNT=1, DUE AMOUNT=.9, OPEN=.8 | VAT DATE DAYS SETTLED LIMIT PERCENT NUMBER ~ GROSS INVOICE DUE
vat_amount      VAT AMOUNT=1, VAT=.8 | INCL NET NUMBER ID CODE PERCENT INTRA REF ~ GROSS INVOICE
currency        CURRENCY CODE=1, CURRENCY=.95 | AMOUNT EXCHANGE OPEN DATE ~ INVOICE DOCUMENT
settled_date    SETTLED DATE=1, SETTLED=.7 | DUE TERMS METHOD AMOUNT DAYS NUMBER REF KIND CUSTOMER DISCOUNT ORDER DELIVERY
                ~ INVOICE
terms_code      TERMS=.9, SETTLED TERMS=1, TERMS CODE=1 | DATE AMOUNT DELIVERY ~ CUSTOMER SETTLED CODE
payment_method  SETTLED METHOD=1, METHOD=.8, SETTLED KIND=.8 | DATE AMOUNT DELIVERY ~ CUSTOMER CODE
order_ref       ORDER NUMBER=1, ORDER REF=1, ORDER ID=1, ORDER CODE=.9, ORDER=.7 | DATE AMOUNT OPEN KIND ~ CUSTOMER
project_ref     PROJECT NUMBER=1, PROJECT REF=1, PROJECT CODE=1, PROJECT ID=1, PROJECT NAME=.8, PROJECT=.8 | DATE AMOUNT
product         PRODUCT CODE=.95, PRODUCT NAME=.9, PRODUCT=.85 | DATE AMOUNT QUANTITY
site            SITE CODE=.9, SITE NAME=.9, SITE=.8 | DATE AMOUNT
biller          BILLER=.9, BILLER NAME=1 | DATE AMOUNT
salesperson     SALES NAME=1, SALES CODE=.9, SALES=.85 | DATE AMOUNT ORDER INVOICE REGION NUMBER ~ CUSTOMER
sector          SECTOR CODE=.95, SECTOR NAME=.95, SECTOR=.9 | DATE AMOUNT ~ CUSTOMER
region          REGION CODE=.95, REGION NAME=.95, REGION=.9 | DATE AMOUNT ~ CUSTOMER SALES
country         COUNTRY CODE=1, COUNTRY=.9, COUNTRY ID=.9 | DATE AMOUNT ~ CUSTOMER NAME
disputed        DISPUTE=.9 | DATE AMOUNT REASON NUMBER DAYS
debit           DEBIT AMOUNT=1, DEBIT=.9 | CREDIT DATE NUMBER NOTE ACCOUNT NAME ~ CURRENCY
credit          CREDIT AMOUNT=1, CREDIT=.9 | DEBIT DATE NUMBER NOTE ACCOUNT LIMIT NAME DAYS ~ CURRENCY
sign            DEBIT CREDIT SIGN=1, DEBIT CREDIT=.95, SIGN=.85 | AMOUNT DATE NAME
"""
_CUSTOMERS = """
name            CUSTOMER NAME=1, LEGALNAME SOCIAL=.97, LEGALNAME=.9, COMPANY NAME=.9, COMPANY=.7, NAME=.8, ACCOUNT NAME=.7,
                CUSTOMER LABEL=.95, ACCOUNT LABEL=.7, LABEL=.5,
                CUSTOMER=.4 | FIRST LAST CONTACT GROUP SALES COLLECTOR NUMBER CODE ID REF DATE CITY COUNTRY
language        LANGUAGE=.9, LANGUAGE CODE=1 ~ CUSTOMER
siren           SIREN=1 ~ NUMBER CUSTOMER
siret           SIRET=1 ~ NUMBER CUSTOMER
vat_number      VAT NUMBER=1, VAT ID=1, VAT CODE=.8, VAT INTRA=.95, VAT REF=.8, VAT=.6 | AMOUNT PERCENT ~ INTRA NUMBER CUSTOMER
lei             LEI=1 ~ NUMBER CODE
registration_number REGISTER NUMBER=1, REGISTER=.8, COMPANY NUMBER=.6, COMPANY REGISTER=.9 | DATE VAT CUSTOMER CITY
street          STREET=.9 | EMAIL CITY POSTAL COUNTRY ~ CUSTOMER DIGITS
postal_code     POSTAL CODE=1, POSTAL=.85 ~ CUSTOMER STREET
city            CITY=.9, CITY NAME=.9 | POSTAL ~ CUSTOMER STREET
email           EMAIL=.95 ~ STREET CUSTOMER CONTACT
phone           PHONE=.95, PHONE NUMBER=1, MOBILE=.9, PHONE MOBILE=.9, MOBILE NUMBER=.9 ~ CUSTOMER CONTACT
group_ref       GROUP NUMBER=1, GROUP CODE=1, GROUP REF=1, GROUP ID=1, GROUP=.65 | NAME COUNTRY ~ CUSTOMER
group_name      GROUP NAME=1, GROUP LABEL=1, GROUP=.6 | CODE NUMBER ID REF ~ CUSTOMER
account_ref     ACCOUNT NUMBER=.95, ACCOUNT REF=.95, ACCOUNT CODE=.9, ACCOUNT=.8 | NAME SALES DATE ~ CUSTOMER
collector       COLLECTOR NAME=1, COLLECTOR=.9, CHARGE COLLECTOR=1, CHARGE=.5 | DATE AMOUNT ~ CUSTOMER CREDIT
"""
_CONTACTS = """
last_name       LAST NAME=1, LAST=.9, CONTACT NAME=.9, NAME=.75, CONTACT=.6 | FIRST CUSTOMER COMPANY LEGALNAME EMAIL PHONE
first_name      FIRST NAME=1, FIRST=.95 | LAST
role            ROLE=.9, CONTACT ROLE=1, CONTACT KIND=.7
influence       INFLUENCE=.95
is_primary      PRIMARY=.8, PRIMARY CONTACT=1
email           EMAIL=.95 ~ STREET CUSTOMER CONTACT
phone           PHONE=.95, PHONE NUMBER=1 | MOBILE ~ CUSTOMER CONTACT
mobile          MOBILE=.95, MOBILE NUMBER=1, PHONE MOBILE=1 ~ CUSTOMER CONTACT
language        LANGUAGE=.9, LANGUAGE CODE=1 ~ CUSTOMER CONTACT
"""
_ALLOCATIONS = """
debit_number    INVOICE NUMBER=1, DEBIT NUMBER=1, INVOICE REF=.95, INVOICE ID=.95, DEBIT REF=.95, DEBIT DOCUMENT=.9,
                INVOICE=.8 | CREDIT DATE AMOUNT SETTLED CUSTOMER ~ DOCUMENT
credit_number   SETTLED NUMBER=1, CREDIT NUMBER=1, CREDIT NOTE=.8, SETTLED REF=.95, SETTLED ID=.95, CREDIT REF=.95,
                CREDIT DOCUMENT=.9, SETTLED DOCUMENT=.8 | DEBIT DATE AMOUNT CUSTOMER DUE METHOD TERMS ~ DOCUMENT NUMBER NOTE
amount          ALLOCATION AMOUNT=1, AMOUNT=.9, SETTLED AMOUNT=.9, ALLOCATION=.5 | DATE NUMBER OPEN VAT DUE
on              ALLOCATION DATE=1, SETTLED DATE=.85, AMOUNT DATE=.75, CURRENCY DATE=.75, CREATED DATE=.7, POSTING DATE=.7,
                DATE=.6, ALLOCATION=.55, SETTLED=.55, CURRENCY=.5 | DUE INVOICE ORDER NUMBER REF METHOD TERMS
"""
_ORDERS = """
number          ORDER NUMBER=1, ORDER REF=1, ORDER ID=1, ORDER CODE=.9, ORDER=.75, NUMBER=.75,
                DOCUMENT NUMBER=.7, REF=.6, DOCUMENT=.55, ID=.55
                | DATE AMOUNT OPEN INVOICE KIND DELIVERY CUSTOMER ACCOUNT COMPANY ENTITY VAT
order_date      ORDER DATE=1, CREATED DATE=.5, DATE=.5 | DUE SETTLED INVOICE DELIVERY POSTING
amount          ORDER AMOUNT=1, AMOUNT GROSS=.95, AMOUNT=.9, AMOUNT NET=.6 | OPEN VAT DATE NUMBER INVOICE SETTLED DUE
open_amount     OPEN AMOUNT=1, OPEN=.8, OPEN ORDER=.7 | DATE NUMBER DAYS ~ ORDER
"""
_DISPUTES = """
reason          DISPUTE REASON=1, REASON=.9, DISPUTE KIND=.9, KIND=.5 | DATE AMOUNT NUMBER
amount          DISPUTE AMOUNT=1, AMOUNT=.8 | DATE NUMBER VAT OPEN
opened_on       DISPUTE START=1, START DATE=1, DISPUTE DATE=.9, DISPUTE CREATED=.9, CREATED DATE=.8, START=.8, DATE=.5
                | DUE SETTLED INVOICE AMOUNT END ~ DATE CREATED
closed_on       END DATE=1, SETTLED DATE=.8, END=.8, SETTLED=.6 | DUE INVOICE AMOUNT ~ DISPUTE DATE
comment         COMMENT=.9, DISPUTE COMMENT=1
"""
_PROMISES = """
amount          PROMISE AMOUNT=1, AMOUNT=.8 | DATE NUMBER VAT OPEN
due_on          PROMISE DUE=1, PROMISE DATE=.85, PROMISE SETTLED=.85, DUE DATE=.7, DUE=.6
                | MADE CREATED AMOUNT NUMBER INVOICE ~ DATE
made_on         PROMISE MADE=1, PROMISE CREATED=1, MADE DATE=.9, MADE=.8, CREATED DATE=.8, DATE=.4 | DUE AMOUNT NUMBER INVOICE ~ DATE
numbers         INVOICE NUMBER=1, DOCUMENT NUMBER=1, INVOICE REF=.9, INVOICE=.8, DOCUMENT=.7, NUMBER=.7
                | DATE AMOUNT CUSTOMER ACCOUNT COMPANY ENTITY PHONE VAT ~ DOCUMENT
"""
_BANK_LINES = """
booked_on       POSTING DATE=1, AMOUNT POSTING DATE=.9, CREATED DATE=.6, DOCUMENT DATE=.8, DATE=.75, POSTING=.6
                | DUE ORDER AMOUNT DELIVERY INVOICE
value_on        AMOUNT DATE=1, CURRENCY DATE=.9, CREATED DATE=.65, CURRENCY=.5 | DUE ORDER POSTING DELIVERY INVOICE NUMBER
payer_name      CUSTOMER NAME=1, CUSTOMER LABEL=.9, CUSTOMER=.85, NAME=.7, LEGALNAME SOCIAL=.8
                | IBAN DATE AMOUNT NUMBER ID CODE REF ENTITY COMPANY
payer_iban      IBAN=.9, CUSTOMER IBAN=1, CUSTOMER ACCOUNT NUMBER=.8, CUSTOMER ACCOUNT=.8 | ENTITY COMPANY NAME DATE AMOUNT
                ~ NUMBER ACCOUNT CODE
text            NARRATIVE=.95, LABEL=.85, SETTLED REASON=.8, DOCUMENT LABEL=.9, POSTING LABEL=.9, REASON=.65, COMMENT=.6
                | DATE AMOUNT NUMBER IBAN CUSTOMER NAME ~ SETTLED DOCUMENT POSTING
structured_ref  ENTITY REF=1, SETTLED REF=.8 | DATE AMOUNT IBAN NAME
reference       DOCUMENT ID=1, DOCUMENT REF=.95, DOCUMENT NUMBER=.9, POSTING NUMBER=.9, REF=.8, ID=.7, NUMBER=.55
                | DATE AMOUNT IBAN NAME CUSTOMER ENTITY COMPANY ACCOUNT CURRENCY INVOICE
own_iban        ENTITY IBAN=1, COMPANY IBAN=1, ACCOUNT IBAN=.75 | CUSTOMER DATE AMOUNT NAME
"""
_OWN = {
    "customers": _CUSTOMERS,
    "contacts": _CONTACTS,
    "allocations": _ALLOCATIONS,
    "orders": _ORDERS,
    "disputes": _DISPUTES,
    "promises": _PROMISES,
    "bank_lines": _BANK_LINES,
    "items": "",
}


class _Rule:
    """One field's line of the tables above."""

    def __init__(self, text: str) -> None:
        text, _tilde, neutral = text.partition("~")
        text, _bar, blocked = text.partition("|")
        self.neutral = frozenset(neutral.split())
        self.blocked = frozenset(blocked.split())
        self.patterns: list[Pattern] = []
        for one in text.split(","):
            words, _equals, confidence = one.partition("=")
            self.patterns.append((frozenset(words.split()), float(confidence)))

    def score(self, found: frozenset[str]) -> float:
        blocking = self.blocked & found
        best = 0.0
        for pattern, confidence in self.patterns:
            if not pattern <= found or blocking - pattern:
                continue
            extra = {one for one in found - pattern - self.neutral if not one.startswith("ISO:")} - {"DIGITS"}
            unknown = _UNKNOWN_BESIDE_GENERIC if len(pattern) == 1 and pattern <= _GENERIC else _UNKNOWN
            cost = sum(unknown if one == "UNKNOWN" else _EXTRA for one in extra)
            best = max(best, confidence - cost)
        return best


@cache
def _rules(kind: str) -> dict[str, _Rule]:
    rules: dict[str, str] = {}
    for table in (_COMMON, _OWN[kind]):
        name = ""
        for line in table.strip("\n").split("\n"):
            if not line.strip():
                continue
            if not line.startswith(" "):
                name, _blank, line = line.partition(" ")
                rules[name] = ""
            rules[name] += " " + line
    return {name: _Rule(text) for name, text in rules.items()}


def header_score(kind: str, field: str, label: str) -> float:
    """How sure the words of a label are that this field is meant: 0 (they do not say so) to 1."""
    rule = _rules(kind).get(field)
    return max(0.0, rule.score(concepts(label))) if rule else 0.0


def currency_in_label(label: str) -> str:
    """The currency that a label names, as in `Amount (EUR)` or `converted_usd`; empty when none or two."""
    codes = {one.removeprefix("ISO:") for one in concepts(label) if one.startswith("ISO:")}
    return codes.pop() if len(codes) == 1 else ""


def names_only_a_currency(label: str) -> bool:
    """A label of which nothing else is understood than a currency: the column of amounts in it."""
    return bool(currency_in_label(label)) and not {one for one in concepts(label) if not one.startswith("ISO:")} - {
        "UNKNOWN",
        "DIGITS",
        "CURRENCY",
    }
