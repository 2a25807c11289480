"""What every page shares: navigation, the shell's context, refusals as pages or toasts, answers for htmx, error pages.

Views use `page`, `say` and plain `redirect`; the rest happens in the two middlewares and the context processor.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.contrib import messages
from django.core.cache import cache as shared_cache
from django.db import DatabaseError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from redis.exceptions import RedisError

from core.errors import Refusal

THEMES = ("auto", "light", "dark")
COUNT_SECONDS = 60
# No inline styles, no evaluated code, no pages kept in the browser's storage; 422 is a form to show again.
HTMX_CONFIG = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "selfRequestsOnly": True,
        "scrollIntoViewOnBoost": False,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the sidebar. Shown when its address exists and the member may do all of `can`.

    `count` takes the request and returns how many wait there (0 and None: nothing shown); it is asked at most once
    a minute per member. `phone`: also in the bar at the bottom of a phone.
    """

    label: str | Promise
    icon: str
    url_name: str
    can: tuple[Any, ...] = ()
    count: Callable[[HttpRequest], int | None] | None = None
    phone: bool = False


@dataclass(frozen=True, eq=False)
class Setting(Entry):
    """A page where something is laid down once and rarely looked at: on the page of settings, not in the sidebar."""

    about: str | Promise = ""  # what is laid down there, in a sentence


@dataclass(frozen=True, eq=False)
class Section:
    """A group of entries under a title (none for the first)."""

    title: str | Promise
    entries: tuple[Entry, ...]


@dataclass
class Link:
    """An entry as this request shows it."""

    label: str
    icon: str
    url: str
    phone: bool = False
    count: int = 0
    current: bool = False
    about: str = ""


@dataclass
class Group:
    title: str
    links: list[Link] = field(default_factory=list)


def wiring() -> ModuleType:
    """The module named in settings.NAVIGATION: which sections there are, and who answers the shell's questions."""
    return import_module(settings.NAVIGATION)


def navigation(request: HttpRequest) -> list[Group]:
    """The sidebar of this request's member; empty groups are left out. Counts cost queries when not cached."""
    member = request_member(request)
    if member is None:
        return []
    sections = wiring().SECTIONS
    held = frozenset(filter(member.can, _capabilities(sections)))
    groups = []
    counted: list[tuple[Entry, Link]] = []
    for title, entries in _open_entries(sections, held, get_language(), get_urlconf()):
        group = Group(title=title)
        for entry, label, url in entries:
            link = Link(label=label, icon=entry.icon, url=url, phone=entry.phone)
            group.links.append(link)
            if entry.count:
                counted.append((entry, link))
        groups.append(group)
    _mark_current(request, [link for group in groups for link in group.links])
    _fill_counts(request, member, counted)
    return groups


@cache
def _capabilities(sections: tuple[Section, ...]) -> frozenset[Any]:
    return frozenset(capability for section in sections for entry in section.entries for capability in entry.can)


@lru_cache(maxsize=500)
def _open_entries(
    sections: tuple[Section, ...], held: frozenset[Any], _language: str | None, _urlconf: str | None
) -> list[tuple[str, list[tuple[Entry, str, str]]]]:
    """Titles and entries, with labels and addresses, of what may be opened with these capabilities."""
    found = []
    for section in sections:
        entries = [
            (entry, str(entry.label), url)
            for entry in section.entries
            if (url := address(entry.url_name)) and held.issuperset(entry.can)
        ]
        if entries:
            found.append((str(section.title), entries))
    return found


def settings_pages(request: HttpRequest) -> list[Group]:
    """The pages of settings that this request's member may open, in groups; empty ones are left out. No query."""
    member = request_member(request)
    groups = []
    for section in wiring().SETTINGS if member else ():
        links = [
            Link(label=str(entry.label), icon=entry.icon, url=url, about=str(entry.about))
            for entry in section.entries
            if (url := address(entry.url_name)) and all(member.can(capability) for capability in entry.can)
        ]
        if links:
            groups.append(Group(title=str(section.title), links=links))
    return groups


def address(url_name: str) -> str:
    """The address of a page without arguments, "" when there is none. Looked up once per process."""
    return _address(url_name, get_urlconf())


