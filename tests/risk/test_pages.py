"""How customers pay, in the browser: the card, the columns and filters, the limits, the inbox of alerts."""

from datetime import timedelta

import pytest

from accounts.models import Role
from accounts.roles import Can
from accounts.services.roles import create_role
from core.audit import SYSTEM
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Alert
from receivables.models import EntityAccess
from risk.models import PayerClassLimits
from risk.services.profiles import refresh_profiles
from tests.make import make_account, make_customer, make_entity
from tests.pages import enter, own, statements, table
from tests.risk.parts import ON, overdue, paid

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def payers(organisation):
    """Prompt Ltd pays on its day; Slow SA did, and is 40 days late since yesterday's night; New AG has no history."""
    with tenant_scope(organisation):
        entity = make_entity(code="FR1")
        made = {
            name: make_account(customer=make_customer(ref=ref, name=name), entity=entity)
            for ref, name in (("P1", "Prompt Ltd"), ("S1", "Slow SA"), ("N1", "New AG"))
        }
        for name in ("Prompt Ltd", "Slow SA"):
            for n in range(5):
                paid(made[name], amount="100.00", days=0, ago=20 + n)
        refresh_profiles(on=ON - 30 * DAY)
        refresh_profiles(on=ON - DAY)
        overdue(made["Slow SA"], amount="900.00", days=40)
        refresh_profiles(on=ON)
    return made


def card(client, account):
    answer = client.get(f"/customers/{account.customer_id}/profile/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_card_says_the_class_the_reason_and_the_amounts(organisation, payers):
    client, _ = enter(organisation)
    html = card(client, payers["Slow SA"])
    for text in (
        "On average 25.7 days late, weighted by amount: up to 30 days is slow.",
        "6 instalments paid or overdue in 365 days",
        "€500 paid, €900 overdue; €900 of both late",
        "prompt before",
        "<polyline",
    ):
        assert text in html
    assert f'hx-get="/customers/{payers["Slow SA"].customer_id}/profile/"' in client.get(
        f"/customers/{payers['Slow SA'].customer_id}/"
    ).content.decode()  # fmt: skip


def test_the_card_speaks_french(organisation, payers):
    client, _ = enter(organisation)
    client.cookies["language"] = "fr"
    assert "25,7" in card(client, payers["Slow SA"])


def test_a_customer_without_history_is_not_known(organisation, payers):
    client, _ = enter(organisation)
    assert "Instalments paid or overdue within 365 days: 0. From 5 on a class is given." in card(
        client, payers["New AG"]
    )


def test_who_sees_one_company_sees_no_amounts_of_all(organisation, payers):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        EntityAccess.objects.create(member=member, entity=payers["Slow SA"].entity)
    html = card(client, payers["Slow SA"])
    assert "25.7 days late" in html
    assert "900" not in html


def test_the_list_shows_and_filters_by_class_and_index(organisation, payers):
    client, _ = enter(organisation)
    rows = table(client.get("/customers/"))
    head = rows[0]
    found = {row[1].split()[0]: (row[head.index("Pays")], row[head.index("Index")]) for row in rows[1:4]}
    assert found == {"Prompt": ("prompt", "80"), "Slow": ("slow", "55"), "New": ("", "")}

    def names(query):
        return [
            row[1].split()[0] for row in table(client.get(f"/customers/?{query}"))[1:] if row[1].split()[0] in found
        ]

    assert names("payer=late") == ["Slow"]
    assert names("payer=NOT_KNOWN") == ["New"]
    assert names("index_most=60") == ["Slow"]
    assert names("trend=NOT_KNOWN") == ["New", "Prompt", "Slow"]
    assert "Slow SA" not in client.get("/customers/?trend=WORSENING").content.decode()


def test_readers_without_the_right_find_no_classes(organisation, payers):
    with tenant_scope(organisation):
        create_role(name="Clerk", capabilities={Can.VIEW_CUSTOMERS}, actor=SYSTEM)
        code = Role.objects.get(name="Clerk").code
    client, _ = enter(organisation, role=code)
    rows = table(client.get("/customers/?cols=name,payer_class,payment_index"))
    assert {cell for row in rows[1:] for cell in row} & {"prompt", "slow", "55"} == set()
    assert "Slow SA" not in client.get("/customers/?payer=late").content.decode()
    assert client.get(f"/customers/{payers['Slow SA'].customer_id}/profile/").status_code == 403


def test_the_profiles_of_a_page_of_customers_are_one_statement_more(organisation, payers):
    client, _ = enter(organisation)
    client.get("/customers/")
    with statements() as sql:
        client.get("/customers/")
    assert len([one for one in own(sql) if "risk_payerprofile" in one]) == 1


def test_limits_are_set_from_tomorrow_in_the_browser(organisation, payers):
    client, member = enter(organisation)
    page = client.get("/payer-classes/").content.decode()
    assert "the usual limits" in page
    values = {
        "prompt_days": 0, "slight_days": 10, "slow_days": 20, "very_slow_days": 60, "minimum_instalments": 5,
        "window_days": 365, "recent_days": 90, "trend_days": 5,
    }  # fmt: skip
    assert client.post("/payer-classes/", {**values, "slow_days": 10}).status_code == 422
    assert client.post("/payer-classes/", values).status_code == 302
    with tenant_scope(organisation):
        row = PayerClassLimits.objects.get()
        assert (row.slow_days, row.valid_from, row.set_by_id) == (20, ON + DAY, member.id)
        assert AuditRecord.objects.get(action="risk.class_limits_set").actor_id == member.id
    assert "these limits apply from" in client.get("/payer-classes/").content.decode()


def test_an_alert_is_listed_shown_at_home_and_acknowledged_once(organisation, payers):
    client, member = enter(organisation)
    words = "Pays worse: slow, prompt until now. On average 25.7 days late"
    assert words in client.get("/alerts/").content.decode()
    home = client.get("/").content.decode()
    assert words in home
    with tenant_scope(organisation):
        alert = Alert.objects.get()
    form = client.post("/alerts/acknowledge/", {"pick": str(alert.id)})
    assert "Acknowledge 1 alert" in form.content.decode()
    sent = {"pick": str(alert.id), "sent": "1", "note": "Called their director."}
    assert client.post("/alerts/acknowledge/", sent).status_code == 302
    with tenant_scope(organisation):
        alert.refresh_from_db()
        assert (alert.acknowledged_by_id, alert.acknowledged_on, alert.note) == (member.id, ON, sent["note"])
    client.post("/alerts/acknowledge/", {**sent, "note": "Again"})
    with tenant_scope(organisation):
        alert.refresh_from_db()
        assert alert.note == sent["note"]
        assert AuditRecord.objects.filter(action="desk.alert_acknowledged").count() == 1
        assert refresh_profiles(on=ON, actor=SYSTEM) == 0
        assert Alert.objects.count() == 1
    assert words not in client.get("/alerts/").content.decode()
    assert words in client.get("/alerts/?state=acknowledged").content.decode()


def test_a_salesperson_sees_profiles_of_own_customers_only(organisation, payers):
    client, member = enter(organisation, role="sales")
    with tenant_scope(organisation):
        payers["Slow SA"].salesperson = member
        payers["Slow SA"].save()
    assert "25.7 days late" in card(client, payers["Slow SA"])
    assert client.get(f"/customers/{payers['Prompt Ltd'].customer_id}/profile/").status_code == 404
