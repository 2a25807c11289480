"""Mail that comes in: taken once, matched within its organisation, made known; bounces and automatic answers."""

import threading
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction

from core.tenancy import tenant_scope
from desk.models import Attachment, Event, InboundMessage, ReplyRules, Task
from desk.services.inbound import raw_of
from receivables.models import Contact, Document, Hold
from tests.desk.inbound import bounce, id_of, mail, make_sent, receipt, take
from tests.make import TODAY, make_account, make_customer, make_item, make_tenant

pytestmark = pytest.mark.django_db
Kind, By = InboundMessage.Kind, InboundMessage.MatchedBy


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def durand(tenant):
    return make_account(customer=make_customer(name="Durand")).customer


def contact(customer, email="claire@durand.example", **fields):
    return Contact.objects.create(customer=customer, last_name="Martin", email=email, **fields)


# --- Taken once --------------------------------------------------------------------------------------------------------


def test_a_reply_is_kept_with_its_words_and_as_received(durand):
    raw = mail("Bonjour,\nnous paierons vendredi.\n\nLe 2 mars 2026, Nordis a écrit :\n> Facture F1\n")
    row = take(raw)
    assert (row.kind, row.state, row.sender, row.sender_name) == (
        Kind.REPLY, "NEW", "claire@durand.example", "Claire Martin",
    )  # fmt: skip
    assert row.text == "Bonjour,\nnous paierons vendredi."
    assert "> Facture F1" in row.quoted
    assert raw_of(row) == raw


def test_the_same_mail_is_taken_once(durand):
    contact(durand)
    raw = mail()
    assert take(raw) is not None
    assert take(raw) is None
    assert take(b"Received: by another mailbox\r\n" + raw) is None
    assert InboundMessage.objects.count() == Task.objects.count() == Event.objects.count() == 1


def test_another_mail_under_a_known_message_id_is_not_lost(tenant):
    take(mail("one", message_id="<x@y.example>"))
    second = mail("two", message_id="<x@y.example>")
    assert take(second).mail_id.startswith("x@y.example#")
    assert take(second) is None
    assert InboundMessage.objects.count() == 2


def test_a_mail_without_message_id_is_taken_once(tenant):
    raw = b"From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n"
    assert take(raw).mail_id.endswith("@no-id.invalid")
    assert take(raw) is None


def test_a_copy_of_our_own_message_is_not_a_reply(durand):
    ours = make_sent(durand)
    assert take(mail(message_id=id_of(ours))) is None
    assert InboundMessage.objects.count() == 0


def test_a_changed_file_is_not_given_out(tenant):
    row = take(mail())
    (settings.DATA_DIR / "files" / row.raw_path).write_bytes(b"other")
    assert raw_of(row) is None


# --- Whose is it? ------------------------------------------------------------------------------------------------------


def test_an_answer_belongs_to_the_customer_of_our_message_whoever_writes(durand):
    item = make_item(account=durand.accounts.get(), number="F2026-118")
    ours = make_sent(durand, entity=item.entity)
    row = take(mail("F2026-118 ?", sender="chef@elsewhere.example", In_Reply_To=id_of(ours)))
    assert (row.customer, row.answers, row.matched_by, row.entity) == (durand, ours, By.REFERENCE, item.entity)
    assert row.items == [str(item.id)]


def test_references_count_where_a_program_leaves_out_in_reply_to(durand):
    ours = make_sent(durand)
    assert take(mail(sender="x@y.example", References=f"<a@b> {id_of(ours)} <c@d>")).answers == ours


def test_a_known_address_is_matched_whatever_its_case(durand):
    person = contact(durand, "Claire@Durand.example")
    row = take(mail())
    assert (row.customer, row.contact, row.matched_by) == (durand, person, By.ADDRESS)


def test_a_domain_counts_when_one_customer_alone_has_it(durand):
    contact(durand, "other@durand.example")
    assert take(mail()).matched_by == By.DOMAIN
    contact(make_customer(), "third@durand.example")
    assert take(mail()).customer is None


def test_a_public_domain_says_nothing(durand):
    contact(durand, "durand@gmail.com")
    assert take(mail(sender="somebody@gmail.com")).customer is None


def test_an_address_of_two_customers_waits_for_a_person(durand):
    contact(durand)
    contact(make_customer())
    assert take(mail()).customer is None


def test_an_unknown_sender_is_matched_by_the_documents_named(durand):
    account = durand.accounts.get()
    Document.objects.create(
        customer=durand, account=account, entity=account.entity, number="FA-2026-00118", kind="INVOICE",
        document_date=TODAY, currency="EUR", total_amount=100,
    )  # fmt: skip
    row = take(mail("Concerne FA-2026-00118.", sender="x@y.example"))
    assert (row.customer, row.matched_by) == (durand, By.ITEM)


