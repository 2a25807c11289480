"""What a step asks of its message beside its words: to whom, from whom, copies, a new deadline, what goes along."""

import io
from datetime import timedelta
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from django.urls import reverse
from pypdf import PdfReader

from collection.models import Action, Step
from collection.services.deciding import undo_decision
from collection.services.enclosing import OF_DOCUMENT
from collection.services.sending import prepare
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Attachment
from desk.services.comments import attach_file
from desk.services.templates import save_template
from integrations.adapters.messaging.letters import LetterTray
from integrations.adapters.messaging.smtp import as_email
from receivables.models import CustomerAccount, Document, LedgerItem
from tests.accounts.conftest import enter
from tests.collection.story import (
    EVERYTHING,
    MONDAY,
    NOW,
    approve,
    confirm,
    due,
    make_contact,
    make_debtor,
    propose,
    send,
)
from tests.collection.test_messages import EVIL
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_member, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 an invoice"


@pytest.fixture(autouse=True)
def live(tenant, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    approve(tenant)


def asked(tenant, *, account=None, number="F0", **fields) -> Action:
    """A reminder whose step asks for this."""
    Step.objects.update(**fields)
    return propose(tenant, account or make_debtor(), number=number)


def draft_of(action: Action):
    return prepare(actions=[Action.objects.get(id=action.id)], on=MONDAY)[0].draft


def owned(account: CustomerAccount, *, collector=None, salesperson=None) -> CustomerAccount:
    CustomerAccount.objects.filter(id=account.id).update(collector=collector, salesperson=salesperson)
    return account


# --- to and from whom -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "written_to"),
    [
        ([], "claire@durand.example"),
        (["BUYER"], "bruno@durand.example"),
        (["LEGAL", "BUYER"], "bruno@durand.example"),
        (["MANAGEMENT", "LEGAL"], "claire@durand.example"),  # nobody has one of them: the usual order
        (["ACCOUNTING", "BUYER"], "claire@durand.example"),
    ],
)
def test_the_steps_roles_come_first_and_the_usual_order_after_them(tenant, roles, written_to):
    account = make_debtor()
    make_contact(account)
    make_contact(account, last_name="Petit", first_name="Bruno", role="BUYER", email="bruno@durand.example")
    assert draft_of(asked(tenant, account=account, recipient_roles=roles)).recipient == written_to


def test_the_collector_writes_and_gets_the_answers(tenant):
    collector = make_member(role="collector", name="Anne Roux", user=make_user(email="anne@nordis.example"))
    action = asked(tenant, account=owned(make_debtor(language="fr"), collector=collector))
    draft = draft_of(action)
    assert (draft.sender_name, draft.reply_to) == ("Anne Roux, Nordis France SAS", "anne@nordis.example")
    assert "Anne Roux" in draft.body_text
    message = confirm(action)
    assert (message.sender_name, message.reply_to) == (draft.sender_name, draft.reply_to)


def test_the_company_writes_where_the_step_says_so_or_nobody_looks_after_the_customer(tenant):
    collector = make_member(role="collector", name="Anne Roux", user=make_user(email="anne@nordis.example"))
    account = owned(make_debtor(language="fr"), collector=collector)
    draft = draft_of(asked(tenant, account=account, sender="ENTITY"))
    assert (draft.sender_name, draft.reply_to) == ("Nordis France SAS", "credit@nordis.example")
    assert "Anne Roux" not in draft.body_text
    type(collector).objects.filter(id=collector.id).update(is_active=False)
    Step.objects.update(sender="COLLECTOR")
    assert draft_of(Action.objects.get()).reply_to == "credit@nordis.example"


