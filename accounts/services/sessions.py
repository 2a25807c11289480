"""Open sessions of persons."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def close_sessions(*, user: User) -> int:
    """Sign the person out everywhere. Returns how many sessions were open."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)
