"""Which organisation one works in: choose, create, switch; its settings; a sandbox's clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, requires, signed_in
from accounts.forms import ClockForm, NewOrganisationForm, OrganisationForm, SendingHoursForm
from accounts.middleware import SESSION_KEY
from accounts.queries import organisations as queries
from accounts.roles import Can
from accounts.services import organisations as services
from core.days import BusinessCalendar, today_in
from core.errors import NotFound, Refusal
from core.formats import current
from core.ports import open_port
from core.web import add_refusal, page, say


@signed_in
@require_safe
def organisations(request: Any) -> HttpResponse:
    """Those that the person may enter; who is in none learns what to do."""
    found = queries.enterable(user_id=request.user.pk)
    chosen = request.session.get(SESSION_KEY)
    return page(request, "accounts/organisations.html", {"organisations": found, "chosen": chosen})


@signed_in
@require_POST
def organisation_switch(request: Any) -> HttpResponse:
    """Work in another organisation from now on. One that the person may not enter does not exist for them."""
    try:
        wanted = UUID(request.POST.get("organisation", ""))
    except ValueError:
        raise NotFound from None
    if not queries.may_enter(user_id=request.user.pk, tenant_id=wanted):
        raise NotFound
    request.session[SESSION_KEY] = str(wanted)
    return redirect(settings.LOGIN_REDIRECT_URL)


@signed_in
@require_http_methods(["GET", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    """A further organisation, whose administrator is whoever creates it."""
    initial = {
        "country": "FR",
        "currency": "EUR",
        "language": getattr(request, "LANGUAGE_CODE", "en"),
        "time_zone": "Europe/Paris",
    }
    form = NewOrganisationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        is_sandbox = values.pop("is_sandbox")
        try:
            tenant = services.create_own_organisation(
                user=request.user,  # type: ignore[arg-type]
                sandbox_on=today_in(values["time_zone"], timezone.now()) if is_sandbox else None,
                **values,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            request.session[SESSION_KEY] = str(tenant.id)
            say(request, _("The organisation %(name)s is ready.") % {"name": tenant.name})
            return redirect(settings.LOGIN_REDIRECT_URL)
    return page(request, "accounts/organisation_new.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.MANAGE_ORGANISATION)
@require_http_methods(["GET", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """Name, country, currency, language and time zone of the organisation."""
    tenant = request.tenant  # type: ignore[attr-defined]
    initial = {name: getattr(tenant, name) for name in ("name", "country", "currency", "language", "time_zone")}
    form = OrganisationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_organisation(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The settings are saved."))
            return redirect("organisation")
    return page(request, "accounts/organisation.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.MANAGE_ORGANISATION)
@require_http_methods(["GET", "POST"])
def sending_hours(request: HttpRequest) -> HttpResponse:
    """On which days and at what hours messages leave; what is confirmed at other times waits."""
    tenant = request.tenant  # type: ignore[attr-defined]
    initial = {
        "days": tenant.sending_days,
        "start": tenant.sending_from,
        "end": tenant.sending_until,
        "on_holidays": tenant.sends_on_holidays,
    }
    form = SendingHoursForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_sending_hours(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = _("The sending hours are saved.")
            # What waited for the former hours leaves by the new ones, where those come earlier.
            if moved := open_port("accounts.hours_changed")(now=timezone.now()):
                more = ngettext(
                    "%(n)d message that waited leaves earlier.", "%(n)d messages that waited leave earlier.", moved
                )
                text = f"{text} {more % {'n': moved}}"
            say(request, text)
            return redirect("sending_hours")
    context = {"form": form, "tenant": tenant}
    return page(request, "accounts/sending_hours.html", context, status=422 if form.errors else 200)


@requires()
@require_safe
def sandbox(request: HttpRequest) -> HttpResponse:
    """The sandbox's clock: which day it is there, and how to move it."""
    return _sandbox_page(request, ClockForm(initial={"on": sandbox_day(request)}))


@requires()
@require_POST
def sandbox_next_day(request: MemberRequest) -> HttpResponse:
    """One day on, or (`to=working_day`) to the next working day, with the nights before them. Every member may: it is
    what a sandbox is for."""
    today = sandbox_day(request)
    days = (_next_working_day(request, today) - today).days if request.POST.get("to") == "working_day" else 1
    advance = open_port("night.advance_sandbox")
    night = advance(tenant=request.tenant, now=timezone.now(), days=days, actor=request.actor)[-1]
    text = _("It is now %(day)s.") % {"day": current().day_long(night.on)}
    if night.undone:
        say(request, text + " " + _("The night did not end well: see below."), level="warning")
    else:
        say(request, text)
    return redirect("sandbox")


@requires(Can.MANAGE_ORGANISATION)
@require_POST
def sandbox_set(request: HttpRequest) -> HttpResponse:
    """Set the clock to a day: any one before the first night, a later one after it."""
    sandbox_day(request)
    form = ClockForm(request.POST)
    if form.is_valid():
        try:
            services.set_sandbox_clock(
                tenant=request.tenant,  # type: ignore[attr-defined]
                on=form.cleaned_data["on"],
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("It is now %(day)s.") % {"day": current().day_long(form.cleaned_data["on"])})
            return redirect("sandbox")
    return _sandbox_page(request, form, status=422)


def _sandbox_page(request: HttpRequest, form: ClockForm, *, status: int = 200) -> HttpResponse:
    may_set = request.member.can(Can.MANAGE_ORGANISATION)  # type: ignore[attr-defined]
    today = sandbox_day(request)
    working = _next_working_day(request, today)
    context = {
        "form": form,
        "may_set": may_set,
        "tenant": request.tenant,  # type: ignore[attr-defined]
        "today": today,
        # Said only where tomorrow is a day off, on which the night proposes nothing.
        "working_day": working if working > today + timedelta(days=1) else None,
        "night": queries.last_night(),
    }
    return page(request, "accounts/sandbox.html", context, status=status)


def _next_working_day(request: HttpRequest, today: date) -> date:
    """The first day after today on which the organisation's country works."""
    return BusinessCalendar((request.tenant.country,)).add_working_days(today, 1)  # type: ignore[attr-defined]


def sandbox_day(request: HttpRequest) -> date:
    """The day of the sandbox's clock. Raises NotFound in an organisation that has none."""
    tenant = request.tenant  # type: ignore[attr-defined]
    if tenant.sandbox_on is None:
        raise NotFound
    return tenant.sandbox_on