@cache
def _address(url_name: str, _urlconf: str | None) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


class Addresses:
    """`{{ shell.addresses.members }}`: like the url tag, silent where there is no such page, and faster."""

    def __getitem__(self, url_name: str) -> str:
        return address(url_name)


def _mark_current(request: HttpRequest, links: list[Link]) -> None:
    """The entry whose address is the longest beginning of the request's path; the home only for itself.

    A page of settings stands behind their entry, wherever its own address begins.
    """
    matching = [
        link for link in links if request.path == link.url or (link.url != "/" and request.path.startswith(link.url))
    ]
    longest = max(matching, key=lambda link: len(link.url), default=None)
    if any(request.path.startswith(url) for url in _settings_addresses() if not longest or len(url) > len(longest.url)):
        longest = next((link for link in links if link.url == address("settings")), longest)
    if longest:
        longest.current = True


def _settings_addresses() -> list[str]:
    pages = (address(entry.url_name) for section in wiring().SETTINGS for entry in section.entries)
    return [url for url in pages if url]


def _fill_counts(request: HttpRequest, member: Any, counted: list[tuple[Entry, Link]]) -> None:
    keys = {entry.url_name: f"{member.tenant_id}:count:{member.pk}:{entry.url_name}" for entry, _link in counted}
    # The first page asks for all that the shell will want, so that the cache is asked once.
    expect_kept(request, wiring().kept_keys(request))
    known = kept(request, keys.values()) if keys else {}
    fresh = {}
    for entry, link in counted:
        key = keys[entry.url_name]
        if key not in known and entry.count:
            fresh[key] = known[key] = entry.count(request) or 0
        link.count = known[key]
    keep(fresh)


Value = TypeVar("Value")


def remembered(request: HttpRequest, key: str, ask: Callable[[], Value]) -> Value:
    """The cached answer under `key` (which begins with the tenant), or a fresh one; always fresh without a cache."""
    known = kept(request, [key])
    if known.get(key) is not None:
        return cast(Value, known[key])
    found = ask()
    keep({key: found})
    return found


def expect_kept(request: HttpRequest, keys: Iterable[str]) -> None:
    """Say which keys the page will ask `kept` for: the first question then brings all of them."""
    _expected(request).update(dict.fromkeys(keys))


def kept(request: HttpRequest, keys: Iterable[str]) -> dict[str, Any]:
    """What the cache knows under these keys, which begin with the tenant. Each is asked for once per request."""
    looked_up: dict[str, Any] = request.__dict__.setdefault("_kept", {})
    wanted = list(keys)
    if any(key not in looked_up for key in wanted):
        unknown = [key for key in dict.fromkeys([*wanted, *_expected(request)]) if key not in looked_up]
        try:
            found = shared_cache.get_many(unknown)
        except RedisError:  # a cache that is away costs time, not pages
            found = {}
        looked_up.update({key: found.get(key) for key in unknown})
    return {key: looked_up[key] for key in wanted if looked_up[key] is not None}


def keep(values: dict[str, Any], *, seconds: int = COUNT_SECONDS) -> None:
    """Put values into the cache, if there is one."""
    if not values:
        return
    try:
        shared_cache.set_many(values, seconds)
    except RedisError:
        return


def _expected(request: HttpRequest) -> dict[str, None]:
    found: dict[str, None] = request.__dict__.setdefault("_expected", {})
    return found


def request_member(request: HttpRequest) -> Any:
    """The member behind the request, or None: signed out, in no organisation, or before the tenant is known."""
    if not getattr(request, "tenant", None):
        return None
    return getattr(request, "member", None) or wiring().member_of(request)


