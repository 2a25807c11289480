"""core.errors: refusals carry a machine name, a status, a sentence and messages by field."""

import pickle

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooLarge, TooMany, Unavailable


class PeriodClosed(Conflict):
    """As a service would define it."""

    code = "period_closed"
    message = gettext_lazy("Yes")


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Invalid, 400, "invalid"),
        (NotAllowed, 403, "not_allowed"),
        (NotFound, 404, "not_found"),
        (Conflict, 409, "conflict"),
        (TooLarge, 413, "too_large"),
        (TooMany, 429, "too_many"),
        (Unavailable, 503, "unavailable"),
        (PeriodClosed, 409, "period_closed"),
    ],
)
def test_each_refusal_has_its_status_and_its_name(refusal, status, code):
    with pytest.raises(Refusal) as caught:
        raise refusal
    assert (caught.value.status, caught.value.code) == (status, code)
    assert str(caught.value.message)
    assert caught.value.fields == {}


def test_the_sentence_is_in_the_reader_s_language():
    refusal = PeriodClosed()
    with translation.override("en"):
        assert str(refusal.message) == "Yes"
    with translation.override("fr"):
        assert str(refusal.message) == "Oui"


def test_messages_by_field_are_lists_whether_one_or_several_are_given():
    refusal = Invalid(fields={"amount": gettext_lazy("Yes"), "": ["one", "two"]})
    with translation.override("en"):
        assert refusal.fields == {"amount": ["Yes"], "": ["one", "two"]}


def test_a_refusal_prints_its_sentence_and_its_fields():
    refusal = Invalid("Not like this.", fields={"amount": ["too small"], "": ["and more"]})
    assert str(refusal) == "Not like this. amount: too small and more"


def test_the_raiser_s_sentence_does_not_change_the_class():
    Invalid("Only here.")
    assert Invalid().message == Invalid.message


def test_a_machine_name_is_lower_snake_case():
    with pytest.raises(TypeError, match="lower snake case"):
        type("Broken", (Conflict,), {"code": "PeriodClosed"})


def test_a_refusal_that_passes_says_when_where_that_is_known():
    assert TooMany(retry_after_seconds=30).retry_after_seconds == 30
    assert Unavailable().retry_after_seconds is None


def test_refusals_survive_another_process():
    copy = pickle.loads(pickle.dumps(TooMany("Wait.", fields={"a": ["b"]}, retry_after_seconds=5)))
    assert (copy.message, copy.fields, copy.retry_after_seconds) == ("Wait.", {"a": ["b"]}, 5)
