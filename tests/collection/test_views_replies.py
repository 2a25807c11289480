"""Replies in the browser: read beside what they answer, assigned, accepted or dismissed by a person, answered."""

from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Role
from accounts.roles import Can
from accounts.services.api_keys import create_api_key
from core.audit import SYSTEM
from core.errors import Refusal
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import InboundMessage, Message, ReplyRules, Task
from desk.queries.receipts import receipts_are_asked
from desk.services import answering, inbound_handling
from desk.services.answering import AnswerReasons
from integrations.adapters.messaging.smtp import as_email
from receivables.models import Contact, Dispute, Hold, Promise
from tests.accounts.conftest import call
from tests.desk.inbound import NOON, id_of, mail, make_sent, take
from tests.desk.test_inbound import with_files
from tests.make import TODAY, make_account, make_customer, make_entity, make_item, make_member
from tests.pages import client_of, enter, own, statements

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def durand(tenant):
    account = make_account(customer=make_customer(name="Durand"), entity=make_entity(email="credit@nordis.example"))
    Contact.objects.create(customer=account.customer, last_name="Martin", email="claire@durand.example")
    return account


def wrote(text, **fields) -> InboundMessage:
    return take(mail(text, **fields))


def collector_client():
    return client_of(make_member(role="collector", name="Carla"))


def accept(client, row, number=0, **values):
    return client.post(reverse("reply_accept", args=[row.id, number]), values)


