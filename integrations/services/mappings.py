"""How the columns of a source's files are read: guessed, remembered, given by name or as a file."""

import json
from pathlib import Path

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import NotFound
from integrations.files import Guess, Inspection, Mapping, contradictions, guess
from integrations.files.refusals import InvalidMapping
from integrations.models import ColumnMapping

AUTO = "auto"


class UnknownMapping(NotFound):
    code = "unknown_mapping"
    message = _("There is no column mapping with this name.")


@transaction.atomic
def remembered(*, source: str, fingerprint: str, kind: str = "") -> Mapping | None:
    """The mapping that was used last for a file of this source with this header; None where there is none."""
    found = ColumnMapping.objects.filter(source=source, header_fingerprint=fingerprint)
    if kind:
        found = found.filter(kind=kind)
    latest = found.order_by("-updated_at", "-id").first()
    return Mapping.from_json(latest.spec) if latest else None


@transaction.atomic
def remember(*, source: str, fingerprint: str, mapping: Mapping, actor: Actor, name: str = "") -> ColumnMapping:
    """Keep a mapping for the next file of this source with this header, in place of the one kept for it before."""
    name = name or f"{source} {mapping.kind} {fingerprint[:8]}"
    kept, created = ColumnMapping.objects.get_or_create(
        name=name,
        defaults={
            "source": source,
            "kind": mapping.kind,
            "header_fingerprint": fingerprint,
            "spec": mapping.to_json(),
        },
    )
    before = None if created else kept.spec
    if before != mapping.to_json():
        values = {"spec": mapping.to_json(), "kind": mapping.kind, "source": source, "header_fingerprint": fingerprint}
        ColumnMapping.objects.filter(id=kept.id).update(**values, updated_at=Now())
        record(
            actor=actor,
            action="integrations.mapping_remembered",
            row=kept,
            changes={"spec": [before, values["spec"]]},
        )
        kept.refresh_from_db()
    return kept


def best_mapping(inspection: Inspection, *, source: str, kind: str = "") -> tuple[Mapping, Guess | None]:
    """The mapping to propose: the remembered one, else the guess (which may lack fields: see Guess.missing).

    A remembered one that the file contradicts (its dates now come in another order, say) is not proposed.
    """
    kept = remembered(source=source, fingerprint=inspection.fingerprint, kind=kind)
    if kept is not None and not contradictions(kept, inspection):
        return kept, None
    guessed = guess(inspection, kind=kind or None)
    return guessed.mapping, guessed


def mapping_for(inspection: Inspection, *, source: str, kind: str = "", named: str = AUTO) -> Mapping:
    """The mapping that a command or a night uses: `auto`, the name of a kept one, or the path of a JSON file.

    Raises UnknownMapping, InvalidMapping; for `auto`, UnknownColumns or ChoiceNeeded where a person must look.
    """
    if named == AUTO:
        mapping, guessed = best_mapping(inspection, source=source, kind=kind)
        return guessed.sure() if guessed else mapping
    with transaction.atomic():
        kept = ColumnMapping.objects.filter(name=named).first()
    if kept is not None:
        return Mapping.from_json(kept.spec)
    path = Path(named)
    if not path.is_file():
        raise UnknownMapping
    try:
        return Mapping.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidMapping(_("The mapping file is not JSON.")) from error
