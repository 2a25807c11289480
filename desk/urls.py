"""Addresses of messages out, alerts and tasks."""

from django.urls import path

from desk.views import alerts, files, messages, tasks

urlpatterns = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/acknowledge/", alerts.alerts_acknowledge, name="alerts_acknowledge"),
    path("alerts/postpone/", alerts.alerts_postpone, name="alerts_postpone"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<uuid:task_id>/done/", tasks.task_done, name="task_done"),
    path("documents/<uuid:document_id>/files/", files.document_files, name="document_files"),
    path("documents/<uuid:document_id>/files/<uuid:attachment_id>/", files.document_file, name="document_file"),
    path("messages/", messages.messages, name="messages"),
    path("messages/<uuid:message_id>/", messages.message, name="message"),
    path("messages/<uuid:message_id>/body/", messages.message_body, name="message_body"),
    path("messages/<uuid:message_id>/letter.pdf", messages.message_pdf, name="message_pdf"),
    path("messages/<uuid:message_id>/files/<int:position>/", messages.message_file, name="message_file"),
    path("messages/<uuid:message_id>/receipt/", messages.message_receipt, name="message_receipt"),
    path("messages/<uuid:message_id>/decide/", messages.message_decide, name="message_decide"),
]
