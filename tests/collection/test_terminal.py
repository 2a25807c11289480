"""Stops of deliveries, formal notices, cases, write-offs: who asks, who decides, what follows, and once."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from collection.models import Action, ActionLine, Agency, Claim, DeliveryStop, FormalNotice, LegalCase, Step, WriteOff
from collection.queries.terminal import recoveries
from collection.rules.steps import OldItems
from collection.services.case_decisions import NoDossier, close_case, hand_over_case, withdraw_case
from collection.services.claims import claim_charges, waive_claims
from collection.services.deciding import undo_decision
from collection.services.dossier_data import gather
from collection.services.dossiers import dossier_file, make_dossier, make_wanted_dossiers, progress_of
from collection.services.enclosing import OF_DOCUMENT
from collection.services.formal_notices import NotANotice, decide_notice, request_notice
from collection.services.legal_cases import (
    BadAgency,
    BadCase,
    InAnotherCase,
    add_cost,
    prepare_case,
    save_agency,
    want_dossier,
)
from collection.services.notice_approvals import NotApproved
from collection.services.planning import plan_actions
from collection.services.sending import confirm_action
from collection.services.terminal import (
    AlreadyAsked,
    AlreadyDecided,
    BadRequest,
    NeedsSecondPerson,
    decide_delivery_stop,
    end_delivery_stop,
    lift_paid_stops,
    request_delivery_stop,
    save_terminal_settings,
)
from collection.services.write_offs import (
    AboveLimit,
    InAnotherWriteOff,
    decide_write_off,
    request_write_off,
    set_write_off_limit,
    settle_write_offs,
    withdraw_write_off,
)
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord, JobRun
from core.tenancy import tenant_scope
from desk.models import Attachment, Message, Task
from desk.services.comments import attach_file
from receivables.models import Dispute, Document, Hold, LedgerItem
from tests.accounts.test_at_once import at_once
from tests.collection.story import MONDAY, NOW, approve, due, make_debtor
from tests.make import make_account, make_allocation, make_entity, make_item, make_member, make_tenant
from tests.pages import enter

TUESDAY = MONDAY + timedelta(days=1)


def by(member, *, on=MONDAY, scope=EVERYTHING) -> dict:
    return {"scope": scope, "actor": Actor.member(member) if member else SYSTEM, "on": on}


def late(account=None, amount="100.00", days=40, **fields):
    return make_item(account=account or make_account(), amount=amount, due=due(days), **fields)


def paid(item, amount="100.00", *, on=MONDAY, **fields):
    make_allocation(debit=item, amount=amount, on=on, **fields)
    item.refresh_from_db()
    LedgerItem.objects.filter(id=item.id).update(open_amount=item.open_amount)


# --- Stops of deliveries ----------------------------------------------------------------------------------------------


def test_a_stop_is_asked_for_decided_by_who_may_and_ends_when_nothing_is_overdue(tenant):
    """Example 1 of docs/rules/terminal.md."""
    collector, manager = make_member(role="collector"), make_member(role="credit_manager")
    make_member(role="sales")
    item = late()
    stop = request_delivery_stop(customer_id=item.customer_id, reason="Third reminder", **by(collector))
    assert stop.amounts == {"EUR": "100.00"}
    tasks = Task.objects.filter(kind="APPROVAL", object_id=stop.id, done_on=None)
    assert {task.assignee_id for task in tasks} == {manager.id}
    decide_delivery_stop(stop_id=stop.id, accept=True, **by(manager))
    assert not tasks.all().exists()
    assert lift_paid_stops(on=TUESDAY) == 0
    paid(item, on=TUESDAY)
    assert lift_paid_stops(on=TUESDAY) == 1
    assert lift_paid_stops(on=TUESDAY) == 0
    stop.refresh_from_db()
    assert (stop.state, stop.ended_on) == ("LIFTED", TUESDAY)
    actions = AuditRecord.objects.filter(object_id=stop.id).values_list("action", flat=True)
    assert {one.split(".")[1] for one in actions} == {
        "delivery_stop_requested", "delivery_stop_decided", "delivery_stop_ended",
    }  # fmt: skip


def test_a_stop_at_one_company_looks_at_its_items_only(tenant):
    here, there = make_entity(code="HERE"), make_entity(code="THERE")
    account = make_account(entity=here)
    item = late(account)
    late(make_account(customer=account.customer, entity=there, ref="X"))
    stop = request_delivery_stop(customer_id=account.customer_id, entity_id=here.id, reason="x", **by(None))
    whole = request_delivery_stop(customer_id=account.customer_id, reason="x", **by(None))
    paid(item)
    assert lift_paid_stops(on=TUESDAY) == 1
    stop.refresh_from_db()
    whole.refresh_from_db()
    assert (stop.state, whole.state) == ("LIFTED", "REQUESTED")


def test_what_cannot_be_asked_or_decided_about_stops_is_refused(tenant):
    item, own = late(), make_member(role="sales")
    with pytest.raises(BadRequest):
        request_delivery_stop(customer_id=item.customer_id, reason=" ", **by(None))
    with pytest.raises(BadRequest):
        request_delivery_stop(customer_id=make_account().customer_id, reason="owes nothing", **by(None))
    with pytest.raises(NotFound):
        request_delivery_stop(customer_id=item.customer_id, reason="x", **by(own, scope=Scope(portfolio_of=own.id)))
    stop = request_delivery_stop(customer_id=item.customer_id, reason="x", **by(None))
    with pytest.raises(AlreadyAsked):
        request_delivery_stop(customer_id=item.customer_id, reason="x", **by(None))
    with pytest.raises(BadRequest):
        decide_delivery_stop(stop_id=stop.id, accept=False, answer=" ", **by(None))
    decide_delivery_stop(stop_id=stop.id, accept=False, answer="A key account", **by(None))
    with pytest.raises(AlreadyDecided):
        decide_delivery_stop(stop_id=stop.id, accept=True, **by(None))
    with pytest.raises(AlreadyDecided):
        end_delivery_stop(stop_id=stop.id, reason="x", **by(None))
    assert request_delivery_stop(customer_id=item.customer_id, reason="again", **by(None)).state == "REQUESTED"


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_and_one_counts():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        manager = make_member()
        stop = request_delivery_stop(customer_id=late().customer_id, reason="x", **by(None))
    results = at_once(
        tenant,
        lambda: decide_delivery_stop(stop_id=stop.id, accept=True, **by(manager)),
        lambda: decide_delivery_stop(stop_id=stop.id, accept=False, answer="no", **by(manager)),
    )
    assert sorted(type(one).__name__ for one in results) == ["AlreadyDecided", "DeliveryStop"]


def test_another_organisations_stop_does_not_exist_here(organisation):
    with tenant_scope(make_tenant()):
        stop = request_delivery_stop(customer_id=late().customer_id, reason="x", **by(None))
    with tenant_scope(organisation), pytest.raises(NotFound):
        decide_delivery_stop(stop_id=stop.id, accept=True, **by(None))


# --- Formal notices ---------------------------------------------------------------------------------------------------


@pytest.fixture
def notice_due(tenant):
    """A proposed letter whose step is a formal notice."""
    version = approve(tenant)
    Step.objects.filter(version=version, step_key="reminder_1").update(kind=Step.Kind.FORMAL_NOTICE)
    account = make_debtor()
    make_item(account=account, number="A", due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    return Action.objects.get()


def confirm(action, member):
    return confirm_action(action_id=action.id, now=NOW, **by(member))


def test_a_formal_notice_leaves_only_after_another_person_approved_it(tenant, notice_due):
    """Example 2."""
    collector, manager = make_member(role="collector"), make_member()
    with pytest.raises(NotApproved):
        confirm(notice_due, collector)
    notice = request_notice(action_id=notice_due.id, **by(collector))
    with pytest.raises(AlreadyAsked):
        request_notice(action_id=notice_due.id, **by(collector))
    with pytest.raises(NotApproved):
        confirm(notice_due, collector)
    with pytest.raises(NeedsSecondPerson):
        decide_notice(notice_id=notice.id, approve=True, **by(collector))
    decide_notice(notice_id=notice.id, approve=True, **by(manager))
    assert confirm(notice_due, collector).state == "CONFIRMED"
    notice.refresh_from_db()
    assert (notice.state, notice.action_id) == ("SPENT", notice_due.id)
    undo_decision(action_id=notice_due.id, scope=EVERYTHING, actor=Actor.member(collector), now=NOW)
    notice.refresh_from_db()
    assert (notice.state, notice.action_id) == ("APPROVED", None)
    assert confirm(notice_due, collector).state == "CONFIRMED"


def test_the_usual_scenario_ends_with_a_notice_that_needs_approval(tenant):
    version = approve(tenant, old_items=OldItems.REACHED_STEP)
    steps = list(version.steps.order_by("position").values_list("offset_days", "channel", "kind", "mode"))
    assert [days for days, *_rest in steps] == [-7, 5, 15, 30, 45]
    assert steps[-1] == (45, "LETTER", "FORMAL_NOTICE", "TO_CONFIRM")
    assert {kind for _days, _channel, kind, _mode in steps[:-1]} == {"REMINDER"}
    account = make_debtor()
    item = make_item(account=account, number="A", due=due(60))
    for key in ("before_due", "reminder_1", "reminder_2", "reminder_3"):
        ActionLine.objects.get_or_create(
            item=item, step_key=key,
            defaults={"customer_id": item.customer_id, "on": due(20), "currency": "EUR", "open_amount": 1,
                      "state": "DONE"},
        )  # fmt: skip
    plan_actions(tenant=tenant, on=MONDAY)
    letter = Action.objects.get()
    assert (letter.step.step_key, letter.channel) == ("formal_notice", "LETTER")
    collector, manager = make_member(role="collector"), make_member()
    with pytest.raises(NotApproved):
        confirm(letter, collector)
    notice = request_notice(action_id=letter.id, **by(collector))
    decide_notice(notice_id=notice.id, approve=True, **by(manager))
    assert confirm(letter, collector).state == "CONFIRMED"
    message = Message.objects.get(reason_type="collection.Action")
    assert (message.channel, message.subject) == ("LETTER", "Mise en demeure : 100,00 € échus")


def test_the_approval_outlives_the_night_but_does_not_cover_another_item(tenant, notice_due):
    """Example 3."""
    collector, manager = make_member(role="collector"), make_member()
    notice = request_notice(action_id=notice_due.id, **by(collector))
    decide_notice(notice_id=notice.id, approve=True, **by(manager))
    plan_actions(tenant=tenant, on=TUESDAY)
    again = Action.objects.get(on=TUESDAY)
    assert confirm_action(action_id=again.id, now=NOW + timedelta(days=1), **by(collector, on=TUESDAY))
    FormalNotice.objects.filter(id=notice.id).update(state="APPROVED", items=[], action_id=None)
    undo_decision(action_id=again.id, scope=EVERYTHING, actor=SYSTEM, now=NOW + timedelta(days=1))
    with pytest.raises(NotApproved):
        confirm_action(action_id=again.id, now=NOW + timedelta(days=1), **by(collector, on=TUESDAY))


def test_an_ordinary_reminder_needs_no_approval(tenant):
    approve(tenant)
    make_item(account=make_debtor(), due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    with pytest.raises(NotANotice):
        request_notice(action_id=Action.objects.get().id, **by(make_member()))
    assert confirm(Action.objects.get(), make_member()).state == "CONFIRMED"


def test_the_database_itself_keeps_four_eyes(tenant):
    member, account = make_member(), make_account()
    with pytest.raises(IntegrityError), transaction.atomic():
        FormalNotice.objects.create(
            customer=account.customer, entity=account.entity, step_key="x", four_eyes=True, on=MONDAY,
            requested_by=member, decided_by=member, decided_on=MONDAY, state="APPROVED",
        )  # fmt: skip


def test_the_panel_of_the_day_says_that_the_approval_is_missing_and_asks_for_it(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        version = approve(organisation)
        Step.objects.filter(version=version, step_key="reminder_1").update(kind=Step.Kind.FORMAL_NOTICE)
        make_item(account=make_debtor(), number="A", due=due(10))
        plan_actions(tenant=organisation, on=MONDAY)
        action = Action.objects.get()
    address = f"/collections/actions/{action.id}/"
    assert "Ask for the approval" in client.get(address).content.decode()
    assert client.post(f"/collections/actions/{action.id}/approval/", {"sent": "1", "note": "x"}).status_code == 302
    assert "Its approval is asked for" in client.get(address).content.decode()
    with tenant_scope(organisation):
        notice = FormalNotice.objects.get()
    manager, _member = enter(organisation)
    answer = manager.post(f"/collections/notices/{notice.id}/decide/", {"sent": "1", "decision": "yes"})
    assert answer.status_code == 302
    assert "Approved: it may leave" in client.get(address).content.decode()
    assert "A" in manager.get(f"/collections/notices/{notice.id}/").content.decode()


# --- Cases ------------------------------------------------------------------------------------------------------------


def agency() -> Agency:
    return save_agency(agency_id=None, name=f"Agency {Agency.objects.count()}", kind="AGENCY", actor=SYSTEM)


def prepare(account, **fields) -> LegalCase:
    return prepare_case(
        customer_id=account.customer_id, entity_id=account.entity_id, agency_id=agency().id, **{**by(None), **fields}
    )


def test_a_case_from_preparation_to_its_end(tenant):
    """Example 4."""
    manager = make_member()
    account = make_debtor(entity=make_entity(code="FR", country="FR", language="en"))
    first, second = late(account, "1000.00", number="F-1"), late(account, "500.00", number="F-2")
    dispute = Dispute.objects.create(
        customer=account.customer, item=first, reason="PRICE", currency="EUR", opened_on=due(30),
        closed_on=due(20), answer="The price list says so.", outcome="REJECTED",
    )  # fmt: skip
    case = prepare(account)
    assert (case.number, case.case_items.count()) == (1, 2)
    with pytest.raises(InAnotherCase):
        prepare(account)
    with pytest.raises(NoDossier):
        hand_over_case(case_id=case.id, **by(manager))
    make_dossier(case_id=case.id, **by(manager))
    paid(second, "500.00")
    hand_over_case(case_id=case.id, agency_ref="K-77", **by(manager))
    case.refresh_from_db()
    assert (case.state, case.case_items.get().item_id) == ("HANDED_OVER", first.id)
    assert Hold.objects.get().reason == "LITIGATION"
    with pytest.raises(AlreadyDecided):
        make_dossier(case_id=case.id, **by(manager))
    paid(first, "300.00", on=TUESDAY)
    credit = make_item(account=account, amount="-50.00", kind="CREDIT_NOTE", due=TUESDAY)
    make_allocation(debit=LedgerItem.objects.get(id=first.id), credit=credit, amount="50.00", on=TUESDAY)
    add_cost(case_id=case.id, kind="COMMISSION", on=TUESDAY, amount=Decimal("45.00"), currency="EUR",
             scope=EVERYTHING, actor=SYSTEM, today=TUESDAY)  # fmt: skip
    came = recoveries(case_ids=[case.id], scope=EVERYTHING)
    assert [(one.on, one.amount, one.is_money) for one in came] == [(TUESDAY, 50, False), (TUESDAY, 300, True)]
    close_case(case_id=case.id, outcome="PART_PAID", resume=True, **by(manager, on=TUESDAY))
    assert Hold.objects.get().lifted_on == TUESDAY
    with pytest.raises(AlreadyDecided):
        close_case(case_id=case.id, outcome="PAID", **by(manager, on=TUESDAY))
    assert prepare(account).number == 2
    assert dispute.id


def test_the_dossier_holds_all_pieces_and_is_what_was_handed_over(tenant):
    """Example 5."""
    account = make_debtor(entity=make_entity(code="FR", country="FR", language="en"), name="=Durand & Fils <SA>")
    item = late(account, "1000.00", number="F-1", days=92)
    Dispute.objects.create(
        customer=account.customer, item=item, reason="PRICE", currency="EUR", opened_on=due(30), closed_on=due(20),
        comment="<b>too dear</b>", answer="Not at all.", outcome="REJECTED",
    )  # fmt: skip
    case = make_dossier(case_id=prepare(account).id, **by(make_member()))
    content = dossier_file(case).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (case.sha256, case.size)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["dossier.pdf", "data.json", "dossier.xlsx"]
        data = json.loads(archive.read("data.json"))
        assert archive.read("dossier.pdf").startswith(b"%PDF-")
        assert archive.read("dossier.xlsx").startswith(b"PK")
    assert data["totals"]["EUR"]["principal"] == "1000.0000"
    assert Decimal(data["totals"]["EUR"]["interest"]) == sum(
        Decimal(one["amount"]) for one in data["items"][0]["segments"]
    )
    assert data["totals"]["EUR"]["charges"] == "40"
    assert Decimal(data["totals"]["EUR"]["total"]) > 1040
    assert data["disputes"][0]["answer"] == "Not at all."
    assert data["debtor"]["name"] == "=Durand & Fils <SA>"


def test_a_dossier_that_is_killed_before_it_is_kept_leaves_nothing(tenant, monkeypatch, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    case = prepare(late(make_debtor()).account)

    def killed(*_args, **_fields):
        raise KeyboardInterrupt

    monkeypatch.setattr("collection.services.dossiers.record", killed)
    with pytest.raises(KeyboardInterrupt):
        make_dossier(case_id=case.id, **by(None))
    case.refresh_from_db()
    assert (case.path, [path for path in tmp_path.rglob("*") if path.is_file()]) == ("", [])
    monkeypatch.undo()
    settings.DATA_DIR = tmp_path
    assert make_dossier(case_id=case.id, **by(None)).path


def invoice(account, number, content=b"%PDF-1.7 x", **fields):
    """A late item of a document whose file is kept."""
    item = late(account, number=number, **fields)
    document = item.document or Document.objects.create(
        customer=account.customer, account=account, entity=account.entity, number=number, kind="INVOICE",
        document_date=due(70), currency="EUR", total_amount=100,
    )  # fmt: skip
    LedgerItem.objects.filter(id=item.id).update(document=document)
    if content:
        attach_file(
            customer_id=account.customer_id, object_type=OF_DOCUMENT, object_id=document.id, file_name=f"{number}.pdf",
            chunks=[content], on=MONDAY, actor=SYSTEM,
        )  # fmt: skip
    return item


def names_in(case) -> list[str]:
    with zipfile.ZipFile(dossier_file(case)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def pieces(case) -> list[tuple[str, str]]:
    with zipfile.ZipFile(dossier_file(case)) as archive:
        return [(one["number"], one["missing"]) for one in json.loads(archive.read("data.json"))["files"]]


def test_the_dossier_has_the_invoices_themselves_and_names_those_that_are_missing(
    tenant, settings, tmp_path, django_capture_on_commit_callbacks
):
    """Example 12."""
    settings.DATA_DIR = tmp_path
    account = make_debtor()
    invoice(account, "F-1")
    invoice(account, "F-2", content=None)
    invoice(account, "F-3", content=b"%PDF-1.7 three")
    case = prepare(account)
    made = make_dossier(case_id=case.id, **by(None))
    digest = hashlib.sha256(b"%PDF-1.7 x").hexdigest()
    assert f"invoices/{digest[:8]}-F-1.pdf" in names_in(made)
    assert pieces(made) == [("F-1", ""), ("F-2", "no_file"), ("F-3", "")]
    with zipfile.ZipFile(dossier_file(made)) as archive:
        data = json.loads(archive.read("data.json"))
        assert data["files"][0]["sha256"] == digest
        assert archive.read(data["files"][0]["name"]) == b"%PDF-1.7 x"
    gone = Attachment.objects.get(file_name="F-3.pdf")
    (tmp_path / "files" / gone.path).unlink()
    with django_capture_on_commit_callbacks(execute=True):
        again = make_dossier(case_id=case.id, **by(None))
    assert pieces(again) == [("F-1", ""), ("F-2", "no_file"), ("F-3", "gone")]
    assert len(list((tmp_path / "files" / "dossiers").rglob("*.*"))) == 1


def test_files_beyond_the_limit_stay_out_and_are_named(tenant, settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("collection.services.dossier_data.LARGEST_FILES", 12)
    account = make_debtor()
    invoice(account, "F-1")
    invoice(account, "F-2", content=b"%PDF-1.7 two")
    case = make_dossier(case_id=prepare(account).id, **by(None))
    assert pieces(case) == [("F-1", ""), ("F-2", "too_large")]
    assert len([name for name in names_in(case) if name.startswith("invoices/")]) == 1


def test_a_worker_that_is_killed_anywhere_leaves_it_to_the_next_and_there_is_one_dossier(
    tenant, settings, tmp_path, monkeypatch
):
    settings.DATA_DIR = tmp_path
    account = make_debtor()
    invoice(account, "F-1")
    case = prepare(account)
    want_dossier(case, actor=SYSTEM, on=MONDAY)
    for where in ("dossiers.record", "dossier_archive.pdf_of", "dossier_archive.workbook_of", "dossiers._sha256"):

        def killed(*_args, **_fields):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(f"collection.services.{where}", killed)
            with pytest.raises(KeyboardInterrupt):
                make_wanted_dossiers()
        case.refresh_from_db()
        assert (case.path, case.run.state, case.wanted_on) == ("", "RUNNING", MONDAY)
    (tmp_path / "files" / "dossiers" / str(tenant.id) / f"{case.id}.part").write_bytes(b"left by kill -9")
    assert make_wanted_dossiers() == 1
    case.refresh_from_db()
    assert (case.run.state, case.wanted_on, case.run.done_count) == ("DONE", None, 4)
    assert case.run.total_count == 4
    assert JobRun.objects.filter(job="dossiers", state="FAILED").count() == 4
    assert make_wanted_dossiers() == 0


def test_a_dossier_that_cannot_be_made_says_so_and_is_not_tried_for_ever(tenant, monkeypatch):
    case = prepare(late(make_debtor()).account)
    want_dossier(case, actor=SYSTEM, on=MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr("collection.services.dossier_archive.pdf_of", lambda *_a, **_k: 1 / 0)
        assert make_wanted_dossiers() == 0
    case.refresh_from_db()
    assert (case.run.state, case.run.error, case.wanted_on) == ("FAILED", "ZeroDivisionError", None)
    assert progress_of(case)["is_failed"]
    want_dossier(case, actor=SYSTEM, on=MONDAY)
    assert make_wanted_dossiers() == 1


def test_what_was_claimed_before_is_owed_in_the_dossier_too(tenant):
    account = make_debtor(entity=make_entity(code="FR", country="FR", language="en"))
    item = late(account, "1000.00", days=92)
    case = prepare(account)
    before = gather(case=case, on=MONDAY)["totals"]["EUR"]
    claim_charges(item_ids=[item.id], until=MONDAY, **by(None))
    assert gather(case=case, on=MONDAY)["totals"]["EUR"] == before
    waive_claims(claim_ids=Claim.objects.values_list("id", flat=True), reason="goodwill", **by(None))
    after = gather(case=case, on=MONDAY)["totals"]["EUR"]
    assert (after["interest"], after["charges"], after["total"]) == (0, 0, 1000)


def test_a_dossier_that_was_changed_on_disk_is_not_given_out(tenant, settings):
    from pathlib import Path

    case = make_dossier(case_id=prepare(late(make_debtor()).account).id, **by(None))
    path = Path(settings.DATA_DIR) / "files" / case.path
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(NotFound):
        dossier_file(case)


def test_what_cannot_be_done_with_a_case_is_refused(tenant):
    account, other = make_debtor(), make_account()
    item = late(account)
    who = by(None)
    common = {"customer_id": account.customer_id, "entity_id": account.entity_id, "agency_id": agency().id, **who}
    with pytest.raises(NotFound):
        prepare_case(**{**common, "item_ids": [late(other).id]})
    with pytest.raises(BadCase):
        prepare_case(**{**common, "item_ids": []})
    with pytest.raises(BadCase):
        prepare_case(**{**common, "agency_id": item.id})
    case = prepare_case(**common)
    for bad in (
        {"kind": "BRIBE"}, {"amount": Decimal(0)}, {"amount": Decimal("0.001")}, {"amount": Decimal("1e13")},
        {"currency": "XXQ"}, {"on": TUESDAY}, {"on": due(1)},
    ):  # fmt: skip
        values = {"kind": "FEE", "on": MONDAY, "amount": Decimal(1), "currency": "EUR", **bad}
        with pytest.raises(BadCase):
            add_cost(case_id=case.id, **values, scope=EVERYTHING, actor=SYSTEM, today=MONDAY)
    with pytest.raises(BadAgency):
        save_agency(agency_id=None, name=Agency.objects.first().name, kind="LAWYER", actor=SYSTEM)
    withdraw_case(case_id=case.id, **who)
    with pytest.raises(AlreadyDecided):
        hand_over_case(case_id=case.id, **who)
    assert prepare_case(**common).number == case.number + 1


def test_a_hand_over_by_two_where_the_organisation_asks_for_it(tenant):
    collector, manager = make_member(role="collector"), make_member()
    save_terminal_settings(actor=SYSTEM, four_eyes_hand_over=True)
    case = prepare(late(make_debtor()).account, **by(manager))
    make_dossier(case_id=case.id, **by(manager))
    with pytest.raises(NeedsSecondPerson):
        hand_over_case(case_id=case.id, **by(manager))
    assert hand_over_case(case_id=case.id, **by(collector)).state == "HANDED_OVER"


# --- Write-offs -------------------------------------------------------------------------------------------------------


def test_a_write_off_is_approved_by_another_and_ends_when_the_books_follow(tenant):
    """Example 6."""
    collector, manager = make_member(role="collector"), make_member()
    account = make_account()
    items = [late(account), late(account, "50.00")]
    (row,) = request_write_off(item_ids=[item.id for item in items], reason="Bankrupt", **by(collector))
    assert (row.amount, row.currency) == (150, "EUR")
    with pytest.raises(InAnotherWriteOff):
        request_write_off(item_ids=[items[0].id], reason="again", **by(collector))
    with pytest.raises(NeedsSecondPerson):
        decide_write_off(write_off_id=row.id, approve=True, **by(collector))
    decide_write_off(write_off_id=row.id, approve=True, **by(manager))
    assert set(Hold.objects.values_list("reason", "item_id")) == {("WRITE_OFF", item.id) for item in items}
    assert settle_write_offs(on=TUESDAY) == 0
    posting = make_item(account=account, amount="-150.00", kind="WRITE_OFF", due=TUESDAY)
    for item in items:
        make_allocation(debit=item, credit=posting, amount=str(item.open_amount), on=TUESDAY)
    assert settle_write_offs(on=TUESDAY) == 1
    assert settle_write_offs(on=TUESDAY) == 0
    row.refresh_from_db()
    assert (row.state, row.ended_on) == ("POSTED", TUESDAY)


def test_a_write_off_that_the_customer_paid_after_all_is_overtaken(tenant):
    item = late()
    (row,) = request_write_off(item_ids=[item.id], reason="Gone", **by(make_member()))
    decide_write_off(write_off_id=row.id, approve=True, **by(make_member()))
    payment = make_item(account=item.account, amount="-100.00", kind="PAYMENT", due=TUESDAY)
    make_allocation(debit=item, credit=payment, amount="100.00", on=TUESDAY)
    assert settle_write_offs(on=TUESDAY) == 1
    row.refresh_from_db()
    assert row.state == "OVERTAKEN"


def test_a_role_writes_off_no_more_than_its_limit(tenant):
    """Example 7."""
    collector, manager = make_member(role="collector"), make_member()
    set_write_off_limit(role_id=manager.role_id, amount=Decimal(99), actor=SYSTEM)
    rows = request_write_off(
        item_ids=[late().id, late(amount="99.00").id, late(amount="1.00", currency="USD").id], reason="x",
        **by(collector),
    )  # fmt: skip
    answers = {}
    for row in rows:
        try:
            decide_write_off(write_off_id=row.id, approve=True, **by(manager))
            answers[f"{row.amount:.0f} {row.currency}"] = "approved"
        except AboveLimit:
            answers[f"{row.amount:.0f} {row.currency}"] = "above"
    # Of the dollar there is no rate: nobody knows whether it is within the limit.
    assert answers == {"100 EUR": "above", "99 EUR": "approved", "1 USD": "above"}
    set_write_off_limit(role_id=manager.role_id, amount=None, actor=SYSTEM)
    assert decide_write_off(write_off_id=rows[0].id, approve=True, **by(manager))
    with pytest.raises(BadRequest):
        set_write_off_limit(role_id=Role.objects.first().id, amount=Decimal(-1), actor=SYSTEM)


def test_one_refused_or_withdrawn_lets_the_items_go(tenant):
    collector, manager, item = make_member(role="collector"), make_member(), late()
    (row,) = request_write_off(item_ids=[item.id], reason="x", **by(collector))
    with pytest.raises(BadRequest):
        decide_write_off(write_off_id=row.id, approve=False, **by(manager))
    decide_write_off(write_off_id=row.id, approve=False, answer="They pay in May.", **by(manager))
    (row,) = request_write_off(item_ids=[item.id], reason="x", **by(collector))
    decide_write_off(write_off_id=row.id, approve=True, **by(manager))
    withdraw_write_off(write_off_id=row.id, **by(collector))
    assert Hold.objects.get().lifted_on == MONDAY
    with pytest.raises(AlreadyDecided):
        withdraw_write_off(write_off_id=row.id, **by(collector))
    with pytest.raises(BadRequest):
        request_write_off(item_ids=[make_item(amount="-10.00").id], reason="a credit", **by(collector))


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_and_one_counts():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        members = [make_member(), make_member()]
        (row,) = request_write_off(item_ids=[late().id], reason="x", **by(make_member(role="collector")))
    results = at_once(
        tenant, *(lambda m=m: decide_write_off(write_off_id=row.id, approve=True, **by(m)) for m in members)
    )
    assert sorted(type(one).__name__ for one in results) == ["AlreadyDecided", "WriteOff"]
    with tenant_scope(tenant), transaction.atomic():
        assert Hold.objects.count() == 1


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_a_stop_is_asked_for_and_decided_in_the_browser(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        item = late()
    address = f"/collections/customers/{item.customer_id}/stop/"
    assert "overdue" in client.get(address).content.decode()
    assert client.post(address, {"sent": "1", "reason": "Third reminder"}).status_code == 302
    assert client.post(address, {"sent": "1", "reason": "Again"}).status_code == 422
    with tenant_scope(organisation):
        stop = DeliveryStop.objects.get()
    assert "Decide" not in client.get(f"/collections/stops/{stop.id}/").content.decode()
    manager, _member = enter(organisation)
    assert "Third reminder" in manager.get("/collections/stops/").content.decode()
    assert "Third reminder" in manager.get("/tasks/").content.decode()
    answer = manager.post(f"/collections/stops/{stop.id}/decide/", {"sent": "1", "decision": "yes"})
    assert answer.status_code == 302
    assert "deliveries stopped" in manager.get(f"/customers/{item.customer_id}/").content.decode()
    assert "Stop of deliveries" in manager.get(f"/customers/{item.customer_id}/?tab=litigation").content.decode()


def test_a_case_is_prepared_and_its_dossier_fetched_in_the_browser(organisation):
    client, _member = enter(organisation)
    with tenant_scope(organisation):
        account = make_debtor()
        item = late(account)
    address = f"/collections/customers/{account.customer_id}/case/"
    assert "Nobody collects" in client.get(address).content.decode()
    assert (
        client.post(
            "/collections/agencies/new/", {"sent": "1", "name": "Maître K.", "kind": "LAWYER", "is_active": "on"}
        ).status_code
        == 302
    )
    with tenant_scope(organisation):
        lawyer = Agency.objects.get()
    values = {"sent": "1", "entity": str(account.entity_id), "agency": str(lawyer.id), "items": [str(item.id)]}
    answer = client.post(address, values)
    assert answer.status_code == 302
    with tenant_scope(organisation):
        case = LegalCase.objects.get()
    assert client.get(f"/collections/cases/{case.id}/dossier/").status_code == 404
    assert client.post(f"/collections/cases/{case.id}/dossier/make/").status_code == 302
    fetched = client.get(f"/collections/cases/{case.id}/dossier/")
    assert fetched["Content-Disposition"] == 'attachment; filename="case-1.zip"'
    assert zipfile.ZipFile(io.BytesIO(fetched.getvalue())).testzip() is None
    assert client.post(f"/collections/cases/{case.id}/hand-over/", {"sent": "1"}).status_code == 302
    shown = client.get(f"/collections/cases/{case.id}/").content.decode()
    assert "handed over" in shown
    assert "Maître K." in client.get("/collections/cases/").content.decode()
    assert client.post(f"/collections/cases/{case.id}/close/", {"sent": "1", "outcome": "NONSENSE"}).status_code == 422


def test_a_write_off_goes_from_the_list_of_items_to_the_books(organisation):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        item = late(number="F-9")
    answer = client.post("/collections/write-offs/new/", {"sent": "1", "pick": [str(item.id)], "reason": "Gone"})
    assert answer.status_code == 302
    with tenant_scope(organisation):
        row = WriteOff.objects.get()
    manager, _member = enter(organisation)
    assert "F-9" in manager.get(f"/collections/write-offs/{row.id}/").content.decode()
    assert manager.post(f"/collections/write-offs/{row.id}/decide/", {"sent": "1", "decision": "no"}).status_code == 422
    assert (
        manager.post(f"/collections/write-offs/{row.id}/decide/", {"sent": "1", "decision": "yes"}).status_code == 302
    )
    assert "Gone" in manager.get("/collections/write-offs/?state=approved").content.decode()


def test_settings_of_decisions_are_kept(organisation):
    client, _member = enter(organisation, role="admin")
    assert client.post("/collections/decisions/", {"four_eyes_hand_over": "on"}).status_code == 302
    with tenant_scope(organisation):
        role = Role.objects.get(code="cfo")
    answer = client.post(f"/collections/decisions/limits/{role.id}/", {"sent": "1", "amount": "5000"})
    assert answer.status_code == 302
    assert "5,000" in client.get("/collections/decisions/").content.decode()
