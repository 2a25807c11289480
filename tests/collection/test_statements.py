"""Statements of account: the ledger's figures of the day, as paper, as spreadsheet, and sent once for each asking."""

import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from accounts.services.api_keys import create_api_key
from collection.queries.candidates import candidates
from collection.services.papers import rendered
from collection.services.statement_mail import NotSendable, StatementReasons, send_statement
from collection.services.statements import (
    BadStatementDay,
    statement,
    statement_html,
    statement_in_scope,
    statement_xlsx,
)
from core.audit import SYSTEM
from core.errors import NotFound
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox
from desk.services.files import read_file
from receivables.queries import Selection, open_items_totals
from receivables.services.matching import Share, reverse_match, split_line
from receivables.services.matching_run import settle_with_books
from tests.accounts.conftest import call, enter
from tests.collection.story import MONDAY, NOW, due, make_contact, make_debtor
from tests.collection.test_messages import EVIL
from tests.desk.fakes import Script
from tests.make import TODAY, make_allocation, make_bank_line, make_entity, make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db


def owing(**fields):
    """A customer with a late invoice, one paid in part, a credit note and something in dollars."""
    account = make_debtor(**fields)
    make_item(account=account, number="F1", due=due(10), amount="100.00", issued=due(40))
    part = make_item(account=account, number="F2", due=due(-20), amount="80.00", issued=due(10))
    make_allocation(debit=part, amount="30.00", on=due(2))
    make_item(account=account, number="A1", due=due(5), amount="-25.00", issued=due(5))
    make_item(account=account, number="U1", due=due(1), amount="7.50", currency="USD", issued=due(31))
    return account


def of(account, on=MONDAY, **fields):
    return statement(customer=account.customer, entity=account.entity, on=on, scope=EVERYTHING, **fields)


def words_of(html: str) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(rendered(html))).pages).split())


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.mark.parametrize("days", [0, 1, 2, 3, 6, 35, 50])
def test_the_figures_are_the_ledgers_of_that_day(tenant, days):
    account = owing()
    make_item(account=make_debtor(entity=account.entity, ref="OTHER-2"), amount="999.00", due=due(3))
    found = of(account, due(days))
    selection = Selection(customer_id=account.customer_id, entity_ids=frozenset({account.entity_id}))
    ledger = open_items_totals(on=due(days), scope=EVERYTHING, selection=selection)
    assert [(block.currency, block.total) for block in found.blocks] == [(o.currency, o.open_amount) for o in ledger]


def test_sums_are_by_currency_and_say_what_is_overdue(tenant):
    eur, usd = of(owing()).blocks
    assert (eur.currency, eur.total, eur.overdue) == ("EUR", Decimal("125"), Decimal("100"))
    assert (usd.currency, usd.total, usd.overdue) == ("USD", Decimal("7.5"), Decimal("7.5"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["Relevé de compte", "Pièces ouvertes au 2 mars 2026", "125,00 €", "dont échu 100,00 €", "Avoir", "F2"]),
        ("en", ["Statement of account", "2 March 2026", "€125.00", "of which overdue €100.00", "Credit note"]),
        ("de", ["Kontoauszug", "Offene Posten", "125,00 €", "davon überfällig 100,00 €", "Gutschrift"]),
    ],
)
def test_the_paper_is_in_the_customers_language(tenant, language, words):
    text = words_of(statement_html(of(owing(language=language)))).replace("\u202f", " ").replace("\xa0", " ")
    for word in words:
        assert word in text


def test_the_spreadsheet_has_numbers_and_runs_nothing(tenant):
    account = owing(name='=HYPERLINK("http://x")', language="en")
    make_item(account=account, number="=1+1", due=due(4), amount="1.00", issued=due(40))
    (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(statement_xlsx(of(account)))).sheet_names
    rows = CalamineWorkbook.from_filelike(io.BytesIO(statement_xlsx(of(account)))).get_sheet_by_name(sheet).to_python()
    flat = [cell for row in rows for cell in row]
    assert "'=1+1" in flat
    assert any(isinstance(cell, str) and cell.startswith("'=HYPERLINK") for cell in flat)
    assert [row[7] for row in rows if row[0] == "Balance"] == [126.0, 7.5]
    assert [row[6:8] for row in rows if row[0] == "F2"] == [[80.0, 50.0]]


# --- received and not booked yet ---------------------------------------------------------------------------------------


def matched(account, number="F1", cash="40.00", on=None, left="0"):
    """Money of the bank set against an item here; the books do not know it."""
    item = account.items.get(number=number)
    line = make_bank_line(amount=str(Decimal(cash) + Decimal(left)), booked_on=on or due(1), currency=item.currency)
    return split_line(line_id=line.id, shares=[Share(item.id, Decimal(cash))], on=on or due(1), actor=SYSTEM)


