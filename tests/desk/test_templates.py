"""The organisation's own texts: versions that nobody overwrites, the way back, codes of one's own."""

import contextvars
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Template, TemplateVersion
from desk.queries.templates import Origin, Texts, latest_number, template_codes, versions_of
from desk.rules.templates import NAMES, fill_text
from desk.services.templates import (
    BadTemplate,
    BadTemplateCode,
    TemplateChanged,
    create_template_code,
    drop_template,
    restore_version,
    save_template,
)
from desk.texts import DEFAULT_TEXTS, LANGUAGES
from tests.make import make_member, make_tenant

pytestmark = pytest.mark.django_db
PLACE = {"code": "reminder_1", "channel": "EMAIL", "language": "en"}


def save(subject: str = "Pay", body: str = "{{ items }}", **values):
    return save_template(**(PLACE | {"subject": subject, "body": body, "actor": SYSTEM} | values))


def history(**place) -> list[tuple[int, str]]:
    return [(one.number, one.subject) for one in versions_of(**(PLACE | place))]


def test_each_saving_is_a_version_with_who_and_when(tenant):
    author = make_member()
    save("One", actor=Actor.member(author))
    save("Two")
    save("Two")  # the same words: nothing happened

    assert history() == [(2, "Two"), (1, "One")]
    first = versions_of(**PLACE).get(number=1)
    assert (first.saved_by, first.is_common, first.restored_from) == (author, False, None)
    assert Template.objects.get().subject == "Two"
    assert AuditRecord.objects.filter(action="desk.template_saved").count() == 2


def test_two_editors_do_not_overwrite_one_another(tenant):
    save("Theirs", based_on=0)
    with pytest.raises(TemplateChanged):
        save("Mine", based_on=0)
    assert history() == [(1, "Theirs")]
    with pytest.raises(TemplateChanged):
        drop_template(**PLACE, actor=SYSTEM, based_on=0)
    with pytest.raises(TemplateChanged):
        restore_version(**PLACE, number=1, actor=SYSTEM, based_on=0)
    save("Mine", based_on=1)
    assert history() == [(2, "Mine"), (1, "Theirs")]


def test_the_common_text_remains_and_can_be_gone_back_to(tenant):
    save("Own")
    drop_template(**PLACE, actor=SYSTEM, based_on=1)

    assert not Template.objects.exists()
    common = DEFAULT_TEXTS["reminder_1", "en"]
    newest = versions_of(**PLACE)[0]
    assert (newest.number, newest.is_common, newest.subject, newest.body) == (2, True, common.subject, common.body)
    assert Texts().found(**PLACE) == (common, Origin.COMMON)
    drop_template(**PLACE, actor=SYSTEM)  # nothing to drop
    assert latest_number(**PLACE) == 2


def test_a_version_is_brought_back_as_a_new_one(tenant):
    save("One")
    save("Two")
    restore_version(**PLACE, number=1, actor=SYSTEM, based_on=2)

    assert history() == [(3, "One"), (2, "Two"), (1, "One")]
    assert versions_of(**PLACE)[0].restored_from == 1
    with pytest.raises(NotFound):
        restore_version(**PLACE, number=9, actor=SYSTEM)


def test_a_version_that_would_be_refused_today_stays_history(tenant):
    TemplateVersion.objects.create(**PLACE, number=1, subject="{{ old_name }}", body="x")
    with pytest.raises(BadTemplate) as refusal:
        restore_version(**PLACE, number=1, actor=SYSTEM, based_on=1)
    assert "old_name" in str(refusal.value.fields["subject"][0])


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("body", {"body": "a\nb {{ totl }}"}, "Line 2: {{ totl }} is not among the names. Did you mean {{ total }}?"),
        ("body", {"body": "{{ if disputed }}x{{ end }}"}, "Did you mean dispute?"),
        ("body", {"body": "{{ if dispute }}"}, "has no {{ end }}"),
        ("body", {"body": " \n "}, "Write a text."),
        ("subject", {"subject": "{{ items }}"}, "cannot stand here"),
        ("subject", {"subject": ""}, "one line of at most 200"),
        ("subject", {"subject": "a\r\nBcc: x"}, "one line of at most 200"),
        ("subject", {"subject": "x" * 201}, "one line of at most 200"),
    ],
)
def test_a_refusal_says_where_and_what(tenant, field, values, said):
    with pytest.raises(BadTemplate) as refusal:
        save(**values)
    assert said in " ".join(str(one) for one in refusal.value.fields[field])
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize("values", [{"channel": "CALL"}, {"channel": "FAX"}, {"language": "xx"}, {"code": "nothing"}])
def test_a_place_that_does_not_exist_is_refused(tenant, values):
    with pytest.raises(BadTemplate):
        save(**values)


