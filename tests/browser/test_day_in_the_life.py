"""A day in a collector's life: ten reminders, a call with a promise, a dispute that logistics answers, and the money."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from collection.models import Action
from collection.services.dispute_reasons import ensure_reasons
from core.audit import SYSTEM
from core.ports import open_port
from core.tenancy import tenant_scope
from creditmgmt.schedule import run_night
from desk.models import Message
from desk.services import outbox
from desk.services.notice_settings import set_notice
from receivables.models import BankLine, Dispute, DisputeReason, Promise
from receivables.services.open_amounts import refresh_balances
from tests.browser.conftest import WIDE
from tests.collection.story import MONDAY, approve, due, make_contact, make_debtor, make_sender
from tests.collection.story import plan_actions as plan
from tests.desk.fakes import Script
from tests.make import make_bank_line, make_item, make_member, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def organisation(transactional_db, settings, tmp_path):
    settings.SPOOL_DIR, settings.DATA_DIR = tmp_path / "spool", tmp_path
    return make_tenant(name="Nordis")


@pytest.fixture
def anne(organisation):
    """A collector with twelve customers that owe since ten days, 100 to 1,200 EUR, and a reminder to each."""
    with tenant_scope(organisation), transaction.atomic():
        anne = make_member(role="collector", name="Anne")
        entity = make_sender()
        approve(organisation)
        for n in range(1, 13):
            account = make_debtor(name=f"Debtor {n:02}", email=f"d{n}@debtor.example", entity=entity)
            account.collector = anne
            account.save()
            make_contact(account, phone="+33142685300", email=f"claire{n}@debtor.example")
            make_item(account=account, number=f"FA-{n:06}", amount=f"{n}00.00", due=due(10), issued=due(40))
        set_notice(kind="THANKS", is_on=True, every_days=0, now=datetime(2026, 3, 1, tzinfo=UTC), actor=SYSTEM)
        plan(tenant=organisation, on=MONDAY)
        refresh_balances(on=MONDAY)
        return anne


@pytest.fixture
def luc(organisation):
    """Logistics, who answers what was not received."""
    with tenant_scope(organisation), transaction.atomic():
        luc = make_member(role="dispute_resolver", name="Luc")
        ensure_reasons()
        DisputeReason.objects.filter(code="NOT_RECEIVED").update(owner=luc)
        return luc


def night(organisation, on: date) -> None:
    with tenant_scope(organisation):
        run = run_night(tenant=organisation, on=on, now=datetime(on.year, on.month, on.day, 4, tzinfo=UTC))
    assert run.undone == []


def reasons_on(on: date):
    """What the workers ask before a message leaves, by the reason it has."""
    return lambda reason_type: open_port(f"desk.reasons/{reason_type}")(on=on)


def names(page) -> list[str]:
    return page.locator(".work-item strong").all_inner_texts()


def test_a_day_in_the_life(visit, organisation, anne, luc):
    opened = visit(user=anne.user, size=WIDE)
    page = opened.go("/collections/")

    # Ten reminders, confirmed at once: their number and sum are shown before.
    assert names(page)[0] == "Debtor 12"
    for box in page.locator("input[name=pick]").all()[2:]:
        box.check()
    assert page.inner_text(".bulk-count") == "10 selected · €5,500"
    page.click("button[formaction]")
    page.click("#confirm-yes")
    page.wait_for_selector(".toast-card:has-text('10 reminders')")
    page.wait_for_selector(".work-item:nth-child(3)", state="detached")
    with tenant_scope(organisation), transaction.atomic():
        assert Action.objects.filter(state="CONFIRMED").count() == 10
        assert Message.objects.filter(reason_type="collection.Action").count() == 10

    # A call: the customer promises all it owes by the day that is proposed.
    page.click(".work-item.is-current a:has-text('Debtor 12')")
    page.wait_for_selector("#panel a[href='tel:+33142685300']")
    page.click("#panel button:has-text('Log a call')")
    page.click("#drawer-content label:has-text('promised to pay')")
    page.wait_for_selector("#call-details [name=due_on]")
    page.evaluate("scrollTo(0, 0)")  # what lies under the bar at the top counts as too small to hit
    assert opened.faults() == []
    page.click("#drawer-content button.btn-primary")
    page.wait_for_selector(".toast-card:has-text('€1,200.00 promised by')")

    # Another says that half of it never came: logistics is asked.
    page.click(".work-item a:has-text('Debtor 11')")
    page.wait_for_selector("#panel :text('claire11@debtor.example')")
    page.click("#panel button:has-text('Log a call')")
    page.click("#drawer-content label:has-text('disputes')")
    page.wait_for_selector("#call-details [name=reason]")
    page.select_option("#call-details [name=reason]", "NOT_RECEIVED")
    page.check("#call-details [name=items]")
    page.fill("#call-details [name=disputed_amount]", "550")
    page.click("#drawer-content button.btn-primary")
    page.wait_for_selector(".toast-card:has-text('Luc is asked')")

    # Logistics answers by the link of the mail, without signing in.
    with tenant_scope(organisation), transaction.atomic():
        mail = Message.objects.get(recipient=luc.user.email)
        link = re.search(r"https?://[^/\s]+(/answer/\S+)", mail.body_text)[1]
    answering = visit()
    answer = answering.go(link)
    assert answering.faults() == []
    answer.click("label:has-text('credit note')")
    answer.fill("[name=answer]", "The second pallet stayed in the warehouse")
    answer.fill("[name=expected_credit]", "550")
    answer.click("button.btn-primary")
    answer.wait_for_load_state("networkidle")
    with tenant_scope(organisation), transaction.atomic():
        assert Dispute.objects.get().answer == "The second pallet stayed in the warehouse"
    page = opened.go("/collections/?kind=DISPUTE")
    assert names(page) == ["Debtor 11"]
    assert "has been answered" in page.inner_text(".work-item")

    # The money arrives at the bank; the night matches it and sees that the promise was kept.
    with tenant_scope(organisation), transaction.atomic():
        make_bank_line(amount="1200.00", booked_on=TUESDAY, text="virement FA-000012")
    night(organisation, TUESDAY)
    with tenant_scope(organisation), transaction.atomic():
        assert BankLine.objects.get().state == "MATCHED"
        assert Promise.objects.get().state == "KEPT"
    page = opened.go("/promises/?state=kept")
    assert "Debtor 12" in page.inner_text("tbody")
    assert "100" in page.inner_text(".kpi-strip, [aria-label=Figures]")
    page = opened.go("/collections/")
    assert "Debtor 12" not in names(page)

    # The thank-you goes out: once, to whom we write, and the page of the customer tells of it.
    with tenant_scope(organisation), transaction.atomic():
        Message.objects.update(not_before=timezone.now())
        assert Message.objects.filter(reason_type="collection.Thanks").count() == 1
    post = Script()
    with tenant_scope(organisation):
        outbox.drain(channel="EMAIL", transport=post, reasons=reasons_on(TUESDAY))
    thanks = [one for one in post.transmitted if one.reason_type == "collection.Thanks"]
    assert [one.recipient for one in thanks] == ["claire12@debtor.example"]
    assert "FA-000012" in thanks[0].body_text
    assert {one.recipient for one in post.transmitted} == {f"claire{n}@debtor.example" for n in (*range(1, 11), 12)}
    page = opened.go(f"/customers/{thanks[0].customer_id}/")
    assert thanks[0].subject in page.inner_text(".timeline >> nth=0")
