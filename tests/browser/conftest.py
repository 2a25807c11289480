"""Chromium for the browser tests: found on the machine or named in ENCOURS_CHROMIUM. A missing one fails where CI=true.

Every page that `visit` opens is watched: console errors, refused content (CSP) and exceptions fail the test.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, PHONE = (1440, 900), (390, 844)


def chromium_path() -> str | None:
    return os.environ.get("ENCOURS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: python scripts/setup.py --browser installs it")
        pytest.skip("Chromium is missing: python scripts/setup.py --browser installs it")
    # Playwright keeps a loop running in this thread, which Django takes for asynchronous code of ours.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visit:
    """One open page, what it complained about, and the address of the server."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def faults(self) -> list[str]:
        """What axe finds (WCAG 2.2 AA and its good practice), and whether the page scrolls sideways."""
        session = self.page.context.new_cdp_session(self.page)  # not a script tag: the policy refuses those
        session.send("Runtime.evaluate", {"expression": AXE.read_text() + ";0"})
        result = self.page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
        found = [f"{one['id']}: {node['html'][:200]}" for one in result["violations"] for node in one["nodes"]]
        width = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        return found + ([f"sideways: {width[0]} > {width[1]}"] if width[0] > width[1] else [])

    def has_focus(self, selector: str) -> bool:
        return bool(self.page.evaluate("s => document.activeElement?.matches(s)", selector))


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Visit]]:
    """Open a page of its own: visit(user=..., theme="dark", language="fr", size=PHONE). Complaints fail the test."""
    visits: list[Visit] = []

    def start(
        *, user: Any = None, theme: str = "light", language: str = "en", size: tuple[int, int] = WIDE, **options: Any
    ) -> Visit:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(10_000)
        cookies = {"language": language, "theme": theme} if theme else {"language": language}
        if user is not None:
            cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
        context.add_cookies([{"name": name, "value": text, "url": live_server.url} for name, text in cookies.items()])
        opened = Visit(context.new_page(), live_server.url)
        opened.page.on("pageerror", lambda error: opened.complaints.append(f"exception: {error}"))
        opened.page.on(
            "console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None
        )
        visits.append(opened)
        return opened

    yield start
    complaints = [complaint for opened in visits for complaint in opened.complaints]
    for opened in visits:
        opened.page.context.close()
    _let_the_server_finish()
    assert complaints == []


def _let_the_server_finish() -> None:
    """Wait until no request is at work: what a page still asked for would meet the emptying of the tables in a deadlock."""
    at_work = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        " AND (state = 'active' OR state LIKE 'idle in transaction%')"
    )
    until = time.monotonic() + 5
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(at_work)
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.05)


def session_of(user: Any) -> str:
    """The key of a new session in which the person is signed in."""
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value