def test_what_was_matched_here_is_taken_off_beside_the_books(tenant):
    account = owing(language="en")
    matched(account)
    matched(account, "U1", "7.50")
    eur, usd = of(account).blocks
    assert (eur.total, eur.received, eur.remaining, eur.overdue) == (125, 40, 85, 60)
    assert (usd.total, usd.received, usd.remaining, usd.overdue) == (Decimal("7.5"), Decimal("7.5"), 0, 0)
    (line,) = [line for line in eur.lines if line.item.number == "F1"]
    assert (line.item.open_amount, line.received, line.remaining) == (100, 40, 60)
    text = words_of(statement_html(of(account)))
    for words in (
        "Received, not yet booked",
        "Open in our books €125.00",
        "-€40.00",
        "Balance €85.00",
        "overdue €60.00",
    ):
        assert words in text, text
    assert "as of 2 March 2026" in text


def test_without_it_the_paper_has_no_word_of_it(tenant):
    assert "not yet booked" not in words_of(statement_html(of(owing(language="en"))))


def test_the_spreadsheet_and_the_api_have_it_too(organisation):
    with tenant_scope(organisation):
        account = owing(language="en")
        matched(account)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(statement_xlsx(of(account))))
        rows = workbook.get_sheet_by_index(0).to_python()
        ref, code = account.customer.ref, account.entity.code
        key = create_api_key(name="K", role_id=Role.objects.get(code="collector").id, actor=SYSTEM).text
    assert [row[7:10] for row in rows if row[0] == "F1"] == [[100.0, -40.0, 60.0]]
    assert next(row[7:10] for row in rows if row[0] == "Balance") == [125.0, -40.0, 85.0]
    assert next(row[9] for row in rows if row[0] == "of which overdue") == 60.0
    answer = call(key, "get", f"/api/v1/statements/?customer_ref={ref}&entity_code={code}&on={MONDAY}").json()
    assert answer["totals"][0] == {
        "currency": "EUR",
        "total": {"amount": "125.00", "currency": "EUR"},
        "received": {"amount": "40.00", "currency": "EUR"},
        "remaining": {"amount": "85.00", "currency": "EUR"},
        "overdue": {"amount": "60.00", "currency": "EUR"},
    }
    item = next(one for one in answer["items"] if one["number"] == "F1")
    assert (item["received_amount"]["amount"], item["remaining_amount"]["amount"]) == ("40.00", "60.00")


@pytest.mark.parametrize("booked", ["0.00", "15.00", "40.00", "70.00"])
def test_it_says_to_the_cent_what_reminders_ask_for(tenant, booked):
    """While the books follow in part, wholly, or by more than we know."""
    account = owing()
    matched(account)
    matched(account, "F2", "12.34")
    if Decimal(booked):
        make_allocation(debit=account.items.get(number="F1"), amount=booked, on=due(1))
    asked = {
        one.number: one.chased_amount
        for one in candidates(on=MONDAY, due_until=MONDAY + timedelta(days=99), customer_ids=[account.customer_id])
    }
    said = {line.item.number: line.remaining for block in of(account).blocks for line in block.lines}
    assert {number: said[number] for number in asked} == asked
    assert asked["F1"] == (30 if booked == "70.00" else 60)


def test_of_a_past_day_it_says_what_was_received_by_then(tenant):
    account = owing()
    matched(account, on=due(3))
    make_allocation(debit=account.items.get(number="F1"), amount="40.00", on=MONDAY)
    settle_with_books(on=MONDAY)

    def first(on):
        return next(line for block in of(account, on).blocks for line in block.lines if line.item.number == "F1")

    assert [(first(due(n)).item.open_amount, first(due(n)).received) for n in (4, 3, 1)] == [
        (100, 0),
        (100, 40),
        (100, 40),
    ]
    assert (first(MONDAY).item.open_amount, first(MONDAY).received) == (60, 0)


def test_what_was_taken_back_counts_no_more(tenant):
    account = owing()
    reverse_match(match_id=matched(account).id, on=MONDAY, actor=SYSTEM)
    assert [block.received for block in of(account).blocks] == [0, 0]


def test_the_mail_asks_for_what_remains(tenant):
    account = owing(language="en")
    matched(account)
    ask(account)
    transport = Script()
    leave(transport)
    (message,) = transport.transmitted
    assert "Balance: €85.00" in message.body_text
    assert "received and not yet booked: €40.00" in message.body_text
    assert "of which overdue: €60.00" in message.body_text
    text = words_of_file(Message.objects.get().files.get())
    assert "Balance €85.00" in text


def words_of_file(file) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(read_file(file))).pages).split())


def test_hostile_names_are_text_on_paper(tenant):
    html = statement_html(of(owing(name=EVIL, street=EVIL, ref='C"/..\\<1>')))
    assert "<img" not in html
    assert (
        of(owing(name="B", ref='X"/../<1>', entity=make_entity(country="FR"))).file_name
        == "statement-X------1--2026-03-02"
    )


