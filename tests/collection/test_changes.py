"""The preview is the message: in subject, text, HTML and PDF; and what changed since it was made is said before it leaves."""

import hashlib
import io
from decimal import Decimal

import pytest
from django.urls import reverse
from pypdf import PdfReader

from accounts.access import EVERYTHING
from collection.models import Action, Step
from collection.services.changes import Kind, changes, seen_mark
from collection.services.sending import MessageChanged, confirm_action, prepare
from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from desk.models import Message, MessageFile
from integrations.adapters.messaging.letters import LetterTray
from receivables.models import Dispute, Hold, LedgerItem
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, NOW, approve, confirm, due, make_debtor, propose, send
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def today(organisation):
    organisation.is_sandbox, organisation.sandbox_on = True, MONDAY
    organisation.save()
    with tenant_scope(organisation):
        approve(organisation)
    return organisation


def of(action: Action):
    return prepare(
        actions=[Action.objects.select_related("customer", "entity", "version").get(id=action.id)], on=MONDAY
    )


def changed(action: Action) -> list[tuple[Kind, str]]:
    return [(one.kind, one.number) for one in changes(prepared=of(action))[action.id]]


def two_items(tenant) -> Action:
    account = make_debtor(language="en")
    make_item(account=account, number="F2", due=due(12), amount="50.00", issued=due(40))
    return propose(tenant, account, number="F1")


def test_nothing_has_changed(today):
    with tenant_scope(today):
        assert changed(two_items(today)) == []


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        ("paid", [(Kind.SETTLED, "F1")]),
        ("part", [(Kind.AMOUNT, "F1")]),
        ("disputed", [(Kind.LEFT_OUT, "F1")]),
        ("partly disputed", [(Kind.AMOUNT, "F1")]),
        ("held", [(Kind.LEFT_OUT, "F1")]),
        ("new", [(Kind.NEW, "F9")]),
    ],
)
def test_what_happened_since_is_said_item_by_item(today, happening, expected):
    with tenant_scope(today):
        action = two_items(today)
        mark = seen_mark(of(action)[0].draft)
        happen(happening, action)
        assert changed(action) == expected
        moved = seen_mark(of(action)[0].draft) != mark
        # What came in newly is no part of this message: the night looks at it.
        assert moved == (happening != "new")


def happen(what: str, action: Action) -> None:
    item = LedgerItem.objects.get(number="F1")
    if what in ("paid", "part"):
        make_allocation(debit=item, amount="100.00" if what == "paid" else "40.00", on=MONDAY)
    elif what in ("disputed", "partly disputed"):
        part = Decimal(40) if what == "partly disputed" else None
        Dispute.objects.create(
            item=item, customer=item.customer, reason="PRICE", currency="EUR", opened_on=MONDAY, disputed_amount=part
        )
    elif what == "held":
        Hold.objects.create(item=item, customer=item.customer, reason="COMMERCIAL", from_on=MONDAY)
    else:
        account = item.account
        made = make_item(account=account, number="F9", due=due(20), amount="9.00", issued=due(40))
        LedgerItem.objects.filter(id=made.id).update(
            created_at=action.created_at.replace(year=action.created_at.year + 1)
        )


def test_a_message_that_is_no_longer_the_one_seen_is_not_sent(today):
    with tenant_scope(today):
        action = two_items(today)
        seen = seen_mark(of(action)[0].draft)
        happen("part", action)
        asked = {"action_id": action.id, "scope": EVERYTHING, "actor": SYSTEM, "now": NOW, "on": MONDAY}
        with pytest.raises(MessageChanged):
            confirm_action(**asked, seen=seen)
        assert not Message.objects.exists()
        confirm_action(**asked, seen=seen_mark(of(action)[0].draft))
        assert Message.objects.get().facts[0]["number"] == "F2"


@pytest.mark.parametrize("place", ["", "?place=customer"])
def test_the_panel_says_what_changed_and_asks_for_another_look(today, place):
    client, _member = enter(today, role="collector")
    with tenant_scope(today):
        action = two_items(today)
        seen = seen_mark(of(action)[0].draft)
        happen("part", action)
    shown = client.get(reverse("action", args=[action.id]), headers=HTMX).content.decode()
    assert "Changed since it was proposed" in shown
    assert "F1: €60.00 instead of €100.00." in shown
    refused = client.post(reverse("action_confirm", args=[action.id]) + place, {"seen": seen}, headers=HTMX)
    assert refused.status_code == 200
    assert "no longer the one that you saw" in refused["HX-Trigger"]
    assert "F1: €60.00 instead of €100.00." in refused.content.decode()
    with tenant_scope(today):
        assert not Message.objects.exists()
    seen = client.get(reverse("action", args=[action.id]), headers=HTMX).context["seen"]
    client.post(reverse("action_confirm", args=[action.id]) + place, {"seen": seen}, headers=HTMX)
    with tenant_scope(today):
        assert Message.objects.count() == 1


@pytest.mark.parametrize("role", ["collector", "credit_manager"])
def test_what_the_page_shows_is_what_leaves(today, role):
    client, _member = enter(today, role=role)
    with tenant_scope(today):
        action = two_items(today)
    panel = client.get(reverse("action", args=[action.id]), headers=HTMX)
    draft = panel.context["draft"]
    in_html = client.get(reverse("action_message", args=[action.id])).content.decode()
    client.post(reverse("action_confirm", args=[action.id]), {"seen": panel.context["seen"]}, headers=HTMX)
    with tenant_scope(today):
        Message.objects.update(not_before=NOW)
        transport = Script()
        assert send(transport) == 1
        (left,) = transport.transmitted
        kept = Message.objects.get()
    for one in (left, kept):
        assert (one.subject, one.body_text, one.body_html) == (draft.subject, draft.body_text, in_html)
        assert one.recipient == draft.recipient


def test_the_pdf_of_the_preview_is_the_letter_byte_for_byte(today, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    client, member = enter(today, role="collector")
    with tenant_scope(today):
        Step.objects.update(channel="LETTER")
        action = two_items(today)
    seen = client.get(reverse("action_letter", args=[action.id]))
    assert seen["Content-Type"] == "application/pdf"
    with tenant_scope(today):
        confirm(action, actor=Actor.member(member))
        assert send(LetterTray(), channel="LETTER") == 1
        kept = MessageFile.objects.get(position=0)
        letter = (tmp_path / "files" / kept.path).read_bytes()
    assert hashlib.sha256(seen.content).hexdigest() == kept.sha256
    assert seen.content == letter
    assert "F2" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(letter)).pages)


def test_only_letters_have_a_pdf_and_only_ours(today):
    client, _member = enter(today, role="collector")
    with tenant_scope(today):
        action = two_items(today)
    assert client.get(reverse("action_letter", args=[action.id])).status_code == 404
    stranger, _member = enter(make_tenant(), role="credit_manager")
    assert stranger.get(reverse("action_letter", args=[action.id])).status_code == 404
