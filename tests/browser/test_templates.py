"""The editor of message texts in a browser: names by mouse and by keyboard, the preview beside it, history, a test to oneself."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core.tenancy import tenant_scope
from desk.models import Message, Template
from integrations.messaging_tasks import send_slice
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_ledger_pages import TO_DARK
from tests.collection.story import due, make_debtor, make_sender
from tests.make import make_item, make_member, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BODY, SUBJECT = "#template-body", "#template-subject"
LONGER = 40_000  # the preview is asked for while the page is still at work


@pytest.fixture
def organisation(transactional_db, settings, tmp_path):
    """Customers who owe: Durand two invoices, 120.00; Weber one, 900.00; Adele and Axel one each, 77.00."""
    settings.SPOOL_DIR, settings.DATA_DIR, settings.DEMO_MAILBOX = tmp_path / "spool", tmp_path, False
    tenant = make_tenant(name="Nordis")
    with tenant_scope(tenant), transaction.atomic():
        entity = make_sender()
        durand = make_debtor(name="Durand SA", email="ap@durand.example", entity=entity, language="en")
        make_item(account=durand, number="F1", due=due(30), amount="100.00", issued=due(60))
        make_item(account=durand, number="F2", due=due(5), amount="20.00", issued=due(40))
        weber = make_debtor(name="Weber GmbH", email="ap@weber.example", entity=entity, language="de")
        make_item(account=weber, number="F3", due=due(8), amount="900.00", issued=due(40))
        for name in ("Adele SA", "Axel GmbH"):
            account = make_debtor(name=name, email=f"{name[:4].strip()}@debtor.example", entity=entity, language="en")
            make_item(account=account, due=due(7), amount="77.00", issued=due(40))
    return tenant


@pytest.fixture
def manager(organisation):
    with tenant_scope(organisation), transaction.atomic():
        return make_member(role="credit_manager", name="Marc Petit")


def place(name: str = "template", *, code: str = "reminder_1", channel: str = "EMAIL", language: str = "en") -> str:
    return reverse(name, args=[code, channel, language])


def open_editor(visit, manager, **place_of):
    """The editor, once its preview stands."""
    opened = visit(user=manager.user)
    opened.page.context.set_default_timeout(LONGER)
    page = opened.go(place(**place_of))
    page.wait_for_selector("#template-preview :text('Durand SA')")
    return opened, page


def shown(page, words: str) -> None:
    """Wait until the preview's message says it."""
    page.frame_locator(".message-frame").get_by_text(words).first.wait_for()


def press(page, name: str) -> None:
    """Click a name below the editor, once the page has come to rest: what scrolls under the mouse is the frame."""
    button = page.locator(f".template-names button:has-text('{name}')")
    button.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    button.click()


def own_text(organisation) -> Template | None:
    with tenant_scope(organisation), transaction.atomic():
        return Template.objects.filter(code="reminder_1", channel="EMAIL", language="en").first()


def test_a_name_is_inserted_with_the_mouse_where_the_cursor_was_and_the_preview_follows(visit, manager, organisation):
    _opened, page = open_editor(visit, manager)
    shown(page, "Dear Durand SA")
    page.focus(BODY)
    page.evaluate("s => document.querySelector(s).setSelectionRange(5, 5)", BODY)  # after "Dear "
    press(page, "customer_ref")
    assert page.input_value(BODY).startswith("Dear {{ customer_ref }}{{ contact_name }},")
    assert page.evaluate("document.activeElement.id") == "template-body"
    reference = page.inner_text("#template-preview .message-row .muted").split(" ")[0]
    shown(page, f"Dear {reference}Durand SA")
    # A condition goes around what is selected.
    page.evaluate("s => document.querySelector(s).setSelectionRange(5, 23)", BODY)
    press(page, "if several_items")
    assert page.input_value(BODY).startswith(
        "Dear {{ if several_items }}{{ customer_ref }}{{ end }}{{ contact_name }},"
    )
    page.keyboard.press("Control+z")
    assert page.input_value(BODY).startswith("Dear {{ customer_ref }}{{ contact_name }},")
    # The list opens by a button beside the text too.
    page.click("button:has-text('Insert a name')")
    page.click("#name-menu [role=option]:has-text('oldest_days_late')")
    assert "{{ oldest_days_late }}" in page.input_value(BODY)
    page.wait_for_selector("#name-menu", state="hidden")
    # Into the subject, once that was clicked.
    page.click(SUBJECT)
    page.keyboard.press("Home")
    press(page, "item_count")
    assert page.input_value(SUBJECT).startswith("{{ item_count }}")


