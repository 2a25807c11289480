"""A company's ledger file of unknown shape becomes canonical rows. No database, no model, no HTTP: bytes in, rows out.

    source = open_source(path)                 size, archive bombs, encoding, hash         source.py, sheets.py
    inspection = inspect(source)               layout, sample, profile of each column      table.py, inspection.py
    mapping = guess(inspection).sure()         kind, columns, date order, decimal mark     guessing.py, mapping.py
    with convert(source, mapping, default_currency="EUR") as conversion:                   rows.py
        for rows, bad in conversion: ...
    conversion.summary                         counts, control totals, rounding

Everything that is refused is a `core.errors.Refusal` (`refusals.py`). What users should know stands in docs/imports.md.
"""

from integrations.files.error_file import ErrorRow, write_errors_csv, write_errors_xlsx
from integrations.files.fields import FIELDS, KINDS, MODES, field_names
from integrations.files.formats import contradictions
from integrations.files.guessing import Guess, guess
from integrations.files.inspection import Inspection, fingerprint, inspect
from integrations.files.mapping import ColumnFormat, Mapping
from integrations.files.rows import BadRow, Batch, Conversion, Summary, convert, layout_for
from integrations.files.source import ENCODINGS, LIMITS, Limits, Source, open_source, spool

__all__ = [
    "ENCODINGS",
    "FIELDS",
    "KINDS",
    "LIMITS",
    "MODES",
    "BadRow",
    "Batch",
    "ColumnFormat",
    "Conversion",
    "ErrorRow",
    "Guess",
    "Inspection",
    "Limits",
    "Mapping",
    "Source",
    "Summary",
    "contradictions",
    "convert",
    "field_names",
    "fingerprint",
    "guess",
    "inspect",
    "layout_for",
    "open_source",
    "spool",
    "write_errors_csv",
    "write_errors_xlsx",
]
