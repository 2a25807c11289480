"""The day in a browser: a collector works through the reminders, a credit manager imports the ledger."""

from datetime import timedelta

import pytest
from django.db import transaction

from collection.models import Action
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services.templates import save_template
from integrations.models import SyncRun
from integrations.services import runs
from integrations.tasks import apply_run
from receivables.models import LedgerItem
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_ledger_pages import TO_DARK
from tests.collection.story import approve, make_debtor, make_sender, propose
from tests.make import TODAY, make_allocation, make_entity, make_member, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEDGER = """customer;customer name;invoice number;invoice date;due date;amount
C1;Durand SA;F1;2026-01-10;2026-02-10;1000.00
C1;Durand SA;F2;2026-02-20;2026-03-20;250.50
C2;Weber GmbH;F3;2025-10-01;2025-11-01;4000.00
"""


@pytest.fixture
def organisation(transactional_db, settings, tmp_path):
    settings.SPOOL_DIR, settings.DATA_DIR = tmp_path / "spool", tmp_path
    return make_tenant(name="Nordis")


@pytest.fixture
def day(organisation):
    """Three reminders that wait: 300, 200 and 100 EUR, all ten days late."""
    with tenant_scope(organisation), transaction.atomic():
        sender = make_sender()
        approve(organisation)
        for name, amount in (("Alpha SA", "300.00"), ("Beta SA", "200.00"), ("Gamma SA", "100.00")):
            account = make_debtor(name=name, email=f"{name[0].lower()}@debtor.example", entity=sender)
            propose(organisation, account, amount=amount)
    return organisation


def person(organisation, role: str):
    with tenant_scope(organisation), transaction.atomic():
        return make_member(role=role).user


def states(organisation) -> dict[str, str]:
    with tenant_scope(organisation), transaction.atomic():
        return dict(Action.objects.values_list("customer__name", "state"))


def settle(page) -> None:
    """Let a swap end. Not networkidle: a frame that is replaced while it loads counts as loading for ever."""
    page.wait_for_timeout(400)


def test_a_collector_previews_sends_undoes_and_skips_by_keyboard_and_mouse(visit, day):
    opened = visit(user=person(day, "collector"))
    page = opened.go("/collections/")
    assert "Alpha SA" in page.inner_text(".work-item.is-current")
    frame = page.frame_locator(".message-frame")
    assert "300" in frame.locator("body").inner_text()
    page.keyboard.press("j")
    page.wait_for_selector("#panel :text('b@debtor.example')")
    page.keyboard.press("e")
    page.wait_for_selector(".toast-card:has-text('Beta SA')")
    assert states(day)["Beta SA"] == "CONFIRMED"
    with tenant_scope(day), transaction.atomic():
        assert Message.objects.get().recipient == "b@debtor.example"
    page.click(".toast-card [hx-post]")
    page.wait_for_selector(".toast-card:has-text('Taken back')")
    assert states(day)["Beta SA"] == "PROPOSED"
    page.click("#panel button[hx-get*=skip]")
    page.fill("#drawer-content [name=note]", "paid by card")
    page.click("#drawer-content button.btn-primary")
    page.wait_for_selector(".toast-card:has-text('Alpha SA skipped')")
    assert states(day)["Alpha SA"] == "SKIPPED"
    page.click("#panel button[hx-post*=confirm]")
    page.wait_for_selector(".toast-card:has-text('Beta SA')")
    settle(page)
    assert states(day) == {"Alpha SA": "SKIPPED", "Beta SA": "CONFIRMED", "Gamma SA": "PROPOSED"}
    assert "Gamma SA" in page.inner_text(".work-item")


def test_the_keys_go_on_from_the_row_that_was_opened_by_mouse_or_by_tab(visit, day):
    page = visit(user=person(day, "collector")).go("/collections/")
    page.click(".work-item a:has-text('Gamma SA')")
    page.wait_for_selector("#panel :text('g@debtor.example')")
    assert "Gamma SA" in page.inner_text(".work-item.is-current")
    page.focus(".work-item a:has-text('Beta SA')")
    page.wait_for_selector("#panel :text('b@debtor.example')")
    assert "Beta SA" in page.inner_text(".work-item.is-current")
    page.keyboard.press("e")
    page.wait_for_selector(".toast-card:has-text('Beta SA')")
    assert states(day) == {"Alpha SA": "PROPOSED", "Beta SA": "CONFIRMED", "Gamma SA": "PROPOSED"}


def test_ticked_reminders_are_sent_after_one_question(visit, day):
    page = visit(user=person(day, "collector")).go("/collections/")
    for box in page.locator("input[name=pick]").all()[:2]:
        box.check()
    assert page.inner_text(".bulk-count") == "2 selected · €500"
    page.click("button[formaction]")
    page.click("#confirm-yes")
    page.wait_for_selector(".toast-card:has-text('2 reminders')")
    assert states(day) == {"Alpha SA": "CONFIRMED", "Beta SA": "CONFIRMED", "Gamma SA": "PROPOSED"}


