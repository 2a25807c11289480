"""Secrets that are needed back: encrypted at rest, so that a copy of the database alone gives none away.

`<key id>:<token>`: the id says which of SECRET_KEY and SECRET_KEY_FALLBACKS sealed it. Secrets that are only compared
are stored hashed instead, never sealed.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet
from django.conf import settings


def seal(text: str, *, purpose: str) -> str:
    """Encrypt under the present key. What is sealed for one purpose cannot be opened for another."""
    key_id, fernet = _fernet(settings.SECRET_KEY, purpose)
    return f"{key_id}:{fernet.encrypt(text.encode()).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """The text again. Raises KeyError when the key that sealed it is not among the settings any more."""
    key_id, _separator, token = sealed.partition(":")
    keys = dict(_fernet(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return keys[key_id].decrypt(token.encode()).decode()


def _fernet(secret: str | bytes, purpose: str) -> tuple[str, Fernet]:
    """The key made of one of the project's secrets, and a short name for it that tells nothing of it."""
    key = hmac.digest(secret if isinstance(secret, bytes) else secret.encode(), purpose.encode(), "sha256")
    return hashlib.sha256(key).hexdigest()[:8], Fernet(base64.urlsafe_b64encode(key))
