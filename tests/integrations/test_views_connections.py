"""Connections in the browser, and the address to which another system sends files."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.models import Connection, SyncRun
from integrations.services.connections import create_connection, set_active
from tests.accounts.conftest import enter
from tests.make import make_entity, make_tenant

pytestmark = pytest.mark.django_db
UPLOAD = {"name": "ERP", "kind": "UPLOAD", "source": "erp"}
FOLDER = {"name": "Nightly", "kind": "FOLDER", "source": "erp", "folder": "nightly"}
CSV = b"customer;invoice number;invoice date;due date;amount\nC1;F1;2026-01-10;2026-02-10;10.00\n"


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"
    return settings.SPOOL_DIR


def made(organisation, **fields) -> tuple[Connection, str]:
    with tenant_scope(organisation):
        return create_connection(actor=SYSTEM, **{**UPLOAD, **fields})


def send(connection, secret, *, content=CSV, tenant_id=None, **fields):
    address = reverse("upload", args=[tenant_id or connection.tenant_id, connection.id])
    data = {"file": SimpleUploadedFile("items.csv", content), **fields} if content is not None else fields
    head = {"Authorization": f"Bearer {secret}"} if secret else {}
    # A program: no session, and no token of a form.
    return Client(enforce_csrf_checks=True).post(address, data, headers=head)


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_the_secret_of_an_upload_address_is_shown_once(organisation):
    client, _member = enter(organisation, role="credit_manager")
    answer = client.post(reverse("connection_new"), UPLOAD)
    secret = answer.context["secret"]
    shown = answer.content.decode()
    assert f"Bearer {secret}" in shown
    assert "curl" in shown
    assert answer["Cache-Control"] == "no-store"
    assert secret not in client.get(reverse("connections")).content.decode()


def test_a_folder_shows_where_it_is(organisation, spool):
    client, _member = enter(organisation, role="credit_manager")
    assert str(spool) in client.post(reverse("connection_new"), FOLDER).content.decode()
    assert (spool / "inbox" / str(organisation.id) / "nightly").is_dir()
    assert "Nightly" in client.get(reverse("connections")).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"kind": "FTP"}, {"source": "no spaces"}, {"folder": "../etc"}, {"entity": str(uuid4())}]
)
def test_what_is_no_connection_is_said_beside_its_field(organisation, wrong):
    client, _member = enter(organisation, role="credit_manager")
    answer = client.post(reverse("connection_new"), {**FOLDER, **wrong})
    assert answer.status_code == 422
    assert set(wrong) <= set(answer.context["form"].errors)
    with tenant_scope(organisation):
        assert not Connection.objects.exists()


def test_a_name_that_is_taken_is_refused(organisation):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        entity = make_entity()
    assert client.post(reverse("connection_new"), {**UPLOAD, "entity": str(entity.id)}).status_code == 200
    assert client.post(reverse("connection_new"), UPLOAD).status_code == 422


def test_a_connection_is_switched_off_and_on(organisation):
    client, _member = enter(organisation, role="credit_manager")
    connection, secret = made(organisation)
    for wanted, status in (("no", 404), ("yes", 202)):
        assert client.post(reverse("connection_switch", args=[connection.id]), {"on": wanted}).status_code == 302
        assert send(connection, secret).status_code == status


def test_connections_are_for_those_who_manage_them_and_of_ones_own_organisation(organisation):
    collector, _member = enter(organisation, role="collector")
    connection, _secret = made(organisation)
    for address in (reverse("connections"), reverse("connection_new")):
        assert collector.get(address).status_code == 403
    assert collector.post(reverse("connection_switch", args=[connection.id])).status_code == 403
    manager, _member = enter(organisation, role="credit_manager")
    foreign, _secret = made(make_tenant())
    assert manager.post(reverse("connection_switch", args=[foreign.id]), {"on": "no"}).status_code == 404


# --- The address -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_sent_becomes_an_import_of_its_connection(organisation):
    connection, secret = made(organisation)
    answer = send(connection, secret, control_EUR="10.00")
    assert answer.status_code == 202
    with tenant_scope(organisation):
        run = SyncRun.objects.get()
    assert answer.json() == {"import": str(run.id), "state": "QUEUED", "error": ""}
    assert (run.connection_id, run.kind, run.file_name) == (connection.id, "items", "items.csv")
    assert run.options["control_totals"] == {"EUR": "10.00"}


def test_a_file_that_is_not_understood_is_kept_and_refused(organisation):
    connection, secret = made(organisation)
    answer = send(connection, secret, content=b"a;b\n1;2\n")
    assert answer.status_code == 422
    assert answer.json()["state"] == "REFUSED"
    assert answer.json()["error"]


@pytest.mark.parametrize("total", ["many", "NaN"])
def test_a_control_total_that_is_no_number_is_said(organisation, total):
    connection, secret = made(organisation)
    assert send(connection, secret, control_EUR=total).status_code == 400


def test_without_a_file_it_says_how_to_send_one(organisation):
    connection, secret = made(organisation)
    assert send(connection, secret, content=None, note="hello").status_code == 400
    assert send(connection, secret, content=b"").status_code == 400


def test_wrong_secret_other_organisation_and_switched_off_are_the_same_404(organisation):
    connection, secret = made(organisation)
    stranger = make_tenant()
    _other, other_secret = made(stranger)
    answers = [
        send(connection, ""),
        send(connection, "0" * 64),
        send(connection, other_secret),
        send(connection, secret, tenant_id=stranger.id),
        send(connection, other_secret, tenant_id=stranger.id),
        send(connection, secret, tenant_id=uuid4()),
    ]
    with tenant_scope(organisation):
        set_active(connection_id=connection.id, is_active=False, actor=SYSTEM)
    answers.append(send(connection, secret))
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    with tenant_scope(organisation):
        assert not SyncRun.objects.exists()
    assert Client().get(reverse("upload", args=[organisation.id, connection.id])).status_code == 405
