"""Mail to persons who sign in. Mail to customers is the business of `desk`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override


def invitation_mail(
    *,
    to: str,
    name: str,
    organisation: str,
    invited_by: str,
    role: str,
    link: str,
    expires_at: datetime,
    time_zone: str,
    is_new: bool,
    language: str,
) -> EmailMultiAlternatives:
    """The invitation as text and HTML in `language`; the moment it ends is told in `time_zone`."""
    context = {
        "name": name,
        "organisation": organisation,
        "invited_by": invited_by,
        "role": role,
        "link": link,
        "expires_at": expires_at,
        "is_new": is_new,
        "language": language,
    }
    with override(language), timezone.override(ZoneInfo(time_zone)):
        subject = _("Invitation to %(organisation)s on Encours") % {"organisation": organisation}
        mail = EmailMultiAlternatives(
            # A header is one line, whatever an organisation calls itself.
            subject=" ".join(subject.split()),
            body=render_to_string("accounts/mail/invitation.txt", context),
            to=[to],
        )
        mail.attach_alternative(render_to_string("accounts/mail/invitation.html", context), "text/html")
    return mail