def test_a_message_of_another_organisation_matches_nothing(organisation):
    with tenant_scope(organisation):
        ours = make_sent(make_account().customer)
    other = make_tenant()
    with tenant_scope(other):
        row = take(mail(sender="x@y.example", In_Reply_To=id_of(ours)))
        assert (row.customer, row.answers) == (None, None)
        # Nor under an identifier that claims to be of this organisation.
        forged = f"<{other.id.hex}.{ours.id.hex}@encours.example>"
        assert take(mail(sender="x@y.example", In_Reply_To=forged)).answers is None
        assert take(bounce(id_of(ours), ours.recipient)).customer is None
        assert take(mail(message_id=id_of(ours))) is not None
    with tenant_scope(organisation):
        ours.refresh_from_db()
        assert ours.state == "SENT"
        assert InboundMessage.objects.count() == 0


# --- What follows ------------------------------------------------------------------------------------------------------


def test_a_reply_makes_one_task_and_one_line_of_the_timeline(durand):
    contact(durand)
    row = take(mail(subject="Re: Relance"))
    task, event = Task.objects.get(), Event.objects.get()
    assert (task.kind, task.key, task.customer, task.object_id) == ("REPLY", str(row.id), durand, row.id)
    assert task.values == {"name": "Claire Martin", "subject": "Re: Relance"}
    assert (event.kind, event.object_id, event.data["text"]) == ("reply.received", row.id, "Bonjour,\nbien reçu.")
    assert not Hold.objects.exists()


def test_a_mail_of_nobody_waits_without_task(tenant):
    row = take(mail())
    assert (row.state, row.customer, row.matched_by) == ("NEW", None, "")
    assert not Task.objects.exists()


def test_a_reply_holds_reminders_where_the_organisation_wants_it(durand):
    ReplyRules.objects.create(hold_days=3)
    contact(durand)
    take(mail())
    hold = Hold.objects.get()
    assert (hold.customer, hold.reason, hold.from_on, hold.until_on) == (
        durand, "REPLY", TODAY, TODAY + timedelta(days=2),
    )  # fmt: skip


def test_a_bounce_marks_message_and_address_and_makes_a_task(durand):
    person = contact(durand)
    ours = make_sent(durand, recipient="claire@durand.example", contact=person)
    row = take(bounce(id_of(ours), "claire@durand.example"))
    ours.refresh_from_db()
    person.refresh_from_db()
    assert (row.kind, row.customer, ours.state) == (Kind.BOUNCE, durand, "BOUNCED")
    assert person.email_bounced_at is not None
    assert "5.1.1" in ours.error
    assert Task.objects.get().kind == "BOUNCE"
    assert Event.objects.get().kind == "message.bounced.email"
    # The same told by a second server makes no second task.
    take(bounce(id_of(ours), "claire@durand.example"))
    assert Task.objects.count() == 1


def test_a_read_receipt_is_a_line_of_the_timeline_and_nothing_else(durand):
    ours = make_sent(durand, recipient="claire@durand.example")
    row = take(receipt(id_of(ours)))
    assert (row.kind, row.state, row.answers, row.proposals) == (Kind.RECEIPT, "DONE", ours, [])
    event = Event.objects.get()
    assert (event.kind, event.customer, event.data["recipient"]) == (
        "message.opened.email", durand, "claire@durand.example",
    )  # fmt: skip
    assert not Task.objects.exists()
    assert not Hold.objects.exists()


def test_a_receipt_for_nothing_of_ours_says_nothing(durand):
    contact(durand)
    row = take(receipt(f"<{uuid4().hex}.{uuid4().hex}@encours.example>"))
    assert (row.kind, row.answers) == (Kind.RECEIPT, None)
    assert not Event.objects.exists()


def test_a_message_that_was_deleted_unread_was_not_opened(durand):
    ours = make_sent(durand, recipient="claire@durand.example")
    row = take(receipt(id_of(ours), disposition="automatic-action/MDN-sent-automatically; deleted"))
    assert row.kind == Kind.OUT_OF_OFFICE
    assert Event.objects.get().kind == "reply.automatic"


def test_a_full_mailbox_does_not_mark_the_address(durand):
    person = contact(durand)
    ours = make_sent(durand, recipient="claire@durand.example", contact=person)
    take(bounce(id_of(ours), "claire@durand.example", status="5.2.2"))
    ours.refresh_from_db()
    person.refresh_from_db()
    assert (ours.state, person.email_bounced_at) == ("FAILED", None)
    assert Task.objects.get().kind == "BOUNCE"


