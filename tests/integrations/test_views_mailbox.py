"""The demo mailbox: only a sandbox has one, and one sees in it what one sees elsewhere."""

from email.message import EmailMessage

import pytest
from django.urls import reverse

from core.tenancy import tenant_scope
from integrations.adapters.messaging.mailbox import keep
from integrations.adapters.messaging.smtp import as_email, message_id
from receivables.models import EntityAccess
from tests.accounts.conftest import enter
from tests.desk.test_views_messages import make_message
from tests.make import make_account, make_customer, make_entity, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailbox(settings, tmp_path):
    settings.DATA_DIR, settings.LOCAL = tmp_path, False
    return tmp_path


def deliver(organisation, *, times: int = 1, **fields) -> str:
    """A message that arrived so many times; its name in the mailbox."""
    with tenant_scope(organisation):
        message = make_message(**fields)
        for _time in range(times):
            keep(
                tenant_id=organisation.id,
                payload=as_email(message).payload,
                name=message_id(message).strip("<>"),
            )
    return message_id(message).strip("<>")


def test_an_empty_mailbox_says_what_to_do(organisation):
    client, _member = enter(organisation, role="collector")
    assert "Nothing has arrived yet" in client.get(reverse("mailbox")).content.decode()


def test_what_arrived_is_listed_and_read_with_the_number_of_copies(organisation):
    client, _member = enter(organisation, role="collector")
    name = deliver(organisation, times=2, subject="Facture F7")
    shown = client.get(reverse("mailbox")).content.decode()
    for words in ("Facture F7", "ap@durand.example", "2 copies", "Bonjour"):
        assert words in shown
    part = client.get(reverse("mailbox"), {"message": name}, headers={"HX-Request": "true"}).content.decode()
    assert "arrived 2 times under the same Message-ID" in part
    assert "<html" not in part


def test_the_html_stands_in_a_frame_that_runs_and_loads_nothing(organisation):
    client, _member = enter(organisation, role="collector")
    name = deliver(organisation)
    answer = client.get(reverse("mailbox_body"), {"message": name})
    assert "<p>Bonjour</p>" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["", "nothing", "../../etc/passwd"])
def test_what_did_not_arrive_is_not_found(organisation, name):
    client, _member = enter(organisation, role="collector")
    assert client.get(reverse("mailbox_body"), {"message": name}).status_code == 404


def test_another_organisations_mail_is_not_found(organisation):
    client, _member = enter(organisation, role="collector")
    name = deliver(make_tenant(), subject="Foreign")
    assert client.get(reverse("mailbox"), {"message": name}).status_code == 404
    assert client.get(reverse("mailbox_body"), {"message": name}).status_code == 404
    assert "Foreign" not in client.get(reverse("mailbox")).content.decode()


def test_who_sees_one_company_only_finds_its_mail_only(organisation):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        own, other = make_entity(), make_entity()
        EntityAccess.objects.create(member=member, entity=own)
        seen, hidden = make_account(entity=own), make_account(entity=other, customer=make_customer())
    deliver(organisation, account=seen, subject="Seen")
    name = deliver(organisation, account=hidden, subject="Hidden")
    letter = EmailMessage()
    letter["Subject"], letter["To"] = "Wages", "somebody@nordis.example"
    keep(tenant_id=organisation.id, payload=letter.as_bytes(), name="wages.1@nordis.example")
    shown = client.get(reverse("mailbox")).content.decode()
    assert "Seen" in shown
    assert "Hidden" not in shown
    assert "Wages" not in shown
    assert client.get(reverse("mailbox_body"), {"message": name}).status_code == 404


def test_a_real_organisation_has_no_demo_mailbox_and_says_so(settings):
    real = make_tenant(sandbox_on=None)
    client, _member = enter(real)
    answer = client.get(reverse("mailbox"))
    assert answer.status_code == 404
    assert "Only a sandbox has one." in answer.content.decode()
    settings.LOCAL = True
    assert client.get(reverse("mailbox")).status_code == 200


def test_sales_do_not_read_mail(organisation):
    client, _member = enter(organisation, role="sales")
    assert client.get(reverse("mailbox")).status_code == 403
    assert client.get(reverse("mailbox_body")).status_code == 403
