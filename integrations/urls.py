"""Addresses of imports."""

from django.urls import path

from integrations.views import imports

urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<uuid:run_id>/", imports.import_run, name="import"),
    path("imports/<uuid:run_id>/mapping/", imports.import_mapping, name="import_mapping"),
    path("imports/<uuid:run_id>/apply/", imports.import_apply, name="import_apply"),
    path("imports/<uuid:run_id>/stop/", imports.import_stop, name="import_stop"),
    path("imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
    path("imports/<uuid:run_id>/errors/", imports.import_errors, name="import_errors"),
]
