"""Replies in a browser: pages without fault, a promise recorded by a click, a mail of nobody assigned by the keyboard."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import InboundMessage
from integrations.services import mailboxes
from receivables.models import Contact, Promise
from tests.browser.conftest import PHONE, WIDE
from tests.desk.inbound import bounce, id_of, mail, make_sent, take
from tests.desk.test_inbound import with_files
from tests.integrations.imap_server import PASSWORD, USER
from tests.make import TODAY, make_account, make_customer, make_item, make_member, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def inbox(settings, tmp_path):
    """An organisation with one mail of each kind; the person who reads them, and the mails by name."""
    settings.DATA_DIR = tmp_path
    tenant = make_tenant(name="Nordis")
    with tenant_scope(tenant), transaction.atomic():
        user = make_member(role="credit_manager", name="Carla").user
        account = make_account(customer=make_customer(name="Durand"))
        make_item(account=account, number="F2026-118", amount="1200.00", due=TODAY - timedelta(days=9))
        Contact.objects.create(customer=account.customer, last_name="Martin", email="claire@durand.example")
        ours = make_sent(account.customer, subject="Relance 1", recipient="claire@durand.example")
        promise = mail(
            "Facture F2026-118 : nous paierons 1 200,00 EUR le 15 mars.\nIl manque 3 palettes.\n\nNordis a écrit :\n> Bonjour",
            subject="Re: Relance 1", In_Reply_To=id_of(ours),
        )  # fmt: skip
        mails = {
            "promise": take(promise),
            "bounce": take(bounce(id_of(ours), "claire@durand.example")),
            "nobody": take(with_files(("a.pdf", b"%PDF-1"), ("b.exe", b"MZ")).replace(b"claire@durand", b"x@unknown")),
        }
        given = mailboxes.MailboxSettings(host="imap.example.com", user_name=USER, password=PASSWORD)
        connection, _box = mailboxes.create_mailbox(name="Replies", given=given, actor=SYSTEM)
    return tenant, user, mails, connection


@pytest.mark.parametrize(
    ("theme", "size"), [("light", WIDE), ("dark", WIDE), ("light", PHONE)], ids=["light", "dark", "phone"]
)
def test_pages_of_replies_have_no_fault(visit, inbox, theme, size):
    _tenant, user, mails, connection = inbox
    opened = visit(user=user, theme=theme, size=size)
    pages = [
        reverse("replies"), *(reverse("reply", args=[row.id]) for row in mails.values()), reverse("reply_rules"),
        reverse("tasks"), reverse("connections"), reverse("mailbox_new"), reverse("mailbox_edit", args=[connection.id]),
    ]  # fmt: skip
    faults = {}
    for path in pages:
        opened.go(path)
        if found := opened.faults():
            faults[path] = found
    assert faults == {}


def test_a_click_records_what_a_sentence_promises(visit, inbox):
    tenant, user, _mails, _connection = inbox
    opened = visit(user=user)
    page = opened.go(reverse("tasks"))
    page.get_by_role("link", name="Read the reply of Claire Martin: Re: Relance 1").click()
    page.get_by_text("nous paierons 1 200,00 EUR le 15 mars").first.wait_for()
    page.get_by_role("button", name="Record", exact=True).first.click()
    page.get_by_text("recorded", exact=True).wait_for()
    page.get_by_role("button", name="Change first…").click()
    page.get_by_role("heading", name="Dispute · quantity").wait_for()
    assert opened.faults() == []
    page.get_by_role("button", name="Cancel").click()
    with tenant_scope(tenant), transaction.atomic():
        assert Promise.objects.get().amount == 1200


def test_a_mail_of_nobody_is_assigned_in_the_drawer(visit, inbox):
    tenant, user, mails, _connection = inbox
    page = visit(user=user).go(reverse("reply", args=[mails["nobody"].id]))
    page.get_by_role("button", name="Whose is it?…").click()
    page.get_by_label("Customer", exact=True).fill("Durand")
    page.keyboard.press("Enter")
    page.get_by_text("The mail is of Durand.").wait_for()
    page.get_by_role("link", name="a.pdf").wait_for()
    with tenant_scope(tenant), transaction.atomic():
        assert InboundMessage.objects.get(id=mails["nobody"].id).customer.name == "Durand"