def test_nothing_open_is_said(tenant):
    account = make_debtor(language="en")
    assert "No item is open." in words_of(statement_html(of(account)))


def test_others_customers_and_days_to_come_have_no_statement(tenant):
    account = owing()
    asked = {"customer_id": account.customer_id, "entity_id": account.entity_id, "today": MONDAY}
    with pytest.raises(BadStatementDay):
        statement_in_scope(**asked, on=MONDAY + timedelta(days=1), scope=EVERYTHING)
    with pytest.raises(NotFound):
        statement_in_scope(**asked, on=MONDAY, scope=Scope(portfolio_of=make_member(role="sales").id))
    with pytest.raises(NotFound):
        statement_in_scope(**asked | {"entity_id": make_entity().id}, on=MONDAY, scope=EVERYTHING)


def ask(account, asked_id=None, **fields):
    return send_statement(
        **{
            "customer_id": account.customer_id, "entity_id": account.entity_id, "on": MONDAY, "today": MONDAY,
            "asked_id": asked_id or uuid4(), "scope": EVERYTHING, "actor": SYSTEM, "now": NOW, **fields,
        }
    )  # fmt: skip


def leave(transport) -> int:
    Message.objects.update(not_before=NOW)
    return outbox.drain(channel="EMAIL", transport=transport, reasons=lambda _type: StatementReasons(on=MONDAY))


def test_a_statement_is_sent_once_for_each_asking_with_its_paper(tenant):
    account, asked_id = owing(language="fr"), uuid4()
    first, again = ask(account, asked_id), ask(account, asked_id)
    assert first.id == again.id
    transport = Script()
    assert leave(transport) == 1
    (message,) = Message.objects.all()
    assert "relevé de compte" in message.subject
    assert "125,00" in message.body_text
    assert "7,50" in message.body_text
    (file,) = message.files.all()
    assert (file.kind, file.file_name.endswith(".pdf")) == ("STATEMENT", True)
    assert read_file(file).startswith(b"%PDF")
    ask(account)
    assert Message.objects.count() == 2


def test_what_is_paid_before_it_leaves_is_not_in_it(tenant):
    account = owing(language="en")
    ask(account)
    make_allocation(debit=account.items.get(number="F1"), amount="100.00", on=MONDAY)
    transport = Script()
    leave(transport)
    assert "€25.00" in transport.transmitted[0].body_text
    text = " ".join(PdfReader(io.BytesIO(read_file(Message.objects.get().files.get()))).pages[0].extract_text().split())
    assert "F1" not in text


def test_it_goes_to_the_chosen_person_and_without_anybody_it_is_refused(tenant):
    account = owing(email="")
    with pytest.raises(NotSendable):
        ask(account)
    make_contact(account)
    buyer = make_contact(account, last_name="Petit", role="BUYER", email="petit@durand.example")
    assert ask(account).recipient == "claire@durand.example"
    assert ask(account, contact_id=buyer.id).recipient == "petit@durand.example"
    stranger = make_contact(make_debtor(ref="OTHER-9", entity=account.entity), email="x@other.example")
    assert ask(account, contact_id=stranger.id).recipient == "claire@durand.example"


def test_from_the_page_of_the_customer(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        account = owing()
    new = reverse("statement_new", args=[account.customer_id])
    assert new in client.get(reverse("customer", args=[account.customer_id])).content.decode()
    shown = client.get(new)
    asked = shown.context["form"]["asked"].value()
    values = {"entity": account.entity_id, "on": TODAY.isoformat(), "contact": "", "asked": asked}
    for _click in range(2):
        assert client.post(new, values).status_code == 302
    assert client.post(new, values | {"on": "2027-01-01", "asked": uuid4()}).status_code == 422
    with tenant_scope(organisation):
        assert Message.objects.count() == 1
    file = reverse("statement_file", args=[account.customer_id])
    assert client.get(file, {"entity": account.entity_id}).content.startswith(b"%PDF")
    sheet = client.get(file, {"entity": account.entity_id, "as": "xlsx", "on": TODAY.isoformat()})
    assert sheet["Content-Disposition"].startswith("attachment")
    assert client.get(file, {"entity": "x"}).status_code == 404
    with tenant_scope(make_tenant()):
        foreign = owing()
    assert client.get(reverse("statement_file", args=[foreign.customer_id])).status_code == 404


def test_sales_look_at_statements_and_send_none(organisation):
    client, member = enter(organisation, role="sales")
    with tenant_scope(organisation):
        account = owing()
        type(account).objects.filter(id=account.id).update(salesperson=member)
    new = reverse("statement_new", args=[account.customer_id])
    assert "Send to the customer" not in client.get(new).content.decode()
    assert client.post(new, {"entity": account.entity_id}).status_code == 403