def test_all_of_it_by_keyboard_alone(visit, manager, organisation):
    opened, page = open_editor(visit, manager)
    page.focus(SUBJECT)
    page.keyboard.press("Tab")
    assert opened.has_focus("[data-open-names]")
    page.keyboard.press("Tab")
    assert opened.has_focus(BODY)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Space")
    page.wait_for_selector("#name-menu:not([hidden])")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    page.wait_for_selector("#name-menu", state="hidden")
    assert opened.has_focus(BODY)
    page.keyboard.type("Total {{ tot")
    assert page.get_attribute(BODY, "aria-activedescendant") == "name-option-total"
    page.keyboard.press("Enter")
    page.keyboard.type(".")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.input_value(BODY).startswith("Total {{ total }}.\n\nDear ")
    shown(page, "Total €120.00.")
    page.keyboard.type("{{ if disp")
    page.keyboard.press("Tab")  # chooses, as Enter does
    page.keyboard.type("Wait.")
    assert "{{ if dispute }}Wait.{{ end }}" in page.input_value(BODY)
    page.keyboard.press("Tab")
    while not opened.has_focus(".card-foot .btn-primary"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast-card:has-text('Saved')")
    assert own_text(organisation).body.startswith("Total {{ total }}.\n\n{{ if dispute }}Wait.{{ end }}Dear ")


def test_another_customer_is_looked_at(visit, manager, organisation):
    _opened, page = open_editor(visit, manager)
    page.fill(".template-side input[name=q]", "web")
    page.wait_for_selector("#template-preview :text('Weber GmbH')")
    shown(page, "€900.00")
    page.keyboard.press("Enter")  # saves nothing
    page.fill(".template-side input[name=q]", "a")
    page.click("#template-preview button:has-text('Axel GmbH')")
    page.wait_for_selector("#template-preview .message-row strong:has-text('Axel GmbH')")
    assert page.input_value(".template-side input[name=q]") == ""
    page.click(BODY)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Still Axel. ")
    shown(page, "Still Axel.")
    shown(page, "€77.00")
    assert own_text(organisation) is None


def test_a_name_that_there_is_not_is_refused_with_its_line_and_what_was_meant(visit, manager, organisation):
    opened, page = open_editor(visit, manager)
    page.fill(BODY, "Dear {{ contact_name }},\n\nplease pay {{ totl }} {{ password }}\n\n{{ items }}")
    meant = "Line 3: {{ totl }} is not among the names. Did you mean {{ total }}?"
    page.wait_for_selector(f"#template-preview :text('{meant}')")  # before it is saved
    page.click(".card-foot .btn-primary")
    page.wait_for_selector("#body-errors .field-error")
    said = page.locator("#body-errors .field-error").all_inner_texts()
    assert said[0] == meant
    assert said[1].startswith("Line 3: {{ password }} is not among the names.")
    assert "{{ totl }}" in page.input_value(BODY)
    assert page.get_attribute(BODY, "aria-invalid") == "true"
    assert own_text(organisation) is None
    opened.complaints.clear()  # the browser's own line about the answer 422
    page.fill(BODY, "Dear {{ contact_name }},\n\nplease pay {{ total }}\n\n{{ items }}")
    page.click(".card-foot .btn-primary")
    page.wait_for_selector(".toast-card:has-text('Saved')")
    assert "please pay {{ total }}" in own_text(organisation).body


def test_the_history_says_who_saved_what_and_brings_it_back(visit, manager, organisation):
    opened, page = open_editor(visit, manager)
    for words in ("First words", "Second words"):
        page.fill(BODY, f"{words}\n\n{{{{ items }}}}")
        shown(page, words)
        page.click(".card-foot .btn-primary")
        page.wait_for_selector(".toast-card:has-text('Saved')")
    page.click("a:has-text('History')")
    page.wait_for_selector("table :text('Marc Petit')")
    assert page.locator("tbody tr").count() == 2
    assert "First words" in page.inner_text(".difference .is-gone")
    assert "Second words" in page.inner_text(".difference .is-new")
    assert opened.faults() == []
    page.click("tbody tr:nth-child(2) a")
    page.wait_for_selector("h2:has-text('Version 1')")
    page.click("button:has-text('Bring it back')")
    page.wait_for_selector(".toast-card:has-text('Version 1 is back')")
    assert page.input_value(BODY).startswith("First words")
    assert own_text(organisation).body.startswith("First words")
    page.click("button:has-text('Back to the common text')")
    page.click("#confirm-yes")
    page.wait_for_selector(".toast-card:has-text('The common text is used again')")
    assert own_text(organisation) is None


def test_a_test_arrives_in_the_demo_mailbox_as_the_preview_shows_it(visit, manager, organisation):
    opened, page = open_editor(visit, manager)
    page.fill(SUBJECT, "Please pay {{ total }}")
    page.fill(BODY, "For your records, {{ contact_name }}.\n\n{{ items }}")
    shown(page, "For your records, Durand SA.")
    page.click("button:has-text('Send it to me')")
    page.wait_for_selector(f".toast-card:has-text('On its way to {manager.user.email}')")
    with tenant_scope(organisation), transaction.atomic():
        assert Message.objects.get().recipient == manager.user.email
        Message.objects.update(not_before=timezone.now())
    assert send_slice(tenant=str(organisation.id), channel="EMAIL") == 1
    page = opened.go(reverse("mailbox"))
    page.get_by_text("[Test] Please pay €120.00").first.click()
    page.frame_locator("iframe").get_by_text("For your records, Durand SA.").wait_for()
    assert own_text(organisation) is None


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_pages_of_texts_have_no_fault_in_both_modes(visit, manager, organisation, size):
    opened = visit(user=manager.user, size=size)
    opened.page.context.set_default_timeout(LONGER)
    pages = [reverse("templates"), reverse("template_new"), place("template_history")]
    pages += [place(), place(channel="LETTER", code="formal_notice", language="fr"), place(channel="SMS")]
    pages += [place(code="statement"), place(code="thank_you", language="de"), place(code="delivery_note")]
    for path in pages:
        page = opened.go(path)
        assert opened.faults() == [], path
        if "EMAIL/en" in path and page.locator(BODY).count():
            page.focus(BODY)
            page.keyboard.press("Control+Space")
            page.wait_for_selector("#name-menu:not([hidden])")
            assert opened.faults() == [], f"{path} with its menu"
            page.keyboard.press("Escape")
        page.evaluate(TO_DARK)
        assert opened.faults() == [], path
