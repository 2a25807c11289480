"""A file as an answer: shown or saved, kept by nobody on the way."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_response(content: bytes, *, name: str, content_type: str, as_file: bool = False) -> HttpResponse:
    """A file made for this reader alone; `as_file`: to be saved and not shown."""
    response = HttpResponse(content, content_type=content_type)
    # Django writes the name so that no header can be added by it.
    response["Content-Disposition"] = content_disposition_header(as_file, name) or (
        "attachment" if as_file else "inline"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
