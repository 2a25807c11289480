"""Settling disputes with colleagues: handed over, answered (signed in or by link), reminded, closed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING
from accounts.services.replacements import name_replacement
from collection.queries.disputes import disputes_to_answer
from collection.services import dispute_reasons, disputes
from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from desk.models import Attachment, Message, Task
from receivables.models import Dispute, DisputeReason
from receivables.services.standing import record_dispute
from tests.accounts.conftest import enter
from tests.make import TODAY, make_account, make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db
TEN_DAYS = timedelta(days=10)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def make_dispute(**values) -> Dispute:
    item = make_item(account=make_account(collector=make_member(name="Claire")), amount="1000.00", due=TODAY - TEN_DAYS)
    return record_dispute(item_id=item.id, reason="PRICE", opened_on=TODAY, actor=SYSTEM, **values)


def hand_over(dispute: Dispute, owner, tenant, **values) -> Dispute:
    return disputes.assign_dispute(
        dispute_id=dispute.id, owner_id=owner.id, tenant=tenant, actor=SYSTEM, on=TODAY, **values
    )


def answer(dispute: Dispute, **values) -> Dispute:
    given = {"answer": "Wrong price", "proposed_outcome": "CREDIT_NOTE", "actor": SYSTEM, "on": TODAY}
    return disputes.answer_dispute(dispute_id=dispute.id, **(given | values))


def test_handing_over_makes_a_task_and_a_mail_with_a_link_and_a_day(tenant):
    owner = make_member(name="Luc")

    handed = hand_over(make_dispute(), owner, tenant)

    assert handed.answer_due_on >= TODAY + timedelta(days=5)
    task = Task.objects.get()
    assert (task.assignee_id, task.kind, task.due_on) == (owner.id, "DISPUTE", handed.answer_due_on)
    mail = Message.objects.get()
    assert mail.recipient == owner.user.email
    assert f"/answer/{tenant.id.hex}/" in mail.body_text
    assert "1,000.00" in mail.body_html


def test_the_mail_with_its_link_is_the_owners_alone(organisation, handed):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        mail = Message.objects.get()
        assert mail.member_id is not None
    for name in ("message", "message_body"):
        assert client.get(reverse(name, args=[mail.id])).status_code == 404
    assert mail.subject not in client.get(reverse("messages")).content.decode()


def test_the_reason_says_who_answers_and_how_soon(tenant):
    owner = make_member()
    values = {"parent_id": None, "owner_id": owner.id, "is_active": True, "actor": SYSTEM}
    top = dispute_reasons.save_reason(reason_id=None, code="delivery", label="Delivery", answer_days=2, **values)
    below = {**values, "parent_id": top.id, "owner_id": None}
    dispute_reasons.save_reason(reason_id=None, code="PRICE", label="Price", answer_days=1, **below)

    assert disputes.default_owner("PRICE") == owner.id
    assert disputes.default_owner("OTHER") is None
    assert hand_over(make_dispute(), owner, tenant).answer_due_on <= TODAY + timedelta(days=4)


def test_a_reason_is_not_below_itself_and_its_code_once(tenant):
    values = {"owner_id": None, "answer_days": 5, "is_active": True, "actor": SYSTEM}
    top = dispute_reasons.save_reason(reason_id=None, code="A", label="A", parent_id=None, **values)
    below = dispute_reasons.save_reason(reason_id=None, code="B", label="B", parent_id=top.id, **values)

    with pytest.raises(dispute_reasons.BadReason):
        dispute_reasons.save_reason(reason_id=top.id, code="A", label="A", parent_id=below.id, **values)
    with pytest.raises(dispute_reasons.BadReason):
        dispute_reasons.save_reason(reason_id=None, code="a", label="again", parent_id=None, **values)


def test_an_answer_ends_the_owners_task_and_tells_the_collector(tenant):
    owner = make_member()
    dispute = hand_over(make_dispute(), owner, tenant)

    answered = answer(dispute, expected_credit=Decimal("120.00"), actor=Actor.member(owner))

    assert (answered.answered_by_id, answered.expected_credit) == (owner.id, Decimal(120))
    assert Task.objects.get(done_on__isnull=True).assignee.name == "Claire"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"answer": " "}, "answer"),
        ({"proposed_outcome": "PERHAPS"}, "proposed_outcome"),
        ({"expected_credit": Decimal("1000.01")}, "expected_credit"),
        ({"expected_credit": Decimal("-1")}, "expected_credit"),
        ({"expected_credit": Decimal("1.001")}, "expected_credit"),
    ],
)
def test_an_incomplete_answer_says_what_is_missing(tenant, values, field):
    with pytest.raises(disputes.BadAnswer) as refusal:
        answer(make_dispute(), **values)
    assert set(refusal.value.fields) == {field}


def test_closing_with_an_outcome_ends_it_and_all_its_tasks(tenant):
    dispute = hand_over(make_dispute(), make_member(), tenant)

    closed = disputes.resolve_dispute(
        dispute_id=dispute.id, outcome="CREDIT_NOTE", credit_note_number="AV-12", actor=SYSTEM, on=TODAY
    )

    assert (closed.closed_on, closed.outcome, closed.credit_note_number) == (TODAY, "CREDIT_NOTE", "AV-12")
    assert not Task.objects.filter(done_on__isnull=True).exists()
    with pytest.raises(disputes.Closed):
        answer(dispute)


def test_owners_are_reminded_once_for_each_day_and_at_last_the_manager_is_told(tenant):
    dispute = hand_over(make_dispute(), make_member(name="Luc"), tenant, answer_due_on=TODAY)

    sent = [disputes.remind_owners(tenant=tenant, on=TODAY + timedelta(days=n)) for n in (0, 0, 1, 2, 5, 7, 7, 10, 30)]

    assert sum(sent) == 3
    assert sent[0] == 1
    assert sent[1] == 0
    assert sent[-1] == 0
    assert Message.objects.filter(reason_type=disputes.NOTICE).count() == 4
    assert Task.objects.filter(kind="ESCALATION").count() == 1
    answer(dispute)
    assert disputes.remind_owners(tenant=tenant, on=TODAY + timedelta(days=60)) == 0


def test_after_missed_nights_one_mail_goes_not_three(tenant):
    hand_over(make_dispute(), make_member(), tenant, answer_due_on=TODAY)

    assert disputes.remind_owners(tenant=tenant, on=TODAY + timedelta(days=40)) == 1


def test_a_mail_does_not_leave_once_it_has_been_answered_or_handed_on(tenant):
    dispute = hand_over(make_dispute(), make_member(), tenant)
    port, first = disputes.NoticeReasons(on=TODAY), Message.objects.get()
    assert [one.send for one in port.recheck([first])] == [True]

    hand_over(dispute, make_member(), tenant)
    assert [one.send for one in port.recheck([first])] == [False]

    second = Message.objects.exclude(id=first.id).get()
    answer(dispute)
    assert [one.send for one in port.recheck([second])] == [False]


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def handed(organisation):
    """(a client of a dispute resolver, the resolver, the dispute they own)."""
    client, member = enter(organisation, role="dispute_resolver")
    with tenant_scope(organisation):
        dispute = hand_over(make_dispute(comment="3 boxes <b>missing</b>"), member, organisation)
    return client, member, dispute


def link(organisation, dispute, member) -> str:
    with tenant_scope(organisation):
        return reverse("dispute_answer", args=[organisation.id.hex, disputes.signed(dispute, member)])


def test_a_resolver_sees_what_they_were_asked_about_and_nothing_else(organisation, handed):
    client, _member, dispute = handed
    with tenant_scope(organisation):
        other = make_dispute()

    assert dispute.item.number in client.get(reverse("my_disputes")).content.decode()
    shown = client.get(reverse("dispute", args=[dispute.id])).content.decode()
    assert "3 boxes &lt;b&gt;missing" in shown
    assert client.get(reverse("dispute", args=[other.id])).status_code == 404
    assert client.get(reverse("customers")).status_code == 403
    assert client.get(reverse("items")).status_code == 403
    assert client.get("/").status_code == 200


def test_a_resolver_answers_with_a_proof_and_a_comment_that_tells_a_colleague(organisation, handed):
    client, _member, dispute = handed
    with tenant_scope(organisation):
        colleague = make_member(name="Claire")
    proof = SimpleUploadedFile("slip.pdf", b"%PDF-1.4 slip")
    given = {"proposed_outcome": "REJECTED", "answer": "Delivered and signed", "file": proof}

    assert client.post(reverse("dispute_answer_here", args=[dispute.id]), given).status_code == 302
    said = {"text": "See the slip", "mentions": [str(colleague.id)]}
    assert client.post(reverse("dispute_comment", args=[dispute.id]), said).status_code == 302

    with tenant_scope(organisation):
        dispute.refresh_from_db()
        assert dispute.answer == "Delivered and signed"
        attachment = Attachment.objects.get()
        assert Task.objects.filter(kind="MENTION", assignee=colleague).exists()
    download = client.get(reverse("dispute_file", args=[dispute.id, attachment.id]))
    assert download.content == b"%PDF-1.4 slip"
    assert download["Content-Disposition"].startswith("attachment")
    assert download["X-Content-Type-Options"] == "nosniff"


def test_a_bad_file_keeps_the_answer_out_too(organisation, handed):
    client, _member, dispute = handed
    given = {"proposed_outcome": "REJECTED", "answer": "x", "file": SimpleUploadedFile("a.exe", b"MZ")}

    assert client.post(reverse("dispute_answer_here", args=[dispute.id]), given).status_code == 422

    with tenant_scope(organisation):
        dispute.refresh_from_db()
        assert dispute.answered_on is None


def test_a_refused_answer_keeps_its_proof_out_so_that_it_can_be_sent_again(organisation, handed):
    client, _member, dispute = handed
    address = reverse("dispute_answer_here", args=[dispute.id])

    def send(credit: str) -> int:
        proof = SimpleUploadedFile("slip.pdf", b"%PDF-1.4 slip")
        given = {"proposed_outcome": "CREDIT_NOTE", "answer": "x", "expected_credit": credit, "file": proof}
        return client.post(address, given).status_code

    assert send("1000000") == 422
    with tenant_scope(organisation):
        assert not Attachment.objects.exists()
    assert send("100") == 302


def test_the_link_answers_without_signing_in_and_once(organisation, handed, client):
    _client, member, dispute = handed
    address = link(organisation, dispute, member)
    given = {"proposed_outcome": "CREDIT_NOTE", "answer": "Right, wrong price", "expected_credit": "100"}

    shown = client.get(address)
    assert shown["Referrer-Policy"] == "same-origin"
    assert "3 boxes &lt;b&gt;missing" in shown.content.decode()
    assert client.post(address, given).status_code == 200
    client.post(address, {**given, "answer": "again"})

    with tenant_scope(organisation):
        dispute.refresh_from_db()
        assert (dispute.answer, dispute.answered_by_id) == ("Right, wrong price", member.id)


def test_links_that_are_wrong_old_or_somebody_elses_lead_nowhere(organisation, handed, client):
    _client, member, dispute = handed
    good = link(organisation, dispute, member)
    other = make_tenant()
    with tenant_scope(organisation):
        forged = signing.dumps({"d": dispute.id.hex, "m": member.id.hex}, salt="other")
    tries = [
        good[:-4] + "abc/",
        good.replace(organisation.id.hex, other.id.hex),
        good.replace(organisation.id.hex, "no-tenant"),
        reverse("dispute_answer", args=[organisation.id.hex, forged]),
    ]
    assert [client.get(one).status_code for one in tries] == [404] * 4
    assert client.get(good).status_code == 200
    with tenant_scope(organisation):
        hand_over(dispute, make_member(), organisation)
    assert client.get(good).status_code == 404


def test_a_link_is_good_for_thirty_days(organisation, handed, client, time_machine):
    _client, member, dispute = handed
    address = link(organisation, dispute, member)

    time_machine.move_to(timezone.now() + timedelta(days=31), tick=False)

    assert client.get(address).status_code == 404


def test_the_manager_hands_over_resolves_and_describes_reasons(organisation):
    client, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        dispute, owner = make_dispute(), make_member(name="Luc")

    assert client.post(reverse("dispute_assign", args=[dispute.id]), {"owner": str(owner.id)}).status_code == 302
    closed = {"outcome": "WITHDRAWN", "comment": "all is well"}
    assert client.post(reverse("dispute_resolve", args=[dispute.id]), closed).status_code == 302
    reasons = client.get(reverse("dispute_reasons")).content.decode()
    assert "Damaged goods" in reasons
    with tenant_scope(organisation):
        row = DisputeReason.objects.get(code="PRICE")
    given = {"label": "Price or discount", "owner": str(owner.id), "answer_days": "3", "is_active": "on"}
    assert client.post(reverse("dispute_reason", args=[row.id]), given).status_code == 302
    with tenant_scope(organisation):
        row.refresh_from_db()
        assert (row.label, row.owner_id, row.code) == ("Price or discount", owner.id, "PRICE")
        dispute.refresh_from_db()
        assert dispute.outcome == "WITHDRAWN"


def test_who_stands_in_for_the_owner_gets_the_mail_and_answers_by_its_link(tenant):
    luc, ida = make_member(role="dispute_resolver", name="Luc"), make_member(role="dispute_resolver", name="Ida")
    name_replacement(member_id=luc.id, replacement_id=ida.id, from_on=TODAY, until_on=TODAY, on=TODAY, actor=SYSTEM)
    made = hand_over(make_dispute(), luc, tenant)
    mail = Message.objects.get()
    assert mail.recipient == ida.email
    token = mail.body_text.split(f"/answer/{tenant.id.hex}/")[1].split("/")[0]
    assert disputes.open_link(token=token, on=TODAY).member == ida
    assert list(disputes_to_answer(member_id=ida.id, scope=EVERYTHING, absent_ids=[luc.id])) == [made]
    assert not disputes_to_answer(member_id=ida.id, scope=EVERYTHING).exists()
    with pytest.raises(disputes.BadLink):
        disputes.open_link(token=token, on=TODAY + timedelta(days=1))
    assert disputes.open_link(token=disputes.signed(made, luc), on=TODAY).member == luc