def test_ticked_reminders_that_have_changed_are_looked_at_again(visit, day):
    opened = visit(user=person(day, "collector"))
    page = opened.go("/collections/")
    for box in page.locator("input[name=pick]").all():
        box.check()
    with tenant_scope(day), transaction.atomic():
        item = LedgerItem.objects.get(customer__name="Beta SA")
        make_allocation(debit=item, amount="50.00", on=TODAY)
        body = "Bonjour {{ contact_name }},\n\nun autre texte.\n\n{{ items }}"
        for language in ("en", "fr"):
            save_template(
                code="reminder_1", channel="EMAIL", language=language, subject="x", body=body, actor=SYSTEM
            )  # fmt: skip
    page.click("button[formaction]")
    page.click("#confirm-yes")
    page.wait_for_selector(".second-looks :text('€150.00 instead of €200.00')")
    assert page.locator(".second-looks .difference :text('un autre texte.')").count() == 3
    assert set(states(day).values()) == {"PROPOSED"}
    page.wait_for_timeout(400)
    page.evaluate("scrollTo(0, 0)")
    assert opened.faults() == []
    page.evaluate(TO_DARK)
    assert opened.faults() == []
    page.click(".second-looks button:has-text('Send these as they are now')")
    page.wait_for_selector(".toast-card :text-matches('3 reminders (leave|go)')")
    assert set(states(day).values()) == {"CONFIRMED"}
    assert page.locator(".second-looks").count() == 0


def test_postponing_by_keyboard_and_a_call_with_its_follow_up(visit, day):
    page = visit(user=person(day, "collector")).go("/collections/")
    page.keyboard.press("s")
    page.wait_for_selector("#drawer-content [name=until]")
    page.click("#drawer-content button.btn-primary")
    page.wait_for_selector(".toast-card:has-text('postponed')")
    assert states(day)["Alpha SA"] == "POSTPONED"
    settle(page)
    page.click("#panel button[hx-get*=call]")
    page.click("#drawer-content label:has-text('reached')")
    page.fill("#drawer-content [name=next_on]", (TODAY + timedelta(days=1)).isoformat())
    page.fill("#drawer-content [name=next_text]", "Ask again")
    page.click("#drawer-content button.btn-primary")
    page.wait_for_selector(".toast-card:has-text('Call logged')")


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)])
def test_the_pages_of_the_day_have_no_fault(visit, day, theme, size):
    with tenant_scope(day), transaction.atomic():
        action = Action.objects.select_related("version").first()
    scenario = f"/collections/scenarios/{action.version.scenario_id}/"
    opened = visit(user=person(day, "credit_manager"), theme=theme, size=size)
    for path in (
        "/collections/",
        f"/collections/actions/{action.id}/",
        "/collections/?who=all&kind=REMINDER",
        "/collections/absences/",
        "/promises/",
        "/collections/scenarios/",
        "/collections/scenarios/new/",
        "/collections/scenarios/rules/",
        scenario,
        f"{scenario}edit/",
        "/messages/",
        "/mailbox/",
        "/connections/",
        "/connections/new/",
        "/organisations/sample/",
        "/imports/",
    ):
        opened.go(path)
        assert opened.faults() == [], path


def test_a_credit_manager_drops_the_ledger_checks_loads_and_reads_the_aged_balance(
    visit, organisation, tmp_path, monkeypatch
):
    monkeypatch.setattr(apply_run, "apply_async", lambda *_args, **_message: None)  # the worker is this test
    with tenant_scope(organisation), transaction.atomic():
        make_entity(code="FR")
    file = tmp_path / "open-items.csv"
    file.write_text(LEDGER)
    opened = visit(user=person(organisation, "credit_manager"))
    page = opened.go("/imports/")
    page.set_input_files("input[type=file]", str(file))
    page.wait_for_selector("h1:has-text('open-items.csv')")
    settle(page)
    assert opened.faults() == []
    page.click("button:has-text('Check the file')")
    page.wait_for_selector("button:has-text('Load it')")
    assert "5,250.50" in page.inner_text("#import-state")
    page.click("button:has-text('Load it')")
    page.wait_for_selector("#import-state [role=progressbar]")
    with tenant_scope(organisation):
        with transaction.atomic():
            run = SyncRun.objects.get()
        assert runs.apply(run_id=run.id).state == "APPLIED"
    page.click("a:has-text('See the aged balance')")  # the page has noticed by itself
    page.wait_for_selector("tr:has-text('Weber GmbH')")
    assert "4,000" in page.inner_text("tr:has-text('Weber GmbH')")
    assert "5,250.50" in page.inner_text("tfoot")
