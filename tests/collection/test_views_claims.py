"""Interest and charges in the browser: what a selection has run up, claimed, given up, and the annex."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from collection.models import Claim, LateTerms, ReferenceRate
from collection.services.annexes import annex_html, calculation
from core.tenancy import tenant_scope
from desk.pdf import PdfProcess
from receivables.models import Entity
from tests.accounts.conftest import enter
from tests.make import make_account, make_customer, make_entity, make_item

pytestmark = pytest.mark.django_db
UNTIL = "2024-09-15"


@pytest.fixture
def late(organisation):
    """10,000.00 EUR due on 31 May 2024, of a French company."""
    with tenant_scope(organisation):
        account = make_account(
            customer=make_customer(name="Boulangerie <b>Dupont</b>"), entity=make_entity(country="FR", name="Nordis")
        )
        return make_item(
            account=account, amount="10000.00", due=date(2024, 5, 31), issued=date(2024, 5, 1), number="F-7"
        )


def claim(client, item, **values):
    return client.post(reverse("claims_new"), {"pick": str(item.id), "sent": "1", "until": UNTIL, **values})


def test_the_drawer_shows_what_can_be_claimed_until_a_day(organisation, late):
    client, _member = enter(organisation, role="collector")

    shown = client.get(reverse("claims_new"), {"pick": str(late.id), "until": UNTIL}).content.decode()

    assert "419.80" in shown
    assert "459.80" in shown
    with tenant_scope(organisation):
        assert not Claim.objects.exists()


def test_claiming_makes_the_claims_and_the_list_shows_them(organisation, late):
    client, _member = enter(organisation, role="collector")

    assert claim(client, late).status_code == 302

    listed = client.get(reverse("claims")).content.decode()
    assert "419.80" in listed
    assert "40.00" in listed
    assert "Boulangerie &lt;b&gt;Dupont" in listed


def test_a_day_ahead_is_refused_in_place(organisation, late):
    client, _member = enter(organisation, role="collector")

    answer = claim(client, late, until="2199-01-01")

    assert answer.status_code == 422
    assert "Interest is claimed for days that have passed." in answer.content.decode()


def test_a_day_that_is_none_is_refused_in_place(organisation, late):
    client, _member = enter(organisation, role="collector")

    assert claim(client, late, until="soon").status_code == 422


def test_the_page_of_a_claim_shows_each_segment(organisation, late):
    client, _member = enter(organisation, role="collector")
    claim(client, late)
    with tenant_scope(organisation):
        interest = Claim.objects.get(kind="INTEREST")

    shown = client.get(reverse("claim", args=[interest.id])).content.decode()

    for words in ("119.18", "300.62", "14.500", "14.250", "European Central Bank"):
        assert words in shown


def test_the_manager_waives_with_a_reason_and_the_collector_may_not(organisation, late):
    collector, _member = enter(organisation, role="collector")
    claim(collector, late)
    with tenant_scope(organisation):
        picks = [str(one.id) for one in Claim.objects.all()]
    manager, _member = enter(organisation, role="credit_manager")

    assert collector.post(reverse("claims_waive"), {"pick": picks, "sent": "1", "reason": "x"}).status_code == 403
    assert manager.post(reverse("claims_waive"), {"pick": picks, "sent": "1", "reason": ""}).status_code == 422
    assert manager.post(reverse("claims_waive"), {"pick": picks, "sent": "1", "reason": "goodwill"}).status_code == 302
    with tenant_scope(organisation):
        assert set(Claim.objects.values_list("state", "reason")) == {("WAIVED", "goodwill")}


def test_the_annex_is_a_pdf_in_the_customers_language(organisation, late, monkeypatch):
    client, _member = enter(organisation, role="collector")
    claim(client, late)
    with tenant_scope(organisation):
        late.customer.language = "fr"
        late.customer.save(update_fields=["language"])
        one = Claim.objects.all()[0]
    pages: list[str] = []
    render = PdfProcess.render
    monkeypatch.setattr(PdfProcess, "render", lambda self, html: pages.append(html) or render(self, html))

    answer = client.get(reverse("claim_annex", args=[one.id]))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert 'lang="fr"' in pages[0]
    assert "459,80" in pages[0]
    assert "Boulangerie &lt;b&gt;Dupont" in pages[0]


@pytest.mark.parametrize(
    ("country", "language", "said"),
    [
        ("FR", "en", ("ECB refinancing rate plus 10 percentage points", "31 May 2024", "14.50", "119.18", "€459.80")),
        ("FR", "fr", ("Article L441-10, II du code de commerce", "Article D441-5", "31/05/2024", "14,50", "Pénalités")),
        (
            "FR",
            "de",
            ("Verzugszinsen", "Verzugspauschale", "Art. L441-10 II des französischen Handelsgesetzbuchs", "31.05.2024",
             "Europäische Zentralbank", "14,50", "119,18", "459,80"),
        ),
        (
            "DE",
            "de",
            ("§ 288 Abs. 2 BGB: Basiszinssatz nach § 247 BGB zuzüglich 9 Prozentpunkte", "§ 288 Abs. 5 BGB",
             "Deutsche Bundesbank, Basiszinssatz nach § 247 BGB"),
        ),
        ("IT", "de", ("Richtlinie 2011/7/EU: Refinanzierungssatz der EZB zuzüglich 8 Prozentpunkte (D.lgs. 231/2002",)),
        ("DE", "fr", ("§ 288, al. 2 du code civil allemand (BGB)", "taux de base (§ 247 BGB)")),
    ],
)  # fmt: skip
def test_the_annex_speaks_the_customers_language_laws_and_sources_too(organisation, late, country, language, said):
    with tenant_scope(organisation):
        Entity.objects.filter(id=late.entity_id).update(country=country)
        late.entity.refresh_from_db()
        found = calculation(item_ids=[late.id], until=late.due_date + timedelta(days=107))
        html = annex_html(found, customer=late.customer, entity=late.entity, on=late.due_date, language=language)
    words = re.sub("[\u00a0\u202f]", " ", html)
    for one in said:
        assert one in words
    for other in {"en": ("Verzug", "Pénalités"), "fr": ("Verzug", "Unpaid"), "de": ("Unpaid", "Pénalités")}[language]:
        assert other not in words


def test_what_was_agreed_names_no_statutory_rate_and_a_rate_of_ones_own_its_source(organisation, late):
    with tenant_scope(organisation):
        found = calculation(item_ids=[late.id], until=late.due_date + timedelta(days=107))
        for row in found:
            for segment in row.calculation.get("segments", []):
                segment |= {"source": "", "percent": "15.125"}
        agreed = annex_html(found, customer=late.customer, entity=late.entity, on=late.due_date, language="de")
        for row in found:
            for segment in row.calculation.get("segments", []):
                segment |= {"source": "ECB <press> release", "is_stale": True}
        own = annex_html(found, customer=late.customer, entity=late.entity, on=late.due_date, language="de")
    assert "vereinbarter Zinssatz" in agreed
    assert "15,125" in agreed
    assert "Prozentpunkte (" not in agreed
    assert "zuzüglich 10 Prozentpunkte" not in agreed
    assert "ECB &lt;press&gt; release (ein neuerer Zinssatz ist nicht bekannt)" in own


def test_rates_and_terms_are_added_and_shown(organisation, late):
    client, _member = enter(organisation, role="credit_manager")
    rate = {"series": "ECB_REFINANCING", "valid_from": "2026-01-01", "percent": "2.15", "source": "ECB press release"}

    assert client.post(reverse("rate_new"), rate).status_code == 302
    assert client.post(reverse("rate_new"), rate).status_code == 422
    terms = {"entity": str(late.entity_id), "valid_from": "2026-01-01", "agreed_percent": "15"}
    assert client.post(reverse("late_terms_new"), terms).status_code == 302

    shown = client.get(reverse("law")).content.decode()
    assert "ECB press release" in shown
    assert "15.00 % agreed" in shown
    with tenant_scope(organisation):
        assert ReferenceRate.objects.count() == 1
        assert LateTerms.objects.get().with_fixed_charge is False
