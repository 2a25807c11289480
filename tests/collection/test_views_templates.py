"""The pages of message texts: what is missing, the editor beside its preview, two editors, the history."""

import io
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from collection.models import Action, Step
from collection.services.planning import plan_actions
from collection.services.previewing import MOST_TESTS, ToOneselfReasons
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Attachment, Event, Message, TemplateVersion
from desk.queries.templates import Texts, latest_number
from desk.services import outbox, sending_hours
from desk.services.files import enclosed, files_folder
from desk.services.templates import create_template_code, save_template
from desk.texts import DEFAULT_TEXTS
from receivables.models import CustomerAccount, EntityAccess
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, NOW, approve, due, make_debtor, propose
from tests.collection.test_asks import PDF, with_document
from tests.desk.fakes import Script
from tests.make import make_entity, make_item, make_tenant
from tests.pages import own, statements

pytestmark = pytest.mark.django_db
PLACE = {"code": "reminder_1", "channel": "EMAIL", "language": "en"}
GOOD = {"subject": "Pay {{ total }}", "body": "Dear {{ contact_name }},\n\n{{ items }}", "number": "0"}


def url(name: str = "template", **place) -> str:
    return reverse(name, kwargs=PLACE | place)


@pytest.fixture
def today(organisation):
    """The organisation's day is MONDAY."""
    organisation.is_sandbox, organisation.sandbox_on = True, MONDAY
    organisation.save()


@pytest.fixture
def manager(organisation, today):
    client, _member = enter(organisation, role="credit_manager")
    return client


def debtor(organisation, **fields) -> CustomerAccount:
    with tenant_scope(organisation):
        account = make_debtor(language="en", **fields)
        make_item(account=account, number="F1", due=due(10), amount="100.00", issued=due(40))
        make_item(account=account, number="F2", due=due(5), amount="20.00", issued=due(40))
    return account


def text(response) -> str:
    return response.content.decode()


def test_the_grid_says_who_wrote_what_and_what_is_missing(organisation, manager):
    debtor(organisation)
    with tenant_scope(organisation):
        approve(organisation)
        save_template(**PLACE, subject="Own", body="x", actor=SYSTEM)
        made = create_template_code(name="Friendly", like="reminder_1", actor=SYSTEM)
        Step.objects.filter(step_key="reminder_2").update(template_code=made.code)
    shown = manager.get(reverse("templates"))
    assert "First reminder, e-mail, en: your text" in text(shown)
    assert "First reminder, e-mail, fr: common text" in text(shown)
    assert "Friendly, e-mail, en: not written yet" in text(shown)
    # One customer, who speaks English; nobody speaks German or French.
    assert shown.context["missing"] == 1
    assert "1 text is missing" in text(shown)
    assert len(text(manager.get(reverse("templates") + "?show=all"))) > len(text(shown))


def test_the_grid_asks_the_same_whatever_there_is(organisation, manager):
    with tenant_scope(organisation):
        approve(organisation)
        create_template_code(name="Friendly", like="reminder_1", actor=SYSTEM)
    manager.get(reverse("templates"))
    with statements() as before:
        manager.get(reverse("templates"))
    with tenant_scope(organisation):
        for number in range(20):
            create_template_code(name=f"Text {number}", like="reminder_1", actor=SYSTEM)
            make_debtor(email=f"a{number}@x.example", entity=make_entity(code=f"E{number}"))
    with statements() as after:
        manager.get(reverse("templates"))
    assert len(own(after)) == len(own(before)) <= 8


def test_a_text_is_saved_and_the_next_editor_is_asked(organisation, manager):
    shown = manager.get(url())
    assert DEFAULT_TEXTS["reminder_1", "en"].subject in text(shown)
    assert manager.post(url("template_save"), GOOD).status_code == 302
    late = manager.post(url("template_save"), GOOD | {"body": "Mine"})
    assert late.status_code == 409
    assert "Somebody else has saved this text meanwhile" in text(late)
    assert "Mine" in text(late)
    assert "{{ contact_name }}" in text(late)  # what mine takes from theirs
    assert manager.post(url("template_save"), GOOD | {"body": "Mine", "number": "1"}).status_code == 302
    with tenant_scope(organisation):
        assert Texts().find(**PLACE).body == "Mine"
        assert latest_number(**PLACE) == 2


