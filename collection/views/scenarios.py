"""The scenario in force: its steps and limits, the dry run, and the approval that lets messages leave."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.roles import Can
from collection.forms import GoLiveForm, VersionForm
from collection.models import ScenarioVersion
from collection.rules.steps import LeftOut, OldItems
from collection.services import going_live, scenarios
from collection.services.dry_run import DryRun, dry_run
from collection.views.panel import LEFT_OUT
from core import formats
from core.errors import Refusal
from core.web import add_refusal, page, say

SHOWN = 100
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
def scenario(request: HttpRequest) -> HttpResponse:
    """The steps in words, the limits, and, until it is live, what would leave today."""
    version = _version(request)
    chosen = _old_items(request.GET.get("old_items", ""))
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
        "steps": list(version.steps.order_by("position")),
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
        "on": request.on,  # type: ignore[attr-defined]
    }


@requires(Can.APPROVE_GO_LIVE)
@require_POST
def go_live(request: HttpRequest) -> HttpResponse:
    """Approve the dry run that was shown: from today on reminders are proposed each night.

    When the ledger or the scenario has changed since, the fresh dry run is shown with what changed, and nothing is set.
    """
    form = GoLiveForm(request.POST)
    if not form.is_valid():
        say(request, _("Look at the dry run, then approve it."), level="warning")
        return redirect("scenarios")
    old_items = OldItems(form.cleaned_data["old_items"])
    try:
        going_live.approve_dry_run(
            version=_version(request),
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
    return redirect("scenarios")


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
def scenario_edit(request: HttpRequest) -> HttpResponse:
    """Change days, modes and limits: a new version follows the one in force, from tomorrow (at once while not live)."""
    version = _version(request)
    form = VersionForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            scenarios.publish_version(
                version=version,
                limits=form.limits(),
                steps=form.step_changes(),
                on=request.on,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved as a new version."))
            return redirect("scenarios")
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/scenario_edit.html", {"form": form, "version": version}, status=status)


def _version(request: HttpRequest) -> ScenarioVersion:
    return scenarios.ensure_default_scenario(tenant=request.tenant, on=request.on)  # type: ignore[attr-defined]


def _old_items(text: str) -> OldItems:
    try:
        return OldItems(text)
    except ValueError:
        return OldItems.FIRST_STEP
