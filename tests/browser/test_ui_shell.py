"""The frame in a browser: sign-in by keyboard, theme, menus, search, phone, toasts, confirmations."""

import pytest
from django.db import transaction

from core.tenancy import tenant_scope
from tests.browser.conftest import PHONE
from tests.make import PASSWORD, make_member, make_tenant, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.core.ui_urls")]


@pytest.fixture
def user(transactional_db):
    """An administrator, so that the sidebar has entries."""
    with tenant_scope(make_tenant(name="Nordis")), transaction.atomic():
        return make_member(role="admin", user=make_user(password=PASSWORD, name="Anna Berg")).user


def test_one_signs_in_by_keyboard_alone(visit, user, settings):
    settings.LOGIN_REDIRECT_URL = "/account/sessions/"
    opened = visit()
    page = opened.go("/account/login/")
    assert opened.has_focus("#id_login")
    page.keyboard.type(user.email)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past "Forgot your password?"
    assert opened.has_focus("#id_password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/sessions/")
    page.keyboard.press("Tab")
    assert opened.has_focus(".skip")
    page.keyboard.press("Enter")
    assert opened.has_focus("#main")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["login/", "password/reset/", "password/reset/key/1-abc/", "signup/"])
def test_pages_before_signing_in_have_no_fault(visit, theme, path):
    opened = visit(theme=theme)
    opened.go(f"/account/{path}")
    assert opened.faults() == []


@pytest.mark.parametrize(("theme", "size"), [("light", (1440, 900)), ("dark", (1440, 900)), ("light", PHONE)])
def test_pages_of_the_account_have_no_fault(visit, user, theme, size):
    opened = visit(user=user, theme=theme, size=size)
    for path in ("password/change/", "2fa/", "sessions/", "logout/"):
        opened.go(f"/account/{path}")
        assert opened.faults() == [], path


def test_the_theme_changes_at_once_and_stays(visit, user):
    opened = visit(user=user, theme="")
    page = opened.go("/account/sessions/")
    shown = lambda: page.evaluate("document.documentElement.dataset.bsTheme")  # noqa: E731
    assert shown() == "light"
    page.click(".avatar")
    page.click("#user-menu button[value=dark]")
    assert shown() == "dark"
    assert page.get_attribute("#user-menu button[value=dark]", "aria-pressed") == "true"
    response = page.reload()
    assert 'data-bs-theme="dark"' in response.text()


def test_auto_follows_the_device_before_the_first_paint(visit):
    page = visit(theme="auto", color_scheme="dark").go("/account/login/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"


def test_the_search_opens_filters_and_leads_to_a_page_by_keyboard(visit, user):
    opened = visit(user=user)
    page = opened.go("/account/sessions/")
    page.keyboard.press("Control+k")
    assert opened.has_focus("#palette-input")
    assert opened.faults() == []
    page.keyboard.type("memb")
    shown = page.locator("#palette-pages [role=option]:visible")
    assert shown.count() == 1
    assert page.get_attribute("#palette-input", "aria-activedescendant") == shown.get_attribute("id")
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("members")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/members/")


def test_menus_open_move_and_close_by_keyboard(visit, user):
    opened = visit(user=user)
    page = opened.go("/account/sessions/")
    page.focus(".avatar")
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-menu:popover-open[data-placed]")
    assert page.get_attribute(".avatar", "aria-expanded") == "true"
    assert opened.has_focus("#user-menu .menu-item")
    page.keyboard.press("ArrowDown")
    assert opened.has_focus("#user-menu .menu-item:nth-of-type(2)")
    page.keyboard.press("Escape")
    assert opened.has_focus(".avatar")
    page.wait_for_selector(".avatar[aria-expanded=false]")


def test_a_phone_reaches_every_page_from_the_menu(visit, user):
    opened = visit(user=user, size=PHONE)
    page = opened.go("/account/sessions/")
    assert not page.locator("#sidebar").is_visible()
    page.click(".topbar [popovertarget=sidebar]")
    assert page.locator("#sidebar .nav-entry").first.is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#sidebar").is_visible()


def test_what_was_done_is_said_and_can_be_taken_back(visit, user):
    opened = visit(user=user)
    page = opened.go("/account/sessions/")
    page.evaluate("htmx.ajax('POST', '/ui/said/', {swap: 'none'})")
    card = page.locator(".toast-card")
    assert "Reminder queued" in card.inner_text()
    card.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back").wait_for()
    page.get_by_text("Reminder queued").wait_for(state="detached")


def test_a_question_is_asked_before_what_can_not_be_undone(visit, user):
    opened = visit(user=user)
    page = opened.go("/account/sessions/")
    page.evaluate(
        """() => {
        document.querySelector("#main").insertAdjacentHTML("beforeend",
          '<form method="post" action="/theme/" data-confirm="Really?" data-confirm-yes="Do it" data-confirm-danger>'
          + '<input type="hidden" name="csrfmiddlewaretoken" value="' + document.querySelector('[name=csrfmiddlewaretoken]').value + '">'
          + '<input type="hidden" name="theme" value="dark"><button id="danger">Go</button></form>');
    }"""
    )
    page.click("#danger")
    assert page.locator("#confirm-title").inner_text() == "Really?"
    page.keyboard.press("Escape")
    assert not page.locator("#confirm").is_visible()
    assert page.evaluate("document.cookie.includes('theme=dark')") is False
    page.click("#danger")
    page.get_by_role("button", name="Do it").click()
    page.wait_for_selector("html[data-bs-theme=dark]")


def test_nothing_comes_from_another_host(visit, user):
    opened = visit(user=user)
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url))
    opened.go("/account/sessions/")
    assert asked
    assert [url for url in asked if not url.startswith((opened.base, "data:"))] == []