@pytest.mark.parametrize("number", ["", "x", "-1", "²", "9" * 40])
def test_a_form_without_its_number_overwrites_nothing(organisation, manager, number):
    assert manager.post(url("template_save"), GOOD | {"number": number}).status_code == 409
    with tenant_scope(organisation):
        assert not TemplateVersion.objects.exists()


def test_what_is_wrong_is_said_with_the_line_and_nothing_typed_is_lost(organisation, manager):
    refused = manager.post(url("template_save"), GOOD | {"body": "One\r\nTwo {{ totl }} kept"})
    assert refused.status_code == 422
    assert "Line 2: {{ totl }} is not among the names. Did you mean {{ total }}?" in text(refused)
    assert "Two {{ totl }} kept" in text(refused)
    assert manager.post(url("template_save"), {}).status_code == 422
    assert manager.post(url("template_save"), GOOD | {"body": "a\x00b"}).status_code == 422


@pytest.mark.parametrize("place", [{"code": "nothing"}, {"channel": "CALL"}, {"channel": "email"}, {"language": "xx"}])
@pytest.mark.parametrize("name", ["template", "template_history"])
def test_what_there_is_not_is_not_found(manager, place, name):
    assert manager.get(url(name, **place)).status_code == 404


def test_the_preview_says_what_a_customer_would_read(organisation, manager):
    debtor(organisation)
    shown = manager.post(url("template_preview"), GOOD | {"q": "dur"})
    assert "Pay €120.00" in text(shown)
    assert "Durand SA" in text(shown)
    assert "2 items" in text(shown)
    assert "F1" in text(manager.post(url("template_frame"), GOOD | {"q": "dur"}))
    # Without a name: whoever is overdue the longest.
    assert "Pay €120.00" in text(manager.post(url("template_preview"), GOOD))


def test_the_preview_of_a_proposed_reminder_is_the_reminder(organisation, manager):
    with tenant_scope(organisation):
        approve(organisation)
        action = propose(organisation, make_debtor(language="en"))
        action_url = reverse("action_message", args=[action.id])
        common = DEFAULT_TEXTS["reminder_1", "en"]
    asked = {"subject": common.subject, "body": common.body, "customer": str(action.customer_id)}
    shown = manager.post(url("template_preview"), asked)
    assert "as it would leave today" in text(shown)
    assert text(manager.post(url("template_frame"), asked)) == text(manager.get(action_url))


def test_the_preview_speaks_the_language_of_the_text(organisation, manager):
    account = debtor(organisation)
    french = {"subject": "Total {{ total }}", "body": "{{ items }}", "customer": str(account.customer_id)}
    shown = text(manager.post(url("template_frame", language="fr"), french))
    assert "Échéance" in shown
    assert 'lang="fr"' in shown


def test_what_cannot_be_shown_is_said(organisation, manager):
    assert "Did you mean {{ total }}?" in text(
        manager.post(
            url("template_preview"), GOOD | {"body": "{{ totl }}", "customer": str(debtor(organisation).customer_id)}
        )
    ).replace("&#x27;", "'")
    assert "No customer of this name." in text(manager.post(url("template_preview"), GOOD | {"q": "zzz"}))
    with tenant_scope(organisation):
        paid = make_debtor(email="b@x.example", name="Zenith", entity=make_entity(code="Z"))
    shown = manager.post(url("template_preview"), GOOD | {"customer": str(paid.customer_id)})
    assert "Nothing is open at this customer" in text(shown)
    assert manager.post(url("template_frame"), GOOD | {"body": "{{ totl }}"}).content == b""
    for customer in ("x", str(uuid4()), ""):
        assert manager.post(url("template_preview"), GOOD | {"customer": customer}).status_code == 200


def test_a_letter_is_shown_as_pdf(organisation, manager):
    debtor(organisation)
    shown = manager.post(url("template_pdf", channel="LETTER"), GOOD)
    assert shown["Content-Type"] == "application/pdf"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(shown.content)).pages)
    assert "Pay €120.00" in words
    assert "Durand SA" in words