def test_a_copy_goes_to_the_salesperson_and_never_to_the_recipient_twice(tenant):
    sales = make_member(role="sales", name="Luc", user=make_user(email="luc@nordis.example"))
    account = owned(make_debtor(), salesperson=sales)
    action = asked(tenant, account=account, cc_salesperson=True)
    assert draft_of(action).cc == ["luc@nordis.example"]
    email = message_from_bytes(as_email(confirm(action)).payload, policy=policy.default)
    assert str(email["Cc"]) == "luc@nordis.example"
    other = make_debtor(entity=account.entity, ref="OTHER-2", email="LUC@nordis.example")
    assert draft_of(propose(tenant, owned(other, salesperson=sales))).cc == []
    Step.objects.update(channel="LETTER")
    assert draft_of(Action.objects.get(customer=other.customer)).cc == []


def test_a_read_receipt_is_asked_of_customers_where_the_organisation_wants_it(tenant):
    message = confirm(asked(tenant))
    asked_for = message_from_bytes(as_email(message, asks_receipt=True).payload, policy=policy.default)
    assert str(asked_for["Disposition-Notification-To"]) == str(asked_for["Reply-To"])
    assert "Disposition-Notification-To" not in message_from_bytes(as_email(message).payload)
    message.member_id = uuid4()
    assert b"Disposition-Notification" not in as_email(message, asks_receipt=True).payload


def test_hostile_names_of_colleagues_add_no_header(tenant):
    collector = make_member(role="collector", name=EVIL[:100], user=make_user(email="anne@nordis.example"))
    message = confirm(asked(tenant, account=owned(make_debtor(), collector=collector, salesperson=collector)))
    email = message_from_bytes(as_email(message).payload, policy=policy.default)
    assert "Bcc" not in email
    assert "<img" not in message.body_html


# --- another deadline -------------------------------------------------------------------------------------------------


def test_a_new_deadline_is_printed_stored_and_stays_however_late_it_leaves(tenant):
    save_template(
        code="reminder_1", channel="EMAIL", language="en", subject="Pay", actor=SYSTEM,
        body="{{ items }}\n{{ if new_deadline }}Pay by {{ new_deadline }}.{{ else }}Pay now.{{ end }}",
    )  # fmt: skip
    account = make_debtor(language="en")
    assert "Pay now." in draft_of(asked(tenant, account=account)).body_text
    Step.objects.update(new_deadline_days=8)
    action = Action.objects.get()
    assert "Pay by 10 March 2026." in draft_of(action).body_text
    confirm(action)
    action.refresh_from_db()
    assert action.new_deadline == MONDAY + timedelta(days=8)
    item = LedgerItem.objects.get()
    assert item.due_date == due(10)
    (later,) = prepare(actions=[action], on=MONDAY + timedelta(days=3))
    assert "Pay by 10 March 2026." in later.draft.body_text
    undo_decision(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW)
    action.refresh_from_db()
    assert action.new_deadline is None


# --- what goes along --------------------------------------------------------------------------------------------------


def with_document(account: CustomerAccount, number: str = "F1", *, file: bool = True, **fields) -> Document:
    document = Document.objects.create(
        customer=account.customer, account=account, entity=account.entity, number=number, kind="INVOICE",
        document_date=due(40), currency="EUR", total_amount="100.00",
    )  # fmt: skip
    make_item(account=account, number=number, due=due(10), amount="100.00", issued=due(40), document=document, **fields)
    if file:
        keep(document)
    return document


def keep(document: Document, content: bytes = PDF, name: str = "scan.pdf") -> Attachment:
    return attach_file(
        customer_id=document.customer_id, object_type=OF_DOCUMENT, object_id=document.id, file_name=name,
        chunks=[content], on=MONDAY, actor=SYSTEM,
    )  # fmt: skip


