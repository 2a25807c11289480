"""Scenarios: the list, one with its steps, limits and dry run, its editor, and the approval that lets messages leave."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms import GoLiveForm
from collection.models import Scenario, ScenarioVersion
from collection.rules.steps import LeftOut, OldItems
from collection.scenario_forms import PublishForm, ScenarioForm, VersionForm, limits_shown
from collection.services import going_live, scenarios, versions
from collection.services.coverage import coverage
from collection.services.dry_run import DryRun, dry_run
from collection.services.replay import replay
from collection.services.said import Difference, differences
from collection.step_forms import posted_rows, rearranged, rows_of
from collection.version_words import Otherwise, step_words, version_changes
from collection.views.panel import LEFT_OUT
from collection.views.trials import old_items_of, trials_of, version_of
from core import formats
from core.errors import NotFound, Refusal
from core.web import add_refusal, page, say
from desk.queries.templates import template_codes
from desk.words import named_codes
from receivables.models import LedgerItem

SHOWN = 100
# So many open items are looked at while somebody waits; more by a worker.
MOST_AT_ONCE = 20_000
CHOICES = (
    (
        OldItems.FIRST_STEP,
        gettext_lazy("First step"),
        gettext_lazy("Whatever its age, an item starts with the first reminder."),
    ),
    (
        OldItems.REACHED_STEP,
        gettext_lazy("Step reached"),
        gettext_lazy("An old item starts with the step that its age has reached; earlier ones count as done."),
    ),
    (
        OldItems.NONE,
        gettext_lazy("None"),
        gettext_lazy("Items that are overdue today get no reminder; only later ones do."),
    ),
)


@requires(Can.EDIT_SCENARIOS)
@require_GET
def scenario_list(request: HttpRequest) -> HttpResponse:
    """All scenarios, with what each applies to today."""
    on = request.on  # type: ignore[attr-defined]
    scenarios.ensure_default_scenario(tenant=request.tenant, on=on)  # type: ignore[attr-defined]
    rows = coverage(on=on)
    context = {
        "rows": [row for row in rows if row.scenario.archived_on is None],
        "archived": [row for row in rows if row.scenario.archived_on is not None],
        "on": on,
    }
    return page(request, "collection/scenarios.html", context)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def scenario_new(request: HttpRequest) -> HttpResponse:
    """A new scenario: a copy of one, or empty."""
    known = list(Scenario.objects.filter(archived_on__isnull=True).order_by("-is_default", "name"))
    form = ScenarioForm(request.POST or None, scenarios=known)
    if request.method == "POST" and form.is_valid():
        source = next((one for one in known if str(one.id) == form.cleaned_data["copy_of"]), None)
        try:
            made = scenarios.create_scenario(
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                copy_of=source,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Made, as a draft. Nothing leaves before you publish it and approve its dry run."))
            return redirect("scenario_edit", made.id)
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/scenario_new.html", {"form": form}, status=status)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def scenario_rename(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Another name or description."""
    found = _scenario(scenario_id)
    form = ScenarioForm(request.POST or None, initial={"name": found.name, "description": found.description})
    if request.method == "POST" and form.is_valid():
        try:
            scenarios.rename_scenario(
                scenario=found,
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved."))
            return redirect("scenario", found.id)
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/scenario_new.html", {"form": form, "scenario": found}, status=status)


@requires(Can.EDIT_SCENARIOS)
@require_POST
def scenario_archive(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Out of use; an archived one back in use."""
    found = _scenario(scenario_id)
    actor = request.actor  # type: ignore[attr-defined]
    if found.archived_on is None:
        scenarios.archive_scenario(scenario=found, on=request.on, actor=actor)  # type: ignore[attr-defined]
        say(request, _("Archived: what it applied to follows the next rule that holds."))
    else:
        scenarios.restore_scenario(scenario=found, actor=actor)
        say(request, _("Back in use."))
    return redirect("scenarios")


@requires(Can.EDIT_SCENARIOS)
@require_GET
def scenario(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """The steps in words, the limits, and what would leave today: of the version in force, or of `?version=<number>`."""
    version = version_of(request, scenario_id, number=request.GET.get("version", ""))
    chosen = old_items_of(request.GET.get("old_items", ""))
    on = request.on  # type: ignore[attr-defined]
    if version.live_from is None:
        run = going_live.show(version=version, on=on, old_items=chosen)
    else:
        run = dry_run(version=version, on=on, old_items=OldItems.FIRST_STEP)
    return page(request, "collection/scenario.html", _context(request, version=version, run=run, chosen=chosen))


def _context(request: HttpRequest, *, version: ScenarioVersion, run: DryRun, chosen: OldItems) -> dict[str, Any]:
    names = {step.step_key: step.name for step in version.steps.all()}
    approval = going_live.approval_of(version)
    return {
        "version": version,
        "begins": not version.scenario.versions.filter(live_from__isnull=False).exists(),
        "versions": list(version.scenario.versions.order_by("-number")),
        "steps": [(step, step_words(step)) for step in version.steps.order_by("position")],
        "changes_of_draft": _changes_of_draft(version),
        "choices": CHOICES,
        "chosen": chosen,
        "run": run,
        "shown": [(would, names[would.step_key]) for would in run.messages[:SHOWN]],
        "by_step": [(names[key], count) for key, count in run.by_step.most_common()],
        "left_out": [(LEFT_OUT.get(LeftOut(reason), reason), count) for reason, count in run.left_out.most_common()],
        "names": names,
        "approval": approval,
        "approved_amounts": {one: Decimal(text) for one, text in approval.amounts.items()} if approval else {},
        "may_approve": request.member.can(Can.APPROVE_GO_LIVE),  # type: ignore[attr-defined]
        "publish_form": PublishForm() if version.is_draft else None,
        "trials": trials_of(version.scenario, request),
        "on": request.on,  # type: ignore[attr-defined]
    }


def _changes_of_draft(version: ScenarioVersion) -> list[Otherwise]:
    """What a draft does otherwise than the version before it."""
    if not version.is_draft:
        return []
    former = version.scenario.versions.filter(number__lt=version.number).order_by("-number").first()
    return version_changes(former, version) if former else []


@requires(Can.EDIT_SCENARIOS)
@require_GET
def scenario_replay(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """What it would send if it were active today, and what is different from what applies now."""
    version = version_of(request, scenario_id, number=request.GET.get("version", ""))
    on = request.on  # type: ignore[attr-defined]
    context: dict[str, Any] = {"scenario": version.scenario, "version": version, "on": on}
    if LedgerItem.objects.filter(is_open=True)[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE:
        return page(request, "collection/scenario_replay.html", context | {"too_large": True})
    tenant, old_items = request.tenant, old_items_of(request.GET.get("old_items", ""))  # type: ignore[attr-defined]
    found = replay(tenant=tenant, on=on, days_off=True, version=version, old_items=old_items)
    mine = [one for one in found.said if one.scenario == version.scenario.name]
    changes: list[Difference] = []
    compared = version.valid_to is None and (version.is_draft or not version.valid_from or version.valid_from > on)
    if compared:
        changes = differences(replay(tenant=tenant, on=on, days_off=True).said, found.said)
    reasons = Counter(one.reason for _customer, _entity, name, one in found.left_out if name == version.scenario.name)
    amounts: dict[str, Decimal] = {}
    for one in mine:
        for currency, amount in one.amounts.items():
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    context |= {
        "count": len(mine),
        "old_items": old_items,
        "amounts": dict(sorted(amounts.items())),
        "by_step": Counter(one.step_name for one in mine).most_common(),
        "left_out": [(LEFT_OUT.get(reason, reason), count) for reason, count in reasons.most_common()],
        "excluded": [
            (one.item.number, LEFT_OUT.get(one.reason, one.reason), one.until)
            for _customer, _entity, name, one in found.left_out
            if name == version.scenario.name and one.reason is not LeftOut.NOT_REACHED
        ][:SHOWN],
        "shown": mine[:SHOWN],
        "compared": compared,
        "differences": changes[:SHOWN],
        "difference_count": len(changes),
    }
    return page(request, "collection/scenario_replay.html", context)


@requires(Can.APPROVE_GO_LIVE)
@require_POST
def go_live(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Approve the dry run that was shown: from today on reminders are proposed each night.

    When the ledger or the scenario has changed since, the fresh dry run is shown with what changed, and nothing is set.
    """
    version, form = version_of(request, scenario_id), GoLiveForm(request.POST)
    if not form.is_valid():
        say(request, _("Look at the dry run, then approve it."), level="warning")
        return redirect("scenario", scenario_id)
    old_items = OldItems(form.cleaned_data["old_items"])
    try:
        going_live.approve_dry_run(
            version=version,
            fingerprint=form.cleaned_data["fingerprint"],
            old_items=old_items,
            on=request.on,  # type: ignore[attr-defined]
            approved_by=request.member,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
        )
    except going_live.DryRunChanged as refusal:
        context = _context(request, version=refusal.version, run=refusal.run, chosen=old_items)
        changed = {"refusal": refusal, "changes": refusal.changes, "changed": _in_words(refusal, context["names"])}
        return page(request, "collection/scenario.html", context | changed, status=refusal.status)
    say(request, _("Approved. The next night proposes the first reminders; each waits for a confirmation."))
    return redirect("scenario", scenario_id)


def _in_words(refusal: going_live.DryRunChanged, names: dict[str, str]) -> list[tuple[going_live.Change, str, str]]:
    """The messages that changed, each with what it was and what it is now; the first ones."""

    def words(one: going_live.Asked | None) -> str:
        if one is None:
            return ""
        step, amounts = one
        texts = [formats.current().money(amount, currency) for currency, amount in amounts.items()]
        return ", ".join([names.get(step, step), *texts])

    return [(change, words(change.before), words(change.after)) for change in refusal.changes.messages[:SHOWN]]


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def scenario_edit(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Change steps and limits: kept in a draft until it is published."""
    found = _scenario(scenario_id)
    version = found.versions.order_by("-number").first()
    if version is None:
        raise NotFound
    codes = named_codes(template_codes())
    if request.method == "GET":
        form = VersionForm(initial=limits_shown(version), rows=rows_of(version), codes=codes)
        return page(request, "collection/scenario_edit.html", {"form": form, "version": version, "scenario": found})
    rows, wish = posted_rows(request.POST), request.POST.get("do", "save")
    if wish != "save":
        given = {name: request.POST.get(name, "") for name in VersionForm.LIMITS}
        given["working_days_only"] = "working_days_only" in request.POST  # type: ignore[assignment]
        form = VersionForm(initial=given, rows=rearranged(rows, wish), codes=codes)
        return page(request, "collection/scenario_edit.html", {"form": form, "version": version, "scenario": found})
    form = VersionForm(request.POST, rows=rows, codes=codes)
    if form.is_valid():
        actor = request.actor  # type: ignore[attr-defined]
        try:
            draft = versions.open_draft(scenario=found, actor=actor)
            versions.save_draft(version=draft, limits=form.limits(), steps=form.steps(), actor=actor)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The draft is saved. Look at what it would send, then publish it."))
            return redirect(f"{_address(found.id)}?version={draft.number}")
    context = {"form": form, "version": version, "scenario": found}
    return page(request, "collection/scenario_edit.html", context, status=422)


@requires(Can.EDIT_SCENARIOS)
@require_POST
def scenario_publish(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """The draft becomes what the scenario does, from a day on."""
    draft = _draft(scenario_id)
    form = PublishForm(request.POST)
    if not form.is_valid():
        say(request, _("This is no day."), level="error")
        return redirect(f"{_address(scenario_id)}?version={draft.number}")
    try:
        made = versions.publish_draft(
            version=draft,
            from_on=form.cleaned_data["from_on"],
            on=request.on,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
        )
    except versions.BadVersion as refusal:
        texts = [str(text) for listed in refusal.fields.values() for text in listed] or [str(refusal.message)]
        say(request, " ".join(texts), level="error")
        return redirect(f"{_address(scenario_id)}?version={draft.number}")
    day = formats.current().day(made.valid_from)
    say(request, _("Published: it applies from %(day)s.") % {"day": day})
    return redirect(f"{_address(scenario_id)}?version={made.number}")


@requires(Can.EDIT_SCENARIOS)
@require_POST
def scenario_discard(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Throw the draft away."""
    try:
        versions.discard_draft(version=_draft(scenario_id), actor=request.actor)  # type: ignore[attr-defined]
    except versions.BadVersion as refusal:
        say(request, refusal.message, level="error")
    else:
        say(request, _("The draft is gone."))
    return redirect("scenario", scenario_id)


def _address(scenario_id: UUID) -> str:
    return reverse("scenario", args=[scenario_id])


def _scenario(scenario_id: UUID) -> Scenario:
    found = Scenario.objects.filter(id=scenario_id).first()
    if found is None:
        raise NotFound
    return found


def _draft(scenario_id: UUID) -> ScenarioVersion:
    """The draft of a scenario. Raises NotFound for an unknown scenario, NoDraft for one without."""
    found = ScenarioVersion.objects.filter(scenario=_scenario(scenario_id), valid_from__isnull=True).first()
    if found is None:
        raise versions.NoDraft
    return found
