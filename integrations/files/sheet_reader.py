"""Read one sheet of a workbook and print its rows. Runs in a process of its own: see `sheets`.

A workbook of a few kilobytes can claim a cell in row 1,048,576 and column 16,384; the reader then asks for 500 GB and
the whole process is aborted, whatever Python would catch. So this process has its own memory and time limits, and what
it prints (one JSON document per line, rows in batches) is all that leaves it.

    {"sheets": [[name, visible], ...], "sheet": name, "height": number of rows}
    [row number of the first row, [[cell, ...], ...]]      cell: text, number, true/false -> "TRUE"/"FALSE", or
                                                            ["d", "2026-01-31"] for a date
    {"end": number of rows}    or    {"error": kind, "detail": text}

It imports nothing of the project, so that starting it is cheap.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

BATCH = 2000


def _cell(value):  # type: ignore[no-untyped-def]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return ["d", value.date().isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, (time, timedelta)):
        return str(value)
    return value


def _put(document: object) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=True, allow_nan=True))
    sys.stdout.write("\n")


def main(path: str, wanted: str, max_rows: int, memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    # Not from_path: that one believes the file's name.
    with open(path, "rb") as file, CalamineWorkbook.from_filelike(file) as workbook:  # noqa: PTH123
        tables = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        names = [sheet.name for sheet in tables]
        visible = [sheet.name for sheet in tables if sheet.visible == SheetVisibleEnum.Visible]
        if wanted and wanted not in names:
            _put({"error": "no_sheet", "detail": ", ".join(names)[:500]})
            return
        sheet = None
        # Without a choice, the visible sheet with most cells: a cover sheet or a legend comes often first.
        for name in [wanted] if wanted else visible or names:
            candidate = workbook.get_sheet_by_name(name)
            if sheet is None or candidate.height * candidate.width > sheet.height * sheet.width:
                sheet = candidate
        if sheet is None:
            _put({"error": "no_sheet", "detail": ""})
            return
        shown = [[name, name in visible] for name in names]
        _put({"sheets": shown, "sheet": sheet.name, "height": sheet.total_height})
        rows: list[list[object]] = []
        count = 0
        if sheet.height:
            for row in sheet.iter_rows():
                count += 1
                rows.append([value if type(value) is str else _cell(value) for value in row])
                if len(rows) == BATCH:
                    _put([count - BATCH + 1, rows])
                    rows = []
                if max_rows and count == max_rows:
                    break
        if rows:
            _put([count - len(rows) + 1, rows])
        _put({"end": count})


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader at the other end has seen enough.
        sys.stderr.close()
    except BaseException as error:
        _put({"error": "broken", "detail": f"{type(error).__name__}: {error}"[:500]})
        sys.stdout.flush()
        sys.exit(1)
