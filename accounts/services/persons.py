"""Persons: whoever signs in, for one organisation or several."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, User
from core.audit import Actor, changed, record
from core.errors import Invalid


class BadEmail(Invalid):
    code = "bad_email"
    message = _("This is not an e-mail address.")


class WeakPassword(Invalid):
    code = "weak_password"
    message = _("Choose another password.")


def clean_email(email: str) -> str:
    """The address as it is stored and compared. Raises BadEmail."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadEmail(fields={"email": [_("This is not an e-mail address.")]}) from error
    return address


def person_with(*, email: str) -> User | None:
    """Who signs in with this address; an address that somebody added to theirs but never confirmed does not count."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
        user = confirmed.user if confirmed else None
    return user


@transaction.atomic
def create_person(*, email: str, name: str, password: str | None, language: str = "") -> User:
    """A person whose address is known to be theirs. Without password, only a reset link lets them in.

    Raises BadEmail, WeakPassword.
    """
    address = clean_email(email)
    if password is not None:
        try:
            validate_password(password, User(email=address, name=name))
        except ValidationError as error:
            raise WeakPassword(fields={"password": list(error.messages)}) from error
    user = User.objects.create_user(address, password, name=name.strip(), language=language)
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    return user


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, member: Member | None = None) -> User:
    """Change one's own name and language; the name also in the organisation where one is `member`.

    The audit says that it changed, not the names: whoever is erased must be found nowhere in it.
    """
    differing = changed(user, {"name": name.strip(), "language": language})
    if differing:
        user.save(update_fields=list(differing))
    if member is not None and "name" in differing:
        member.name = user.name
        member.save(update_fields=["name"])
        record(actor=Actor.member(member), action="accounts.profile_changed", row=member)
    return user


@transaction.atomic
def choose_language(*, user: User, language: str) -> None:
    """Remember the language in which a person reads pages and gets mail."""
    User.objects.filter(id=user.pk).update(language=language)
