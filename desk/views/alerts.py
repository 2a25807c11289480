"""Alerts: the list, saying that they were seen, and putting them off."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import NotFound, Refusal
from core.lists import DayInput, show
from core.web import add_refusal
from desk.lists import ALERTS
from desk.queries.alerts import alerts_in
from desk.services.alerts import acknowledge_alert, postpone_alert
from receivables.views.drawers import drawer, go_on, is_sent, picked


class NoteForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("What follows from it"), max_length=300, required=False)


class UntilForm(forms.Form):
    until = forms.DateField(label=gettext_lazy("Look at it on"), widget=DayInput())


@requires(Can.VIEW_ALERTS)
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Alerts about customers, the newest first."""
    return show(request, ALERTS)


@requires(Can.VIEW_ALERTS, Can.ACKNOWLEDGE_ALERTS)
@require_POST
def alerts_acknowledge(request: HttpRequest) -> HttpResponse:
    """Say that picked alerts were seen, perhaps with what follows; those acknowledged already stay as they are."""
    rows = alerts_in(scope=request.scope).filter(id__in=picked(request))  # type: ignore[attr-defined]
    if not rows.exists():
        raise NotFound
    ids = list(rows.filter(acknowledged_on__isnull=True).order_by("id").values_list("id", flat=True))
    form = NoteForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        for alert_id in ids:
            acknowledge_alert(
                alert_id=alert_id,
                note=form.cleaned_data["note"],
                member=request.member,  # type: ignore[attr-defined]
                on=request.on,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
            )
        text = ngettext("%(n)d alert acknowledged.", "%(n)d alerts acknowledged.", len(ids)) % {"n": len(ids)}
        return go_on(request, text, fallback=reverse("alerts"))
    title = ngettext("Acknowledge %(n)d alert", "Acknowledge %(n)d alerts", len(ids)) % {"n": len(ids)}
    return drawer(request, form, title=title, save=_("Acknowledge"), picks=ids)


@requires(Can.VIEW_ALERTS, Can.ACKNOWLEDGE_ALERTS)
@require_POST
def alerts_postpone(request: HttpRequest) -> HttpResponse:
    """Look at picked alerts on a later day, all or none; those acknowledged already stay as they are."""
    rows = alerts_in(scope=request.scope).filter(id__in=picked(request))  # type: ignore[attr-defined]
    if not rows.exists():
        raise NotFound
    ids = list(rows.filter(acknowledged_on__isnull=True).order_by("id").values_list("id", flat=True))
    on = request.on  # type: ignore[attr-defined]
    form = UntilForm(request.POST if is_sent(request) else None, initial={"until": on + timedelta(days=7)})
    if form.is_bound and form.is_valid():
        until = form.cleaned_data["until"]
        try:
            with transaction.atomic():
                for alert_id in ids:
                    postpone_alert(alert_id=alert_id, until=until, on=on, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext("%(n)d alert put off.", "%(n)d alerts put off.", len(ids)) % {"n": len(ids)}
            return go_on(request, text, fallback=reverse("alerts"))
    title = ngettext("Put off %(n)d alert", "Put off %(n)d alerts", len(ids)) % {"n": len(ids)}
    return drawer(request, form, title=title, save=_("Put off"), picks=ids)
