"""Imports: drop a file, see how it is read, check it, load it, take it back."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.roles import Can
from core.errors import Refusal
from core.lists import Column, ListPage, View, badge, count, day, page_of, show, text
from core.text import Phrase
from core.web import add_refusal, page, say
from integrations.files import phrases
from integrations.files.error_file import ErrorRow, write_errors_csv
from integrations.files.fields import FIELDS
from integrations.files.mapping import Mapping
from integrations.forms import MappingForm, UploadForm
from integrations.models import ImportKind, RawRecord, SyncRun
from integrations.services import receiving, runs
from integrations.services.checks import is_checking, queue_check
from integrations.words import file_error

State = SyncRun.State
# Up to so many rows the check runs while one waits; larger files are checked by a worker.
CHECK_AT_ONCE = 2_000
OPEN_STATES = (State.RECEIVED, State.CHECKED, State.REFUSED, State.HELD, State.FAILED, State.STOPPED)
KINDS: dict[str, str] = {
    State.APPLIED: "good",
    State.UNCHANGED: "good",
    State.REFUSED: "bad",
    State.FAILED: "bad",
    State.HELD: "warn",
    State.RUNNING: "info",
    State.QUEUED: "info",
}

LIST = ListPage(
    name="imports",
    title=gettext_lazy("Imports"),
    columns=(
        text("file_name", gettext_lazy("File"), link=page_of("import")),
        badge("kind", gettext_lazy("Content"), labels=dict(ImportKind.choices)),
        badge("state", gettext_lazy("State"), labels=dict(State.choices), kinds=KINDS),
        day("as_of", gettext_lazy("As of")),
        count("row_count", gettext_lazy("Rows")),
        count("created_count", gettext_lazy("New")),
        count("changed_count", gettext_lazy("Changed")),
        count("closed_count", gettext_lazy("Closed")),
        count("rejected_count", gettext_lazy("Refused")),
        Column(
            "received_at",
            gettext_lazy("Received"),
            lambda row, formats: formats.moment(row["received_at"]),
            sort="received_at",
        ),
    ),
    default_sort="-received_at",
    can=Can.IMPORT_LEDGER,
    rows=lambda reader: SyncRun.objects.all(),
    fields=(
        "file_name",
        "kind",
        "state",
        "as_of",
        "row_count",
        "created_count",
        "changed_count",
        "closed_count",
        "rejected_count",
        "received_at",
    ),
    views=(View(gettext_lazy("All")),),
    template="integrations/imports.html",
    narrow="cards",
    row_link=page_of("import"),
    empty_title=gettext_lazy("No file has come in yet"),
    empty_text=gettext_lazy("Drop the open-items list of your ERP above: CSV or Excel, with its own column names."),
    empty_icon="file-import",
)


@requires(Can.IMPORT_LEDGER)
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """Every file that came in, and the place to drop the next one."""
    return show(request, LIST)


@requires(Can.IMPORT_LEDGER)
@require_POST
def import_new(request: HttpRequest) -> HttpResponse:
    """Keep the file, look at it, and show how it would be read."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        say(request, gettext("Choose a file that is not empty."), level="error")
        return redirect("imports")
    upload = form.cleaned_data["file"]
    try:
        run = receiving.receive(
            chunks=upload.chunks(),
            file_name=upload.name,
            as_of=request.on,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
        )
    except Refusal as refusal:
        say(request, str(refusal), level="error")
        return redirect("imports")
    try:
        runs.look_at(run_id=run.id)
    except Refusal as refusal:
        runs.refuse(run_id=run.id, refusal=refusal)
    return redirect("import", run.id)


