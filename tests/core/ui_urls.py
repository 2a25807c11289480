"""Addresses that answer in every way a view may, for tests/core/test_ui_web.py."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from core import web
from core.errors import Conflict, NotAllowed, TooMany
from creditmgmt.urls import handler400, handler403, handler404, handler429, handler500  # noqa: F401
from creditmgmt.urls import urlpatterns as product


def conflict(request: HttpRequest) -> HttpResponse:
    raise Conflict("Marc confirmed it already.")


def refused(request: HttpRequest) -> HttpResponse:
    raise NotAllowed


def busy(request: HttpRequest) -> HttpResponse:
    raise TooMany(retry_after_seconds=90)


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


def moved(request: HttpRequest) -> HttpResponse:
    web.say(request, "Saved")
    return redirect("/ui/whole/")


def signed_out(request: HttpRequest) -> HttpResponse:
    return redirect("/account/login/?next=/ui/part/")


def said(request: HttpRequest) -> HttpResponse:
    web.say(request, "Reminder queued", undo="/ui/undo/")
    response = HttpResponse("<p>part</p>")
    web.add_trigger(response, "list-changed")
    return web.close_dialog(response)


@require_POST
def form_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


def undo(request: HttpRequest) -> HttpResponse:
    web.say(request, "Taken back")
    return HttpResponse(status=204)


def whole(request: HttpRequest) -> HttpResponse:
    return web.page(request, "errors/plain.html", {"title": "Whole"}, part="errors/card.html")


urlpatterns = [
    path("ui/conflict/", conflict),
    path("ui/refused/", refused),
    path("ui/busy/", busy),
    path("ui/missing/", missing),
    path("ui/broken/", broken),
    path("ui/moved/", moved),
    path("ui/signed-out/", signed_out),
    path("ui/said/", said),
    path("ui/undo/", undo),
    path("ui/form/", form_only),
    path("ui/whole/", whole),
    *product,
]
