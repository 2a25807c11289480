"""Payments received in the browser: the queue, a line's drawer, and each decision with its undo."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.tenancy import tenant_scope
from receivables.models import BankLine, CashAllocation, CashMatch, CashSettings, KnownPayer
from receivables.services.matching_run import match_bank_lines
from tests.make import TODAY, make_account, make_bank_line, make_customer, make_item
from tests.pages import enter, table


@pytest.fixture
def queue(organisation):
    """A payment that is matched by itself, one that is suggested, one of nobody."""
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(name="Boulangerie Martin", ref="C-77"))
        make_item(account=account, number="FA-100001", amount="120.00")
        make_item(account=account, number="FA-100002", amount="75.30")
        make_item(account=account, number="FA-100003", amount="300.00", due=TODAY - timedelta(days=9))
        lines = [
            make_bank_line(amount="120.00", text="virement FA-100001", payer_name="B. Martin"),
            make_bank_line(amount="75.30", text="cheque 7", payer_name="Moulin SCI"),
            make_bank_line(amount="11.11", text="merci", payer_name="Inconnu"),
        ]
        match_bank_lines(on=TODAY)
    return lines


def fresh(organisation, line):
    with tenant_scope(organisation):
        return BankLine.objects.get(id=line.id)


def test_the_queue_shows_what_waits_with_proposal_and_reason_and_the_rate(organisation, queue):
    client, _ = enter(organisation)
    response = client.get("/cash/")
    page = response.content.decode()
    assert "Moulin SCI" in page
    assert "Inconnu" in page
    assert "virement FA-100001" not in page
    assert "One open item has this very amount." in page
    assert "33" in page  # one of three by itself
    assert "virement FA-100001" in client.get("/cash/?state=automatic").content.decode()


def test_the_drawer_says_why_and_offers_what_can_be_done(organisation, queue):
    client, _ = enter(organisation)
    part = client.get(f"/cash/{queue[1].id}/", headers={"HX-Request": "true"}).content.decode()
    assert "FA-100002" in part
    assert "nothing says who paid" in part
    for address in ("confirm", "refuse", "split", "assign", "aside"):
        assert f"/cash/{'' if address in ('confirm', 'refuse', 'aside') else str(queue[1].id) + '/'}{address}/" in part
    nothing = client.get(f"/cash/{queue[2].id}/").content.decode()
    assert "nobody has this bank account" in nothing
    matched = client.get(f"/cash/{queue[0].id}/").content.decode()
    assert "/cash/reverse/" in matched
    assert "by itself" in matched


def test_an_items_page_says_what_was_matched_and_what_is_still_chased(organisation, queue):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        item = CashAllocation.objects.get().item
    page = client.get(f"/items/{item.id}/").content.decode()
    assert "Payments matched here" in page
    assert "not in the books yet" in page
    assert "€0.00 of it is chased" in page


def test_confirm_and_undo(organisation, queue):
    client, _ = enter(organisation)
    response = client.post("/cash/confirm/", {"pick": str(queue[1].id)}, headers={"HX-Request": "true"})
    assert response.status_code < 400
    assert fresh(organisation, queue[1]).state == "MATCHED"
    client.post("/cash/reverse/", {"pick": str(queue[1].id)})
    line = fresh(organisation, queue[1])
    assert (line.state, line.remaining_amount) == ("OPEN", Decimal("75.30"))
    with tenant_scope(organisation):
        assert set(CashAllocation.objects.filter(match__line=line).values_list("state", flat=True)) == {"REVERSED"}


def test_several_are_confirmed_all_or_none(organisation, queue):
    client, _ = enter(organisation)
    response = client.post("/cash/confirm/", {"pick": [str(queue[1].id), str(queue[2].id)]})
    assert response.status_code == 409
    assert fresh(organisation, queue[1]).state == "OPEN"


def test_refuse(organisation, queue):
    client, _ = enter(organisation)
    client.post("/cash/refuse/", {"pick": str(queue[1].id)})
    assert fresh(organisation, queue[1]).proposal["pieces"] == []
    assert "refused by a person" in client.get("/cash/").content.decode()


def test_assign_by_reference_or_beginning_of_a_name(organisation, queue):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        make_customer(name="Boulanger Dupont")
    address = f"/cash/{queue[2].id}/assign/"
    unclear = client.post(address, {"sent": "1", "customer": "boulang"})
    assert unclear.status_code == 422
    assert "Which one?" in unclear.content.decode()
    assert client.post(address, {"sent": "1", "customer": "nobody"}).status_code == 422
    client.post(address, {"sent": "1", "customer": "C-77"})
    line = fresh(organisation, queue[2])
    with tenant_scope(organisation):
        assert line.customer.ref == "C-77"
    assert line.proposal["pieces"]  # the oldest first, as a suggestion


def test_split_over_the_items_of_its_customer(organisation, queue):
    client, _ = enter(organisation)
    client.post(f"/cash/{queue[2].id}/assign/", {"sent": "1", "customer": "C-77"})
    address = f"/cash/{queue[2].id}/split/"
    form = client.get(address).content.decode()
    assert "FA-100003" in form
    with tenant_scope(organisation):
        item = BankLine.objects.get(id=queue[2].id).customer.items.get(number="FA-100002")
    too_much = client.post(address, {"sent": "1", f"item_{item.id}": "12.00"})
    assert too_much.status_code == 422
    assert "More than is left of the payment." in too_much.content.decode()
    client.post(address, {"sent": "1", f"item_{item.id}": "10.00"})
    line = fresh(organisation, queue[2])
    assert (line.state, line.remaining_amount) == ("OPEN", Decimal("1.11"))


def test_set_aside_and_take_up(organisation, queue):
    client, _ = enter(organisation)
    client.post("/cash/aside/", {"sent": "1", "pick": str(queue[2].id), "reason": "fee"})
    assert fresh(organisation, queue[2]).state == "SET_ASIDE"
    assert "Inconnu" not in client.get("/cash/").content.decode()
    client.post("/cash/take-up/", {"pick": str(queue[2].id)})
    assert fresh(organisation, queue[2]).state == "OPEN"


def test_match_now(organisation, queue):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        line = make_bank_line(amount="300.00", text="FA-100003")
    client.post("/cash/match/")
    assert fresh(organisation, line).state == "MATCHED"


def test_rules_are_the_credit_managers(organisation, queue):
    client, _ = enter(organisation)
    given = {
        "sent": "1",
        "threshold": "1",
        "tolerance_amount": "5",
        "tolerance_pct": "1",
        "grace_days": "0",
        "confirm_days": "3",
    }
    assert client.post("/cash/rules/", {**given, "threshold": "2"}).status_code == 422
    client.post("/cash/rules/", given)
    with tenant_scope(organisation):
        assert (CashSettings.objects.get().threshold, CashSettings.objects.get().confirm_days) == (1, 3)
    collector, _ = enter(organisation, role="collector")
    assert collector.get("/cash/rules/").status_code == 403
    assert "/cash/rules/" not in collector.get("/cash/").content.decode()


def test_what_the_books_have_not_followed_and_who_is_known(organisation, queue):
    client, _ = enter(organisation)
    client.post("/cash/confirm/", {"pick": str(queue[1].id)})
    assert "moulin" in client.get("/cash/payers/").content.decode()
    assert len(table(client.get("/cash/books/?state=waiting"))) > 2
    with tenant_scope(organisation):
        one, payer = CashAllocation.objects.first(), KnownPayer.objects.get()
    client.post("/cash/books/sent/", {"pick": str(one.id)})
    client.post("/cash/payers/revoke/", {"pick": str(payer.id)})
    with tenant_scope(organisation):
        assert CashAllocation.objects.get(id=one.id).state == "EXPORTED"
        assert not KnownPayer.objects.filter(revoked_on=None).exists()


def test_reasons_are_said_in_the_readers_language(organisation, queue):
    """The texts come from the catalogue; amounts in them are written as the language writes them."""
    with tenant_scope(organisation):
        line = BankLine.objects.get(id=queue[1].id)
        BankLine.objects.filter(id=line.id).update(
            proposal={
                **line.proposal,
                "reasons": [{"text": "%(amount)s less than is open was paid.", "values": {"amount": "1234.5"}}],
            }
        )
    client, _ = enter(organisation)
    assert "€1,234.50 less than is open was paid." in client.get(f"/cash/{queue[1].id}/").content.decode()


def test_another_portfolios_line_does_not_exist(organisation, queue):
    with tenant_scope(organisation):
        assert CashMatch.objects.count() == 1
    sales, _ = enter(organisation, role="sales")
    assert sales.get(f"/cash/{queue[0].id}/").status_code in (403, 404)
