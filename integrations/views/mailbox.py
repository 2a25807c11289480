"""The demo mailbox: what reached the customers of a sandbox, which is nobody's real address."""

from __future__ import annotations

from itertools import islice
from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import NotFound
from core.web import page
from desk.queries.messages import messages_in
from integrations.adapters.messaging import mailbox as box
from integrations.adapters.messaging.mailbox import Arrived

SHOWN = 100


class NoMailbox(NotFound):
    code = "no_mailbox"
    message = gettext_lazy(
        "This organisation has no demo mailbox: its messages go to real people. Only a sandbox has one."
    )


@requires(Can.VIEW_MESSAGES)
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """What arrived, the newest first, and the chosen message (`?message=`) beside it."""
    arrived = _arrived(request)
    asked = request.GET.get("message", "")
    chosen = _one(request, asked) if asked else next(iter(arrived), None)
    context = {"arrived": arrived, "chosen": chosen, "shown": SHOWN, "asked": bool(asked)}
    return page(request, "integrations/mailbox.html", context, part="integrations/mailbox_message.html")


@requires(Can.VIEW_MESSAGES)  # type: ignore[arg-type]
@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": [],
    }
)
def mailbox_body(request: HttpRequest) -> HttpResponse:  # type: ignore[misc]
    """The HTML of a message (`?message=`) for the frame: runs nothing, loads nothing."""
    return HttpResponse(_one(request, request.GET.get("message", "")).html)


def _check(request: HttpRequest) -> None:
    if not (request.tenant.is_sandbox or settings.LOCAL):  # type: ignore[attr-defined]
        raise NoMailbox


def _arrived(request: HttpRequest) -> list[Arrived]:
    _check(request)
    found = list(islice(box.arrived(request.tenant.pk), SHOWN))  # type: ignore[attr-defined]
    seen = _seen(request, [mail.name for mail in found])
    return [mail for mail in found if mail.name in seen]


def _one(request: HttpRequest, name: str) -> Arrived:
    _check(request)
    found = box.one(request.tenant.pk, name) if name else None  # type: ignore[attr-defined]
    if found is None or found.name not in _seen(request, [found.name]):
        raise NotFound
    return found


def _seen(request: HttpRequest, names: list[str]) -> set[str]:
    """Of the mails' names, those whose message the member may see: all, unless only some customers are visible."""
    scope = request.scope  # type: ignore[attr-defined]
    if scope.is_everything:
        return set(names)
    ids = {name: message_id for name in names if (message_id := _message_id(name))}
    visible = set(messages_in(scope=scope).filter(id__in=ids.values()).values_list("id", flat=True))
    return {name for name, message_id in ids.items() if message_id in visible}


def _message_id(name: str) -> UUID | None:
    """The message behind `<organisation>.<message>@...` (its Message-ID); None for another mail."""
    try:
        return UUID(name.partition("@")[0].partition(".")[2])
    except ValueError:
        return None
