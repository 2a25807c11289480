"""Organisations: created by persons and by command, switched, changed, and a sandbox's clock."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Member, Tenant
from accounts.services.organisations import (
    BadOrganisation,
    ClockNotMovable,
    SlugTaken,
    change_organisation,
    countries,
    create_organisation,
    create_own_organisation,
    free_slug,
    set_sandbox_clock,
    time_zones,
)
from core.audit import SYSTEM
from core.models import AuditRecord, JobRun
from core.tenancy import current_tenant_id, tenant_scope
from tests.accounts.conftest import enter, signed_in
from tests.make import TODAY, make_member, make_tenant, make_user

VALUES = {"name": "Nordis", "country": "FR", "currency": "EUR", "language": "en", "time_zone": "Europe/Paris"}


# --- Creating --------------------------------------------------------------------------------------------------------


def test_whoever_creates_an_organisation_is_its_administrator(db):
    user = make_user(name="Ada")
    tenant = create_own_organisation(user=user, **VALUES)
    assert (tenant.slug, tenant.is_sandbox) == ("nordis", False)
    with tenant_scope(tenant):
        member = Member.objects.select_related("role").get()
        assert (member.user, member.name, member.role.code) == (user, "Ada", "admin")
        assert AuditRecord.objects.filter(action="accounts.organisation_created").count() == 1


def test_a_short_name_that_is_taken_gets_a_number(db):
    make_tenant(slug="nordis")
    assert free_slug("Nordis") == "nordis-2"
    assert free_slug("Société L'Étoile") == "societe-letoile"
    assert free_slug("日本") == "organisation"


def test_two_organisations_cannot_have_one_short_name(db):
    make_tenant(slug="nordis")
    with pytest.raises(SlugTaken):
        create_organisation(slug="nordis", name="N")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "two words"), ("slug", ""), ("slug", "x" * 51), ("slug", "é"), ("name", "  "), ("name", "x" * 121),
        ("country", "XX"), ("country", "EU"), ("country", "fr"), ("currency", "EURO"), ("currency", "XAU"),
        ("language", "de"), ("time_zone", "Paris"), ("time_zone", "../etc/passwd"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named(db, field, value):
    with pytest.raises(BadOrganisation) as refusal:
        create_organisation(**{"slug": "nordis", **VALUES, field: value})
    assert list(refusal.value.fields) == [field]
    assert not Tenant.objects.exists()


def test_the_lists_to_choose_from_hold_what_one_looks_for():
    assert {"FR", "DE", "GB", "US", "CH", "TN"} <= countries()
    assert len(countries()) == 250
    assert {"Europe/Paris", "America/New_York", "UTC"} <= time_zones()


def test_roles_are_named_in_the_language_of_the_organisation(db, settings):
    tenant = create_organisation(slug="nordis", **{**VALUES, "language": "fr"})
    with tenant_scope(tenant):
        assert tenant.language == "fr"
        assert set(tenant_roles()) == {
            "admin", "auditor", "cfo", "collector", "credit_manager", "dispute_resolver", "sales"
        }  # fmt: skip


def tenant_roles() -> list[str]:
    from accounts.models import Role

    return list(Role.objects.values_list("code", flat=True))


def test_a_person_creates_one_in_the_browser_and_works_in_it_at_once(stranger):
    assert stranger.get(reverse("sandbox")).url == reverse("organisations")
    page = stranger.get(reverse("organisations"))
    assert b"You are in no organisation yet" in page.content
    answer = stranger.post(reverse("organisation_new"), {**VALUES, "is_sandbox": "on"})
    assert answer.url == reverse("home")
    request = stranger.get(reverse("sandbox")).context["request"]
    assert request.tenant.name == "Nordis"
    assert request.tenant.is_sandbox
    assert current_tenant_id() is None


def test_a_bad_value_in_the_browser_is_shown_beside_its_field(stranger):
    answer = stranger.post(reverse("organisation_new"), {**VALUES, "name": " "})
    assert answer.status_code == 422
    assert "name" in answer.context["form"].errors


# --- Switching -------------------------------------------------------------------------------------------------------


def test_one_works_in_the_organisation_chosen_last(organisation):
    client, member = enter(organisation)
    other = make_tenant(name="Zephyr")
    with tenant_scope(other):
        make_member(role="auditor", user=member.user)
    assert client.get(reverse("sandbox")).context["request"].tenant == organisation
    assert client.post(reverse("switch_organisation"), {"organisation": str(other.id)}).url == reverse("home")
    assert client.get(reverse("sandbox")).context["request"].tenant == other
    assert client.get(reverse("members")).status_code == 403


@pytest.mark.parametrize("wanted", ["", "nordis", "01a20013-ddfc-7279-9b31-01d8853fbc88"])
def test_nobody_switches_into_an_unknown_organisation(organisation, wanted):
    client, _member = enter(organisation)
    assert client.post(reverse("switch_organisation"), {"organisation": wanted}).status_code == 404


def test_nobody_switches_into_an_organisation_of_others(organisation):
    client, _member = enter(organisation)
    other = make_tenant()
    answer = client.post(reverse("switch_organisation"), {"organisation": str(other.id)})
    assert answer.status_code == 404
    assert client.get(reverse("sandbox")).context["request"].tenant == organisation


def test_a_session_that_names_an_organisation_left_since_falls_back(organisation):
    client, member = enter(organisation)
    other = make_tenant()
    session = client.session
    session["tenant"] = str(other.id)
    session.save()
    assert client.get(reverse("sandbox")).context["request"].tenant == organisation
    assert member.tenant_id == organisation.id


def test_a_suspended_organisation_is_not_entered(organisation):
    client, _member = enter(organisation)
    organisation.status = Tenant.Status.SUSPENDED
    organisation.save()
    assert client.get(reverse("sandbox")).url == reverse("organisations")
    assert client.post(reverse("switch_organisation"), {"organisation": str(organisation.id)}).status_code == 404


# --- Settings --------------------------------------------------------------------------------------------------------


def test_settings_are_changed_and_audited(tenant, as_admin):
    change_organisation(**{**VALUES, "name": "Nordis Group", "time_zone": "UTC"}, actor=as_admin)
    tenant.refresh_from_db()
    assert (tenant.name, tenant.time_zone) == ("Nordis Group", "UTC")
    changes = AuditRecord.objects.get(action="accounts.organisation_changed").changes
    assert changes["time_zone"] == ["Europe/Paris", "UTC"]


def test_settings_saved_unchanged_write_nothing(tenant, as_admin):
    change_organisation(**{**VALUES, "name": tenant.name}, actor=as_admin)
    assert not AuditRecord.objects.filter(action="accounts.organisation_changed").exists()


def test_pages_show_the_time_of_the_organisations_zone(organisation):
    organisation.time_zone = "Pacific/Auckland"
    organisation.save()
    client, _member = enter(organisation)
    page = client.get(reverse("audit"))
    at = page.context["lines"][0]["record"].at
    from zoneinfo import ZoneInfo

    assert at.astimezone(ZoneInfo("Pacific/Auckland")).strftime("%H:%M") in page.content.decode()


# --- The clock -------------------------------------------------------------------------------------------------------


def test_a_sandboxs_clock_is_free_until_the_first_night_and_then_moves_forwards_only(tenant):
    set_sandbox_clock(tenant=tenant, on=date(2026, 1, 1), actor=SYSTEM)
    Tenant.objects.filter(id=tenant.id).update(first_night_on=date(2026, 1, 1))
    with pytest.raises(ClockNotMovable):
        set_sandbox_clock(tenant=tenant, on=date(2025, 12, 31), actor=SYSTEM)
    set_sandbox_clock(tenant=tenant, on=date(2026, 1, 1), actor=SYSTEM)
    assert set_sandbox_clock(tenant=tenant, on=date(2026, 2, 1), actor=SYSTEM).sandbox_on == date(2026, 2, 1)


def test_a_real_organisation_has_no_clock(db):
    real = make_tenant(sandbox_on=None)
    with tenant_scope(real), pytest.raises(ClockNotMovable):
        set_sandbox_clock(tenant=real, on=TODAY, actor=SYSTEM)


def test_every_member_of_a_sandbox_may_go_to_the_next_day_and_sees_what_the_night_did(organisation):
    client, _member = enter(organisation, role="collector")
    assert client.get(reverse("sandbox")).context["night"] is None
    assert client.post(reverse("sandbox_next_day")).url == reverse("sandbox")
    organisation.refresh_from_db()
    assert (organisation.sandbox_on, organisation.first_night_on) == (date(2026, 3, 3), date(2026, 3, 3))
    page = client.get(reverse("sandbox"))
    night = page.context["night"]
    assert night.on == date(2026, 3, 3)
    assert [step.problem for step in night.steps] == [""] * len(night.steps)
    assert "reminders proposed" in page.content.decode()
    assert client.post(reverse("sandbox_set"), {"on": "2026-06-01"}).status_code == 403


def test_before_days_off_the_next_working_day_is_offered(organisation):
    client, _member = enter(organisation, role="collector")
    assert client.get(reverse("sandbox")).context["working_day"] is None
    friday = date(2026, 3, 6)
    Tenant.objects.filter(id=organisation.id).update(sandbox_on=friday)
    page = client.get(reverse("sandbox"))
    assert page.context["working_day"] == date(2026, 3, 9)
    assert 'value="working_day"' in page.content.decode()
    client.post(reverse("sandbox_next_day"), {"to": "working_day"})
    organisation.refresh_from_db()
    assert (organisation.sandbox_on, organisation.first_night_on) == (date(2026, 3, 9), date(2026, 3, 7))


@pytest.mark.parametrize(("role", "told"), [("admin", True), ("collector", False)])
def test_a_night_that_failed_is_told_plainly_and_in_detail_to_administrators_only(organisation, role, told):
    steps = [
        {"name": "sync", "count": 0, "seconds": 0.1, "error": "OperationalError: server closed the connection"},
        {"name": "plan", "count": 0, "seconds": 0.0, "left_out": "sync, balances"},
        {"name": "outbox", "count": 3, "seconds": 0.0},
    ]
    with tenant_scope(organisation):
        JobRun.objects.create(job="night", on=TODAY, state=JobRun.State.FAILED, finished_at=timezone.now(), steps=steps)
    client, _member = enter(organisation, role=role)
    page = client.get(reverse("sandbox")).content.decode()
    assert "Something went wrong. The next night does it again." in page
    waits = "Waits for what comes before it: files taken from connections, balances that changed with the day."
    assert waits in page
    assert ("OperationalError" in page) == told


def test_after_the_first_night_the_clock_is_not_set_back(organisation):
    client, _member = enter(organisation)
    client.post(reverse("sandbox_next_day"))
    answer = client.post(reverse("sandbox_set"), {"on": "2026-03-02"})
    assert answer.status_code == 422
    assert "forwards only" in answer.content.decode()


def test_the_administrator_sets_the_clock(organisation):
    client, _member = enter(organisation)
    client.post(reverse("sandbox_set"), {"on": "2025-06-01"})
    organisation.refresh_from_db()
    assert organisation.sandbox_on == date(2025, 6, 1)
    assert client.post(reverse("sandbox_set"), {"on": "someday"}).status_code == 422


def test_the_clock_of_a_real_organisation_is_not_found(db):
    real = make_tenant(sandbox_on=None)
    client, _member = enter(real)
    assert client.get(reverse("sandbox")).status_code == 404
    assert client.post(reverse("sandbox_next_day")).status_code == 404
    assert client.post(reverse("sandbox_set"), {"on": "2026-06-01"}).status_code == 404


# --- The person ------------------------------------------------------------------------------------------------------


def test_a_profile_changes_the_person_and_the_member(organisation):
    client, member = enter(organisation, role="collector", name="Old")
    client.post(reverse("profile"), {"name": "New Name", "language": "fr"})
    member.user.refresh_from_db()
    assert (member.user.name, member.user.language) == ("New Name", "fr")
    with tenant_scope(organisation):
        assert Member.objects.get(id=member.id).name == "New Name"
        assert AuditRecord.objects.get(action="accounts.profile_changed").changes == {}
    assert client.get(reverse("profile")).headers["Content-Language"] == "fr"


def test_the_language_chosen_in_the_menu_is_remembered_for_the_person(organisation):
    client, member = enter(organisation, role="collector")
    client.post(reverse("set_language"), {"language": "fr", "next": "/profile/"})
    member.user.refresh_from_db()
    assert member.user.language == "fr"
    another_browser = signed_in(member)
    assert another_browser.get(reverse("profile")).headers["Content-Language"] == "fr"
    client.post(reverse("set_language"), {"language": "xx"})
    member.user.refresh_from_db()
    assert member.user.language == "fr"


def test_who_is_in_no_organisation_still_has_a_profile(stranger):
    assert stranger.get(reverse("profile")).status_code == 200
    assert stranger.post(reverse("profile"), {"name": "Me", "language": "auto"}).status_code == 302
