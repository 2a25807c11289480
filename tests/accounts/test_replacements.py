"""Who stands in for whom: named, in force for some days, through those who are away themselves, ended."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Replacement
from accounts.queries.replacements import replacement_of, replacements_on, represented_by
from accounts.services.replacements import (
    BadReplacement,
    ReplacedAlready,
    ReplacementOver,
    end_replacement,
    name_replacement,
)
from core.audit import SYSTEM
from core.errors import NotFound
from core.tenancy import tenant_scope
from tests.accounts.conftest import enter
from tests.make import TODAY, make_account, make_member, make_tenant

pytestmark = pytest.mark.django_db


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


@pytest.fixture
def people(tenant):
    return {name: make_member(role="collector", name=name) for name in ("Anne", "Paul", "Luc")}


def away(people, who, by, first=0, last=5, on=TODAY):
    return name_replacement(
        member_id=people[who].id,
        replacement_id=people[by].id,
        from_on=day(first),
        until_on=day(last),
        on=on,
        actor=SYSTEM,
    )


def test_it_counts_from_the_first_to_the_last_day(people):
    away(people, "Anne", "Paul", 1, 3)
    found = {n: replacement_of(member_id=people["Anne"].id, on=day(n)) for n in range(5)}
    assert {n: str(one) for n, one in found.items()} == {0: "None", 1: "Paul", 2: "Paul", 3: "Paul", 4: "None"}


def test_who_is_away_too_passes_it_on_and_a_circle_keeps_it(people):
    anne, paul, luc = (people[name].id for name in ("Anne", "Paul", "Luc"))
    away(people, "Anne", "Paul")
    away(people, "Paul", "Luc", 2, 5)
    assert replacements_on(on=day(1)) == {anne: paul}
    assert replacements_on(on=day(2)) == {anne: luc, paul: luc}
    assert represented_by(member_id=luc, on=day(2)) == {anne: "Anne", paul: "Paul"}
    away(people, "Luc", "Anne", 4, 5)
    assert replacements_on(on=day(4)) == {}


def test_somebody_who_has_left_stands_in_for_nobody(people):
    away(people, "Anne", "Paul")
    people["Paul"].is_active = False
    people["Paul"].save()
    assert replacements_on(on=TODAY) == {}


def test_two_replacements_of_a_day_are_refused_unless_the_first_was_ended(people):
    first = away(people, "Anne", "Paul", 0, 5)
    with pytest.raises(ReplacedAlready):
        away(people, "Anne", "Luc", 5, 9)
    away(people, "Anne", "Luc", 6, 9)
    end_replacement(replacement_id=first.id, on=day(2), actor=SYSTEM)
    assert replacement_of(member_id=people["Anne"].id, on=day(1)) == people["Paul"]
    assert replacement_of(member_id=people["Anne"].id, on=day(2)) is None
    with pytest.raises(ReplacementOver):
        end_replacement(replacement_id=first.id, on=day(2), actor=SYSTEM)


@pytest.mark.parametrize(("by", "first", "last"), [("Anne", 0, 1), ("Paul", -1, 1), ("Paul", 2, 1), ("Paul", 0, 367)])
def test_bad_replacements_are_refused(people, by, first, last):
    with pytest.raises(BadReplacement):
        away(people, "Anne", by, first, last)


def test_a_name_without_login_cannot_stand_in_and_strangers_are_not_found(people):
    people["Paul"].user = None
    people["Paul"].save()
    with pytest.raises(BadReplacement):
        away(people, "Anne", "Paul")
    people["Anne"].is_active = False
    people["Anne"].save()
    with pytest.raises(NotFound):
        away(people, "Anne", "Luc")


def test_another_organisations_members_are_nobody_here(db):
    one, other = make_tenant(), make_tenant()
    with tenant_scope(one):
        stranger = make_member(role="collector")
    with tenant_scope(other):
        member = make_member(role="collector")
        with pytest.raises(BadReplacement), transaction.atomic():
            name_replacement(
                member_id=member.id, replacement_id=stranger.id, from_on=TODAY, until_on=TODAY, on=TODAY, actor=SYSTEM
            )


def test_a_member_names_their_own_and_an_administrator_anybodys(organisation):
    client, anne = enter(organisation, role="collector", name="Anne")
    with tenant_scope(organisation):
        paul, sam = make_member(role="collector", name="Paul"), make_member(role="sales", name="Sam")
        make_account(collector=anne)
    form = {"replacement": str(sam.id), "from_on": TODAY.isoformat(), "until_on": day(3).isoformat()}
    address = reverse("absences")
    assert client.post(address, form | {"until_on": day(-1).isoformat()}).status_code == 422
    shown = client.post(address, form, follow=True).content.decode()
    assert "1 customer stays" in shown
    # Another's absence is not hers to enter, whatever the form says.
    client.post(address, form | {"member": str(paul.id), "from_on": day(9).isoformat(), "until_on": day(9).isoformat()})
    with tenant_scope(organisation):
        assert set(Replacement.objects.values_list("member__name", flat=True)) == {"Anne"}
        row = Replacement.objects.get(from_on=TODAY)
    stranger, _paul = enter(organisation, role="collector")
    assert stranger.post(reverse("absence_end", args=[row.id])).status_code == 404
    admin, _admin = enter(organisation, role="admin")
    assert admin.post(address, form | {"member": str(paul.id)}).status_code == 302
    assert admin.post(reverse("absence_end", args=[row.id])).status_code == 302
    with tenant_scope(organisation):
        assert Replacement.objects.get(id=row.id).ended_on == TODAY
