"""Addresses of messages out."""

from django.urls import path

from desk.views import messages

urlpatterns = [
    path("messages/", messages.messages, name="messages"),
    path("messages/<uuid:message_id>/", messages.message, name="message"),
    path("messages/<uuid:message_id>/body/", messages.message_body, name="message_body"),
    path("messages/<uuid:message_id>/letter.pdf", messages.message_pdf, name="message_pdf"),
    path("messages/<uuid:message_id>/decide/", messages.message_decide, name="message_decide"),
]