@requires(Can.IMPORT_LEDGER)
@require_GET
def import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One import: how its columns are read, what it would do or did, what was refused and why."""
    return page(
        request, "integrations/import.html", _context(runs.get_run(run_id)), part="integrations/import_state.html"
    )


def _context(run: SyncRun, form: MappingForm | None = None) -> dict[str, Any]:
    inspection = run.inspection or {}
    context: dict[str, Any] = {
        "run": run,
        "why": file_error(run.error),
        "is_open": run.state in OPEN_STATES,
        "is_busy": run.state in (State.QUEUED, State.RUNNING) or is_checking(run),
        "is_checking": is_checking(run),
        "raw": list(RawRecord.objects.filter(run=run, is_warning=False).order_by("line")[:20]),
        "warnings": list(RawRecord.objects.filter(run=run, is_warning=True).order_by("line")[:10]),
        "totals": [
            {"currency": currency, **{name: Decimal(value) for name, value in amounts.items() if value}}
            for currency, amounts in sorted(run.totals.items())
        ],
        "notes": [_words(note) for note in inspection.get("warnings", [])],
        "kind_badge": KINDS.get(run.state, ""),
        "not_understood": run.result.get("not_understood", {}),
        "held": run.result.get("held"),
    }
    if run.mapping and inspection and context["is_open"]:
        mapping = Mapping.from_json(run.mapping)
        form = form or MappingForm(run=run, mapping=mapping, labels=inspection["labels"])
        context["form"] = form
        context["columns"] = _columns(form, inspection)
        context["plain_fields"] = [form[name] for name in form.fields if not name.startswith("column_")]
        context["missing"] = [_field_words(mapping.kind, name) for name in mapping.missing]
    return context


def _columns(form: MappingForm, inspection: dict[str, Any]) -> list[dict[str, Any]]:
    """Each column of the file: its name, examples, and the choice of what it is read as."""
    rows = inspection.get("first_rows", [])
    return [
        {
            "field": form[f"column_{n}"],
            "label": label,
            "examples": [row["cells"][n] for row in rows[:3] if n < len(row["cells"])],
            "is_read": bool(form[f"column_{n}"].value()),
        }
        for n, label in enumerate(inspection["labels"])
    ]


def _words(document: dict[str, Any]) -> str:
    phrase: Phrase = phrases.from_json(document)
    return phrase.in_words(gettext)


def _field_words(kind: str, name: str) -> str:
    return next((str(one.label) for one in FIELDS[kind] if one.name == name), name)


@requires(Can.IMPORT_LEDGER)
@require_POST
def import_mapping(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Read it as chosen, and check it: nothing is changed yet."""
    run = runs.get_run(run_id)
    if not run.mapping or not run.inspection:
        return redirect("import", run_id)
    form = MappingForm(request.POST, run=run, mapping=Mapping.from_json(run.mapping), labels=run.inspection["labels"])
    if form.is_valid():
        try:
            runs.choose_mapping(
                run_id=run_id,
                mapping=form.new_mapping(),
                mode=form.cleaned_data["mode"],
                as_of=form.cleaned_data["as_of"],
                entity_code=form.cleaned_data["entity"],
                all_or_nothing=form.cleaned_data["all_or_nothing"],
                remember_it=form.cleaned_data["remember"],
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            if run.row_count > CHECK_AT_ONCE:
                queue_check(run_id=run_id)
                say(request, gettext("The file is being checked; this page shows the result."), level="info")
            else:
                runs.check(run_id=run_id)
            return redirect("import", run_id)
    return page(request, "integrations/import.html", _context(run, form), status=422)


@requires(Can.IMPORT_LEDGER)
@require_POST
def import_apply(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Load it: a worker does, and the page shows how far it is."""
    runs.queue(run_id=run_id, actor=request.actor, force="force" in request.POST)  # type: ignore[attr-defined]
    return redirect("import", run_id)


@requires(Can.IMPORT_LEDGER)
@require_POST
def import_stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask it to stop: nothing half-done stays."""
    runs.stop(run_id=run_id, actor=request.actor)  # type: ignore[attr-defined]
    return redirect("import", run_id)


@requires(Can.IMPORT_LEDGER)
@require_POST
def import_undo(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Take the last import of its source back."""
    runs.undo(run_id=run_id, on=request.on, actor=request.actor)  # type: ignore[attr-defined]
    say(request, gettext("The import was taken back: the ledger is as it was before it."))
    return redirect("import", run_id)


@requires(Can.IMPORT_LEDGER)
@require_GET
def import_errors(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The refused rows as a file: their own columns, the line and the reason."""
    run = runs.get_run(run_id)
    rows = RawRecord.objects.filter(run=run, is_warning=False).order_by("line").iterator(chunk_size=2000)
    out = io.BytesIO()
    write_errors_csv(
        out,
        labels=run.inspection.get("labels", []),
        rows=(
            ErrorRow(row.line, f"{row.field}: {row.reason}" if row.field else row.reason, row.values) for row in rows
        ),
    )
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    return response