def test_a_test_message_reaches_oneself_at_once_and_no_customer(organisation):
    # Not a sandbox, at night: hours are the customers'.
    client, member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        account = make_debtor(language="en")
        make_item(account=account, number="F1", due=timezone.localdate().replace(year=2020), amount="100.00")
    answer = client.post(url("template_test"), GOOD | {"customer": str(account.customer_id)})
    assert answer.status_code == 204
    with tenant_scope(organisation):
        message = Message.objects.get()
        assert (message.recipient, message.customer, message.member) == (member.user.email, None, member)
        assert message.subject == "[Test] Pay €100.00"
        night = timezone.now().replace(hour=2)
        Message.objects.update(not_before=night)
        assert sending_hours.put_off(channel="EMAIL", now=night) == 0
        Message.objects.update(not_before=NOW)
        transport = Script()
        assert (
            outbox.drain(channel="EMAIL", transport=transport, reasons=lambda _type: ToOneselfReasons(on=MONDAY)) == 1
        )
        assert [one.recipient for one in transport.transmitted] == [member.user.email]
        assert not Event.objects.exists()
        assert not Action.objects.exists()
        Message.objects.bulk_create(
            Message(member=member, reason_type="collection.TestMessage", reason_id=uuid4(), on=MONDAY, channel="EMAIL", recipient="x@x.example", language="en", subject="x", body_text="x")
            for _ in range(MOST_TESTS)
        )  # fmt: skip
    assert client.post(url("template_test"), GOOD).status_code == 409


def test_history_shows_what_changed_and_brings_back(organisation, manager):
    assert "Nobody has changed this text" in text(manager.get(url("template_history")))
    manager.post(url("template_save"), GOOD | {"body": "First words"})
    manager.post(url("template_save"), GOOD | {"body": "Second words", "number": "1"})
    shown = text(manager.get(url("template_history")))
    assert "First words" in shown
    assert "Second words" in shown
    assert "{{ bank_details }}" in text(manager.get(url("template_history") + "?version=1"))  # the common text's
    assert manager.get(url("template_history") + "?version=9").status_code == 404
    assert manager.get(url("template_history") + "?version=x&before=y").status_code == 200
    stale = manager.post(url("template_restore"), {"version": "1", "number": "1"}, follow=True)
    assert "Somebody else has saved" in text(stale)
    manager.post(url("template_restore"), {"version": "1", "number": "2"})
    with tenant_scope(organisation):
        assert Texts().find(**PLACE).body == "First words"
    manager.post(url("template_restore"), {"number": "3"})
    with tenant_scope(organisation):
        assert Texts().find(**PLACE) == DEFAULT_TEXTS["reminder_1", "en"]
        assert TemplateVersion.objects.count() == 4


def test_many_versions_come_in_pages(organisation, manager):
    with tenant_scope(organisation):
        for number in range(45):
            save_template(**PLACE, subject="S", body=f"Words {number}", actor=SYSTEM)
    manager.get(url("template_history"))  # what the sidebar counts is remembered from here on
    with statements() as sql:
        first = manager.get(url("template_history"))
    assert len(own(sql)) <= 8
    assert len(first.context["versions"]) == 30
    second = manager.get(url("template_history") + f"?before={first.context['older']}")
    assert [one.number for one in second.context["versions"]] == list(range(15, 0, -1))


def test_a_new_text_is_for_the_steps_of_scenarios(organisation, manager):
    refused = manager.post(reverse("template_new"), {"name": "First reminder?", "like": "nothing"})
    assert refused.status_code == 422
    made = manager.post(reverse("template_new"), {"name": "Friendly call", "like": "reminder_1"}, follow=True)
    assert "Friendly call" in text(made)
    assert "not written yet" in text(made)
    again = manager.post(reverse("template_new"), {"name": "Friendly call", "like": "reminder_1"})
    assert "There is a text of this name." in text(again)


def test_who_may_only_read_gets_no_form_to_save(organisation, today):
    debtor(organisation)
    client, _member = enter(organisation, role="collector")
    shown = text(client.get(url()))
    assert "You can read this text, not change it." in shown
    assert "readonly" in shown
    assert "Send it to me" not in shown
    assert client.post(url("template_save"), GOOD).status_code == 403
    assert client.post(url("template_preview"), GOOD).status_code == 200


def test_a_preview_shows_no_customer_of_another_company(organisation, today):
    account = debtor(organisation)
    with tenant_scope(organisation):
        other = make_entity(code="DE")
    client, member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        EntityAccess.objects.create(member=member, entity=other)
    asked = GOOD | {"customer": str(account.customer_id)}
    assert "Durand" not in text(client.post(url("template_preview"), asked))
    assert "Durand" not in text(client.post(url("template_preview"), GOOD | {"q": "durand"}))
    assert client.post(url("template_pdf"), asked).status_code >= 400
    assert client.post(url("template_test"), asked).status_code >= 400