def test_the_page_shows_the_mail_beside_what_it_answers_and_nothing_of_it_as_markup(durand):
    ours = make_sent(durand.customer, subject="Relance 1", body_text="Vos factures ...")
    row = wrote("<script>alert(1)</script> Nous paierons le 15 mars.", subject="<b>Re</b>", In_Reply_To=id_of(ours))
    shown = collector_client().get(reverse("reply", args=[row.id])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert(1)" not in shown
    assert "<b>Re</b>" not in shown
    assert "Relance 1" in shown
    assert "Vos factures ..." in shown
    assert "Promise · by 15/03/2026" in shown or "Promise · by 3/15" in shown or "by 15 Mar" in shown


def test_one_click_records_the_promise_that_the_sentence_says(durand):
    item = make_item(account=durand, number="F2026-118", amount="1200.00", due=TODAY - timedelta(days=9))
    row = wrote("Facture F2026-118 : nous paierons 1 200,00 EUR le 15 mars.")
    client = collector_client()
    page = client.get(reverse("reply", args=[row.id]))
    ready = page.context["proposals"][0]["values"]
    assert dict(ready)["amount"] == "1200.00"
    values: dict = {}
    for name, value in ready:
        values.setdefault(name, []).append(value)
    assert client.post(reverse("reply_accept", args=[row.id, 0]), values).status_code == 302
    promise = Promise.objects.get()
    assert (promise.amount, promise.due_on.isoformat(), promise.customer) == (1200, "2026-03-15", durand.customer)
    assert [one.item for one in promise.promise_items.all()] == [item]
    assert "paierons" in promise.comment
    row.refresh_from_db()
    assert (row.proposals[0]["state"], row.state) == ("ACCEPTED", "READ")
    # A second click, or a second person, records nothing.
    again = client.post(reverse("reply_accept", args=[row.id, 0]), values)
    assert again.status_code == 422
    assert Promise.objects.count() == 1


def test_a_dispute_needs_an_item_before_it_is_one_click(durand):
    item = make_item(account=durand, number="F2026-118")
    make_item(account=durand, number="F2026-119")
    named = wrote("Facture F2026-118 : la marchandise est arrivée endommagée.")
    vague = wrote("La marchandise est arrivée endommagée.")
    client = collector_client()
    assert client.get(reverse("reply", args=[vague.id])).context["proposals"][0]["values"] == []
    assert "F2026-119" in client.get(reverse("reply_accept", args=[vague.id, 0])).content.decode()
    values = dict(client.get(reverse("reply", args=[named.id])).context["proposals"][0]["values"])
    assert values["reason"] == "DAMAGED"
    assert accept(client, named, **values).status_code == 302
    dispute = Dispute.objects.get()
    assert (dispute.item, dispute.reason) == (item, "DAMAGED")


def test_a_payment_that_was_announced_is_waited_for(durand):
    row = wrote("Le virement a été effectué hier.")
    client = collector_client()
    values = dict(client.get(reverse("reply", args=[row.id])).context["proposals"][0]["values"])
    assert accept(client, row, **values).status_code == 302
    hold = Hold.objects.get()
    assert (hold.reason, hold.until_on) == ("PAYMENT_ANNOUNCED", TODAY + timedelta(days=7))


def test_another_person_becomes_a_contact(durand):
    row = wrote("Je ne suis plus en charge de la comptabilité, merci de contacter paul.petit@durand.example.")
    client = collector_client()
    form = client.get(reverse("reply_accept", args=[row.id, 0])).content.decode()
    assert 'value="paul.petit@durand.example"' in form
    values = {"last_name": "Petit", "email": "paul.petit@durand.example", "role": "ACCOUNTING", "influence": "UNKNOWN"}
    assert accept(client, row, **values).status_code == 302
    assert Contact.objects.filter(customer=durand.customer, email="paul.petit@durand.example").exists()


def test_nothing_is_recorded_by_itself_and_a_dismissed_sentence_stays_dismissed(durand):
    make_item(account=durand, amount="100.00")
    row = wrote("Nous paierons le 15 mars.")
    assert not Promise.objects.exists()
    client = collector_client()
    assert client.post(reverse("reply_dismiss", args=[row.id, 0])).status_code == 302
    row.refresh_from_db()
    assert row.proposals[0]["state"] == "DISMISSED"
    with pytest.raises(Refusal):
        inbound_handling.dismiss(inbound_id=row.id, number=0, actor=SYSTEM, on=TODAY)
    assert client.post(reverse("reply_accept", args=[row.id, 7])).status_code == 404


def test_a_refused_promise_leaves_the_proposal_open(durand):
    make_item(account=durand, amount="100.00")
    row = wrote("Nous paierons le 15 mars.")
    answer = accept(collector_client(), row, due_on="2026-03-15", amount="100.001", currency="EUR")
    assert answer.status_code == 422
    row.refresh_from_db()
    assert (row.proposals[0]["state"], Promise.objects.count()) == ("OPEN", 0)


def test_what_a_proposal_asks_for_needs_its_own_right(durand):
    row = wrote("Nous paierons le 15 mars.")
    member = make_member(role="collector")
    member.role.capabilities = [one for one in member.role.capabilities if one != Can.RECORD_PROMISE]
    member.role.save()
    client = client_of(member)
    assert client.get(reverse("reply", args=[row.id])).context["proposals"][0]["may"] is False
    assert accept(client, row, due_on="2026-03-15", amount="1", currency="EUR").status_code == 403


def test_a_mail_of_nobody_is_assigned_and_its_address_learned(durand):
    item = make_item(account=durand, number="F2026-118")
    row = take(with_files(("avoir.pdf", b"%PDF-1.7 x")).replace(b"claire@durand.example", b"neu@sonst.example"))
    assert row.customer is None
    InboundMessage.objects.filter(id=row.id).update(subject="F2026-118")
    client = collector_client()
    listed = client.get(reverse("replies") + "?state=nobodys").content.decode()
    assert "neu@sonst.example" in listed
    answer = client.post(reverse("reply_assign", args=[row.id]), {"customer": "Durand", "add_sender": "on"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.customer, row.matched_by, row.items) == (durand.customer, "PERSON", [str(item.id)])
    assert row.contact.email == "neu@sonst.example"
    assert Task.objects.filter(kind="REPLY", key=str(row.id)).exists()
    assert row.files[0]["kept"]
    assert wrote("encore", sender="neu@sonst.example").customer == durand.customer
    assert client.post(reverse("reply_assign", args=[row.id]), {"customer": "Durand"}).status_code == 409


def test_which_customer_is_asked_where_several_fit(durand):
    make_customer(name="Durand Fils")
    row = wrote("x", sender="a@sonst.example")
    client = collector_client()
    assert client.post(reverse("reply_assign", args=[row.id]), {"customer": "Dur"}).status_code == 422
    assert client.post(reverse("reply_assign", args=[row.id]), {"customer": "Nobody"}).status_code == 422


def test_done_ends_mail_and_task_from_either_side(durand):
    one, two = wrote("un"), wrote("deux")
    client = collector_client()
    client.post(reverse("reply_done", args=[one.id]))
    task = Task.objects.get(object_id=two.id)
    client.post(reverse("task_done", args=[task.id]))
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("DONE", "DONE")
    assert not Task.objects.filter(done_on__isnull=True).exists()
    assert client.post(reverse("reply_done", args=[one.id])).status_code == 302


def test_an_answer_leaves_by_the_outbox_in_the_same_conversation(durand):
    row = wrote("Pouvez-vous renvoyer la facture ?", subject="Re: Relance", message_id="<q7@durand.example>")
    client = collector_client()
    values = {"subject": "Re: Relance", "text": "Bonjour,\nla voici."}
    assert client.post(reverse("reply_answer", args=[row.id]), values).status_code == 302
    assert client.post(reverse("reply_answer", args=[row.id]), values).status_code == 302
    message = Message.objects.get(reason_type="desk.InboundMessage")
    assert (message.recipient, message.state, message.in_reply_to) == (
        "claire@durand.example",
        "DUE",
        "q7@durand.example",
    )
    assert "> Pouvez-vous renvoyer la facture ?" in message.body_text
    email = message_from_bytes(as_email(message).payload)
    assert email["In-Reply-To"] == email["References"] == "<q7@durand.example>"
    assert email["Auto-Submitted"] is None
    assert email["Reply-To"].endswith("<credit@nordis.example>")
    assert "la voici." in client.get(reverse("reply", args=[row.id])).content.decode()
    assert AnswerReasons(on=TODAY).recheck([message])[0].send
    # What they write back to that is matched by our answer's own identifier.
    assert wrote("merci", sender="x@y.example", In_Reply_To=id_of(message)).customer == durand.customer


def test_an_answer_without_words_is_refused(durand):
    row = wrote("?")
    for text in (" ", "x" * (answering.LONGEST + 1)):
        with pytest.raises(Refusal):
            answering.answer(inbound_id=row.id, subject="s", text=text, actor=SYSTEM, on=TODAY, now=NOON)


def test_a_file_of_a_mail_is_a_download(durand):
    row = take(with_files(("page.txt", b"<script>alert(1)</script>")))
    client = collector_client()
    page = client.get(reverse("reply", args=[row.id]))
    file = page.context["files"][0]
    for address in (reverse("reply_file", args=[row.id, file.id]), reverse("reply_raw", args=[row.id])):
        answer = client.get(address)
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.get(reverse("reply_file", args=[row.id, uuid4()])).status_code == 404


def test_rules_of_replies_are_saved_within_bounds(tenant):
    client = client_of(make_member(role="credit_manager"))
    assert client.post(reverse("reply_rules"), {"hold_days": "5"}).status_code == 302
    assert client.post(reverse("reply_rules"), {"hold_days": "31"}).status_code == 422
    assert ReplyRules.objects.get().hold_days == 5
    assert not receipts_are_asked()
    assert client.post(reverse("reply_rules"), {"hold_days": "5", "asks_receipts": "on"}).status_code == 302
    assert receipts_are_asked()
    assert AuditRecord.objects.filter(action="desk.reply_rules_changed").count() == 2
    with pytest.raises(Refusal):
        inbound_handling.save_rules(hold_days=-1, asks_receipts=False, actor=SYSTEM)


def test_who_sees_some_companies_sees_their_mails_only(organisation):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        mine, other = make_entity(), make_entity()
        member.entity_accesses.create(entity=mine)
        own_customer, foreign = make_account(entity=mine).customer, make_account(entity=other).customer
        for customer, sender in ((own_customer, "a@mine.example"), (foreign, "b@other.example")):
            Contact.objects.create(customer=customer, last_name="M", email=sender)
        rows = [
            wrote("x", sender="a@mine.example"), wrote("x", sender="b@other.example"),
            take(mail(sender="c@nobody.example"), entity_id=mine.id), take(mail(sender="d@nobody.example")),
        ]  # fmt: skip
    codes = [client.get(reverse("reply", args=[row.id])).status_code for row in rows]
    assert codes == [200, 404, 200, 404]
    listed = client.get(reverse("replies")).content.decode()
    assert "a@mine.example" in listed
    assert "b@other.example" not in listed
    assert "d@nobody.example" not in listed


def test_pages_ask_as_much_for_many_mails_as_for_few(durand):
    client = collector_client()
    item = make_item(account=durand, number="F2026-118")

    def asked(address):
        client.get(address)
        with statements() as found:
            client.get(address)
        return len(own(found))

    row = wrote("F2026-118 : nous paierons le 15 mars.")
    few = asked(reverse("replies")), asked(reverse("reply", args=[row.id]))
    for n in range(12):
        wrote(f"F2026-118 : nous paierons le {n + 10} mars. Il manque 3 colis.")
    many = asked(reverse("replies")), asked(reverse("reply", args=[row.id]))
    assert many == few
    assert many[1] < 25
    assert item.open_amount == Decimal(100)


def test_the_timeline_links_to_the_reply(durand):
    row = wrote("Bonjour")
    shown = collector_client().get(reverse("customer", args=[durand.customer_id])).content.decode()
    assert reverse("reply", args=[row.id]) in shown


@pytest.mark.django_db(transaction=True)
def test_replies_are_read_over_the_api(organisation):
    with tenant_scope(organisation), transaction.atomic():
        account = make_account()
        Contact.objects.create(customer=account.customer, last_name="M", email="claire@durand.example")
        row = wrote("Nous paierons le 15 mars.")
        nobodys = wrote("?", sender="x@sonst.example")
        key = create_api_key(name="K", role_id=Role.objects.get(code="auditor").id, actor=SYSTEM).text
    listed = call(key, "get", "/api/v1/replies/").json()
    assert {one["id"] for one in listed["results"]} == {str(row.id), str(nobodys.id)}
    one = call(key, "get", f"/api/v1/replies/{row.id}/").json()
    assert (one["customer_ref"], one["proposals"][0]["due"]) == (account.customer.ref, "2026-03-15")
    assert call(key, "get", f"/api/v1/replies/{nobodys.id}/").json()["customer"] is None
