"""Customers to review: by hand and by rule, on the day's list, done, put off and taken back; and a list that is whole."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from accounts.services.api_keys import create_api_key
from collection.models import Interaction
from collection.queries import day as day_query
from collection.queries.day import Reader, day_of
from collection.rules.day import WorkKind
from collection.services import reviews_at_once
from collection.services.day import move_alert, take_back
from collection.services.deciding import NothingToUndo
from collection.services.reviewing import plan_reviews
from collection.services.reviews_at_once import TooManyReviews, end_reviews, move_reviews, pick_reviews
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Alert, Event, Message, Task
from desk.queries.alerts import alerts_to_see
from desk.services.alerts import AlreadyAcknowledged, BadAlertDay, acknowledge_alert
from receivables.services.open_amounts import refresh_balances
from reporting.queries.timeline import timeline
from risk.models import Review
from risk.services.reviews import BadReview, ReviewOver, ask_reviews, end_review, move_review, set_review_rules
from tests.accounts.conftest import call, enter
from tests.accounts.test_at_once import at_once
from tests.collection.story import MONDAY, due, make_debtor, make_sender
from tests.make import TODAY, make_allocation, make_item, make_member, make_tenant
from tests.pages import statements

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.fixture
def anne(tenant):
    return make_member(role="collector", name="Anne")


@pytest.fixture
def debtor(tenant, anne):
    entity = make_sender()

    def make(name: str = "Alpha", amount: str = "100.00", late: int = 10, **fields):
        account = make_debtor(name=name, email=f"{name.lower()}@d.example", entity=entity)
        account.collector = anne
        account.save()
        make_item(account=account, amount=amount, due=due(late), issued=due(late + 30))
        return account

    return make


def reader(member, **fields) -> Reader:
    values = {"scope": EVERYTHING, "on": MONDAY, "now": NINE, "currency": "EUR"}
    return Reader(member_id=member.id, **values | fields)


def listed(member, **fields) -> list[str]:
    found = day_of(reader=reader(member, **fields), kind=WorkKind.REVIEW)
    assert found.counts.get(WorkKind.REVIEW, 0) == len(found.work)
    return [one.customer.name for one in found.work]


def ask(*accounts, on=MONDAY, due_on=None, actor=SYSTEM, reason="New owner"):
    ids = [account.customer_id for account in accounts]
    return ask_reviews(customer_ids=ids, due_on=due_on or on, reason=reason, actor=actor, on=on)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_it_stands_on_the_list_from_its_day_on_ranked_by_what_is_owed(debtor, anne):
    small, large = debtor("Small", "10.00"), debtor("Large", "5000.00")
    refresh_balances(on=MONDAY)
    ask(small, large, due_on=day(1), actor=Actor.member(anne))
    assert listed(anne) == []
    assert listed(anne, on=day(1)) == ["Large", "Small"]
    paul = make_member(role="collector", name="Paul")
    assert listed(paul, on=day(1)) == []
    assert listed(paul, on=day(1), is_mine=False) == ["Large", "Small"]
    assert listed(paul, on=day(1), is_mine=False, sees_alerts=False) == []
    assert listed(paul, on=day(1), is_mine=False, scope=Scope(portfolio_of=paul.id)) == []


def test_asked_again_it_is_moved_and_two_reasons_stand_side_by_side(debtor, anne):
    account = debtor()
    ask(account, due_on=day(1), reason="First")
    rows, moved = ask(account, due_on=day(5), reason="Second")
    assert (moved, Review.objects.count(), rows[0].due_on, rows[0].text) == (1, 1, day(5), "Second")
    Review.objects.create(customer=account.customer, source="SILENCE", due_on=MONDAY, text="x", asked_on=MONDAY)
    assert Review.objects.filter(state="OPEN").count() == 2


@pytest.mark.parametrize(("due_on", "reason"), [(due(1), "x"), (day(400), "x"), (day(1), "  ")])
def test_a_day_within_a_year_and_a_reason_are_needed(debtor, due_on, reason):
    with pytest.raises(BadReview):
        ask(debtor(), due_on=due_on, reason=reason)
    assert not Review.objects.exists()


def test_done_with_a_note_put_off_and_both_taken_back(debtor, anne):
    account, actor = debtor(), Actor.member(anne)
    (row,), _moved = ask(account, actor=actor)
    undo = {"row_id": row.id, "scope": EVERYTHING, "actor": actor, "now": timezone.now()}
    move_review(review_id=row.id, until=day(3), actor=actor, on=MONDAY)
    assert listed(anne) == []
    take_back(**undo)
    assert listed(anne) == ["Alpha"]
    end_review(review_id=row.id, note="Solid", actor=actor, on=MONDAY)
    assert listed(anne) == []
    with pytest.raises(ReviewOver):
        end_review(review_id=row.id, actor=actor, on=MONDAY)
    take_back(**undo | {"now": timezone.now()})
    row.refresh_from_db()
    assert (row.state, row.note, row.ended_by_id, listed(anne)) == ("OPEN", "", None, ["Alpha"])
    with pytest.raises(NothingToUndo):
        take_back(**undo | {"now": timezone.now()})


def test_what_was_asked_for_anew_meanwhile_stands_in_the_way_of_taking_back(debtor, anne):
    account, actor = debtor(), Actor.member(anne)
    (row,), _moved = ask(account, actor=actor)
    end_review(review_id=row.id, actor=actor, on=MONDAY)
    ask(account, due_on=day(9))
    with pytest.raises(ReviewOver):
        take_back(row_id=row.id, scope=EVERYTHING, actor=actor, now=timezone.now())
    row.refresh_from_db()
    assert row.state == "DONE"


def test_the_history_of_the_customer_and_the_trail_tell_of_it(debtor, anne):
    account, actor = debtor(), Actor.member(anne)
    (row,), _moved = ask(account, actor=actor)
    end_review(review_id=row.id, note="Solid", actor=actor, on=MONDAY)
    lines = timeline(customer_id=account.customer_id, scope=EVERYTHING)
    assert [(one.kind, one.who, one.data["text"]) for one in lines] == [
        ("review.done", "Anne", "Solid"), ("review.asked", "Anne", "New owner"),
    ]  # fmt: skip
    assert set(AuditRecord.objects.filter(object_id=row.id).values_list("action", flat=True)) == {
        "risk.review_asked", "risk.review_ended",
    }  # fmt: skip


# --- by rule ----------------------------------------------------------------------------------------------------------


def rules(alert=0, silence=0, amount="0"):
    set_review_rules(after_alert_days=alert, silence_days=silence, silence_amount=Decimal(amount), actor=SYSTEM)


def night(on=MONDAY) -> int:
    refresh_balances(on=on)
    return plan_reviews(currency="EUR", on=on)


def silent() -> list[str]:
    rows = Review.objects.filter(source="SILENCE", state="OPEN").select_related("customer")
    return sorted(row.customer.name for row in rows)


def test_without_rules_nothing_is_asked_for(debtor):
    debtor(late=300)
    assert (night(), Review.objects.count()) == (0, 0)


def test_a_rule_that_is_switched_off_asks_for_nothing_any_more(debtor):
    rules(silence=30)
    debtor(late=60)
    night()
    rules()
    assert (night(day(1)), silent()) == (1, [])


def test_who_owes_and_was_not_in_touch_for_long_is_reviewed_once(debtor):
    rules(silence=30, amount="50")
    debtor("Long", late=40)
    debtor("Recent", late=20)
    debtor("Tiny", "10.00", late=40)
    debtor("Edge", late=30)
    assert night() == 2
    assert night() == 0
    assert silent() == ["Edge", "Long"]
    assert Review.objects.get(customer__name="Long").values == {"days": "40"}


def reached(account, outcome="REACHED"):
    return Interaction.objects.create(customer=account.customer, kind="CALL", outcome=outcome, on=due(5))


def written(account, **fields):
    values = {"reason_type": "x", "reason_id": account.id, "channel": "EMAIL", "recipient": "a@d.example", "on": due(5)}
    values |= {"state": "SENT", "sent_at": timezone.now(), "language": "en", "subject": "s", "body_text": "t"}
    return Message.objects.create(customer=account.customer, entity=account.entity, **values | fields)


def reviewed(account):
    return Review.objects.create(
        customer=account.customer,
        source="HAND",
        state="DONE",
        due_on=due(5),
        asked_on=due(5),
        ended_on=due(5),
        text="x",
    )


@pytest.mark.parametrize(
    ("touch", "counts"),
    [
        (reached, True),
        (lambda account: reached(account, "NO_ANSWER"), False),
        (written, True),
        (lambda account: written(account, state="DUE", sent_at=None), False),
        (lambda account: written(account, member_id=make_member().id), False),
        (reviewed, True),
    ],
)
def test_what_counts_as_being_in_touch(debtor, touch, counts):
    rules(silence=30)
    touch(debtor(late=60))
    night()
    assert silent() == ([] if counts else ["Alpha"])


def test_it_is_over_once_somebody_was_in_touch_or_nothing_is_overdue(debtor):
    rules(silence=30)
    called, paid = debtor("Called", late=60), debtor("Paid", late=60)
    night()
    assert silent() == ["Called", "Paid"]
    Interaction.objects.create(customer=called.customer, kind="CALL", outcome="REACHED", on=day(1))
    assert night(day(1)) == 1
    assert silent() == ["Paid"]
    make_allocation(debit=paid.customer.items.get(), amount="100.00", on=day(2))
    assert night(day(2)) == 1
    assert silent() == []
    assert set(Review.objects.values_list("state", flat=True)) == {"OVER"}


def test_after_an_alert_it_is_reviewed_some_working_days_later(debtor, anne):
    rules(alert=5)
    account = debtor()
    Alert.objects.create(
        customer=account.customer, kind="risk.payer_class", key="1", severity="WARNING", on=MONDAY, text="Pays worse"
    )
    assert (night(), night()) == (1, 0)
    row = Review.objects.get()
    assert (row.source, row.due_on, row.text) == ("ALERT", day(7), "Pays worse")
    end_review(review_id=row.id, actor=Actor.member(anne), on=MONDAY)
    assert night() == 0


# --- the list is whole ------------------------------------------------------------------------------------------------


def test_nothing_is_left_out_of_the_list_however_much_there_is(debtor, anne):
    """The most urgent one was made last and is due last: no cut by age may hide it."""
    crowd, urgent = debtor("Crowd", "1.00"), debtor("Urgent", "90000.00")
    refresh_balances(on=MONDAY)
    task = {"kind": "REPLY", "on": MONDAY, "text": "Read", "assignee": anne}
    Task.objects.bulk_create(Task(customer=crowd.customer, key=str(n), due_on=MONDAY, **task) for n in range(400))
    Task.objects.create(customer=urgent.customer, key="last", due_on=day(9), **task)
    Task.objects.create(customer=urgent.customer, key="asked", due_on=day(9), **task | {"kind": "ESCALATION"})
    found = day_of(reader=reader(anne))
    assert [one.customer.name for one in found.work[:2]] == ["Urgent", "Urgent"]
    assert (found.counts[WorkKind.REPLY], found.counts[WorkKind.ESCALATION], found.is_capped) == (401, 1, False)
    places, after = [], None
    while True:
        page = day_of(reader=reader(anne), after=after, limit=60)
        places += [one.place for one in page.work]
        if not page.has_more:
            break
        after = places[-1]
    assert len(set(places)) == len(places) == 402


def test_the_page_reads_the_rows_that_it_shows(debtor, anne, monkeypatch):
    crowd = debtor("Crowd")
    task = {"kind": "REPLY", "on": MONDAY, "due_on": MONDAY, "text": "Read", "assignee": anne}
    Task.objects.bulk_create(Task(customer=crowd.customer, key=str(n), **task) for n in range(50))
    with statements() as few:
        day_of(reader=reader(anne), limit=5)
    Task.objects.bulk_create(Task(customer=crowd.customer, key=f"b{n}", **task) for n in range(300))
    with statements() as many:
        assert len(day_of(reader=reader(anne), limit=5).work) == 5
    assert len(many) == len(few)
    monkeypatch.setattr(day_query, "MOST", 100)
    assert day_of(reader=reader(anne), limit=5).is_capped


# --- pages and API ----------------------------------------------------------------------------------------------------


def test_several_customers_from_a_list_and_one_from_its_page(organisation):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        entity = make_sender()
        ids = [str(make_debtor(name=n, email=f"{n}@d.example", entity=entity).customer_id) for n in "AB"]
    address = reverse("review_new")
    assert "Review 2 customers" in client.post(address, {"pick": ids}, headers=HTMX).content.decode()
    form = {"pick": ids, "sent": "1", "due_on": TODAY.isoformat(), "reason": "Year-end"}
    assert client.post(address, form | {"reason": ""}, headers=HTMX).status_code == 422
    client.post(address, form, headers=HTMX)
    with tenant_scope(organisation):
        assert Review.objects.filter(due_on=TODAY, text="Year-end", asked_by=member).count() == 2
        row = Review.objects.first()
    card = client.get(reverse("customer_profile", args=[row.customer_id])).content.decode()
    assert "Year-end" in card
    assert "Year-end" in client.get("/collections/?kind=REVIEW&who=all").content.decode()
    assert "Year-end" in client.get(reverse("day_review", args=[row.id]), headers=HTMX).content.decode()
    done = client.post(reverse("review_done", args=[row.id]), headers=HTMX).content.decode()
    undo = f"{reverse('day_undo')}?row={row.id}"
    with tenant_scope(organisation):
        assert Review.objects.get(id=row.id).state == "DONE"
    assert done
    client.post(undo, headers=HTMX)
    later = reverse("review_later", args=[row.id])
    assert client.post(later, {"until": TODAY.isoformat()}, headers=HTMX).status_code == 422
    client.post(later, {"until": (TODAY + timedelta(days=3)).isoformat()}, headers=HTMX)
    with tenant_scope(organisation):
        found = Review.objects.get(id=row.id)
        assert (found.state, found.due_on) == ("OPEN", TODAY + timedelta(days=3))


def test_the_rules_have_a_page(organisation):
    client, _member = enter(organisation, role="credit_manager")
    form = {"after_alert_days": "5", "silence_days": "45", "silence_amount": "1000"}
    assert client.post(reverse("review_rules"), form | {"silence_days": "-1"}).status_code == 422
    assert client.post(reverse("review_rules"), form).status_code == 302
    assert 'value="45"' in client.get(reverse("review_rules")).content.decode()


def test_the_api_asks_for_several_ends_and_moves(organisation):
    with tenant_scope(organisation):
        entity = make_sender()
        refs = [make_debtor(name=n, email=f"{n}@d.example", entity=entity).customer.ref for n in "AB"]
        key = create_api_key(name="K", role_id=Role.objects.get(code="collector").id, actor=SYSTEM).text
    values = {"customer_refs": refs, "due_on": TODAY.isoformat(), "reason": "Year-end"}
    assert call(key, "post", "/api/v1/reviews/", values | {"customer_refs": [*refs, "nobody"]}).status_code == 404
    answer = call(key, "post", "/api/v1/reviews/", values)
    assert answer.status_code == 201
    one, two = (row["id"] for row in answer.json()["results"])
    assert call(key, "post", f"/api/v1/reviews/{one}/done/", {"note": "Solid"}).json()["state"] == "DONE"
    assert call(key, "post", f"/api/v1/reviews/{one}/done/", {}).status_code == 409
    until = (TODAY + timedelta(days=9)).isoformat()
    assert call(key, "post", f"/api/v1/reviews/{two}/move/", {"until": until}).json()["due_on"] == until
    with tenant_scope(organisation):
        assert Event.objects.filter(kind="review.asked").count() == 2


# --- alerts put off, and several at once ------------------------------------------------------------------------------


def alert_about(account, *, key: str = "K", on=MONDAY) -> Alert:
    return Alert.objects.create(
        customer=account.customer, kind="risk.payer_class", key=key, severity="WARNING", on=on, text="Pays worse"
    )


def to_review(member, *, on=MONDAY) -> list[tuple[str, str]]:
    found = day_of(reader=reader(member, on=on, is_mine=False), kind=WorkKind.REVIEW)
    return sorted((one.source, one.customer.name) for one in found.work)


def test_an_alert_is_put_off_to_a_day_and_back_on_it(tenant, anne, debtor):
    alert, actor = alert_about(debtor()), Actor.member(anne)
    for wrong in (MONDAY, MONDAY - timedelta(days=1), MONDAY + timedelta(days=400)):
        with pytest.raises(BadAlertDay):
            move_alert(alert_id=alert.id, until=wrong, scope=EVERYTHING, actor=actor, on=MONDAY)
    assert to_review(anne) == [("alert", "Alpha")]
    move_alert(alert_id=alert.id, until=day(3), scope=EVERYTHING, actor=actor, on=MONDAY)
    assert to_review(anne) == []
    assert alerts_to_see(scope=EVERYTHING, on=day(2)).count() == 0
    assert to_review(anne, on=day(3)) == [("alert", "Alpha")]
    assert AuditRecord.objects.get(action="desk.alert_postponed").changes == {
        "postponed_until": [None, day(3).isoformat()]
    }
    take_back(row_id=alert.id, scope=EVERYTHING, actor=actor, now=timezone.now())
    assert to_review(anne) == [("alert", "Alpha")]
    with pytest.raises(NotFound):
        move_alert(alert_id=alert.id, until=day(3), scope=Scope(portfolio_of=alert.id), actor=actor, on=MONDAY)
    acknowledge_alert(alert_id=alert.id, note="", member=anne, on=MONDAY, actor=actor)
    with pytest.raises(AlreadyAcknowledged):
        move_alert(alert_id=alert.id, until=day(3), scope=EVERYTHING, actor=actor, on=MONDAY)


def picked_of(*rows):
    return pick_reviews(
        review_ids=[row.id for row in rows if isinstance(row, Review)],
        alert_ids=[row.id for row in rows if isinstance(row, Alert)],
        scope=EVERYTHING,
    )


def asked_review(account, member) -> Review:
    (row,), _moved = ask_reviews(
        customer_ids=[account.customer_id], due_on=MONDAY, reason="Look", actor=Actor.member(member), on=MONDAY
    )
    return row


def test_several_are_reviewed_at_once_and_what_is_over_is_named(tenant, anne, debtor):
    actor = Actor.member(anne)
    first, second, alert = asked_review(debtor("A"), anne), asked_review(debtor("B"), anne), alert_about(debtor("C"))
    picked = picked_of(first, second, alert)
    end_review(review_id=second.id, actor=actor, on=MONDAY)
    outcome = end_reviews(picked=picked, note=" All well ", member=anne, actor=actor, on=MONDAY)
    assert outcome.done == 2
    assert [(customer.name, refusal.code) for customer, refusal in outcome.refused] == [("B", "review_over")]
    first.refresh_from_db()
    alert.refresh_from_db()
    assert (first.state, first.note, alert.acknowledged_on, alert.note) == ("DONE", "All well", MONDAY, "All well")
    assert to_review(anne) == []
    again = end_reviews(picked=picked, note="", member=anne, actor=actor, on=MONDAY)
    assert (again.done, len(again.refused)) == (0, 3)


def test_several_are_put_off_at_once_or_none_for_a_wrong_day(tenant, anne, debtor):
    actor = Actor.member(anne)
    picked = picked_of(asked_review(debtor("A"), anne), alert_about(debtor("B")))
    before = AuditRecord.objects.count()
    for wrong in (MONDAY, MONDAY + timedelta(days=400)):
        with pytest.raises(BadReview):
            move_reviews(picked=picked, until=wrong, actor=actor, on=MONDAY)
    assert AuditRecord.objects.count() == before
    assert move_reviews(picked=picked, until=day(3), actor=actor, on=MONDAY).done == 2
    assert to_review(anne) == []
    assert to_review(anne, on=day(3)) == [("alert", "B"), ("review", "A")]


def test_what_is_not_seen_or_too_many_cannot_be_picked(tenant, anne, debtor, monkeypatch):
    review, alert = asked_review(debtor("A"), anne), alert_about(debtor("B"))
    own = Scope(portfolio_of=make_member(role="sales").id)
    with pytest.raises(NotFound):
        pick_reviews(review_ids=[review.id], alert_ids=[alert.id], scope=own)
    monkeypatch.setattr(reviews_at_once, "MOST_AT_ONCE", 1)
    with pytest.raises(TooManyReviews):
        picked_of(review, alert)


@pytest.mark.django_db(transaction=True)
def test_two_review_the_same_at_once_and_each_counts_once():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        member, other = make_member(), make_member()
        rows = [asked_review(make_debtor(name="A"), member)]
        account = make_debtor(name="B", entity=make_sender(code="G"))
        rows += [asked_review(account, member), alert_about(account)]
        picked = picked_of(*rows)
    results = at_once(
        tenant,
        lambda: end_reviews(picked=picked, note="", member=member, actor=Actor.member(member), on=MONDAY),
        lambda: end_reviews(picked=picked, note="", member=other, actor=Actor.member(other), on=MONDAY),
    )
    assert sum(one.done for one in results) == 3
    assert sum(len(one.refused) for one in results) == 3


def test_lines_are_ticked_on_the_list_of_reviews_and_done_or_put_off_together(organisation):
    client, anne = enter(organisation, role="collector")
    with tenant_scope(organisation):
        review = asked_review(make_debtor(name="Alpha"), anne)
        alert = alert_about(make_debtor(name="Beta", entity=make_sender(code="G")), on=MONDAY)
        Review.objects.update(due_on=MONDAY)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/?kind=REVIEW&who=all"}
    shown = client.get("/collections/?kind=REVIEW&who=all").content.decode()
    picks = [f"review-{review.id}", f"alert-{alert.id}"]
    assert all(f'value="{one}"' in shown for one in picks)
    assert f'value="review-{review.id}"' not in client.get("/collections/?who=all").content.decode()
    drawer = client.post("/collections/reviews/later/", {"pick": picks}, headers=headers).content.decode()
    assert "2 lines of your list" in drawer
    assert "Alpha" in drawer
    wrong = {"pick": picks, "sent": "1", "until": "2001-01-01"}
    assert client.post("/collections/reviews/later/", wrong, headers=headers).status_code == 422
    assert client.post("/collections/reviews/later/", {"pick": ["x", "task-1"]}, headers=headers).status_code == 400
    until = (timezone.localdate() + timedelta(days=3)).isoformat()
    answer = client.post("/collections/reviews/later/", {**wrong, "until": until}, headers=headers)
    assert answer.status_code == 200
    assert "Alpha" not in answer.content.decode()
    with tenant_scope(organisation):
        Review.objects.update(due_on=MONDAY)
        Alert.objects.update(postponed_until=None)
    answer = client.post("/collections/reviews/done/", {"pick": picks, "sent": "1", "note": "seen"}, headers=headers)
    assert answer.status_code == 200
    with tenant_scope(organisation):
        assert (Review.objects.get().state, Alert.objects.get().note) == ("DONE", "seen")


def test_an_alert_is_put_off_on_its_panel_and_alerts_on_their_list(organisation):
    client, _anne = enter(organisation, role="collector")
    with tenant_scope(organisation):
        one = alert_about(make_debtor(name="Alpha"))
        other = alert_about(make_debtor(name="Beta", entity=make_sender(code="G")))
    today = timezone.localdate()
    path = f"/collections/alerts/{one.id}/later/"
    assert "Put off: Alpha" in client.get(path).content.decode()
    assert client.post(path, {"until": "2001-01-01"}, headers=HTMX).status_code == 422
    assert client.post(path, {"until": (today + timedelta(days=2)).isoformat()}, headers=HTMX).status_code == 200
    shown = client.get("/alerts/").content.decode()
    assert "Beta" in shown
    assert "Alpha" not in shown
    assert "Alpha" in client.get("/alerts/?state=postponed").content.decode()
    body = {"pick": [str(other.id)], "sent": "1", "until": "2001-01-01"}
    assert client.post("/alerts/postpone/", body).status_code == 422
    body["until"] = (today + timedelta(days=2)).isoformat()
    assert client.post("/alerts/postpone/", body).status_code == 302
    assert "Beta" not in client.get("/alerts/").content.decode()
    assert "Beta" in client.get("/alerts/?state=all").content.decode()