def test_statement_interest_and_invoices_leave_with_the_mail(tenant):
    account = make_debtor(language="fr")
    with_document(account)
    action = asked(
        tenant, account=account, attach_statement=True, attach_interest=True, attach_invoices=True, number="F2"
    )
    listed = draft_of(action).enclosures
    assert [one["kind"] for one in listed] == ["STATEMENT", "INTEREST", "INVOICE", "INVOICE"]
    assert listed[3] == {"kind": "INVOICE", "number": "F2", "missing": "no_file"}
    message = confirm(action)
    transport = Script()
    assert send(transport) == 1
    files = list(message.files.order_by("position"))
    assert [file.kind for file in files] == ["STATEMENT", "INTEREST", "INVOICE"]
    assert files[2].file_name == "F1.pdf"
    left = transport.transmitted[0]
    from desk.services.files import enclosed

    email = message_from_bytes(as_email(left, enclosed(left)).payload, policy=policy.default)
    parts = list(email.iter_attachments())
    assert [part.get_filename() for part in parts] == [file.file_name for file in files]
    assert parts[2].get_content() == PDF
    statement = " ".join(PdfReader(io.BytesIO(parts[0].get_content())).pages[0].extract_text().split())
    assert "Relevé de compte" in statement
    assert "200,00" in statement
    interest = PdfReader(io.BytesIO(parts[1].get_content())).pages[0].extract_text()
    assert "F1" in interest
    assert "40,00" in interest  # the fixed charge
    assert email.get_body(("plain",)).get_content().splitlines() == left.body_text.splitlines()


def test_what_is_paid_in_between_is_shown_and_gone_from_the_statement(tenant):
    account = make_debtor(language="en")
    item = make_item(account=account, number="F9", due=due(12), amount="70.00", issued=due(40))
    message = confirm(asked(tenant, account=account, attach_statement=True, number="F1"))
    make_allocation(debit=item, amount="70.00", on=MONDAY)
    make_allocation(debit=LedgerItem.objects.get(number="F1"), amount="40.00", on=MONDAY)
    transport = Script()
    send(transport)
    message.refresh_from_db()
    assert message.changed == [
        {"what": "gone", "number": "F9"},
        {"what": "amount", "number": "F1", "from": "100.0000", "to": "60.0000", "currency": "EUR"},
    ]
    assert "60.00" in message.body_text
    from desk.services.files import read_file

    pages = PdfReader(io.BytesIO(read_file(message.files.get()))).pages
    assert "F9" not in pages[0].extract_text()
    assert "60.00" in pages[0].extract_text()


def test_a_file_that_came_in_between_goes_along(tenant):
    account = make_debtor()
    document = with_document(account, file=False)
    Step.objects.update(attach_invoices=True)
    message = confirm(propose(tenant, account, number="F0"))
    keep(document)
    send(Script())
    message.refresh_from_db()
    assert [file.file_name for file in message.files.all()] == ["F1.pdf"]
    assert {"what": "file_new", "number": "F1.pdf"} in message.changed


def test_a_kept_file_that_was_changed_since_does_not_leave(tenant, tmp_path):
    account = make_debtor()
    document = with_document(account)
    Step.objects.update(attach_invoices=True)
    message = confirm(propose(tenant, account, number="F0"))
    kept = Attachment.objects.get(object_id=document.id)
    (tmp_path / "files" / kept.path).write_bytes(b"%PDF other")
    transport = Script()
    send(transport)
    message.refresh_from_db()
    assert (message.state, transport.transmitted) == ("FAILED", [])


def test_two_instalments_of_a_document_enclose_it_once(tenant):
    account = make_debtor()
    document = with_document(account)
    make_item(
        account=account,
        number="F1",
        instalment=2,
        source_ref="F1-2",
        due=due(10),
        amount="5.00",
        issued=due(40),
        document=document,
    )
    Step.objects.update(attach_invoices=True)
    draft = draft_of(propose(tenant, account, number="F0"))
    assert [one.get("name") for one in draft.enclosures] == [None, "F1.pdf"]