class Shell:
    """What base.html and shell.html ask for. Everything is computed on first use: a fragment costs nothing."""

    addresses = Addresses()

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def theme(self) -> str:
        """`auto`, `light` or `dark`, from the cookie."""
        chosen = self.request.COOKIES.get("theme", "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def member(self) -> Any:
        return request_member(self.request)

    @cached_property
    def organisation(self) -> Any:
        return getattr(self.request, "tenant", None)

    @cached_property
    def organisations(self) -> list[Any]:
        """Those that the person may enter, by name: as the door found them, which had to ask anyway."""
        found = getattr(self.request, "organisations", None)
        return list(wiring().organisations_of(self.request)) if found is None else found

    @cached_property
    def groups(self) -> list[Group]:
        return navigation(self.request)

    @cached_property
    def phone_links(self) -> list[Link]:
        return [link for group in self.groups for link in group.links if link.phone][:4]

    @cached_property
    def navigation_key(self) -> tuple[Any, ...]:
        """All that the sidebar and the bar on phones show."""
        here = self.organisation
        return (
            here and (here.pk, here.name),
            tuple((one.pk, one.name, one.is_sandbox) for one in self.organisations) if here else (),
            tuple((group.title, *map(_shown, group.links)) for group in self.groups),
        )

    @cached_property
    def person_key(self) -> tuple[Any, ...]:
        """All that the menu of the person shows."""
        user: Any = self.request.user
        return (str(user), getattr(user, "email", ""), str(self.member.role) if self.member else None, self.theme)

    @cached_property
    def sync(self) -> Any:
        """The last ERP sync: `.at` (datetime), `.state` ("", "stale" or "broken"), `.url`; None when there is none."""
        return wiring().sync_of(self.request)

    @cached_property
    def clock(self) -> Any:
        """A sandbox's business day, else None."""
        tenant = self.organisation
        return tenant.sandbox_on if tenant and tenant.is_sandbox else None

    @cached_property
    def alerts(self) -> int | None:
        """Unread notifications; None when the member has no such page."""
        return wiring().alerts_of(self.request)

    @property
    def languages(self) -> tuple[tuple[str, str], ...]:
        """Code and own name, the same in every language of the page."""
        return _languages()

    @cached_property
    def account_layout(self) -> str:
        """Where pages of one's own account stand: in the shell once an organisation is open."""
        return "shell.html" if self.member else "plain.html"

    @cached_property
    def toasts(self) -> list[dict[str, str]]:
        return read_toasts(self.request)

    @property
    def htmx_config(self) -> str:
        return HTMX_CONFIG


def _shown(link: Link) -> tuple[Any, ...]:
    return link.url, link.label, link.icon, link.phone, link.count, link.current


@cache
def _languages() -> tuple[tuple[str, str], ...]:
    return tuple((code, LANG_INFO[code]["name_local"].capitalize()) for code, _name in settings.LANGUAGES)


class QuietShell(Shell):
    """The shell of a page that must not ask the database or the cache for anything."""

    member = organisation = sync = clock = alerts = None
    organisations: list[Any] = []
    groups: list[Group] = []
    toasts: list[dict[str, str]] = []


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}


# --- Answers ---------------------------------------------------------------------------------------------------------


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page (not a whole one by boost or when going back)."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, or only its template `part` when htmx asks for a part of it. Both come from one context."""
    response = render(request, part if part and wants_part(request) else template, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def say(request: HttpRequest, text: str | Promise, *, level: str = "success", undo: str = "") -> None:
    """Tell the person what was done: as a toast of this answer if htmx asked, else of the next page.

    `level`: success, info, warning or error. `undo`: an address that takes it back on POST; the toast then stays 30 s.
    """
    messages.add_message(
        request, getattr(messages, level.upper()), str(text), extra_tags=f"undo:{undo}" if undo else ""
    )


def read_toasts(request: HttpRequest) -> list[dict[str, str]]:
    """The waiting messages, which are then read. Nothing when the request never came as far as the messages."""
    if not hasattr(request, "_messages"):
        return []
    return [
        {
            "text": str(message.message),
            "level": message.level_tag,
            "undo": (message.extra_tags or "").partition("undo:")[2],
        }
        for message in messages.get_messages(request)
    ]


def add_trigger(response: HttpResponse, event: str, detail: object = None) -> None:
    """Have htmx fire an event in the page, beside those the response fires already."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[event] = detail
    response["HX-Trigger"] = json.dumps(events)


def close_dialog(response: HttpResponse) -> HttpResponse:
    """Have the page close its open drawer or modal."""
    add_trigger(response, "close-dialog")
    return response


def add_refusal(form: BaseForm, refusal: Refusal) -> None:
    """Show a service's refusal in the form: beside the fields it names, the rest above the form."""
    for name, texts in refusal.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))
    if not refusal.fields:
        form.add_error(None, str(refusal.message))


