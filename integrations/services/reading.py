"""From a kept file to the rows that loading takes: the seam between integrations.files and receivables."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Tenant
from core.errors import NotFound
from core.tenancy import require_tenant_id
from integrations.files import (
    BadRow,
    Conversion,
    ErrorRow,
    Inspection,
    Mapping,
    Source,
    convert,
    inspect,
    layout_for,
    open_source,
    write_errors_csv,
    write_errors_xlsx,
)
from integrations.files.fields import FALLBACKS, FIELDS, has_amount
from integrations.files.refusals import WrongTotal
from integrations.files.table import cell_text, open_rows
from integrations.models import RawRecord, SyncRun
from integrations.services.receiving import spooled_path
from receivables.models import Entity
from receivables.ports import Batch, Columns, Rejection


class FileGone(NotFound):
    code = "file_gone"

    def __init__(self) -> None:
        super().__init__(_("The file of this import is no longer kept."))


def source_of(run: SyncRun, *, encoding: str = "auto") -> Source:
    """The kept file, looked at from its first to its last byte. Raises FileGone and what `open_source` refuses."""
    if not run.spool_path or not spooled_path(run).is_file():
        raise FileGone
    return open_source(spooled_path(run), encoding=encoding)


def inspection_of(run: SyncRun, *, mapping: Mapping | None = None) -> Inspection:
    """The layout and a profile of the columns, as the mapping's choices say where there is one."""
    if mapping is None:
        return inspect(source_of(run))
    return inspect(
        source_of(run, encoding=mapping.encoding),
        delimiter=mapping.delimiter,
        quote=mapping.quote,
        sheet=mapping.sheet or None,
        header_row=mapping.header_row,
    )


def fed_fields(mapping: Mapping) -> set[str]:
    """The canonical fields that hold something: those with a column or constant, and those filled in for them."""
    names = {*mapping.columns, *mapping.constants}
    if has_amount(mapping.kind):
        names |= {"amount", "currency"}
    names |= {name for name, other in FALLBACKS.items() if other in names}
    return names & {field.name for field in FIELDS[mapping.kind]}


@contextmanager
def rows_of(run: SyncRun, mapping: Mapping) -> Iterator[tuple[Conversion, Iterator[Batch]]]:
    """The file's rows in batches, read as the mapping says.

    The iteration ends in WrongTotal where a total that was given with the file differs, and in Truncated or WrongTotal
    where the file itself says so.
    """
    default, by_entity = _currencies(run.options.get("entity", "") or mapping.constants.get("entity_code", ""))
    with convert(
        source_of(run, encoding=mapping.encoding),
        mapping,
        default_currency=default,
        entity_currencies=by_entity,
        accept_unfinished=bool(run.options.get("accept_unfinished")),
    ) as conversion:
        yield conversion, _batches(conversion, given=run.options.get("control_totals", {}))


def _batches(conversion: Conversion, *, given: dict[str, str]) -> Iterator[Batch]:
    for batch in conversion:
        yield Batch(Columns(batch.numbers, batch.columns), [_rejection(row) for row in batch.bad])
    check_control_totals(conversion, given=given)


def _rejection(row: BadRow) -> Rejection:
    return Rejection(row.line_no, row.field, row.reason(_), row.values)


def check_control_totals(conversion: Conversion, *, given: dict[str, str]) -> None:
    """Hold the totals that came with the file, by currency, against its rows: exact, or rounded row by row.

    Rows that cannot be loaded count, as far as their amount could be read. Raises WrongTotal.
    """
    summary = conversion.summary
    for currency, text in given.items():
        rejected = summary.rejected_totals.get(currency, Decimal(0))
        exact = summary.exact_totals.get(currency, Decimal(0)) + rejected
        rounded = summary.totals.get(currency, Decimal(0)) + rejected
        if Decimal(text) not in (exact, rounded):
            raise WrongTotal(
                _("The total given is %(given)s %(currency)s; the rows of the file make %(found)s.")
                % {"given": text, "currency": currency, "found": rounded}
            )


@transaction.atomic
def _currencies(entity_code: str) -> tuple[str, dict[str, str]]:
    """The currency of rows that name none: of the given entity, else of the only one, else the organisation's."""
    by_entity = dict(Entity.objects.values_list("code", "currency"))
    if entity_code in by_entity:
        return by_entity[entity_code], by_entity
    if len(by_entity) == 1:
        return next(iter(by_entity.values())), by_entity
    return Tenant.objects.get(id=require_tenant_id()).currency, by_entity


def error_rows(run: SyncRun, mapping: Mapping, rejected: list[Rejection]) -> Iterator[ErrorRow]:
    """The rejected rows with their cells as they are in the file; one more pass over it where some are not at hand."""
    by_line = {one.line: one for one in rejected}
    missing = {one.line for one in rejected if not one.values}
    if missing:
        source = source_of(run, encoding=mapping.encoding)
        with open_rows(source, layout_for(source, mapping)) as chunks:
            for chunk in chunks:
                for line, row in zip(chunk.numbers, chunk.rows, strict=True):
                    if line in missing:
                        one = by_line[line]
                        by_line[line] = Rejection(line, one.field, one.reason, [cell_text(cell) for cell in row])
    for line in sorted(by_line):
        one = by_line[line]
        reason = f"{one.field}: {one.reason}" if one.field else one.reason
        yield ErrorRow(line, reason, [str(value) for value in one.values])


def error_file(*, run: SyncRun, out: BinaryIO, as_workbook: bool = False) -> int:
    """Write the rows that were not taken, with their original columns and the reason; how many. See `error_rows`."""
    with transaction.atomic():
        kept = list(RawRecord.objects.filter(run=run, is_warning=False).order_by("line", "id"))
    labels = run.inspection.get("labels")
    delimiter = run.inspection.get("delimiter") or ";"
    if not labels:
        mapping = Mapping.from_json(run.mapping)
        layout = layout_for(source_of(run, encoding=mapping.encoding), mapping)
        labels, delimiter = layout.labels, layout.delimiter or ";"
    rows = (
        ErrorRow(
            row.line, f"{row.field}: {row.reason}" if row.field else row.reason, [str(cell) for cell in row.values]
        )
        for row in kept
    )
    if as_workbook:
        return write_errors_xlsx(out, labels=labels, rows=rows)
    return write_errors_csv(out, labels=labels, rows=rows, delimiter=delimiter)