def test_file_names_are_no_paths_and_no_headers(tenant):
    account = make_debtor()
    with_document(account, number='../../x"\r\nBcc: a@x.example\\F/1')
    Step.objects.update(attach_invoices=True)
    message = confirm(propose(tenant, account, number="F0"))
    transport = Script()
    send(transport)
    name = message.files.get().file_name
    assert not set(name) & set('/\\\r\n"')
    left = transport.transmitted[0]
    from desk.services.files import enclosed

    email = message_from_bytes(as_email(left, enclosed(left)).payload, policy=policy.default)
    assert "Bcc" not in email
    assert [part.get_filename() for part in email.iter_attachments()] == [name]


def test_files_of_a_letter_lie_beside_it_numbered(tenant, tmp_path):
    account = make_debtor()
    with_document(account)
    Step.objects.update(attach_invoices=True, channel="LETTER")
    message = confirm(propose(tenant, account, number="F0"))
    assert send(LetterTray(), channel="LETTER") == 1
    tray = tmp_path / "files" / "letters" / tenant.id.hex
    assert sorted(one.name for one in tray.iterdir()) == [f"{message.id.hex}.1.pdf", f"{message.id.hex}.pdf"]
    assert (tray / f"{message.id.hex}.1.pdf").read_bytes() == PDF


def test_nothing_goes_along_with_a_text_message(tenant):
    account = make_debtor(phone="06 12 34 56 78")
    draft = draft_of(asked(tenant, account=account, channel="SMS", attach_statement=True))
    assert draft.recipient == "+33612345678"
    assert draft.enclosures == []


def test_a_step_before_the_due_date_has_no_interest_and_says_so(tenant):
    account = make_debtor()
    Step.objects.update(attach_interest=True)
    draft = draft_of(propose(tenant, account, days=-5))
    assert draft.enclosures == [{"kind": "INTEREST", "missing": "nothing_run_up"}]


# --- on the pages -----------------------------------------------------------------------------------------------------


def test_the_preview_shows_what_goes_along_and_what_is_missing(organisation, settings, tmp_path):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        account = make_debtor()
        with_document(account)
        Step.objects.update(attach_invoices=True, attach_statement=True)
        action = propose(organisation, account, number="F0")
        address = reverse("action", args=[action.id])
        papers = [reverse("action_enclosure", args=[action.id, place]) for place in range(4)]
    shown = client.get(address).content.decode()
    assert "F0 is not enclosed: no file of it is kept" in shown
    assert [client.get(paper).status_code for paper in papers] == [200, 404, 200, 404]
    assert client.get(papers[2]).content == PDF
    assert client.get(papers[0]).content.startswith(b"%PDF")
    with tenant_scope(organisation):
        message = confirm(action)
        send(Script())
        pages = [reverse("message_file", args=[message.id, place]) for place in (1, 2, 3)]
    assert [client.get(one).status_code for one in pages] == [200, 200, 404]
    assert "F1.pdf" in client.get(reverse("message", args=[message.id])).content.decode()


def test_a_document_keeps_its_files_and_gives_them_out_as_downloads(organisation, settings, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.DATA_DIR = tmp_path
    client, _member = enter(organisation, role="admin")
    with tenant_scope(organisation):
        document = with_document(make_debtor(), file=False)
    address = reverse("document_files", args=[document.id])
    assert "No file" in client.get(address).content.decode()
    assert client.post(address, {"file": SimpleUploadedFile("F1.pdf", b"no pdf")}).status_code == 422
    shown = client.post(address, {"file": SimpleUploadedFile("<b>F1.pdf", PDF)}).content.decode()
    assert "&lt;b&gt;F1.pdf" in shown
    with tenant_scope(organisation):
        kept = Attachment.objects.get()
    taken = client.get(reverse("document_file", args=[document.id, kept.id]))
    assert taken.content == PDF
    assert taken["Content-Disposition"].startswith("attachment")
    sales, _member = enter(organisation, role="auditor")
    assert sales.post(address, {"file": SimpleUploadedFile("F2.pdf", PDF)}).status_code == 403
