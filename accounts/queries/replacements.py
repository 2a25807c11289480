"""Who does the work of whom on a day."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Member, Replacement


def in_force(*, on: date) -> "QuerySet[Replacement]":
    """Replacements of a day, of members that are still there."""
    return Replacement.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=on),
        from_on__lte=on,
        until_on__gte=on,
        replacement__is_active=True,
    )


def replacements_on(*, on: date) -> dict[UUID, UUID]:
    """Absent member -> who does the work, through those who are absent themselves. 1 SQL query.

    Where a chain leads back to an absent one, its members keep their work: nobody else was named.
    """
    named: Mapping[UUID, UUID] = dict(in_force(on=on).values_list("member_id", "replacement_id"))
    found = {}
    for absent in named:
        seen, who = {absent}, named[absent]
        while who in named and who not in seen:
            seen.add(who)
            who = named[who]
        if who not in named:
            found[absent] = who
    return found


def represented_by(*, member_id: UUID, on: date) -> dict[UUID, str]:
    """The absent members whose work a member does on a day, with their names. At most 2 SQL queries."""
    absent = [one for one, who in replacements_on(on=on).items() if who == member_id]
    if not absent:
        return {}
    return dict(Member.objects.filter(id__in=absent).values_list("id", "name"))


def replacement_of(*, member_id: UUID, on: date) -> Member | None:
    """Who does a member's work on a day; None: the member. At most 2 SQL queries."""
    who = replacements_on(on=on).get(member_id)
    return Member.objects.select_related("user", "role").filter(id=who).first() if who else None
