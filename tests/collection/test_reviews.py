"""Customers to review: by hand and by rule, on the day's list, done, put off and taken back; and a list that is whole."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from accounts.services.api_keys import create_api_key
from collection.models import Interaction
from collection.queries import day as day_query
from collection.queries.day import Reader, day_of
from collection.rules.day import WorkKind
from collection.services.day import take_back
from collection.services.deciding import NothingToUndo
from collection.services.reviewing import plan_reviews
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Alert, Event, Message, Task
from receivables.services.open_amounts import refresh_balances
from reporting.queries.timeline import timeline
from risk.models import Review
from risk.services.reviews import BadReview, ReviewOver, ask_reviews, end_review, move_review, set_review_rules
from tests.accounts.conftest import call, enter
from tests.collection.story import MONDAY, due, make_debtor, make_sender
from tests.make import TODAY, make_allocation, make_item, make_member
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