def test_another_organisation_has_other_texts_and_customers(organisation, manager):
    account = debtor(organisation)
    manager.post(url("template_save"), GOOD)
    client, _member = enter(make_tenant(), role="credit_manager")
    assert "Pay {{ total }}" not in text(client.get(url()))
    asked = GOOD | {"customer": str(account.customer_id)}
    assert "Durand" not in text(client.post(url("template_preview"), asked))
    assert client.get(url("template_history") + "?version=1").status_code == 404


def test_a_text_message_has_no_subject_no_table_and_its_length(organisation, manager):
    account = debtor(organisation)
    short = {"channel": "SMS"}
    shown = manager.get(url(**short))
    assert 'id="template-subject"' not in text(shown)
    asked = {"subject": "x", "body": "Please pay {{ total }}", "customer": str(account.customer_id), "number": "0"}
    seen = text(manager.post(url("template_preview", **short), asked))
    assert "Please pay €120.00" in seen
    assert "<iframe" not in seen
    refused = manager.post(url("template_save", **short), asked | {"body": "{{ items }}"})
    assert "cannot stand here" in text(refused)


def test_a_registered_letter_says_what_the_letter_says(organisation, manager):
    with tenant_scope(organisation):
        save_template(**PLACE | {"channel": "LETTER"}, subject="Own letter", body="x", actor=SYSTEM)
    shown = text(manager.get(url(channel="REGISTERED_LETTER")))
    assert "Own letter" in shown
    assert "as your letter" in shown


# --- what goes along with a test --------------------------------------------------------------------------------------


@pytest.fixture
def enclosing(organisation, settings, tmp_path, today):
    """The step of the text encloses all that a step can; F1 has a file, F2 has none."""
    settings.DATA_DIR = tmp_path
    with tenant_scope(organisation):
        approve(organisation)
        Step.objects.filter(step_key="reminder_1").update(
            attach_statement=True, attach_interest=True, attach_invoices=True
        )
        account = make_debtor(language="en")
        with_document(account)
        with_document(account, number="F2", file=False)
    return account


@pytest.mark.parametrize("is_proposed", [False, True])
def test_a_test_carries_what_the_step_encloses_for_the_customer(organisation, enclosing, is_proposed):
    client, _member = enter(organisation, role="credit_manager")
    if is_proposed:
        with tenant_scope(organisation):
            plan_actions(tenant=organisation, on=MONDAY)
    asked = GOOD | {"customer": str(enclosing.customer_id)}
    shown = text(client.post(url("template_preview"), asked))
    assert ("as it would leave today" in shown) is is_proposed
    for words in ("Statement", "Calculation of interest", "F1.pdf", "F2 is not enclosed: no file of it is kept"):
        assert words in shown
    assert client.post(url("template_test"), asked).status_code == 204
    with tenant_scope(organisation):
        message = Message.objects.get()
        kept = list(message.files.values_list("kind", "file_name", flat=False))
        assert [kind for kind, _name in kept] == ["STATEMENT", "INTEREST", "INVOICE"]
        Message.objects.update(not_before=NOW)
        transport = Script()
        outbox.drain(channel="EMAIL", transport=transport, reasons=lambda _type: ToOneselfReasons(on=MONDAY))
        (left,) = transport.transmitted
        pieces = enclosed(left)
        assert [file.file_name for file, _content in pieces] == [name for _kind, name in kept]
        assert pieces[2][1] == PDF
        statement = PdfReader(io.BytesIO(pieces[0][1])).pages[0].extract_text()
        assert "F1" in statement
        assert "200.00" in statement
        assert "F1" in PdfReader(io.BytesIO(pieces[1][1])).pages[0].extract_text()
        assert not Event.objects.filter(kind__startswith="message").exists()


def test_nothing_is_sent_where_what_goes_along_is_gone(organisation, enclosing):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        for file in Attachment.objects.all():
            (files_folder() / file.path).unlink()
    asked = GOOD | {"customer": str(enclosing.customer_id)}
    answer = client.post(url("template_test"), asked)
    assert answer.status_code == 409
    assert "could not be made" in text(answer)
    with tenant_scope(organisation):
        assert not Message.objects.exists()


def test_a_text_that_no_step_says_carries_nothing(organisation, enclosing):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        Step.objects.filter(step_key="reminder_1").update(template_code="reminder_2")
    asked = GOOD | {"customer": str(enclosing.customer_id)}
    assert client.post(url("template_test"), asked).status_code == 204
    with tenant_scope(organisation):
        assert Message.objects.get().enclosures == []