def test_a_server_that_still_tries_bothers_nobody(durand):
    ours = make_sent(durand, recipient="claire@durand.example")
    row = take(bounce(id_of(ours), "claire@durand.example", status="4.4.1", action="delayed"))
    ours.refresh_from_db()
    assert (row.state, ours.state, Task.objects.count()) == ("DONE", "SENT", 0)


def test_a_report_about_a_message_that_is_not_ours_marks_nothing(durand):
    person = contact(durand)
    take(bounce("<made-up@encours.example>", "claire@durand.example"))
    person.refresh_from_db()
    assert person.email_bounced_at is None


def test_a_report_about_a_copy_leaves_the_message_sent(durand):
    ours = make_sent(durand, recipient="claire@durand.example", cc=["sales@nordis.example"])
    take(bounce(id_of(ours), "sales@nordis.example"))
    ours.refresh_from_db()
    assert ours.state == "SENT"
    assert Task.objects.get().values == {"recipient": "sales@nordis.example"}


def test_an_absence_is_a_line_with_the_day_of_return_only(durand):
    contact(durand)
    row = take(
        mail(
            "Bonjour,\nje suis absente jusqu'au 16 mars inclus.",
            subject="Réponse automatique : Relance",
            Auto_Submitted="auto-replied",
        )
    )
    assert (row.kind, row.state) == (Kind.OUT_OF_OFFICE, "DONE")
    assert row.report == {"returns_on": "2026-03-16"}
    assert Event.objects.get().data["returns_on"] == "2026-03-16"
    assert not Task.objects.exists()


def test_what_a_support_desk_marks_as_automatic_is_read_by_a_person(durand):
    contact(durand)
    row = take(mail("La marchandise était abîmée.", Auto_Submitted="auto-generated", Precedence="bulk"))
    assert row.kind == Kind.REPLY


# --- Files -------------------------------------------------------------------------------------------------------------


def with_files(*files, **fields):
    email = EmailMessage()
    email["From"], email["Subject"], email["Message-ID"] = "claire@durand.example", "pièces", "<files@durand.example>"
    email.set_content("voir ci-joint")
    for name, content in files:
        email.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return email.as_bytes()


def test_files_of_known_kinds_become_attachments_and_others_are_named(durand):
    contact(durand)
    row = take(with_files(("avoir.pdf", b"%PDF-1.7 x"), ("run.exe", b"MZ"), ("../../etc/x.pdf", b"%PDF-2")))
    assert [(one["name"], one["kept"]) for one in row.files] == [
        ("avoir.pdf", True), ("run.exe", False), ("../../etc/x.pdf", True),
    ]  # fmt: skip
    assert sorted(Attachment.objects.values_list("file_name", flat=True)) == ["avoir.pdf", "x.pdf"]


def test_an_archive_is_kept_out_and_never_opened(durand):
    contact(durand)
    row = take(with_files(("bomb.zip", b"PK\x03\x04" + bytes(50_000))))
    assert (row.files[0]["kept"], row.files[0]["why"]) == (False, "bad_file")
    assert not Attachment.objects.exists()


def test_a_file_that_is_too_large_is_named_only(durand):
    contact(durand)
    row = take(with_files(("big.pdf", b"%PDF-" + bytes(11 * 1024 * 1024))))
    assert row.files[0]["why"] == "too_large"
    assert row.text == "voir ci-joint"


# --- Two at once -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_a_mail_once(organisation):
    with tenant_scope(organisation), transaction.atomic():
        contact(make_account(customer=make_customer(name="Durand")).customer)
    raw, taken, start = mail(), [], threading.Barrier(4)

    def work():
        try:
            with tenant_scope(organisation):
                start.wait()
                taken.append(take(raw))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 4
    assert sum(one is not None for one in taken) == 1
    with tenant_scope(organisation), transaction.atomic():
        assert InboundMessage.objects.count() == Task.objects.count() == Event.objects.count() == 1


def test_our_own_mistake_with_a_mail_keeps_its_head(durand, monkeypatch):
    contact(durand)

    def broken(*_args, **_kwargs):
        raise TypeError("a mistake of ours")

    from desk.services import inbound

    with monkeypatch.context() as patch:
        patch.setattr(inbound, "cut", broken)
        with pytest.raises(TypeError):
            take(mail(message_id="<k@durand.example>"))
    calls = []

    def once(text):
        calls.append(text)
        if len(calls) == 1:
            raise TypeError("a mistake of ours")
        return text, ""

    monkeypatch.setattr(inbound, "cut", once)
    row = take(mail(message_id="<k@durand.example>"))
    assert (row.customer, row.text, bool(row.problem)) == (durand, "", True)
