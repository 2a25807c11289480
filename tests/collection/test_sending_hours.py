"""Messages wait for the organisation's sending hours, and the screen says until when."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING
from accounts.models import Doorbell, Tenant
from accounts.services.organisations import BadOrganisation, change_sending_hours
from collection.models import ScenarioVersion
from collection.services.sending import confirm_action, confirm_automatic, put_off_until
from collection.views import worklist
from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox, sending_hours
from integrations import messaging_tasks
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, make_contact, make_debtor, make_sender, propose
from tests.desk.fakes import Notes, Script
from tests.make import make_member, make_tenant

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # 19:00 in Paris
TUESDAY_8 = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


def _live(tenant):
    """Live, whatever the age of the ledger."""
    approve(tenant)
    ScenarioVersion.objects.update(stale_after_days=None)


def _confirmed(tenant, *, now, **fields):
    with tenant_scope(tenant):
        _live(tenant)
        action = propose(tenant, make_debtor(**fields))
        confirm_action(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=now, on=MONDAY)
        return action, Message.objects.get(reason_id=action.id)


@pytest.fixture
def real(db):
    return make_tenant(sandbox_on=None, time_zone="Europe/Paris")


def test_what_is_confirmed_in_the_evening_is_due_in_the_morning(real):
    action, message = _confirmed(real, now=EVENING)
    with tenant_scope(real):
        assert message.not_before == TUESDAY_8
        assert put_off_until(actions=[action], now=EVENING) == TUESDAY_8
        assert Doorbell.objects.get(of_tenant=real, queue="outbox.EMAIL").due_at == TUESDAY_8


def test_within_the_hours_it_leaves_after_the_seconds_of_undo(real):
    noon = EVENING.replace(hour=11)
    action, message = _confirmed(real, now=noon)
    with tenant_scope(real):
        assert (message.not_before - noon).total_seconds() == 30
        assert put_off_until(actions=[action], now=noon) is None


def test_a_sandbox_has_no_hours(tenant):
    _action, message = _confirmed(tenant, now=EVENING)
    assert (message.not_before - EVENING).total_seconds() == 30


def test_the_automatic_ones_of_the_night_wait_for_the_morning(real):
    with tenant_scope(real):
        _live(real)
        action = propose(real, make_debtor())
        type(action.step).objects.filter(kind="REMINDER").update(mode="AUTOMATIC")
        night = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
        assert confirm_automatic(on=MONDAY, now=night) == 1
        assert Message.objects.get().not_before == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def test_holidays_are_those_of_the_company_that_writes(real):
    before_good_friday = datetime(2026, 4, 2, 20, 0, tzinfo=UTC)
    with tenant_scope(real):
        german = make_sender(code="DE", country="DE")
    _action, message = _confirmed(real, now=before_good_friday, entity=german)
    assert message.not_before == datetime(2026, 4, 7, 6, 0, tzinfo=UTC)


def test_a_retry_at_night_is_put_off_before_the_next_slice(real):
    _action, message = _confirmed(real, now=EVENING.replace(hour=11))
    with tenant_scope(real):
        assert sending_hours.put_off(channel="EMAIL", now=EVENING.replace(hour=11, minute=5)) == 0
        Message.objects.update(not_before=EVENING)
        assert sending_hours.put_off(channel="LETTER", now=EVENING) == 0
        assert sending_hours.put_off(channel="EMAIL", now=EVENING) == 1
        message.refresh_from_db()
        assert (message.state, message.not_before) == ("DUE", TUESDAY_8)
        transport = Script()
        Message.objects.update(not_before=datetime(2200, 1, 1, tzinfo=UTC))
        assert outbox.drain(channel="EMAIL", transport=transport, reasons=Notes()) == 0
        assert transport.transmitted == []


def test_a_slice_asks_for_the_hours_first(real, monkeypatch):
    _confirmed(real, now=EVENING.replace(hour=11))
    # In days to come, so that the database's clock finds nothing due after it.
    monkeypatch.setattr(messaging_tasks.timezone, "now", lambda: datetime(2095, 3, 4, 19, 0, tzinfo=UTC))
    assert messaging_tasks.send_slice(tenant=str(real.id), channel="EMAIL") == 0
    saturday_is_over = datetime(2095, 3, 7, 7, 0, tzinfo=UTC)
    with tenant_scope(real):
        assert Message.objects.get().not_before == saturday_is_over
        assert Doorbell.objects.get(of_tenant=real, queue="outbox.EMAIL").due_at == saturday_is_over


def test_the_screen_says_when_it_goes_out(organisation, monkeypatch):
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor()
        make_contact(account)
        action = propose(organisation, account)
    Tenant.objects.filter(id=organisation.id).update(is_sandbox=False, sandbox_on=None, time_zone="Europe/Paris")
    client, _member = enter(organisation, role="collector")
    monkeypatch.setattr(worklist.timezone, "now", lambda: datetime(2026, 3, 6, 19, 0, tzinfo=UTC))
    answer = client.post(reverse("action_confirm", args=[action.id]), headers={"HX-Request": "true"})
    assert "goes out Monday 08:00" in answer["HX-Trigger"]


# --- the hours change while something waits ---------------------------------------------------------------------------


def _waiting(real, **values):
    _action, message = _confirmed(real, now=EVENING)
    Message.objects.filter(id=message.id).update(created_at=EVENING, **values)
    return message


def _set(start, end, days=range(7)) -> None:
    change_sending_hours(days=list(days), start=start, end=end, on_holidays=False, actor=SYSTEM)


@pytest.mark.parametrize(
    ("start", "end", "leaves_at", "moved"),
    [
        (time(8), time(21), EVENING + timedelta(seconds=30), 1),  # open now: only the seconds of undo
        (time(6), time(18), TUESDAY_8 - timedelta(hours=2), 1),  # earlier tomorrow
        (time(8), time(18), TUESDAY_8, 0),
        (time(10), time(18), TUESDAY_8, 0),  # narrowed: put off when its moment comes, never moved back
    ],
)
def test_what_waits_leaves_as_soon_as_the_new_hours_allow(real, start, end, leaves_at, moved):
    with tenant_scope(real):
        message = _waiting(real)
        _set(start, end)
        assert sending_hours.bring_forward(now=EVENING) == moved
        message.refresh_from_db()
        assert message.not_before == leaves_at
        assert Doorbell.objects.get(of_tenant=real, queue="outbox.EMAIL").due_at <= leaves_at
        assert sending_hours.bring_forward(now=EVENING) == 0


@pytest.mark.parametrize(
    ("values", "moved"),
    [
        ({"attempts": 2, "not_before": EVENING + timedelta(minutes=5)}, 0),  # waits to be tried again
        ({"attempts": 2, "not_before": EVENING + timedelta(days=2)}, 1),  # tried once, then put off by the hours
        ({"customer": None, "entity": None, "not_before": EVENING + timedelta(days=2)}, 0),  # a colleague's
    ],
)
def test_only_what_waits_for_the_hours_is_moved(real, values, moved):
    with tenant_scope(real):
        _waiting(real, **values, **({} if "customer" not in values else {"member": make_member()}))
        _set(time(0), time(23, 59))
        assert sending_hours.bring_forward(now=EVENING) == moved


def test_what_is_leaving_or_has_left_stays_as_it_is(real):
    with tenant_scope(real):
        message = _waiting(real, state="CANCELLED")
        _set(time(0), time(23, 59))
        assert sending_hours.bring_forward(now=EVENING) == 0
        message.refresh_from_db()
        assert message.not_before == TUESDAY_8


def test_the_page_says_how_many_leave_earlier(organisation):
    _action, message = _confirmed(organisation, now=EVENING)
    Tenant.objects.filter(id=organisation.id).update(is_sandbox=False, sandbox_on=None)
    with tenant_scope(organisation):
        Message.objects.update(not_before=timezone.now() + timedelta(days=40))
    client, _member = enter(organisation, role="admin")
    values = {"days": [str(n) for n in range(7)], "start": "00:00", "end": "23:59", "on_holidays": "on"}
    assert (
        "1 message that waited leaves earlier."
        in client.post(reverse("sending_hours"), values, follow=True).content.decode()
    )
    with tenant_scope(organisation):
        message.refresh_from_db()
        assert message.not_before < timezone.now() + timedelta(days=1)


def test_the_hours_are_set_on_a_page_of_the_administrator(organisation):
    client, _member = enter(organisation, role="admin")
    address = reverse("sending_hours")
    assert "08:00" in client.get(address).content.decode()
    values = {"days": ["0", "5"], "start": "07:30", "end": "12:00", "on_holidays": "on"}
    assert client.post(address, values | {"end": "07:00"}).status_code == 422
    assert client.post(address, values | {"days": []}).status_code == 422
    assert client.post(address, values).status_code == 302
    found = Tenant.objects.get(id=organisation.id)
    assert (found.sending_days, found.sending_from, found.sending_until) == ([0, 5], time(7, 30), time(12))
    assert found.sends_on_holidays
    with tenant_scope(organisation):
        audit = AuditRecord.objects.get(action="accounts.sending_hours_changed")
        assert audit.changes["sending_days"] == [[0, 1, 2, 3, 4], [0, 5]]
        with pytest.raises(BadOrganisation):
            change_sending_hours(days=[7], start=time(8), end=time(9), on_holidays=False, actor=SYSTEM)
