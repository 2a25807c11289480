"""Which address leads where."""

from django.urls import include, path

from core import web
from creditmgmt import health

urlpatterns = [
    path("health/", health.health, name="health"),
    path("theme/", web.set_theme, name="set_theme"),
    path("", include("accounts.urls")),
    path("", include("receivables.urls")),
    path("", include("reporting.urls")),
    path("", include("desk.urls")),
    path("", include("risk.urls")),
    path("", include("collection.urls")),
    path("", include("integrations.urls")),
    path("", include("creditmgmt.api")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("allauth.urls")),
]

handler400 = "core.web.bad_request"
handler403 = "core.web.forbidden"
handler404 = "core.web.not_found"
handler429 = "core.web.too_many"
handler500 = "core.web.server_error"
