"""Mails to those who decide: one for each of them and request, in their language, or in their digest; not once decided."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING
from accounts.services.replacements import name_replacement
from collection.services.decision_mails import DecisionReasons
from collection.services.digests import write_digests
from collection.services.escalations import ask_manager
from collection.services.formal_notices import request_notice
from collection.services.legal_cases import prepare_case, save_agency
from collection.services.planning import plan_actions
from collection.services.terminal import decide_delivery_stop, request_delivery_stop, save_terminal_settings
from collection.services.write_offs import request_write_off
from core.audit import SYSTEM, Actor
from desk.models import Message, Notice, Task
from desk.services import outbox
from desk.services.notice_settings import BadNotice, set_notice, set_wish
from tests.collection.story import MONDAY, make_debtor, make_sender
from tests.collection.test_scenarios import step
from tests.collection.test_steps_in_full import only, owes, task
from tests.desk.fakes import Script
from tests.make import make_member, make_user
from tests.pages import enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def debtor(tenant):
    return make_debtor(entity=make_sender())


@pytest.fixture
def anne(tenant):
    return make_member(role="collector", name="Anne")


@pytest.fixture
def mia(tenant):
    return make_member(name="Mia", user=make_user(language="fr"))


def by(member, *, on=MONDAY) -> dict:
    return {"scope": EVERYTHING, "actor": Actor.member(member), "on": on}


def mails(member=None) -> list[Message]:
    rows = Message.objects.filter(reason_type="collection.Decision").order_by("id")
    return list(rows.filter(member=member) if member else rows)


def stop(debtor, anne, *, days=10):
    owes(debtor, days=days)
    return request_delivery_stop(customer_id=debtor.customer_id, reason="Third reminder", **by(anne))


def test_whoever_decides_is_written_to_once_in_their_language_with_the_page(debtor, anne, mia, settings):
    settings.BASE_URL = "https://credit.example"
    cfo = make_member(role="cfo", user=make_user(language="en"))
    make_member(role="sales")
    asked = stop(debtor, anne)
    assert {one.member_id for one in mails()} == {mia.id, cfo.id}
    (mail,) = mails(mia)
    assert (mail.recipient, mail.language, mail.customer_id) == (mia.user.email, "fr", None)
    assert f"https://credit.example{reverse('delivery_stop', args=[asked.id])}" in mail.body_text
    assert reverse("my_notices") in mail.body_html
    assert "Third reminder" in mail.body_text
    (english,) = mails(cfo)
    assert english.subject == f"To decide: {debtor.customer.name}"


def test_each_kind_of_request_is_told(tenant, debtor, anne, mia):
    only(step("Notice", 3, channel="LETTER", kind="FORMAL_NOTICE"))
    item = owes(debtor)
    plan_actions(tenant=tenant, on=MONDAY)
    from collection.models import Action

    request_notice(action_id=Action.objects.get().id, **by(anne))
    assert len(mails(mia)) == 1
    save_terminal_settings(actor=SYSTEM, four_eyes_hand_over=True)
    agency = save_agency(agency_id=None, name="One", kind="AGENCY", actor=SYSTEM)
    prepare_case(customer_id=debtor.customer_id, entity_id=debtor.entity_id, agency_id=agency.id, **by(anne))
    assert len(mails(mia)) == 2
    request_write_off(item_ids=[item.id], reason="Gone", **by(anne))
    assert len(mails(mia)) == 3
    ask_manager(customer_id=debtor.customer_id, question="Do we go on?", manager_id=mia.id, **by(anne))
    (question,) = [one for one in mails(mia) if "Do we go on?" in one.body_text]
    assert reverse("day_task", args=[Task.objects.get(kind="ESCALATION").id]) in question.body_text
    assert len(mails(mia)) == 4


def test_who_asks_is_not_written_to_and_asks_of_a_night_come_together(tenant, mia):
    entity = make_sender()
    only(task("Stop", 3, kind="STOP_DELIVERIES"))
    for number in range(7):
        owes(make_debtor(entity=entity, name=f"Debtor {number}"), number=f"F-{number}")
    for _again in range(2):
        plan_actions(tenant=tenant, on=MONDAY)
    (mail,) = mails()
    assert (mail.member, len(mail.facts[0]["rows"])) == (mia, 7)
    assert all(f"Debtor {number}" in mail.body_text for number in range(7))
    own = request_delivery_stop(customer_id=_late(entity).customer_id, reason="I see it myself", **by(mia))
    assert str(own.id) not in {row for one in mails() for row in one.facts[0]["rows"]}


def _late(entity):
    return owes(make_debtor(entity=entity, name="Other"))


def test_who_wants_none_gets_none_and_it_is_no_setting_of_the_organisation(debtor, anne, mia):
    set_wish(kind=Notice.DECISION, wanted=False, member_id=mia.id, actor=SYSTEM)
    stop(debtor, anne)
    assert mails() == []
    assert Task.objects.get().assignee == mia
    with pytest.raises(BadNotice):
        set_notice(kind=Notice.DECISION, is_on=False, every_days=1, now=timezone.now(), actor=SYSTEM)


def test_who_reads_the_digest_each_morning_has_it_there_and_not_twice(tenant, debtor, anne, mia, settings):
    settings.BASE_URL = "https://credit.example"
    cfo = make_member(role="cfo")
    set_notice(kind=Notice.DAY_DIGEST, is_on=True, every_days=1, now=timezone.now(), actor=SYSTEM)
    asked = stop(debtor, anne)
    assert {one.member_id for one in mails()} == {cfo.id} - (
        {cfo.id} if cfo.can("collection.confirm_actions") else set()
    )
    write_digests(tenant=tenant, on=MONDAY, now=timezone.now())
    digest = Message.objects.get(reason_type="collection.DayDigest", member=mia)
    page = f"https://credit.example{reverse('delivery_stop', args=[asked.id])}"
    assert digest.body_text.count(page) == 1
    assert page in digest.body_html


def test_a_weekly_digest_is_too_late_for_a_decision(debtor, anne, mia):
    set_notice(kind=Notice.DAY_DIGEST, is_on=True, every_days=7, now=timezone.now(), actor=SYSTEM)
    stop(debtor, anne)
    assert len(mails(mia)) == 1


def test_what_was_decided_before_it_left_does_not_leave(debtor, anne, mia):
    asked = stop(debtor, anne)
    decide_delivery_stop(stop_id=asked.id, accept=True, **by(mia))
    script = Script()
    Message.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    outbox.drain(channel="EMAIL", transport=script, reasons=lambda _kind: DecisionReasons(on=MONDAY))
    assert (script.transmitted, mails()[0].state) == ([], "CANCELLED")


def test_it_leaves_while_it_is_undecided(debtor, anne, mia):
    stop(debtor, anne)
    script = Script()
    Message.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    outbox.drain(channel="EMAIL", transport=script, reasons=lambda _kind: DecisionReasons(on=MONDAY))
    assert (len(script.transmitted), mails()[0].state) == (1, "SENT")


def test_of_who_is_away_whoever_stands_in_and_may_decide_is_written_to(debtor, anne, mia):
    zoe, carl = make_member(name="Zoe", role="cfo"), make_member(name="Carl", role="sales")
    absence = {"from_on": MONDAY, "until_on": MONDAY + timedelta(days=3), "actor": SYSTEM, "on": MONDAY}
    name_replacement(member_id=mia.id, replacement_id=zoe.id, **absence)
    stop(debtor, anne)
    assert {one.member_id for one in mails()} == {zoe.id}
    assert len(mails(zoe)) == 1
    assert carl.id not in {one.member_id for one in mails()}


def test_the_wish_is_on_the_page_of_ones_mail(organisation):
    client, _member = enter(organisation)
    page = client.get(reverse("my_notices")).content.decode()
    assert "Decisions to take" in page
    settings_page = client.get(reverse("notice_settings")).content.decode()
    assert "ecisions to take" not in settings_page
