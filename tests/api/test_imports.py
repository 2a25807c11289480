"""Files over the API: sent, mapped, checked, loaded, taken back; and the upload address of a connection."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.models import Connection, SyncRun
from integrations.services import runs
from integrations.services.connections import create_connection, set_active
from receivables.models import LedgerItem
from tests.api.conftest import caller_of
from tests.make import make_member, make_tenant

pytestmark = pytest.mark.usefixtures("own_spool")

FILE = (
    b"Customer;Invoice;Invoice date;Due date;Amount;Currency\n"
    b"C1;F1;31/01/2026;28/02/2026;1200,00;EUR\n"
    b"C2;F2;15/01/2026;14/02/2026;800,50;EUR\n"
)


def upload(api, content: bytes = FILE, **values):
    client = Client(raise_request_exception=False)
    body = {"file": SimpleUploadedFile("items.csv", content), **values}
    once = {"Idempotency-Key": values.pop("once")} if "once" in values else {}
    body.pop("once", None)
    return client.post("/api/v1/imports/", body, headers={"Authorization": f"Bearer {api.key}", **once})


def test_from_the_file_to_the_ledger_and_back(api, organisation):
    sent = upload(api, kind="items")
    assert sent.status_code == 201, sent.content
    run = sent.json()
    assert (run["state"], run["kind"], run["file_name"]) == ("RECEIVED", "items", "items.csv")
    address = f"imports/{run['id']}"
    proposal = api.get(f"{address}/mapping/").json()
    assert proposal["missing"] == []
    assert proposal["mapping"]["columns"]["number"] == "Invoice"
    chosen = api.put(f"{address}/mapping/", {"mapping": {**proposal["mapping"], "date_order": "dmy"}, "remember": True})
    assert chosen.status_code == 200, chosen.content
    checked = api.post(f"{address}/check/").json()
    assert (checked["state"], checked["created_count"], checked["rejected_count"]) == ("CHECKED", 2, 0)
    with tenant_scope(organisation):
        assert LedgerItem.objects.count() == 0
    queued = api.post(f"{address}/apply/")
    assert (queued.status_code, queued.json()["state"]) == (202, "QUEUED")
    with tenant_scope(organisation):
        runs.apply(run_id=run["id"])
    loaded = api.get(f"{address}/").json()
    assert (loaded["state"], loaded["totals"]["EUR"]["loaded"]) == ("APPLIED", "2000.50")
    assert api.post(f"{address}/apply/").status_code == 409
    assert api.post(f"{address}/undo/").json()["state"] == "UNDONE"


def test_refused_rows_with_their_reason_page_by_page(api, organisation):
    bad = FILE + b"C3;F3;31/01/2026;99/02/2026;1,00;EUR\nC4;F4;31/01/2026;28/02/2026;much;EUR\n"
    run = upload(api, bad, kind="items", all_or_nothing="false").json()
    api.post(f"imports/{run['id']}/check/")
    rows = api.rows(f"imports/{run['id']}/errors/?page_size=1")
    assert [(row["row"], row["field"]) for row in rows] == [(4, "due_date"), (5, "amount")]
    assert rows[1]["values"][4] == "much"


def test_a_file_that_cannot_be_read_says_why(api):
    run = upload(api, b"\x00\x01\x02 nothing \x00").json()
    assert run["state"] == "REFUSED"
    assert run["error"]


def test_the_same_upload_sent_again_is_received_once(api, organisation):
    first, again = upload(api, once="u"), upload(api, once="u")
    assert first.content == again.content
    with tenant_scope(organisation):
        assert SyncRun.objects.count() == 1
    assert upload(api, FILE + b"C3;F3;31/01/2026;28/02/2026;1,00;EUR\n", once="u").status_code == 409


@pytest.mark.parametrize(
    "values", [{"kind": "birds"}, {"source": "a b"}, {"as_of": "soon"}, {"control_totals": "{"}, {"control_totals": '{"EUR": 5}'},
               {"control_totals": '{"XX": "5"}'}, {"mode": "x"}]
)  # fmt: skip
def test_values_beside_the_file_are_checked(api, values):
    assert upload(api, **values).status_code == 400


def test_an_empty_file_and_no_file_are_refused(api):
    assert upload(api, b"").status_code == 400
    assert Client().post("/api/v1/imports/", {}, headers={"Authorization": f"Bearer {api.key}"}).status_code == 400


@pytest.mark.parametrize(
    "mapping",
    [
        None,
        {},
        {"kind": "items", "columns": {"number": 7}},
        {"kind": "items", "columns": {"x": "y"}},
        {"kind": "x", "columns": {}},
    ],
)
def test_a_mapping_that_is_none_is_refused(api, mapping):
    run = upload(api, kind="items").json()
    assert api.put(f"imports/{run['id']}/mapping/", {"mapping": mapping}).status_code == 400


def test_a_key_that_sees_a_part_cannot_import(organisation):
    from receivables.models import EntityAccess
    from tests.make import make_entity

    with tenant_scope(organisation):
        maker = make_member()
        EntityAccess.objects.create(member=maker, entity=make_entity())
    assert caller_of(organisation, portfolio_of=maker.id).get("imports/").status_code == 403


# --- The upload address ----------------------------------------------------------------------------------------------


@pytest.fixture
def connection(organisation) -> tuple[Connection, str]:
    with tenant_scope(organisation), transaction.atomic():
        return create_connection(name="ERP", kind="UPLOAD", source="erp", actor=SYSTEM)


def send(organisation, connection_id, secret: str, **values: str):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    body = {"file": SimpleUploadedFile("open.csv", FILE), **values}
    client = Client(raise_request_exception=False)
    return client.post(f"/in/{organisation.id}/{connection_id}/", body, headers=headers)


def test_a_system_sends_a_file_with_the_connections_secret(organisation, connection):
    found, secret = connection
    answer = send(organisation, found.id, secret)
    assert answer.status_code == 202, answer.content
    with tenant_scope(organisation):
        run = SyncRun.objects.get()
        assert (str(run.id), run.state, run.source, run.file_name) == (
            answer.json()["import"],
            "QUEUED",
            "erp",
            "open.csv",
        )
        assert run.file_size == len(FILE)


def test_wrong_secrets_organisations_and_connections_look_alike(organisation, connection):
    found, secret = connection
    other = make_tenant()
    answers = [
        send(organisation, found.id, "0" * 64),
        send(organisation, other.id, secret),
        send(other, found.id, secret),
    ]
    with tenant_scope(organisation):
        set_active(connection_id=found.id, is_active=False, actor=SYSTEM)
    answers.append(send(organisation, found.id, secret))
    answers.append(send(organisation, found.id, ""))
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert answers[0]["Content-Type"] == "application/problem+json"
    with tenant_scope(organisation):
        assert SyncRun.objects.count() == 0


def test_control_totals_come_with_the_file(organisation, connection):
    found, secret = connection
    assert send(organisation, found.id, secret, control_EUR="2000.50").status_code == 202
    assert send(organisation, found.id, secret, control_EUR="much").status_code == 400
    with tenant_scope(organisation):
        assert SyncRun.objects.get().options["control_totals"] == {"EUR": "2000.50"}
