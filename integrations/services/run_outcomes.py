"""What a run says of its load: counts, totals, and the rows that were not taken."""

from decimal import Decimal
from typing import Any

from core.money import amount_text
from integrations.files import Conversion, Mapping
from integrations.models import RawRecord, SyncRun
from integrations.services.reading import error_rows
from receivables.ports import Rejection
from receivables.services.loading import LoadResult
from receivables.services.loading_stage import fetch, planned_without, tenant_literal

SHOWN = 100


def keep_rejected(run: SyncRun, mapping: Mapping, result: LoadResult) -> None:
    """Keep the rows that were not taken as they were received, in place of those of an earlier check."""
    RawRecord.objects.filter(run=run).delete()
    if result.rejected:
        fields = {one.line: one for one in result.rejected}
        RawRecord.objects.bulk_create(
            (
                RawRecord(run=run, line=row.line_no, field=fields[row.line_no].field[:60],
                          reason=fields[row.line_no].reason[:300], values=list(row.values))
                for row in error_rows(run, mapping, result.rejected)
            ),
            batch_size=1000,
        )  # fmt: skip
    RawRecord.objects.bulk_create(
        RawRecord(
            run=run,
            line=one.line,
            field=one.field[:60],
            reason=one.reason[:300],
            values=[str(value) for value in one.values],
            is_warning=True,
        )
        for one in result.warnings
    )


def error_of(one: Rejection) -> dict[str, Any]:
    return {"row": one.line, "field": one.field, "reason": one.reason}


def outcome_of(run: SyncRun, mapping: Mapping, result: LoadResult, conversion: Conversion) -> dict[str, Any]:
    """The run's columns after a load. Amounts in JSON are texts with their currency's decimals."""
    summary = conversion.summary
    given = run.options.get("control_totals", {})
    books = {currency: (count, total) for currency, count, total in _books()}
    currencies = sorted({*result.totals, *summary.exact_totals, *given})
    totals = {
        currency: {
            "file": _text(summary.exact_totals.get(currency), currency),
            "loaded": _text(result.totals.get(currency), currency),
            "rounding": _text(summary.rounding.get(currency), currency),
            "given": given.get(currency),
            "books_after": _text(books.get(currency, (0, None))[1], currency),
        }
        for currency in currencies
    }
    return {
        "mode": result.mode,
        "row_count": result.rows,
        "created_count": result.created,
        "changed_count": result.changed,
        "unchanged_count": result.unchanged,
        "closed_count": result.closed,
        "rejected_count": len(result.rejected),
        "rounded_count": sum(summary.rounded.values()),
        "totals": totals,
        "result": {
            "errors": [error_of(one) for one in result.rejected[:SHOWN]],
            "warnings": [error_of(one) for one in result.warnings[:SHOWN]],
            "warning_count": len(result.warnings),
            "made": {name: count for name, count in result.made.items() if count},
            "reopened": result.reopened,
            "repeated": result.repeated,
            "skipped": summary.skipped,
            "not_understood": {name: texts[:10] for name, texts in summary.soft.items()},
        },
    }


def _text(amount: Decimal | None, currency: str) -> str:
    return amount_text(amount if amount is not None else Decimal(0), currency)


def _books() -> list[tuple[str, int, Decimal]]:
    """What is open in the books, by currency."""
    with planned_without("indexscan"):
        return fetch(
            "SELECT currency, count(*), sum(open_amount) FROM receivables_ledgeritem "
            f"WHERE tenant_id = {tenant_literal()} AND is_open GROUP BY 1 ORDER BY 1"
        )
