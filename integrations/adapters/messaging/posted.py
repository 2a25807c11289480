"""Mails as mail services post them: each service's form or JSON, made into the mail that was received.

The shapes are django-anymail's (its inbound webhooks). Its own addresses are not used: they know one secret for the whole
installation, where each of ours belongs to one organisation and is opened by its own secret.
"""

from collections.abc import Callable

from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sparkpost import SparkPostInboundWebhookView
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.errors import Refusal

JSON = "application/json"
# What a reader of the shape asks to be told, but needs for checks only that have been made by then.
_UNUSED = {"basic_auth": ["unused:unused"]}
SERVICES: dict[str, Callable[[], AnymailCoreWebhookView]] = {
    "mailgun": lambda: MailgunInboundWebhookView(webhook_signing_key="unused", **_UNUSED),
    "mailjet": lambda: MailjetInboundWebhookView(**_UNUSED),
    "postmark": lambda: PostmarkInboundWebhookView(**_UNUSED),
    "sparkpost": lambda: SparkPostInboundWebhookView(**_UNUSED),
}


class JsonCall(HttpRequest):
    """A call whose JSON has been read, for readers that ask for `body`: Django's own limit there is meant for people's
    forms, and mails may be larger."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.method, self.content_type = "POST", JSON
        self._json = body

    @property
    def body(self) -> bytes:
        return self._json


class NotUnderstood(Refusal):
    """What was posted does not have the shape of the service's mails."""

    code = "not_understood"
    message = _("This is not what this mail service posts for a mail that came in.")


def mails_in(request: HttpRequest, *, service: str) -> list[bytes]:
    """The mails (RFC 5322) in a call of one of SERVICES, whose secret has been verified; none in its trial call.

    Raises NotUnderstood.
    """
    try:
        events = SERVICES[service]().parse_events(request)
        mails = [event.message for event in events if event.message is not None]
        if not all(mail["From"] for mail in mails):
            raise NotUnderstood
        return [mail.as_bytes() for mail in mails]
    except SuspiciousOperation:  # too many fields, too large: Django answers
        raise
    except (
        AnymailError,
        AnymailConfigurationError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise NotUnderstood from error
