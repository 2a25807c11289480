"""Interest and charges: claimed once, replaced by a later day, waived with a reason, apart from the invoice."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.access import EVERYTHING, Scope
from collection.models import Claim
from collection.services.claims import (
    BadClaim,
    BadRate,
    NothingToClaim,
    Without,
    add_rate,
    agree_late_terms,
    claim_charges,
    late_charges,
    record_claims_paid,
    waive_claims,
)
from core.audit import SYSTEM
from core.errors import NotFound
from core.models import AuditRecord
from receivables.models import Document, LedgerItem
from receivables.services.standing import place_hold, record_dispute
from tests.make import make_account, make_allocation, make_entity, make_item

pytestmark = pytest.mark.django_db

DUE, UNTIL = date(2024, 5, 31), date(2024, 9, 15)


def make_late(
    amount: str = "10000.00", *, country: str = "FR", currency: str = "EUR", due: date = DUE, **values
) -> LedgerItem:
    entity = make_entity()
    entity.country = country
    entity.save(update_fields=["country"])
    account = make_account(entity=entity)
    return make_item(account=account, amount=amount, currency=currency, due=due, issued=due - timedelta(30), **values)


def claim(*items: LedgerItem, until: date = UNTIL, on: date = UNTIL) -> list[Claim]:
    return claim_charges(item_ids=[item.id for item in items], until=until, scope=EVERYTHING, actor=SYSTEM, on=on)


def charge(item: LedgerItem, until: date = UNTIL):
    (found,) = late_charges(item_ids=[item.id], until=until, scope=EVERYTHING)
    return found


def by_kind(claims: list[Claim]) -> dict[str, Decimal]:
    return {claim.kind: claim.amount for claim in claims}


def test_interest_and_the_fixed_charge_of_a_late_invoice(tenant):
    claims = claim(make_late())

    assert by_kind(claims) == {"INTEREST": Decimal("419.80"), "FIXED": Decimal(40)}
    interest = next(one for one in claims if one.kind == "INTEREST")
    assert (interest.from_on, interest.until_on, interest.law) == (date(2024, 6, 1), UNTIL, "FR")
    assert [(one["days"], one["percent"], one["amount"]) for one in interest.calculation["segments"]] == [
        (30, "14.50", "119.18"),
        (77, "14.25", "300.62"),
    ]


def test_the_invoice_is_as_it_was(tenant):
    item = make_late()
    claim(item)

    item.refresh_from_db()
    assert item.open_amount == Decimal(10_000)


def test_a_later_day_replaces_the_claim_and_charges_no_second_forty(tenant):
    item = make_late()
    claim(item, until=date(2024, 6, 30))

    again = claim(item)

    assert by_kind(again) == {"INTEREST": Decimal("419.80")}
    assert sorted(Claim.objects.values_list("kind", "state")) == [
        ("FIXED", "CLAIMED"),
        ("INTEREST", "CLAIMED"),
        ("INTEREST", "REPLACED"),
    ]


def test_the_same_day_again_claims_nothing(tenant):
    item = make_late()
    claim(item)

    assert charge(item).without is Without.CLAIMED
    with pytest.raises(NothingToClaim):
        claim(item)


def test_what_was_waived_is_not_claimed_again_but_later_days_are(tenant):
    item = make_late()
    waive_claims(
        claim_ids=[one.id for one in claim(item, until=date(2024, 6, 30))],
        reason="goodwill",
        scope=EVERYTHING,
        actor=SYSTEM,
        on=UNTIL,
    )

    again = claim(item)

    assert by_kind(again) == {"INTEREST": Decimal("300.62")}
    assert again[0].from_on == date(2024, 7, 1)


def test_instalments_of_a_document_pay_one_charge(tenant):
    first = make_late("500.00")
    document = Document.objects.create(
        customer=first.customer,
        account=first.account,
        entity=first.entity,
        number="D1",
        kind="INVOICE",
        document_date=date(2024, 5, 1),
        currency="EUR",
        total_amount=1000,
    )
    second = make_item(account=first.account, amount="500", currency="EUR", due=DUE, document=document)
    LedgerItem.objects.filter(id=first.id).update(document=document)

    assert [one.kind for one in claim(first, second)].count("FIXED") == 1


def test_an_invoice_paid_late_still_owes_both(tenant):
    item = make_late()
    make_allocation(debit=item, amount="10000", on=date(2024, 7, 10))

    assert by_kind(claim(item)) == {"INTEREST": Decimal("119.18") + Decimal("39.04"), "FIXED": Decimal(40)}


def test_an_invoice_paid_on_its_due_date_owes_nothing(tenant):
    item = make_late()
    make_allocation(debit=item, amount="10000", on=DUE)

    with pytest.raises(NothingToClaim):
        claim(item)


def test_a_contested_item_rests_and_a_contested_part_is_not_counted(tenant):
    whole, part = make_late(), make_late()
    record_dispute(item_id=whole.id, reason="PRICE", opened_on=DUE, actor=SYSTEM)
    record_dispute(item_id=part.id, reason="PRICE", opened_on=DUE, disputed_amount=Decimal(9000), actor=SYSTEM)

    assert charge(whole).without is Without.CONTESTED
    assert charge(part).interest.total == Decimal("11.92") + Decimal("30.06")


def test_insolvency_of_the_customer_stops_interest(tenant):
    item = make_late()
    place_hold(customer_id=item.customer_id, reason="INSOLVENCY", from_on=date(2024, 7, 1), actor=SYSTEM)

    assert charge(item).interest.total == Decimal("119.18")


def test_without_a_law_or_a_rate_nothing_is_guessed(tenant):
    assert charge(make_late(country="US", currency="USD")).without is Without.NO_LAW
    assert charge(make_late(country="DE", due=date(2010, 1, 1)), until=date(2010, 3, 1)).without is Without.NO_RATE


def test_agreed_terms_count_for_documents_from_their_day_on(tenant):
    item = make_late()
    agree = {"entity_id": item.entity_id, "with_fixed_charge": False, "actor": SYSTEM}
    agree_late_terms(valid_from=date(2024, 1, 1), agreed_percent=Decimal(18), **agree)
    agree_late_terms(valid_from=date(2024, 8, 1), agreed_percent=Decimal(30), **agree)

    found = charge(item)

    assert found.fixed is None
    assert {segment.percent for segment in found.interest.segments} == {Decimal(18)}


def test_a_rate_of_the_organisation_is_used_and_a_second_of_one_day_refused(tenant):
    rate = {"series": "ECB_REFINANCING", "valid_from": date(2024, 7, 1), "percent": Decimal(5), "source": "ECB"}
    add_rate(**rate, actor=SYSTEM)

    assert charge(make_late()).interest.segments[1].percent == Decimal(15)
    with pytest.raises(BadRate):
        add_rate(**rate, actor=SYSTEM)
    with pytest.raises(BadRate) as refusal:
        add_rate(series="EURIBOR", valid_from=DUE, percent=Decimal(500), source=" ", actor=SYSTEM)
    assert set(refusal.value.fields) == {"series", "percent", "source"}


def test_days_ahead_and_waiving_without_a_reason_are_refused(tenant):
    item = make_late()
    with pytest.raises(BadClaim):
        claim(item, until=UNTIL + timedelta(1))
    claims = claim(item)
    with pytest.raises(BadClaim):
        waive_claims(claim_ids=[claims[0].id], reason=" ", scope=EVERYTHING, actor=SYSTEM, on=UNTIL)


def test_a_paid_claim_cannot_be_waived(tenant):
    claims = [one.id for one in claim(make_late())]
    record_claims_paid(claim_ids=claims, scope=EVERYTHING, actor=SYSTEM, on=UNTIL)

    with pytest.raises(BadClaim):
        waive_claims(claim_ids=claims, reason="x", scope=EVERYTHING, actor=SYSTEM, on=UNTIL)


def test_who_does_not_see_the_item_neither_claims_nor_waives(tenant):
    item = make_late()
    claims = [one.id for one in claim(item)]
    elsewhere = Scope(entity_ids=frozenset({make_entity().id}))

    assert late_charges(item_ids=[item.id], until=UNTIL, scope=elsewhere) == []
    with pytest.raises(NotFound):
        waive_claims(claim_ids=claims, reason="x", scope=elsewhere, actor=SYSTEM, on=UNTIL)


def test_every_claim_and_decision_stands_in_the_audit_trail(tenant):
    claims = claim(make_late())
    waive_claims(claim_ids=[claims[0].id], reason="goodwill", scope=EVERYTHING, actor=SYSTEM, on=UNTIL)

    actions = list(AuditRecord.objects.order_by("id").values_list("action", flat=True))
    assert actions.count("collection.claimed") == 2
    assert actions.count("collection.claim_decided") == 1


def test_the_database_holds_one_interest_claim_for_an_item(tenant):
    first = claim(make_late())[0]
    first.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(
            customer=first.customer, entity=first.entity, item=first.item, kind="INTEREST", currency="EUR",
            amount=1, from_on=DUE, until_on=DUE, law="FR", on=DUE,
        )  # fmt: skip


def test_forty_items_take_as_many_statements_as_one(tenant, django_assert_num_queries):
    # Eight, and the two of the savepoint.
    item = make_late()
    with django_assert_num_queries(10):
        late_charges(item_ids=[item.id], until=UNTIL, scope=EVERYTHING)
    items = [make_item(account=item.account, amount="100", due=DUE, number=f"N{n}") for n in range(40)]
    with django_assert_num_queries(10):
        late_charges(item_ids=[one.id for one in items], until=UNTIL, scope=EVERYTHING)
