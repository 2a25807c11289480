"""Which address leads where."""

from django.urls import include, path

from creditmgmt import health

urlpatterns = [
    path("health/", health.health, name="health"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("allauth.urls")),
]
