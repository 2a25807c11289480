"""What replies mean: measured on a labelled set in three languages, and the edges one by one."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from desk.rules.inbound.amounts import amounts_in
from desk.rules.inbound.days import days_in
from desk.rules.inbound.meaning import Kind, Proposal, proposals_in, sentences
from desk.rules.inbound.quotes import cut, without_signature
from tests.desk.rules.replies_fresh import LEARNING, UNSEEN
from tests.desk.rules.replies_later import LAST, LOOK_ALIKES, TAUGHT
from tests.desk.rules.replies_set import HARDER, HELD_OUT, KNOWN, RECEIVED, Example

LABELS = {Kind.OTHER_PERSON: "WRONG_CONTACT"}
SETS = {"known": KNOWN, "held out": HELD_OUT, "harder": HARDER, "learning half": LEARNING, "unseen half": UNSEEN}
# Not fit for a floor each: statements that were missed once, mails that state nothing, and forty that taught nothing.
MORE = {"taught": TAUGHT, "look-alikes": LOOK_ALIKES, "last": LAST}
DOCS = Path(__file__).parents[3] / "docs/rules/replies.md"


def found_in(example: Example) -> dict[str, Proposal]:
    """Label -> the first proposal of that kind."""
    out: dict[str, Proposal] = {}
    new, _quoted = cut(example.text)
    for one in proposals_in(without_signature(new), on=RECEIVED):
        out.setdefault(LABELS.get(one.kind, one.kind.value), one)
    return out


def measured(examples) -> dict[str, tuple[float, float, int]]:
    """Label -> (precision, recall, how many there are)."""
    right, proposed, present = Counter(), Counter(), Counter()
    for example in examples:
        found = found_in(example)
        proposed.update(found.keys())
        present.update(example.says)
        right.update(label for label in found if label in example.says)
    return {
        label: (right[label] / proposed[label] if proposed[label] else 1.0, right[label] / number, number)
        for label, number in present.items()
    }


def test_the_set_is_what_it_says():
    texts = [one.text for examples in (*SETS.values(), *MORE.values()) for one in examples]
    assert len(set(texts)) == len(texts)
    for examples in SETS.values():
        assert sum(not one.says for one in examples) >= len(examples) * 0.3  # what says nothing of the kind


@pytest.mark.parametrize("name", SETS)
def test_promises_and_disputes_are_proposed_rightly(name, capsys):
    figures = measured(SETS[name])
    with capsys.disabled():
        print(f"\n{name}, {len(SETS[name])} mails: " + "; ".join(
            f"{label.lower()} {number}: precision {precision:.2f}, recall {recall:.2f}"
            for label, (precision, recall, number) in sorted(figures.items())
        ))  # fmt: skip
    for label in ("PROMISE", "DISPUTE"):
        precision, recall, _number = figures[label]
        assert precision >= 0.9, label
        assert recall >= 0.8, label


def counted(examples, label) -> tuple[int, int, int]:
    """How many are proposed rightly, wrongly and missed of one label."""
    pairs = [(label in found_in(example), label in example.says) for example in examples]
    return tuple(sum(pair == wanted for pair in pairs) for wanted in ((True, True), (True, False), (False, True)))


@pytest.mark.parametrize("label", ["PROMISE", "DISPUTE"])
def test_few_proposals_are_wrong_over_all_mails(label):
    right, wrong, _missed = counted([one for examples in (*SETS.values(), *MORE.values()) for one in examples], label)
    assert right / (right + wrong) >= 0.95


@pytest.mark.parametrize("name", [*SETS, *MORE])
def test_the_figures_of_the_docs_are_those_of_the_rules(name):
    examples = {**SETS, **MORE}[name]
    row = next(line for line in DOCS.read_text().splitlines() if line.startswith(f"| {name} |"))
    figures = [int(number) for number in re.findall(r"\d+", row)]
    assert figures == [len(examples), *counted(examples, "PROMISE"), *counted(examples, "DISPUTE")]


def test_days_amounts_and_reasons_are_read_rightly():
    wrong = []
    for example in (*KNOWN, *HELD_OUT, *HARDER, *LEARNING):
        found = found_in(example)
        promise, dispute = found.get("PROMISE"), found.get("DISPUTE")
        if promise and example.due and promise.due != date.fromisoformat(example.due):
            wrong.append((example.text, promise.due))
        if promise and example.amount and f"{promise.amount:.2f} {promise.currency}" != example.amount:
            wrong.append((example.text, promise.amount))
        if dispute and example.reason and dispute.reason != example.reason:
            wrong.append((example.text, dispute.reason))
    assert wrong == []


def test_a_proposal_keeps_the_sentence_that_says_so():
    text = "Bonjour,\n\nMerci de votre message. Nous paierons le 15 mars. Bonne journée."
    assert [one.sentence for one in proposals_in(text, on=RECEIVED)] == ["Nous paierons le 15 mars."]


def test_instalments_are_several_promises():
    text = "Nous paierons 500 € le 10 mars.\nNous paierons 500 € le 10 avril."
    found = proposals_in(text, on=RECEIVED)
    assert [(one.due, one.amount) for one in found] == [
        (date(2026, 3, 10), Decimal(500)),
        (date(2026, 4, 10), Decimal(500)),
    ]


def test_a_promise_of_a_day_that_has_passed_is_none():
    assert proposals_in("Nous paierons le 15 février 2026.", on=RECEIVED) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wir zahlen am 15. März. Danke.", ["Wir zahlen am 15. März.", "Danke."]),
        ("Vu avec M. Leroy hier. Merci.", ["Vu avec M. Leroy hier.", "Merci."]),
        ("Bonjour Madame,\nNous vous confirmons que le règlement de la\nfacture partira lundi.",
         ["Nous vous confirmons que le règlement de la facture partira lundi."]),
    ],
)  # fmt: skip
def test_sentences_end_where_people_end_them(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("le 15 mars", "2026-03-15"), ("le 15/03/2026", "2026-03-15"), ("03/15/2026", "2026-03-15"),
        ("am 15.03.", "2026-03-15"), ("am 15. März 2026", "2026-03-15"), ("March 15th", "2026-03-15"),
        ("2026-03-20", "2026-03-20"), ("by the 20th", "2026-03-20"), ("bis zum 20.", "2026-03-20"), ("le 1er", "2026-04-01"),
        ("fin mars", "2026-03-31"), ("end of the month", "2026-03-31"), ("mi-avril", "2026-04-15"),
        ("next Friday", "2026-03-06"), ("lundi", "2026-03-09"), ("next week Tuesday", "2026-03-10"),
        ("vendredi 6 mars", "2026-03-06"), ("la semaine prochaine", "2026-03-13"), ("KW 12", "2026-03-20"),
        ("dans 10 jours", "2026-03-12"), ("in zwei Wochen", "2026-03-16"), ("demain", "2026-03-03"),
        ("Anfang nächster Woche", "2026-03-10"), ("mid next week", "2026-03-11"), ("sous 48h", "2026-03-04"),
        ("le 15 du mois prochain", "2026-04-15"), ("the 5th of next month", "2026-04-05"), ("début du mois prochain", "2026-04-10"),
        ("première semaine d'avril", "2026-04-07"), ("2e quinzaine de mars", "2026-03-31"), ("im Laufe des März", "2026-03-31"),
        ("mid-month", "2026-03-15"), ("by Fri", "2026-03-06"), ("am Do", "2026-03-05"), ("on 15th", "2026-03-15"),
        ("jeudi en huit", "2026-03-12"), ("übernächste Woche", "2026-03-20"), ("in a fortnight", "2026-03-16"),
        ("sous 8 à 10 jours", "2026-03-12"), ("in about two weeks", "2026-03-16"),
        ("sous huitaine", "2026-03-09"), ("le 10 janvier", "2026-01-10"), ("le 20 décembre", "2025-12-20"),
    ],
)  # fmt: skip
def test_a_day_is_read_as_it_is_meant(text, expected):
    assert days_in(text, on=RECEIVED) == [date.fromisoformat(expected)]


@pytest.mark.parametrize(
    "text", ["1.200,00 EUR", "le 5 000 € restant", "3.5 %", "version 1.2", "F2026-0312", "le 31 février", "we may pay"]
)
def test_what_is_no_day_is_none(text):
    assert days_in(text, on=RECEIVED) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 200,00 EUR", ("1200.00", "EUR")), ("1.200,50 €", ("1200.50", "EUR")), ("€1,200.50", ("1200.50", "EUR")),
        ("1200 euros", ("1200", "EUR")), ("1.200 €", ("1200", "EUR")), ("12,5 EUR", ("12.5", "EUR")),
        ("CHF 3'500.--", ("3500", "CHF")), ("$12,400.00", ("12400.00", "USD")), ("5k€", ("5000", "EUR")),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_written(text, expected):
    assert amounts_in(text) == [(Decimal(expected[0]), expected[1])]


@pytest.mark.parametrize("text", ["1 200,00", "facture 4471", "le 15/03", "0 €"])
def test_a_number_without_currency_is_no_amount(text):
    assert amounts_in(text) == []


@pytest.mark.parametrize(
    "word",
    [
        "le règlement ",
        "we will pay ",
        "wir werden ",
        "ne pas ",
        "manque ",
        "1 200 eur 15 mars ",
        "12 of 12 ",
        "payment the ",
    ],
)
def test_a_text_made_to_take_long_does_not(word):
    import time

    begun = time.monotonic()
    proposals_in((word * 100 + ".\n\n") * 80, on=RECEIVED)
    assert time.monotonic() - begun < 5
