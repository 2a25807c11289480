"""The scenario in force: its steps and limits, the dry run, and the approval that lets messages leave."""

from __future__ import annotations

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
from collection.services import scenarios
from collection.services.dry_run import dry_run
from collection.views.panel import LEFT_OUT
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
    start = chosen if version.live_from is None else OldItems.FIRST_STEP
    run = dry_run(version=version, on=request.on, old_items=start)  # type: ignore[attr-defined]
    names = {step.step_key: step.name for step in version.steps.all()}
    context = {
        "version": version,
        "steps": list(version.steps.order_by("position")),
        "choices": CHOICES,
        "chosen": chosen,
        "run": run,
        "shown": [(would, names[would.step_key]) for would in run.messages[:SHOWN]],
        "by_step": [(names[key], count) for key, count in run.by_step.most_common()],
        "left_out": [(LEFT_OUT.get(LeftOut(reason), reason), count) for reason, count in run.left_out.most_common()],
        "may_approve": request.member.can(Can.APPROVE_GO_LIVE),  # type: ignore[attr-defined]
        "on": request.on,  # type: ignore[attr-defined]
    }
    return page(request, "collection/scenario.html", context)


@requires(Can.APPROVE_GO_LIVE)
@require_POST
def go_live(request: HttpRequest) -> HttpResponse:
    """Approve what the dry run shows: from today on reminders are proposed each night."""
    form = GoLiveForm(request.POST)
    old_items = OldItems(form.cleaned_data["old_items"]) if form.is_valid() else OldItems.FIRST_STEP
    scenarios.approve_go_live(
        version=_version(request),
        old_items=old_items,
        live_from=request.on,  # type: ignore[attr-defined]
        approved_by=request.member,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
    )
    say(request, _("Approved. The next night proposes the first reminders; each waits for a confirmation."))
    return redirect("scenarios")


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
