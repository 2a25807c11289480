"""Addresses of imports, connections, the demo mailbox and the sample company. /in/ has a door of its own (middleware)."""

from django.urls import path

from integrations.views import connections, imports, mailbox, sample, uploads

urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<uuid:run_id>/", imports.import_run, name="import"),
    path("imports/<uuid:run_id>/mapping/", imports.import_mapping, name="import_mapping"),
    path("imports/<uuid:run_id>/apply/", imports.import_apply, name="import_apply"),
    path("imports/<uuid:run_id>/stop/", imports.import_stop, name="import_stop"),
    path("imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
    path("imports/<uuid:run_id>/errors/", imports.import_errors, name="import_errors"),
    path("connections/", connections.connections, name="connections"),
    path("connections/new/", connections.connection_new, name="connection_new"),
    path("connections/<uuid:connection_id>/switch/", connections.connection_switch, name="connection_switch"),
    path("connections/mailboxes/new/", connections.mailbox_new, name="mailbox_new"),
    path("connections/<uuid:connection_id>/mailbox/", connections.mailbox_edit, name="mailbox_edit"),
    path("connections/<uuid:connection_id>/read/", connections.mailbox_read, name="mailbox_read"),
    path("in/<uuid:tenant_id>/<uuid:connection_id>/", uploads.upload, name="upload"),
    path("in/<uuid:tenant_id>/<uuid:connection_id>/mail/", uploads.mail_in, name="mail_in"),
    path("in/<uuid:tenant_id>/<uuid:connection_id>/mail/<slug:service>/", uploads.mail_in_from, name="mail_in_from"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/body/", mailbox.mailbox_body, name="mailbox_body"),
    path("organisations/sample/", sample.sample, name="sample"),
    path("organisations/sample/load/", sample.sample_load, name="sample_load"),
    path("organisations/sample/remove/", sample.sample_remove, name="sample_remove"),
]
