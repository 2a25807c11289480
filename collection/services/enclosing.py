"""What goes along with a reminder: the statement, the calculation of interest, the invoices themselves.

What should go along and is not there is listed as missing: it is shown before the message is sent, never left out in
silence.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from accounts.access import EVERYTHING
from collection.models import Claim, Step
from collection.rules.grouping import Plan
from collection.services.annexes import annex_html, calculation
from collection.services.statements import statement, statement_html
from desk.models import Attachment, MessageFile
from desk.ports import FileSource
from desk.services.files import safe_name
from receivables.models import Customer, Entity, LedgerItem

Kind = MessageFile.Kind
# Files of documents, as desk.Attachment names their row.
OF_DOCUMENT = "receivables.Document"
# Invoices together: more is no mail that anybody's server takes.
MOST_BYTES = 7 * 1024 * 1024
MOST_INVOICES = 25


def _no_files(language: str) -> list[FileSource]:
    return []


@dataclass(frozen=True)
class Enclosures:
    """`listed`: an entry per file, as kept with the message: {"kind", "name"}, of what is missing {"kind", "number",
    "missing"} with the reason. `files`: the files as they would be made now, for a language.
    """

    listed: list[dict[str, Any]] = field(default_factory=list)
    files: Callable[[str], list[FileSource]] = _no_files


NOTHING = Enclosures()


class Encloser:
    """Finds what goes along with the messages of a batch. At most 12 SQL queries for a batch, and 3 for a statement when
    it is made.
    """

    def __init__(self, *, wanted: Iterable[tuple[Step, Plan]], on: date) -> None:
        self.on = on
        invoices, interest = set(), set()
        for step, plan in wanted:
            ids = {line.item.item_id for line in plan.lines}
            invoices |= ids if step.attach_invoices else set()
            interest |= ids if step.attach_interest else set()
        self._invoices = _invoice_files(invoices) if invoices else {}
        self._claims: dict[UUID, list[Claim]] = defaultdict(list)
        for claim in calculation(item_ids=interest, until=on) if interest else ():
            self._claims[claim.item_id].append(claim)

    def of(self, step: Step, plan: Plan, *, customer: Customer, entity: Entity) -> Enclosures:
        """What goes along with the message of a plan."""
        if not (step.attach_statement or step.attach_interest or step.attach_invoices):
            return NOTHING
        listed: list[dict[str, Any]] = []
        if step.attach_statement:
            listed.append({"kind": Kind.STATEMENT.value})
        claims = [one for line in plan.lines for one in self._claims.get(line.item.item_id, ())]
        if step.attach_interest:
            # Without amounts: they grow by the day, and the calculation is made when it leaves.
            listed.append({"kind": Kind.INTEREST.value} | ({} if claims else {"missing": "nothing_run_up"}))
        paths: list[FileSource] = []
        if step.attach_invoices:
            found, paths = self._of_invoices(plan)
            listed += found

        def files(language: str) -> list[FileSource]:
            out = []
            if step.attach_statement:
                paper = statement(customer=customer, entity=entity, on=self.on, scope=EVERYTHING, language=language)
                out.append(FileSource(Kind.STATEMENT, f"{paper.file_name}.pdf", html=statement_html(paper)))
            if claims:
                html = annex_html(claims, customer=customer, entity=entity, on=self.on, language=language)
                out.append(FileSource(Kind.INTEREST, f"interest-{self.on.isoformat()}.pdf", html=html))
            return out + paths

        return Enclosures(listed, files)

    def _of_invoices(self, plan: Plan) -> tuple[list[dict[str, Any]], list[FileSource]]:
        listed: list[dict[str, Any]] = []
        sources: dict[UUID, FileSource] = {}
        size = 0
        for line in sorted(plan.lines, key=lambda line: (line.item.due_date, line.item.number)):
            file = self._invoices.get(line.item.item_id)
            entry: dict[str, Any] = {"kind": Kind.INVOICE.value, "number": line.item.number}
            if file is None:
                listed.append(entry | {"missing": "no_file"})
            elif file.id in sources:
                continue  # another instalment of the same document
            elif size + file.size > MOST_BYTES or len(sources) >= MOST_INVOICES:
                listed.append(entry | {"missing": "too_large"})
            else:
                size += file.size
                name = safe_name(line.item.number, ".pdf")
                sources[file.id] = FileSource(Kind.INVOICE, name, path=file.path, sha256=file.sha256)
                listed.append(entry | {"name": name, "sha256": file.sha256})
        return listed, list(sources.values())


def _invoice_files(item_ids: Collection[UUID]) -> dict[UUID, Attachment]:
    """item -> the newest PDF that is kept of its document. 2 SQL queries."""
    documents = dict(
        LedgerItem.objects.filter(id__in=item_ids, document__isnull=False).values_list("id", "document_id")
    )
    kept = Attachment.objects.filter(object_type=OF_DOCUMENT, object_id__in=set(documents.values()))
    newest = {file.object_id: file for file in kept.filter(file_name__iendswith=".pdf").order_by("at", "id")}
    return {item: newest[document] for item, document in documents.items() if document in newest}


def missing_of(listed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what should go along, what is not there."""
    return [one for one in listed if "missing" in one]
