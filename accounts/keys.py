"""Secrets that open doors: made of 256 random bits, kept as their SHA-256, compared in constant time.

The secret itself is shown or mailed once. SHA-256 without salt is enough for it: nobody can guess 256 random bits,
so there is nothing to look up in a table (unlike a password, which people choose).
"""

import hashlib
import secrets


def new_secret() -> str:
    """64 hexadecimal digits: 256 bits from the operating system, safe in links and headers."""
    return secrets.token_hex(32)


def digest(secret: str) -> str:
    """What the database keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether `stored` is the digest of `secret`. Takes the same time whatever differs."""
    return secrets.compare_digest(digest(secret), stored)
