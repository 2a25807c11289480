"""Thanks, delivery notes and digests: off by default, once each, throttled, unwanted by some, in the reader's scope."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.services.replacements import name_replacement
from collection.models import Action
from collection.services import thanks
from collection.services.delivery_notes import DeliveryReasons, write_delivery_notes
from collection.services.digests import DigestReasons, write_digests
from collection.services.enclosing import OF_DOCUMENT
from collection.services.thanks import ThanksReasons, thank_for_lines, thank_for_payments
from core.audit import SYSTEM
from core.jobs import AlreadyRunning
from core.tenancy import tenant_scope
from desk.models import Message, Notice, NoticeOptOut, NoticeSetting
from desk.services import outbox
from desk.services.comments import attach_file
from desk.services.notice_settings import BadNotice, set_notice, set_wish
from receivables.models import CashAllocation, CashMatch, CustomerAccount, Document, Hold, LedgerItem
from receivables.services.matching import Share, reverse_match, split_line
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, due, make_contact, make_debtor, propose
from tests.collection.test_messages import EVIL
from tests.desk.fakes import Script
from tests.make import make_allocation, make_bank_line, make_item, make_member, make_tenant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def switch_on(kind: Notice, days: int = 0) -> None:
    set_notice(kind=kind, is_on=True, every_days=days, now=timezone.now(), actor=SYSTEM)


def thank(days: int = 0) -> int:
    return thank_for_payments(on=MONDAY + timedelta(days=days), now=timezone.now() + timedelta(days=days))


def paid(account=None, *, number="F1", amount="100.00", by="P1"):
    """An invoice paid by a payment in the books, learned now."""
    account = account or make_debtor(language="fr")
    invoice = make_item(account=account, number=number, due=due(3), amount=amount, issued=due(30))
    payment = make_item(account=account, number=by, kind="PAYMENT", amount=f"-{amount}", due=MONDAY, issued=MONDAY)
    make_allocation(debit=invoice, credit=payment, amount=amount, on=MONDAY)
    return account


def leave(reasons, on=MONDAY) -> Script:
    transport = Script()
    Message.objects.update(not_before=timezone.now())
    outbox.drain(channel="EMAIL", transport=transport, reasons=lambda _type: reasons(on=on))
    return transport


# --- thanks -----------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_until_it_is_switched_on(tenant):
    paid()
    make_member(role="collector")
    assert thank() == 0
    assert write_delivery_notes(on=MONDAY, now=timezone.now()) == 0
    assert write_digests(tenant=tenant, on=MONDAY, now=timezone.now()) == 0


def test_only_payments_learned_since_are_thanked_for(tenant):
    account = paid()
    switch_on(Notice.THANKS)
    # What was learned before stands in the transaction of the test, and so at the same moment for the database.
    NoticeSetting.objects.update(since=timezone.now() + timedelta(minutes=1))
    assert thank() == 0
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    assert thank() == 1
    message = Message.objects.get()
    assert (message.customer_id, message.reason_type) == (account.customer_id, "collection.Thanks")
    text = message.body_text.replace("\u202f", " ").replace("\xa0", " ")
    assert "règlement de 100,00 €" in text
    assert "F1" in text


def test_a_payment_is_thanked_for_once_however_often_the_night_runs(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    assert [thank(), thank(), thank(1)] == [1, 0, 0]
    make_contact(account)  # another recipient now
    assert thank(1) == 0
    assert len(leave(ThanksReasons).transmitted) == 1
    assert thank(2) == 0


def test_not_more_often_than_the_organisation_says(tenant):
    switch_on(Notice.THANKS, 10)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    assert thank() == 1
    paid(account, number="F2", by="P2")
    assert thank(1) == 0
    assert thank(11) == 0  # by then it is no news


def test_several_payments_of_a_day_are_one_message(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    paid(account, number="F2", by="P2", amount="50.00")
    assert thank() == 1
    assert [fact["paid"] for fact in Message.objects.get().facts] == [["F1"], ["F2"]]
    assert "150,00" in Message.objects.get().body_text


def test_who_wants_none_and_who_has_no_address_gets_none(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    set_wish(kind=Notice.THANKS, wanted=False, customer_id=account.customer_id, actor=SYSTEM)
    paid(make_debtor(ref="NOBODY", email="", entity=account.entity), number="F9", by="P9")
    assert thank() == 0
    set_wish(kind=Notice.THANKS, wanted=True, customer_id=account.customer_id, actor=SYSTEM)
    assert thank() == 1


def test_nobody_who_is_not_to_be_contacted_hears_of_us(tenant):
    for kind in (Notice.THANKS, Notice.DELIVERY):
        switch_on(kind)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    invoiced(account, number="F7")
    hold = Hold.objects.create(customer=account.customer, reason="DO_NOT_CONTACT", from_on=due(5))
    assert (thank(), announce()) == (0, 0)
    Hold.objects.filter(id=hold.id).update(until_on=due(1))
    assert (thank(), announce()) == (1, 1)


def test_one_that_asks_for_none_meanwhile_is_left_in_peace(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    thank()
    set_wish(kind=Notice.THANKS, wanted=False, customer_id=account.customer_id, actor=SYSTEM)
    assert leave(ThanksReasons).transmitted == []
    assert Message.objects.get().state == "CANCELLED"


def test_a_line_of_the_bank_and_the_books_that_follow_are_one_payment(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = make_debtor(language="en")
    invoice = make_item(account=account, number="F1", due=due(3), amount="100.00", issued=due(30))
    line = make_bank_line(amount="100.00", text="F1")
    match = CashMatch.objects.create(
        line=line, customer=account.customer, state="ACCEPTED", amount=Decimal(100), currency="EUR", on=MONDAY
    )
    piece = CashAllocation.objects.create(
        match=match, item=invoice, customer=account.customer, cash_amount=Decimal(100), currency="EUR",
        leaves_amount=0, on=MONDAY, state_on=MONDAY,
    )  # fmt: skip
    assert thank() == 1
    assert "€100.00" in Message.objects.get().body_text
    payment = make_item(account=account, number="P1", kind="PAYMENT", amount="-100.00", due=MONDAY, issued=MONDAY)
    make_allocation(debit=invoice, credit=payment, amount="100.00", on=MONDAY)
    CashAllocation.objects.filter(id=piece.id).update(state="CONFIRMED")
    assert thank(1) == 0


def test_a_match_taken_back_is_not_thanked_for(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = paid()
    thank()
    LedgerItem.objects.filter(number="P1", account=account).update(void_on=MONDAY)
    assert leave(ThanksReasons).transmitted == []


# --- at once, for what a person matches by day ------------------------------------------------------------------------


def matched(account, *, number="F9", amount="100.00"):
    """A line of the bank that a person sets against an invoice now."""
    item = make_item(account=account, number=number, due=due(3), amount=amount, issued=due(30))
    line = make_bank_line(amount=amount)
    return line, split_line(line_id=line.id, shares=[Share(item.id, Decimal(amount))], on=MONDAY, actor=SYSTEM)


def thank_now(*lines) -> int:
    return thank_for_lines(line_ids=[line.id for line in lines], on=MONDAY, now=timezone.now())


def on_since_an_hour(days=0):
    switch_on(Notice.THANKS, days)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))


def test_what_is_matched_by_day_is_thanked_for_at_once_and_not_by_the_night_again(tenant):
    account = make_debtor(language="fr")
    line, _match = matched(account)
    assert thank_now(line) == 0  # not switched on
    on_since_an_hour()
    assert [thank_now(line), thank_now(line), thank(), thank(1)] == [1, 0, 0, 0]
    message = Message.objects.get()
    assert message.not_before > timezone.now() + timedelta(seconds=20)
    assert "F9" in message.body_text


def test_the_days_between_two_messages_hold_by_day_too(tenant):
    on_since_an_hour(10)
    account = make_debtor()
    assert thank_now(matched(account)[0], matched(account, number="F10")[0]) == 1
    assert thank_now(matched(account, number="F11")[0]) == 0


def test_a_match_taken_back_within_the_seconds_is_not_thanked_for(tenant):
    on_since_an_hour()
    line, match = matched(make_debtor())
    assert thank_now(line) == 1
    reverse_match(match_id=match.id, on=MONDAY, actor=SYSTEM)
    assert leave(ThanksReasons).transmitted == []


def test_by_day_it_waits_for_the_sending_hours(db):
    real = make_tenant(sandbox_on=None, time_zone="Europe/Paris")
    with tenant_scope(real):
        on_since_an_hour()
        line, _match = matched(make_debtor())
        evening = timezone.now() + timedelta(days=7 - timezone.now().weekday() + 5)  # a Saturday
        assert thank_for_lines(line_ids=[line.id], on=MONDAY, now=evening) == 1
        assert Message.objects.get().not_before.weekday() == 0


def test_while_the_night_is_at_it_thanks_are_left_to_it(tenant, monkeypatch):
    on_since_an_hour()
    line, _match = matched(make_debtor())

    def busy(_name):
        raise AlreadyRunning

    monkeypatch.setattr(thanks, "lock", busy)
    assert thank_now(line) == 0
    monkeypatch.undo()
    assert thank() == 1


def test_confirmed_on_the_page_it_is_queued(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        on_since_an_hour()
        account = make_debtor()
        item = make_item(account=account, number="F77", due=due(3), amount="70.00", issued=due(30))
        piece = {"item": str(item.id), "cash": "70.00", "difference": "0", "why": "EXACT"}
        line = make_bank_line(amount="70.00", customer=account.customer, proposal={"pieces": [piece]})
    client.post(reverse("cash_confirm"), {"pick": [str(line.id)]}, headers={"HX-Request": "true"})
    with tenant_scope(organisation):
        assert Message.objects.get().reason_type == "collection.Thanks"


def test_hostile_numbers_stay_text(tenant):
    switch_on(Notice.THANKS)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    paid(make_debtor(name=EVIL), number=EVIL[:80])
    thank()
    message = Message.objects.get()
    assert "<img" not in message.body_html
    assert "\n" not in message.subject


# --- delivery notes ---------------------------------------------------------------------------------------------------


def invoiced(account=None, *, number="F1", issued=MONDAY, **fields):
    account = account or make_debtor(language="fr")
    document = Document.objects.create(
        customer=account.customer, account=account, entity=account.entity, number=number, kind="INVOICE",
        document_date=issued, currency="EUR", total_amount=Decimal(100),
    )  # fmt: skip
    make_item(account=account, number=number, due=due(-30), amount="100.00", issued=issued, document=document, **fields)
    return document


def announce() -> int:
    return write_delivery_notes(on=MONDAY, now=timezone.now())


def test_each_new_invoice_is_announced_once_to_accounting_with_its_file(tenant):
    switch_on(Notice.DELIVERY)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    account = make_debtor(language="fr")
    make_contact(account, last_name="Petit", role="BUYER", email="petit@durand.example", is_primary=True)
    make_contact(account)
    document = invoiced(account)
    attach_file(
        customer_id=account.customer_id, object_type=OF_DOCUMENT, object_id=document.id, file_name="F1.pdf",
        chunks=[b"%PDF-1.7"], on=MONDAY, actor=SYSTEM,
    )  # fmt: skip
    invoiced(account, number="OLD", issued=due(60))
    invoiced(account, number="HISTORY", is_history=True)
    assert [announce(), announce()] == [1, 0]
    message = Message.objects.get()
    assert (message.recipient, message.reason_id) == ("claire@durand.example", document.id)
    assert "ci-jointe" in message.body_text
    (left,) = leave(DeliveryReasons).transmitted
    assert [file.file_name for file in left.files.all()] == ["F1.pdf"]
    assert announce() == 0


def test_an_invoice_paid_or_taken_back_meanwhile_is_not_announced(tenant):
    switch_on(Notice.DELIVERY)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    document = invoiced()
    announce()
    make_allocation(debit=document.items.get(), amount="100.00", on=MONDAY)
    assert leave(DeliveryReasons).transmitted == []


# --- digests ----------------------------------------------------------------------------------------------------------


def digest(tenant, days: int = 0) -> int:
    return write_digests(tenant=tenant, on=MONDAY + timedelta(days=days), now=timezone.now())


def sold_by(member, *, ref: str, amount: str, **fields) -> CustomerAccount:
    account = make_debtor(ref=ref, name=f"Customer {ref}", entity=fields.pop("entity"))
    CustomerAccount.objects.filter(id=account.id).update(salesperson=member)
    make_item(account=account, due=due(20), amount=amount, issued=due(50))
    return account


def test_each_salesperson_reads_of_their_own_customers_alone(tenant):
    switch_on(Notice.SALES_DIGEST, 7)
    entity = make_debtor(ref="NONE").entity
    anne = make_member(role="sales", name="Anne", user=make_user(email="anne@nordis.example"))
    luc = make_member(role="sales", name="Luc", user=make_user(email="luc@nordis.example", language="fr"))
    make_member(role="sales", name="Idle")
    sold_by(anne, ref="A1", amount="70.00", entity=entity)
    sold_by(anne, ref="A2", amount="900.00", entity=entity)
    sold_by(luc, ref="L1", amount="55.00", entity=entity)
    assert [digest(tenant), digest(tenant)] == [2, 0]
    to_anne, to_luc = (Message.objects.get(recipient=f"{one}@nordis.example") for one in ("anne", "luc"))
    assert to_anne.body_text.index("Customer A2") < to_anne.body_text.index("Customer A1")
    assert "€970.00" in to_anne.body_text
    assert "L1" not in to_anne.body_text + to_anne.body_html
    assert "A1" not in to_luc.body_text + to_luc.body_html
    assert "55,00" in to_luc.body_text
    assert (to_anne.customer_id, to_anne.member_id) == (None, anne.id)
    assert digest(tenant, 3) == 0
    assert digest(tenant, 7) == 2


def test_the_day_of_a_collector_and_nothing_where_there_is_nothing(tenant):
    switch_on(Notice.DAY_DIGEST, 1)
    collector = make_member(role="collector", name="Claire", user=make_user(email="claire@nordis.example"))
    make_member(role="auditor")
    assert digest(tenant) == 0
    approve(tenant)
    propose(tenant, make_debtor())
    assert digest(tenant) == 1
    message = Message.objects.get()
    assert message.member_id == collector.id
    assert "1 reminder to confirm" in message.body_text
    assert leave(DigestReasons).transmitted[0].recipient == "claire@nordis.example"
    assert Action.objects.count() == 1


def test_no_digest_at_the_weekend_nor_of_yesterday(tenant):
    switch_on(Notice.DAY_DIGEST, 1)
    make_member(role="collector", user=make_user(email="claire@nordis.example"))
    approve(tenant)
    propose(tenant, make_debtor())
    assert digest(tenant, -1) == 0  # a Sunday
    assert digest(tenant) == 1
    assert leave(DigestReasons, on=MONDAY + timedelta(days=1)).transmitted == []
    assert Message.objects.get().state == "CANCELLED"


def test_a_member_who_wants_none_or_has_left_gets_none(tenant):
    switch_on(Notice.DAY_DIGEST, 1)
    one = make_member(role="collector", user=make_user(email="claire@nordis.example"))
    approve(tenant)
    propose(tenant, make_debtor())
    set_wish(kind=Notice.DAY_DIGEST, wanted=False, member_id=one.id, actor=SYSTEM)
    assert digest(tenant) == 0
    set_wish(kind=Notice.DAY_DIGEST, wanted=True, member_id=one.id, actor=SYSTEM)
    type(one).objects.filter(id=one.id).update(is_active=False)
    assert digest(tenant) == 0


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "days"), [(Notice.THANKS, -1), (Notice.THANKS, 366), (Notice.DAY_DIGEST, 0), ("X", 1)]
)
def test_what_cannot_be_set_is_refused(tenant, kind, days):
    with pytest.raises(BadNotice):
        set_notice(kind=kind, is_on=True, every_days=days, now=timezone.now(), actor=SYSTEM)


def test_switching_on_again_keeps_since_when_and_off_forgets_it(tenant):
    switch_on(Notice.THANKS, 5)
    since = NoticeSetting.objects.get().since
    switch_on(Notice.THANKS, 6)
    assert NoticeSetting.objects.get().since == since
    set_notice(kind=Notice.THANKS, is_on=False, every_days=6, now=timezone.now(), actor=SYSTEM)
    assert NoticeSetting.objects.get().since is None


def test_the_pages(organisation):
    manager, _member = enter(organisation, role="credit_manager")
    address = reverse("notice_settings")
    assert manager.post(address, {"on-THANKS": "on", "days-THANKS": "14", "days-DAY": "0"}).status_code == 422
    assert manager.post(address, {"on-THANKS": "on", "days-THANKS": "14"}).status_code == 302
    shown = manager.get(address).content.decode()
    assert 'value="14"' in shown
    with tenant_scope(organisation):
        account = make_debtor()
        assert NoticeSetting.objects.get(kind="THANKS").every_days == 14
    wish = reverse("customer_notices", args=[account.customer_id])
    assert manager.post(wish, {"DELIVERY": "on"}).status_code == 302
    assert manager.post(reverse("my_notices"), {"SALES": "on"}).status_code == 302
    with tenant_scope(organisation):
        rows = NoticeOptOut.objects.values_list("kind", "customer_id", "member_id")
        assert sorted(kind for kind, _customer, _member in rows) == ["DAY", "DECISION", "THANKS"]
    auditor, _member = enter(organisation, role="auditor")
    assert auditor.get(wish).status_code == 200
    assert auditor.post(wish, {}).status_code == 403
    assert auditor.get(address).status_code == 403


def test_one_organisations_wishes_and_settings_are_not_anothers(organisation):
    with tenant_scope(organisation):
        switch_on(Notice.THANKS)
    with tenant_scope(make_tenant()):
        assert NoticeSetting.objects.count() == 0
        paid()
        assert thank() == 0


def test_the_digests_of_who_is_away_go_to_whoever_stands_in_for_them(tenant):
    anne, paul = make_member(role="sales", name="Anne"), make_member(role="collector", name="Paul")
    account = make_debtor(name="Durand")
    account.salesperson = anne
    account.save()
    make_item(account=account, amount="100.00", due=due(10))
    for kind in ("SALES", "DAY"):
        set_notice(kind=kind, is_on=True, every_days=1, now=timezone.now(), actor=SYSTEM)
    name_replacement(
        member_id=anne.id, replacement_id=paul.id, from_on=MONDAY, until_on=MONDAY, on=MONDAY, actor=SYSTEM
    )
    write_digests(tenant=tenant, on=MONDAY, now=timezone.now())
    mails = {(one.recipient, "Durand" in one.body_text) for one in Message.objects.filter(member_id__isnull=False)}
    assert (paul.email, True) in mails
    assert anne.email not in {address for address, _late in mails}