def test_a_code_of_ones_own_says_what_it_is_like_until_it_has_words(tenant):
    made = create_template_code(name="  Friendly  call ", like="reminder_2", actor=SYSTEM)

    assert (made.code, made.name) == ("friendly_call", "Friendly call")
    assert made.code in template_codes()
    here = {"code": made.code, "channel": "EMAIL", "language": "fr"}
    assert Texts().found(**here) == (DEFAULT_TEXTS["reminder_2", "fr"], Origin.LIKE)
    save("Bonjour", **here)
    assert Texts().found(**here)[1] == Origin.OWN
    # Another channel, another language: still what it is like, in that language.
    assert Texts().found(**here | {"channel": "LETTER"})[1] == Origin.LIKE
    assert Texts().found(**here | {"language": "de"})[0] == DEFAULT_TEXTS["reminder_2", "de"]
    drop_template(**here, actor=SYSTEM)
    assert Texts().found(**here)[1] == Origin.LIKE


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("", "reminder_1"),
        ("---", "reminder_1"),
        ("x" * 81, "reminder_1"),
        ("New", "nothing"),
        ("Reminder 1", "reminder_1"),
    ],
)
def test_a_bad_code_is_refused(tenant, name, like):
    with pytest.raises(BadTemplateCode):
        create_template_code(name=name, like=like, actor=SYSTEM)


def test_a_code_exists_once(tenant):
    create_template_code(name="Friendly", like="reminder_1", actor=SYSTEM)
    with pytest.raises(BadTemplateCode):
        create_template_code(name="friendly", like="reminder_1", actor=SYSTEM)


def test_another_organisation_has_texts_of_its_own(organisation):
    with tenant_scope(organisation):
        save("Ours")
        create_template_code(name="Ours", like="reminder_1", actor=SYSTEM)
    with tenant_scope(make_tenant()):
        assert latest_number(**PLACE) == 0
        assert "ours" not in template_codes()
        assert Texts().found(**PLACE)[1] == Origin.COMMON
        with pytest.raises(NotFound):
            restore_version(**PLACE, number=1, actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_refused():
    gate = threading.Barrier(2)

    def run(subject):
        try:
            gate.wait(timeout=20)
            save(subject, based_on=0)
            return "saved"
        except TemplateChanged:
            return "refused"
        finally:
            connection.close()

    with tenant_scope(make_tenant()):
        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(contextvars.copy_context().run, run, words) for words in ("One", "Two")]
            assert sorted(one.result(timeout=30) for one in running) == ["refused", "saved"]
        save("Three", based_on=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_lays_the_costs_of_recovery_on_the_customer(language):
    """Without an enforceable title they stay with the creditor (France: art. L111-8 CPCE); the fixed sum is owed."""
    said = " ".join(text.body for (_code, one), text in DEFAULT_TEXTS.items() if one == language)
    for words in ("à vos frais", "at your expense", "auf Ihre Kosten", "à votre charge"):
        assert words not in said


def test_french_texts_have_the_no_break_spaces_of_french():
    french = [text for (_code, language), text in DEFAULT_TEXTS.items() if language == "fr"]
    said = "\n".join(f"{text.subject}\n{text.body}" for text in french)
    assert not re.search(" [:;!?»€]|« ", said)
    assert "\N{NO-BREAK SPACE}: " in said
    assert "40\N{NO-BREAK SPACE}€" in said


@pytest.mark.parametrize(("language", "one", "two"), [
    ("en", "the following invoice has passed its due date", "the following invoices have passed their due date"),
    ("fr", "la facture suivante est arrivée à échéance", "les factures suivantes sont arrivées à échéance"),
    ("de", "die folgende Rechnung ist nach unseren", "die folgenden Rechnungen sind nach unseren"),
])  # fmt: skip
def test_one_invoice_is_spoken_of_as_one(language, one, two):
    body = DEFAULT_TEXTS["reminder_1", language].body
    values = dict.fromkeys(NAMES, "x")
    assert one in fill_text(body, values, items="", holds={})
    assert two in fill_text(body, values, items="", holds={"several_items": True})
