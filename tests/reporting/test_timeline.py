"""A customer's history: every kind of line, narrowed by kind and item, page by page, in the reader's scope and rights."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.access import EVERYTHING, Scope
from accounts.roles import Can
from accounts.services.roles import create_role
from collection.models import Action, Agency, DeliveryStop, LegalCase, WriteOff
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Event, InboundMessage, Message
from receivables.models import Dispute, Hold, Promise, PromiseItem
from reporting.queries.timeline import Sort, timeline
from risk.models import PayerProfile
from tests.collection.story import approve, make_sender
from tests.make import (
    TODAY,
    make_account,
    make_allocation,
    make_customer,
    make_entity,
    make_item,
    make_member,
    make_tenant,
)
from tests.pages import client_of, enter, own, statements

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def ago(days: int):
    return TODAY - timedelta(days=days)


@pytest.fixture
def story(organisation):
    """A customer with one happening of every kind, each on a day of its own."""
    with tenant_scope(organisation):
        member = make_member(role="collector", name="Chloé")
        account = make_account(customer=make_customer(name="Alpha SA"), entity=make_sender())
        customer = account.customer
        item = make_item(account=account, number="F-1", due=ago(40), issued=ago(70))
        other = make_item(account=account, number="F-2", due=ago(39), issued=ago(70))
        payment = make_item(account=account, number="P-1", amount="-30.00", kind="PAYMENT", due=ago(9), issued=ago(9))
        make_allocation(debit=item, credit=payment, amount="30.00", on=ago(9))
        message = Message.objects.create(
            customer=customer, entity=account.entity, reason_type="collection.Action", reason_id=uuid4(), on=ago(12),
            channel="EMAIL", recipient="ap@a.example", language="en", subject="Pay", body_text="x", state="SENT",
            sent_at=AT, facts=[{"item": str(item.id), "number": "F-1", "due_date": "2026-01-01", "open_amount": "100", "currency": "EUR"}],
        )  # fmt: skip
        reply = InboundMessage.objects.create(
            mail_id="m1", kind="REPLY", subject="Re: Pay", text="on Friday", on=ago(11), customer=customer,
            entity=account.entity, matched_by="ADDRESS", items=[str(item.id)], raw_path="x", raw_sha256="x", raw_size=1,
        )  # fmt: skip
        for kind, day, row, data in (
            ("message.sent.email", 12, message, {"subject": "Pay", "recipient": "ap@a.example"}),
            ("message.bounced.email", 10, message, {"subject": "Pay", "error": "550 no such user"}),
            ("reply.received", 11, reply, {"subject": "Re: Pay", "sender": "ap@a.example", "text": "on Friday"}),
        ):
            Event.objects.create(
                customer=customer, kind=kind, on=ago(day), object_type=row._meta.label, object_id=row.id, data=data
            )
        for kind, day, text in (("call.logged", 8, "will pay"), ("note.logged", 7, "big order")):
            Event.objects.create(customer=customer, kind=kind, on=ago(day), member_id=member.id, data={"text": text})
        Dispute.objects.create(
            customer=customer, item=item, reason="PRICE", currency="EUR", opened_on=ago(20), closed_on=ago(16),
            answered_on=ago(18), answer="we agree", comment="old list", opened_by=member, answered_by=member,
        )  # fmt: skip
        promise = Promise.objects.create(
            customer=customer, amount=70, currency="EUR", made_on=ago(6), due_on=ago(4), state="BROKEN",
            decided_on=ago(3), recorded_by=member,
        )  # fmt: skip
        PromiseItem.objects.create(promise=promise, item=item)
        Hold.objects.create(customer=customer, item=other, reason="COMMERCIAL", from_on=ago(30), lifted_on=ago(25))
        step = approve(organisation).steps.first()
        for state, day in (("POSTPONED", 14), ("SKIPPED", 13)):
            Action.objects.create(
                customer=customer, entity=account.entity, version=step.version, step=step, on=ago(day), channel="EMAIL",
                state=state, proposed_since=ago(day), decided_by=member, decided_at=AT, note="asked for time",
                postponed_until=ago(1) if state == "POSTPONED" else None,
            )  # fmt: skip
        DeliveryStop.objects.create(
            customer=customer, reason="late", state="LIFTED", on=ago(24), requested_by=member, decided_on=ago(23),
            decided_by=member, ended_on=ago(22),
        )  # fmt: skip
        DeliveryStop.objects.create(
            customer=customer, reason="late", state="REFUSED", on=ago(21), answer="no", decided_on=ago(19)
        )
        LegalCase.objects.create(
            customer=customer, entity=account.entity, agency=Agency.objects.create(name="K", kind="LAWYER"), number=1,
            four_eyes=False, on=ago(17), decided_on=ago(15), closed_on=ago(2), state="CLOSED", outcome="PAID",
        )  # fmt: skip
        WriteOff.objects.create(
            customer=customer, entity=account.entity, currency="EUR", amount=5, reason="gone", four_eyes=False,
            on=ago(2), decided_on=ago(1), state="APPROVED",
        )  # fmt: skip
        for payer_class, since, until in (("PROMPT", 50, 5), ("SLOW", 5, None)):
            PayerProfile.objects.create(
                customer=customer, payer_class=payer_class, valid_from=ago(since), payment_index=50,
                rule="x", trend="STABLE", instalments=1, part_payments=0, broken_promises=0, disputes=0,
                rejected_debits=0, is_insolvent=False, explanation={}, valid_to=ago(until) if until else None,
            )  # fmt: skip
    return account


EVERY_KIND = {
    "message.sent.email": Sort.MESSAGES, "message.bounced.email": Sort.MESSAGES, "reply.received": Sort.MESSAGES,
    "call.logged": Sort.CALLS, "note.logged": Sort.CALLS, "payment.received": Sort.PAYMENTS,
    "promise.made": Sort.PROMISES, "promise.broken": Sort.PROMISES, "dispute.opened": Sort.DISPUTES,
    "dispute.answered": Sort.DISPUTES, "dispute.closed": Sort.DISPUTES, "hold.placed": Sort.HOLDS,
    "hold.lifted": Sort.HOLDS, "action.postponed": Sort.DECISIONS, "action.skipped": Sort.DECISIONS,
    "profile.changed": Sort.PROFILE, "stop.asked": Sort.LITIGATION, "stop.accepted": Sort.LITIGATION,
    "stop.refused": Sort.LITIGATION, "stop.ended": Sort.LITIGATION, "case.handed": Sort.LITIGATION,
    "case.closed": Sort.LITIGATION, "loss.approved": Sort.LITIGATION,
}  # fmt: skip


def kinds(account, **narrowed) -> list[str]:
    with tenant_scope(account.tenant_id):
        found = timeline(customer_id=account.customer_id, **{"scope": EVERYTHING, **narrowed})
        assert found == sorted(found, key=lambda one: one.place, reverse=True)
        return [one.kind for one in found]


def test_everything_that_happened_is_told_newest_first(story):
    # Two stops were asked for.
    assert sorted(kinds(story)) == sorted([*EVERY_KIND, "stop.asked"])


@pytest.mark.parametrize("sort", [sort for sort in Sort if sort is not Sort.DATA])
def test_it_can_be_narrowed_to_a_kind(story, sort):
    assert set(kinds(story, sorts=[sort])) == {kind for kind, of in EVERY_KIND.items() if of is sort}
    assert kinds(story, sorts=[]) == []


def test_it_can_be_narrowed_to_what_speaks_of_an_item(organisation, story):
    with tenant_scope(organisation):
        first, second = (story.customer.items.get(number=number).id for number in ("F-1", "F-2"))
    assert set(kinds(story, item_id=first)) == {
        "message.sent.email", "message.bounced.email", "reply.received", "payment.received", "promise.made",
        "promise.broken", "dispute.opened", "dispute.answered", "dispute.closed",
    }  # fmt: skip
    assert set(kinds(story, item_id=second)) == {"hold.placed", "hold.lifted"}
    assert kinds(story, item_id=uuid4()) == []


def test_pages_follow_one_another_without_gap_or_repetition(organisation, story):
    with tenant_scope(organisation):
        # Opened and closed on one day: two lines of one row.
        item = story.customer.items.get(number="F-2")
        Dispute.objects.create(
            customer=story.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY, closed_on=TODAY
        )
        whole = timeline(customer_id=story.customer_id, scope=EVERYTHING, limit=100)
        for size in (1, 2, 5):
            found, before = [], None
            while page := timeline(customer_id=story.customer_id, scope=EVERYTHING, limit=size, before=before):
                found += page
                before = page[-1].place
                assert len(found) <= len(whole)
            assert found == whole


def test_what_is_of_another_company_is_not_told(organisation, story):
    with tenant_scope(organisation):
        elsewhere = make_account(customer=story.customer, entity=make_entity(code="DE"))
        scope = Scope(entity_ids=frozenset({elsewhere.entity_id}))
    told = set(kinds(story, scope=scope))
    # Of no company: calls and notes, holds of the customer's item as before, how it pays.
    assert not told & {"message.sent.email", "reply.received", "payment.received", "dispute.opened", "action.skipped"}


def test_another_organisation_is_told_nothing(story):
    with tenant_scope(make_tenant()):
        assert timeline(customer_id=story.customer_id, scope=EVERYTHING) == []


def test_the_page_says_who_did_it_and_opens_what_it_speaks_of(organisation, story):
    client, _member = enter(organisation, role="credit_manager")
    url = f"/customers/{story.customer_id}/"
    page = client.get(url)
    by_title = {str(line["title"]): line for line in page.context["lines"]}
    with tenant_scope(organisation):
        message, dispute = Message.objects.get(), Dispute.objects.get()
    sent = next(line for title, line in by_title.items() if "Reminder sent" in title)
    assert sent["url"] == f"/messages/{message.id}/"
    assert client.get(sent["url"]).status_code == 200
    opened = next(line for title, line in by_title.items() if "Dispute opened" in title)
    assert (opened["url"], "Chloé" in opened["meta"]) == (f"/collections/disputes/{dispute.id}/", True)
    assert any("prompt → slow" in title for title in by_title)
    assert any("Reminder put off" in title for title in by_title)
    html = page.content.decode()
    assert "asked for time" in html
    assert "we agree" in html


def test_what_a_colleague_was_asked_is_no_reminder(organisation, story):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        Event.objects.create(
            customer=story.customer, kind="message.sent.email", on=TODAY, object_type="desk.Message", object_id=uuid4(),
            data={"subject": "F-1: please answer", "recipient": "log@x.example", "reason": "collection.DisputeNotice"},
        )  # fmt: skip
    first = client.get(f"/customers/{story.customer_id}/timeline/").context["lines"][0]
    assert "Colleague asked about a dispute" in first["title"]
    assert first["url"] == ""


def test_the_page_narrows_and_keeps_it_on_older_pages(organisation, story):
    client, _member = enter(organisation, role="credit_manager")
    url = f"/customers/{story.customer_id}/timeline/"
    with tenant_scope(organisation):
        for n in range(25):
            Event.objects.create(customer=story.customer, kind="note.logged", on=ago(n), data={"text": f"n{n}"})
    first = client.get(url, {"history": "calls"})
    assert "history=calls" in first.context["older"]
    second = client.get(url + "?" + first.context["older"])
    lines = first.context["lines"] + second.context["lines"]
    assert len(lines) == 27
    assert {line["icon"] for line in lines} == {"note", "phone"}
    about = client.get(url, {"about": "F-2"})
    assert [line["icon"] for line in about.context["lines"]] == ["player-play", "player-pause"]
    assert "Nothing of this kind has happened." in client.get(url, {"about": "F-9"}).content.decode()
    assert client.get(url, {"history": "nonsense", "before": "a~b~c~d"}).status_code == 200
    assert client.get(url, {"before": f"2026-01-01~2026-01-01T00:00:00+00:00~{uuid4()}~x\0y"}).status_code == 200


def test_rights_decide_what_is_told(organisation, story):
    with tenant_scope(organisation):
        role = create_role(name="Desk", capabilities=[Can.VIEW_CUSTOMERS.value], portfolio_only=False, actor=SYSTEM)
        member = make_member(role=role.code)
    client = client_of(member)
    page = client.get(f"/customers/{story.customer_id}/")
    html = page.content.decode()
    assert {code for code, _words in page.context["sorts"]} == {"messages", "calls", "holds", "data"}
    assert "on Friday" not in html  # a reply is a message
    assert "Reminder put off" not in html
    assert "/messages/" not in html[html.index('id="customer-history"') :]
    narrowed = client.get(f"/customers/{story.customer_id}/timeline/", {"history": "payments"})
    assert "P-1" not in narrowed.content.decode()


def test_the_history_costs_one_statement(organisation, story):
    client, _member = enter(organisation, role="credit_manager")
    client.get(f"/customers/{story.customer_id}/timeline/")
    with statements() as sql:
        client.get(f"/customers/{story.customer_id}/timeline/", {"about": "F-1"})
    assert len([one for one in own(sql) if "desk_event" in one]) == 1
    assert len(own(sql)) <= 4
