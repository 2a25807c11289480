"""The demo's sign-ins: one for each role of the sample company, on this machine only."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Member

# The sample company's short name, and the password of those of its members who are shown for signing in.
DEMO_SLUG = "nordis"
DEMO_PASSWORD = "demo-encours"  # noqa: S105  meant to be printed; the sample company is loaded in local mode only


@dataclass(frozen=True)
class Login:
    role: str
    email: str
    password: str


def demo_logins() -> list[Login]:
    """One member of each role who signs in with the demo's password, in the order in which they joined.

    A member whose password was changed is left out: what is printed must work. In the scope of the sample company.
    """
    found: dict[str, Login] = {}
    for member in Member.objects.select_related("role", "user").filter(is_active=True).order_by("joined_at", "id"):
        user = member.user
        if user is None or member.role.code in found or not user.has_usable_password():
            continue
        if user.check_password(DEMO_PASSWORD):
            found[member.role.code] = Login(role=member.role.name, email=user.email, password=DEMO_PASSWORD)
    return list(found.values())
