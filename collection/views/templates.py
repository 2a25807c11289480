"""Texts of messages: the grid with what is missing, the editor beside a preview on a real customer, and the history."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from csp.decorators import csp
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.forms import TemplateCodeForm
from collection.services import previewing
from collection.services.playbooks import versions_in_force
from collection.views.papers import paper_response
from core.errors import NotFound, Refusal
from core.web import add_refusal, page, say
from desk.models import MESSAGE_CHANNELS, ON_PAPER, Channel, Template
from desk.pdf import PdfFailed, PdfProcess
from desk.queries.templates import Origin, Texts, versions_of
from desk.rules.differences import differences
from desk.rules.templates import ITEMS, LONGEST, REMINDERS, VOCABULARIES
from desk.services import templates as service
from desk.texts import DEFAULT_TEXTS, LANGUAGES, Text
from desk.views.messages import FRAME
from desk.words import ORIGINS, channel_name, code_names, condition_words, language_name, name_words
from receivables.queries.visible import customers_in

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS_SHOWN = 30
# Where something else stands in the place of a text that a step says.
MISSING = (Origin.LIKE, Origin.OTHER_LANGUAGE, Origin.NONE)


@requires(Can.VIEW_MESSAGES)
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """Every text by channel and language: who wrote it, which steps say it, and what is missing."""
    texts, on = Texts(), request.on  # type: ignore[attr-defined]
    everything = request.GET.get("show") == "all"
    uses = _uses(on)
    written: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in Template.objects.values("code", "channel", "language", "updated_at"):
        written[(row["code"], row["channel"])][row["language"]] = row["updated_at"]
    spoken = _customers_by_language(request)
    groups, missing = [], 0
    for code, name in code_names().items():
        rows = []
        for channel in MESSAGE_CHANNELS:
            used, own = uses.get((code, channel), []), written.get((code, channel), {})
            if not (used or own or everything or channel == Channel.EMAIL):
                continue
            cells = []
            for language in LANGUAGES:
                _text, origin = _found(texts, code=code, channel=channel, language=language)
                is_missing = bool(used and spoken.get(language) and origin in MISSING)
                missing += is_missing
                cells.append(
                    {
                        "url": reverse("template", args=[code, channel, language]),
                        "origin": origin,
                        "words": ORIGINS[origin],
                        "is_own": origin is Origin.OWN,
                        "is_missing": is_missing,
                        "at": own.get(language),
                        "language": language,
                    }
                )
            rows.append({"channel": channel.label, "used": used, "cells": cells})
        groups.append({"code": code, "name": name, "rows": rows, "is_own": (code, LANGUAGES[0]) not in DEFAULT_TEXTS})
    context = {
        "groups": groups,
        "languages": [(one, language_name(one), spoken.get(one, 0)) for one in LANGUAGES],
        "missing": missing,
        "everything": everything,
        "may_edit": _may_edit(request),
    }
    return page(request, "collection/templates.html", context)


def _uses(on: Any) -> dict[tuple[str, str], list[str]]:
    """(code, channel) -> the steps in force that say it, as "scenario: step". 2 SQL queries."""
    out: dict[tuple[str, str], list[str]] = defaultdict(list)
    for version in versions_in_force(on=on):
        for step in sorted(version.steps.all(), key=lambda step: step.position):
            out[(step.template_code, step.channel)].append(f"{version.scenario.name}: {step.name}")
    return out


def _customers_by_language(request: Any) -> dict[str, int]:
    """How many customers in scope have which language. 1 SQL query."""
    rows = customers_in(scope=request.scope).order_by().values("language").annotate(n=Count("id"))
    out: dict[str, int] = defaultdict(int)
    for row in rows:
        out[row["language"].split("-")[0].lower()] += row["n"]
    return out


@requires(Can.EDIT_TEMPLATES)
@require_http_methods(["GET", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """A text of the organisation's own, for its steps to name."""
    common = dict.fromkeys(code for code, _language in DEFAULT_TEXTS)
    names = code_names()
    form = TemplateCodeForm(request.POST or None, like=[(code, names[code]) for code in common])
    if request.method == "POST" and form.is_valid():
        try:
            made = service.create_template_code(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Added: scenarios can name it now. Until you write it, it says what it begins as."))
            language = LANGUAGES[0] if request.LANGUAGE_CODE not in LANGUAGES else request.LANGUAGE_CODE  # type: ignore[attr-defined]
            return redirect("template", made.code, Channel.EMAIL, language)
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/template_new.html", {"form": form}, status=status)


class Place:
    """The text that an address names. Raises NotFound for a code, channel or language that there is not."""

    def __init__(self, code: str, channel: str, language: str) -> None:
        names = code_names()
        if code not in names or channel not in MESSAGE_CHANNELS or language not in LANGUAGES:
            raise NotFound
        self.code, self.channel, self.language, self.name = code, channel, language, names[code]
        self.where: dict[str, Any] = {"code": code, "channel": channel, "language": language}

    def url(self, name: str) -> str:
        return reverse(name, kwargs=self.where)


@requires(Can.VIEW_MESSAGES)
@require_safe
def template(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """The editor beside the preview; without the right to edit the text is only read."""
    place = Place(code, channel, language)
    text, _origin = _found(Texts(), **place.where)
    return page(request, "collection/template.html", _editor(request, place, text))


def _found(texts: Texts, *, code: str, channel: str, language: str) -> tuple[Text, Origin]:
    """The text and where it comes from; without words where there is none, as for text messages of some codes."""
    try:
        return texts.found(code=code, channel=channel, language=language)
    except KeyError:
        return Text(code, ""), Origin.NONE


@requires(Can.EDIT_TEMPLATES)
@require_POST
def template_save(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Keep the text as a new version; what is wrong with it, or who was quicker, is said beside it."""
    place, text = Place(code, channel, language), _typed(request)
    try:
        service.save_template(
            **place.where,
            subject=text.subject,
            body=text.body,
            based_on=_based_on(request),
            actor=request.actor,  # type: ignore[attr-defined]
        )
    except service.BadTemplate as refusal:
        context = _editor(request, place, text) | {"errors": refusal.fields}
        return page(request, "collection/template.html", context, status=422)
    except service.TemplateChanged as refusal:
        newest = versions_of(**place.where).first()
        lines = differences(newest.body, text.body) if newest else []
        context = _editor(request, place, text) | {"conflict": refusal.message, "newest": newest, "lines": lines}
        return page(request, "collection/template.html", context, status=409)
    say(request, _("Saved: the next message says this."))
    return redirect(place.url("template"))


def _editor(request: HttpRequest, place: Place, text: Text) -> dict[str, Any]:
    texts = Texts()
    _kept, origin = _found(texts, **place.where)
    newest = versions_of(**place.where).first()
    words = VOCABULARIES.get(place.code, REMINDERS)
    names = (*words.names, ITEMS) if words.has_items and place.channel != Channel.SMS else words.names
    languages = [
        {"code": one, "name": language_name(one), "url": reverse("template", args=[place.code, place.channel, one])}
        for one in LANGUAGES
    ]
    return {
        "place": place,
        "text": text,
        "origin": origin,
        "origin_words": ORIGINS[origin],
        "is_own": origin is Origin.OWN,
        "has_common": texts.common(**place.where) is not None,
        "newest": newest,
        "number": newest.number if newest else 0,
        "longest": LONGEST,
        "channel_name": channel_name(place.channel),
        "language_name": language_name(place.language),
        "languages": languages,
        "is_paper": place.channel in ON_PAPER,
        "has_subject": place.channel != Channel.SMS,
        "names": [{"word": one, "mark": "{{ " + one + " }}", "label": name_words(place.code, one)} for one in names],
        "conditions": [
            {"word": one, "mark": "{{ if " + one + " }}", "end": "{{ end }}", "label": condition_words(place.code, one)}
            for one in words.conditions
        ],
        "customer": _wanted_customer(request),
        "may_edit": _may_edit(request),
        "may_preview": request.member.can(Can.VIEW_ITEMS),  # type: ignore[attr-defined]
    }


@requires(Can.VIEW_MESSAGES, Can.VIEW_ITEMS)
@require_POST
def template_preview(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """What the typed text says to a customer: recipient, subject, plain text, or what is wrong; for htmx."""
    place = Place(code, channel, language)
    found = _asked_for(request)
    context: dict[str, Any] = {
        "place": place,
        "found": found[1:],
        "is_paper": place.channel in ON_PAPER,
        "is_notice": place.code in VOCABULARIES,
    }
    try:
        context["sample"] = _sample(request, place, found[0] if found else None)
    except service.BadTemplate as refusal:
        context["errors"] = [message for messages in refusal.fields.values() for message in messages]
    except Refusal as refusal:
        context["refusal"] = refusal.message
        context["customer"] = found[0] if found else None
    return page(request, "collection/template_preview.html", context)


@requires(Can.VIEW_MESSAGES, Can.VIEW_ITEMS)  # type: ignore[arg-type]
@require_POST
@xframe_options_sameorigin
@csp(FRAME)  # type: ignore[arg-type]
def template_frame(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:  # type: ignore[misc]
    """The HTML of the typed text for a customer, for the frame of the preview: runs nothing, loads nothing."""
    place = Place(code, channel, language)
    found = _asked_for(request)
    try:
        shown = _sample(request, place, found[0] if found else None)
    except Refusal:
        return HttpResponse("")
    return HttpResponse(shown.draft.body_html)


@requires(Can.VIEW_MESSAGES, Can.VIEW_ITEMS)
@require_POST
def template_pdf(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """The letter that the typed text makes for a customer, or what goes along with the e-mail. Raises NotFound."""
    place = Place(code, channel, language)
    found = _asked_for(request)
    draft = _sample(request, place, found[0] if found else None).draft
    if channel in ON_PAPER:
        return pdf_response(draft.body_html, name=f"{place.code}.pdf")
    if code not in VOCABULARIES or not (files := draft.make_files()):
        raise NotFound
    return paper_response(files[0])


def pdf_response(html: str, *, name: str) -> HttpResponse:
    """The letter as the tray makes it of the same HTML, shown in the browser."""
    renderer = PdfProcess()
    try:
        pdf = renderer.render(html)
    except PdfFailed as failure:
        raise Refusal(_("The letter could not be made.")) from failure
    finally:
        renderer.close()
    response = HttpResponse(pdf, content_type="application/pdf")
    plain = "".join(mark if (mark.isalnum() and mark.isascii()) or mark in "-_." else "-" for mark in name)
    response["Content-Disposition"] = f'inline; filename="{plain}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@requires(Can.EDIT_TEMPLATES, Can.VIEW_ITEMS)
@require_POST
def template_test(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Send the typed text, as the preview shows it, to oneself."""
    place = Place(code, channel, language)
    found = _asked_for(request)
    message = previewing.send_test(
        shown=_sample(request, place, found[0] if found else None),
        to=request.member,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=timezone.now(),
        on=request.on,  # type: ignore[attr-defined]
    )
    say(request, _("On its way to %(address)s.") % {"address": message.recipient})
    return HttpResponse(status=204)


@requires(Can.VIEW_MESSAGES)
@require_safe
def template_history(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Who saved the text when, and what each version changed; any can be brought back."""
    place = Place(code, channel, language)
    rows = versions_of(**place.where)
    newest = rows.first()
    before = _number(request.GET.get("before", ""))
    shown = list((rows.filter(number__lt=before) if before else rows)[: VERSIONS_SHOWN + 1])
    wanted = _number(request.GET.get("version", ""))
    chosen = rows.filter(number=wanted).first() if wanted else (shown[0] if shown else None)
    if wanted and chosen is None:
        raise NotFound
    former = rows.filter(number__lt=chosen.number).first() if chosen else None
    start = Texts().common(**place.where)
    old = Text(former.subject, former.body) if former else start or Text("", "")
    context = {
        "place": place,
        "channel_name": channel_name(channel),
        "language_name": language_name(language),
        "versions": shown[:VERSIONS_SHOWN],
        "older": shown[VERSIONS_SHOWN - 1].number if len(shown) > VERSIONS_SHOWN else None,
        "chosen": chosen,
        "former": former,
        "lines": differences(old.body, chosen.body) if chosen else [],
        "subjects": differences(old.subject, chosen.subject) if chosen else [],
        "number": newest.number if newest else 0,
        "is_newest": bool(newest and chosen and newest.number == chosen.number),
        "may_edit": _may_edit(request),
    }
    return page(request, "collection/template_history.html", context)


@requires(Can.EDIT_TEMPLATES)
@require_POST
def template_restore(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Bring a version back (`version=n`), or go back to the common text (without)."""
    place, number = Place(code, channel, language), _number(request.POST.get("version", ""))
    asked: Mapping[str, Any] = {"actor": request.actor, "based_on": _based_on(request)}  # type: ignore[attr-defined]
    try:
        if number:
            service.restore_version(**place.where, number=number, **asked)
            say(request, _("Version %(n)d is back, as the newest one.") % {"n": number})
        else:
            service.drop_template(**place.where, **asked)
            say(request, _("The common text is used again; yours stays in the history."))
    except Refusal as refusal:
        messages = [str(one) for several in refusal.fields.values() for one in several]
        say(request, " ".join([str(refusal.message), *messages]), level="error")
        return redirect(place.url("template_history"))
    return redirect(place.url("template"))


def _typed(request: HttpRequest) -> Text:
    # Browsers send line ends as CR LF, and NUL is no text for the database: what is left of it is refused with a reason.
    body = request.POST.get("body", "").replace("\r\n", "\n")
    return Text(request.POST.get("subject", ""), body)


def _based_on(request: HttpRequest) -> int:
    """The version that the page was made of; of an address without it, one that is never the newest."""
    found = _number(request.POST.get("number", ""))
    return -1 if found is None else found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _asked_for(request: HttpRequest) -> list[Any]:
    """The customers that were typed, the first of which is looked at; else the one that was chosen."""
    scope = request.scope  # type: ignore[attr-defined]
    if typed := request.POST.get("q", "").strip()[:80]:
        return previewing.find_customers(text=typed, scope=scope)
    chosen = _wanted_customer(request)
    return [chosen] if chosen else []


def _wanted_customer(request: HttpRequest) -> Any:
    values = request.POST if request.method == "POST" else request.GET
    try:
        customer_id = UUID(values.get("customer", ""))
    except ValueError:
        return None
    return customers_in(scope=request.scope).filter(id=customer_id).first()  # type: ignore[attr-defined]


def _sample(request: HttpRequest, place: Place, customer: Any) -> previewing.Sample:
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    if customer is None and not request.POST.get("q", "").strip():
        customer = previewing.first_customer(code=place.code, scope=scope, on=on)
    if customer is None:
        raise previewing.NothingToShow(_("No customer of this name."))
    return previewing.sample(
        customer_id=customer.id,
        **place.where,
        text=_typed(request),
        scope=scope,
        on=on,
        by=request.member,  # type: ignore[attr-defined]
    )


def _may_edit(request: Any) -> bool:
    return bool(request.member.can(Can.EDIT_TEMPLATES))