class HtmxMiddleware:
    """Redirects move the whole page, and waiting messages become toasts, when htmx asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        htmx = getattr(request, "htmx", None)
        if not htmx or htmx.boosted:
            return response
        if response.status_code in (301, 302, 303, 307, 308):
            moved = HttpResponse(status=200)
            moved.cookies = response.cookies
            moved["HX-Redirect"] = _after_login(request, response["Location"])
            return moved
        if toasts := read_toasts(request):
            add_trigger(response, "toasts", toasts)
        return response


def _after_login(request: HttpRequest, location: str) -> str:
    """To the sign-in page with the page the person is on as the next one, not the part that was asked for."""
    login = resolve_url(settings.LOGIN_URL)
    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    if urlsplit(location).path == login and current.path:
        return login + "?" + urlencode({"next": current.path + ("?" + current.query if current.query else "")})
    return location


class RenderMiddleware:
    """Renders template responses (allauth's) in a transaction: their views' own is over, and the shell reads rows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: SimpleTemplateResponse
    ) -> SimpleTemplateResponse:
        with transaction.atomic():
            return response.render()


class RefusalMiddleware:
    """Turns a named refusal that a view let through into its page, or into a toast when htmx asked.

    An address that only takes forms gets a page too: one lands there by signing in again in the middle of a form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and not response.content:
            shown = error_page(
                request, 405, text=_("There is no page here: the form was not sent. Repeat what you did.")
            )
            shown["Allow"] = response["Allow"]
            return shown
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        response = error_page(request, exception.status, text=str(exception), title=_title(exception.status))
        seconds = getattr(exception, "retry_after_seconds", None)
        if seconds:
            response["Retry-After"] = str(seconds)
        return response


# --- Error pages -----------------------------------------------------------------------------------------------------


def _title(status: int) -> str:
    return {
        400: _("This can not be accepted"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Nothing to see here"),
        409: _("This has changed meanwhile"),
        413: _("Too large"),
        429: _("Too many attempts"),
        503: _("Not available at the moment"),
    }.get(status, _("Something went wrong"))


def error_page(request: HttpRequest, status: int, *, text: str, title: str = "") -> HttpResponse:
    """The error inside the shell where a member is known, on a plain page else, as a toast when htmx asked."""
    title = title or _title(status)
    if wants_part(request):
        response = HttpResponse(status=status)
        add_trigger(response, "toasts", [{"text": text, "level": "error", "undo": ""}])
        return response
    context: dict[str, Any] = {"status": status, "title": title, "text": text}
    try:
        with transaction.atomic():  # the view's transaction is over; the shell reads in one of its own
            framed = bool(request_member(request))
            return render(request, "errors/framed.html" if framed else "errors/plain.html", context, status=status)
    except DatabaseError:
        return HttpResponse(
            render_to_string("errors/plain.html", {**context, "shell": QuietShell(request)}), status=status
        )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400, text=_("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403, text=_("You are not allowed to do this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404, text=_("This page does not exist, or is not visible to you."))


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = error_page(request, 429, text=_("Too many attempts from here. Wait a few minutes, then try again."))
    response["Retry-After"] = "60"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks nothing of the database or the cache, which may be what is broken."""
    text = _("The error was recorded. Nothing was changed.")
    if getattr(request, "htmx", None):
        response = HttpResponse(status=500)
        add_trigger(response, "toasts", [{"text": text, "level": "error", "undo": ""}])
        return response
    context = {"status": 500, "title": _title(500), "text": text, "shell": QuietShell(request)}
    return HttpResponse(render_to_string("errors/plain.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        title=_("This form has expired"),
        text=_("Go back, load the page again and repeat what you did. Nothing was changed."),
    )


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice between light, dark and the device's own in a cookie, then back to the page."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponse(status=303, headers={"Location": back})
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=365 * 24 * 3600, secure=settings.SECURE, samesite="Lax")
    return response
