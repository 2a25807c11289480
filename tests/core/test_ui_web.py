"""Answers that every page shares: refusals, errors, redirects and messages, for pages and for parts that htmx asks for."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from core import web
from core.errors import Invalid
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_member, make_tenant, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.ui_urls")]
PART = {"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?q=a"}


@pytest.fixture
def signed_in(organisation):
    with tenant_scope(organisation):
        member = make_member(role="credit_manager", user=make_user(password=PASSWORD))
    client = Client(raise_request_exception=False)
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def triggers(response: HttpResponse) -> dict:
    return json.loads(response["HX-Trigger"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("conflict", 409),
        ("refused", 403),
        ("busy", 429),
        ("missing", 404),
        ("form", 405),
        ("broken", 500),
        ("nowhere", 404),
    ],
)
def test_errors_stand_on_a_page_of_ours(signed_in, path, status):
    response = signed_in.get(f"/ui/{path}/")
    assert response.status_code == status
    html = response.content.decode()
    assert '<html lang="en"' in html
    assert str(status) in html
    assert "secret detail" not in html


def test_a_member_keeps_the_sidebar_on_an_error(signed_in):
    assert 'id="sidebar"' in signed_in.get("/ui/conflict/").content.decode()
    assert 'id="sidebar"' in signed_in.get("/ui/nowhere/").content.decode()


def test_a_visitor_gets_the_error_on_a_plain_page(client):
    html = client.get("/ui/nowhere/").content.decode()
    assert 'id="sidebar"' not in html
    assert "Encours" in html


def test_the_page_of_a_crash_asks_nothing_of_the_database(signed_in, django_assert_num_queries, monkeypatch):
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        response = web.server_error(request)
    assert response.status_code == 500
    assert b'id="sidebar"' not in response.content


def test_a_refusal_says_its_sentence_and_when_to_come_back(signed_in):
    assert "Marc confirmed it already." in signed_in.get("/ui/conflict/").content.decode()
    assert signed_in.get("/ui/busy/")["Retry-After"] == "90"


def test_a_refusal_of_a_part_is_a_toast(signed_in):
    response = signed_in.post("/ui/conflict/", headers=PART)
    assert response.status_code == 409
    assert response.content == b""
    assert triggers(response)["toasts"] == [{"text": "Marc confirmed it already.", "level": "error", "undo": ""}]


def test_a_refusal_after_going_back_is_a_whole_page(signed_in):
    response = signed_in.get("/ui/conflict/", headers={**PART, "HX-History-Restore-Request": "true"})
    assert b"<html" in response.content


def test_a_crash_behind_a_part_is_a_toast_without_details(signed_in):
    response = signed_in.get("/ui/broken/", headers=PART)
    assert response.status_code == 500
    assert "secret" not in response["HX-Trigger"]


def test_a_redirect_of_a_part_moves_the_page_and_keeps_the_message(signed_in):
    response = signed_in.post("/ui/moved/", headers=PART)
    assert (response.status_code, response["HX-Redirect"]) == (200, "/ui/whole/")
    assert "Saved" in signed_in.get("/ui/whole/").content.decode()


def test_a_redirect_of_a_page_stays_a_redirect(signed_in):
    assert signed_in.post("/ui/moved/").status_code == 302


def test_signing_in_again_leads_back_to_the_page_not_to_the_part(signed_in):
    response = signed_in.get("/ui/signed-out/", headers=PART)
    assert response["HX-Redirect"] == "/account/login/?next=%2Fcustomers%2F%3Fq%3Da"


def test_messages_become_toasts_beside_other_events(signed_in):
    response = signed_in.post("/ui/said/", headers=PART)
    assert triggers(response) == {
        "list-changed": None,
        "close-dialog": None,
        "toasts": [{"text": "Reminder queued", "level": "success", "undo": "/ui/undo/"}],
    }
    assert "Reminder queued" not in signed_in.get("/ui/whole/").content.decode()


def test_messages_of_a_whole_page_wait_for_the_next_one(signed_in):
    signed_in.post("/ui/said/")
    html = signed_in.get("/ui/whole/").content.decode()
    assert "Reminder queued" in html
    assert 'hx-post="/ui/undo/"' in html


def test_a_part_is_the_same_page_without_its_frame(signed_in):
    whole, part = signed_in.get("/ui/whole/"), signed_in.get("/ui/whole/", headers=PART)
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert b"Whole" in part.content
    assert "HX-Request" in whole["Vary"]


class Limit(forms.Form):
    amount = forms.DecimalField()


def test_a_refusal_stands_beside_the_fields_it_names():
    form = Limit({"amount": "1"})
    assert form.is_valid()
    web.add_refusal(form, Invalid(fields={"amount": "Too much.", "": "Not today.", "other": "Unknown field."}))
    assert form.errors["amount"] == ["Too much."]
    assert form.non_field_errors() == ["Not today.", "Unknown field."]
    form = Limit({"amount": "1"})
    web.add_refusal(form, Invalid("No."))
    assert form.non_field_errors() == ["No."]


# --- Theme -----------------------------------------------------------------------------------------------------------


def test_the_theme_is_kept_in_a_cookie_and_rendered_by_the_server(client):
    response = client.post("/theme/", {"theme": "dark", "next": "/account/login/"})
    assert (response.status_code, response["Location"]) == (303, "/account/login/")
    assert 'data-theme="dark" data-bs-theme="dark"' in client.get("/account/login/").content.decode()


def test_an_unknown_theme_or_a_foreign_address_is_not_taken(client):
    response = client.post("/theme/", {"theme": "pink", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert "theme" not in response.cookies
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get("/account/login/").content.decode()


def test_the_page_says_its_language(client):
    client.cookies["language"] = "fr"
    assert '<html lang="fr"' in client.get("/account/login/").content.decode()


# --- Navigation ------------------------------------------------------------------------------------------------------


def sections_of(member, path="/"):
    request = RequestFactory().get(path)
    request.tenant, request.member, request.user = member.tenant_id, member, member.user
    return web.navigation(request)


@pytest.fixture
def three_entries(monkeypatch):
    from accounts.roles import Can

    asked = []

    def waiting(request):
        asked.append(request)
        return 7

    first = web.Section(
        "",
        (
            web.Entry("Login", "home", "account_login", (Can.VIEW_ACTIONS,), count=waiting, phone=True),
            web.Entry("Password", "lock", "account_reset_password", (Can.MANAGE_ROLES,)),
            web.Entry("Not built", "lock", "no_such_page"),
        ),
    )
    second = web.Section("Admin", (web.Entry("Roles", "lock", "account_email", (Can.MANAGE_ROLES,)),))
    monkeypatch.setattr(web.wiring(), "SECTIONS", (first, second))
    return asked


def test_entries_without_right_or_address_are_not_shown(collector, three_entries):
    groups = sections_of(collector)
    assert [(group.title, [link.label for link in group.links]) for group in groups] == [("", ["Login"])]


def test_the_entry_of_the_page_is_marked(collector, three_entries):
    (group,) = sections_of(collector, "/account/login/more/")
    assert group.links[0].current
    (group,) = sections_of(collector, "/somewhere/")
    assert not group.links[0].current


def test_counts_are_asked_once_a_minute_and_belong_to_one_member(tenant, three_entries):
    from django.core.cache import cache

    cache.clear()
    anna, bob = make_member(role="collector"), make_member(role="collector")
    assert [sections_of(one)[0].links[0].count for one in (anna, anna, bob)] == [7, 7, 7]
    assert len(three_entries) == 2


def test_pages_work_while_the_cache_is_away(collector, three_entries, monkeypatch):
    from redis.exceptions import ConnectionError as Away

    class NoCache:
        def __getattr__(self, name):
            raise Away

    monkeypatch.setattr(web, "shared_cache", NoCache())
    assert web.remembered(RequestFactory().get("/"), "x", lambda: 3) == 3
    assert sections_of(collector)[0].links[0].count == 7


def test_every_entry_of_the_sidebar_has_an_icon_that_exists():
    from core.icons import ICONS

    wiring = web.wiring()
    entries = [entry for section in (*wiring.SECTIONS, *wiring.SETTINGS) for entry in section.entries]
    assert entries
    assert [entry.icon for entry in entries if entry.icon not in ICONS] == []


def test_settings_are_those_that_the_member_may_open_and_each_says_what_it_is_for(tenant):
    admin, collector = make_member(role="admin"), make_member(role="collector")

    def shown(member):
        request = RequestFactory().get("/settings/")
        request.tenant, request.member = tenant, member
        return {link.url: link.about for group in web.settings_pages(request) for link in group.links}

    assert {"/profile/", "/settings/roles/", "/settings/sending-hours/"} <= set(shown(admin))
    assert "/profile/" in shown(collector)
    assert "/settings/roles/" not in shown(collector)
    assert all(shown(admin).values())
    # A page is in one place: the sidebar or the settings.
    wiring = web.wiring()
    names = [entry.url_name for section in (*wiring.SECTIONS, *wiring.SETTINGS) for entry in section.entries]
    assert len(names) == len(set(names))


# --- The top bar -----------------------------------------------------------------------------------------------------


def run(state, *, hours_ago, connection=None):
    from integrations.models import SyncRun

    at = timezone.now() - timedelta(hours=hours_ago)
    return SyncRun.objects.create(
        state=state, as_of=at.date(), file_name="f.csv", file_size=1, sha256="0" * 64, connection=connection,
        received_at=at, finished_at=at,
    )  # fmt: skip


def sync(member, *, is_sandbox=False):
    from django.core.cache import cache

    from creditmgmt.navigation import sync_of

    cache.clear()
    request = RequestFactory().get("/")
    request.tenant, request.user, request._member = member.tenant, member.user, member
    request.tenant.is_sandbox = is_sandbox
    return sync_of(request)


@pytest.fixture
def connection(tenant):
    from integrations.models import Connection

    return Connection.objects.create(name="Night", kind="FOLDER", source="erp", folder="in")


@pytest.fixture(autouse=True)
def own_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def test_the_top_bar_is_silent_before_the_first_load(credit_manager):
    assert sync(credit_manager) is None


def test_a_fresh_load_is_fine_and_an_old_one_stale(credit_manager):
    run("APPLIED", hours_ago=40)
    assert sync(credit_manager).state == "stale"
    assert sync(credit_manager, is_sandbox=True).state == ""
    run("UNCHANGED", hours_ago=1)
    assert sync(credit_manager).state == ""


def test_a_refused_night_needs_attention_and_a_refused_upload_does_not(credit_manager, connection):
    run("APPLIED", hours_ago=5, connection=connection)
    run("REFUSED", hours_ago=2)
    assert sync(credit_manager).state == ""
    run("HELD", hours_ago=1, connection=connection)
    assert sync(credit_manager).state == "broken"


def test_only_who_may_import_is_led_to_the_imports(credit_manager, collector):
    run("APPLIED", hours_ago=1)
    assert sync(credit_manager).url == "/imports/"
    assert sync(collector).url == ""


# --- Pages of the account --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "login/",
        "password/reset/",
        "password/reset/done/",
        "password/reset/key/1-abc/",
        "signup/",
        "inactive/",
        "confirm-email/abc/",
    ],
)
def test_pages_before_signing_in_are_plain_and_ours(client, path):
    html = client.get(f"/account/{path}").content.decode()
    assert 'class="plain"' in html
    assert "<h1>" in html
    assert " style=" not in html


@pytest.mark.parametrize("path", ["password/change/", "2fa/", "sessions/", "email/"])
def test_pages_of_the_account_stand_in_the_shell(signed_in, path):
    html = signed_in.get(f"/account/{path}").content.decode()
    assert 'id="sidebar"' in html
    assert 'class="card-body account-body"' in html


def test_a_person_without_organisation_still_reaches_the_own_account(client):
    client.force_login(make_user(password=PASSWORD), backend="allauth.account.auth_backends.AuthenticationBackend")
    html = client.get("/account/password/change/").content.decode()
    assert 'id="sidebar"' not in html
    assert "Change your password" in html


def test_the_reset_mail_has_text_and_html(client, mailoutbox):
    user = make_user(password=PASSWORD)
    client.post("/account/password/reset/", {"email": user.email})
    (mail,) = mailoutbox
    assert mail.subject == "Choose a new password"
    html, kind = mail.alternatives[0]
    assert kind == "text/html"
    link = next(line for line in mail.body.splitlines() if "://" in line)
    assert link.startswith(settings.BASE_URL + "/account/password/reset/key/")
    assert link in html
    assert client.get(link.removeprefix(settings.BASE_URL), follow=True).status_code == 200


# --- Templates -------------------------------------------------------------------------------------------------------

# Mails and letters are documents of their own: no page, no policy, and mail programs know no style sheets.
DOCUMENTS = (
    "email/",
    "emails/",
    "mail/",
    "messages/email.html",
    "messages/letter.html",
    "messages/items.html",
    "messages/dossier.html",
    "messages/interest_annex.html",
    "messages/statement.html",
)
TEMPLATES = sorted(
    path
    for path in (settings.BASE_DIR / "templates").rglob("*.html")
    if not any(part in str(path.relative_to(settings.BASE_DIR)) for part in DOCUMENTS)
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR / "templates")))
def test_no_template_has_inline_styles_or_scripts(path: Path):
    text = path.read_text()
    assert " style=" not in text
    assert "<style" not in text
    assert not [
        tag for tag in text.split("<script")[1:] if "src=" not in tag.split(">")[0] and "json" not in tag.split(">")[0]
    ]
    assert not [word for word in (" onclick=", " onchange=", " onsubmit=", "javascript:", "hx-on") if word in text]


def test_two_organisations_do_not_share_a_sidebar(client):
    with tenant_scope(make_tenant(name="Alpha")):
        member = make_member()
    make_tenant(name="Beta")
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    html = client.get("/account/sessions/").content.decode()
    assert "Alpha" in html
    assert "Beta" not in html


@pytest.mark.django_db(transaction=True)
def test_pages_of_the_account_read_their_rows_in_a_transaction(client):
    """allauth renders after its view's transaction; under row-level security the sidebar would have no tenant there."""
    with tenant_scope(make_tenant(name="Alpha")), transaction.atomic():
        user = make_member(user=make_user(password=PASSWORD)).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Alpha" in client.get("/account/password/change/").content.decode()
    assert 'id="sidebar"' in client.get("/nowhere/").content.decode()
