"""What a reminder says: the same in the preview, when it leaves and in the archive; escaped, in the customer's language."""

import hashlib
import http.server
import io
import os
import re
import threading
import time
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from pypdf import PdfReader

from collection.models import Action
from collection.services.papers import css_text
from collection.services.planning import plan_actions
from collection.services.sending import Unsendable, prepare
from core.audit import SYSTEM
from desk.models import Message
from desk.pdf import PdfFailed, PdfProcess
from desk.services.templates import BadTemplate, drop_template, save_template
from integrations.adapters.messaging.letters import LetterTray, letter_path
from tests.collection.story import (
    MONDAY,
    approve,
    approve_notice,
    confirm,
    due,
    make_contact,
    make_debtor,
    make_sender,
    propose,
    send,
)
from tests.desk.fakes import Script
from tests.make import make_item

EVIL = '<img src=x onerror=alert(1)> "Dupont" & \\Fils</style>\r\nBcc: all@x.example'


@pytest.fixture(autouse=True)
def live(tenant):
    approve(tenant)


def draft_of(action: Action):
    (prepared,) = prepare(actions=[action], on=MONDAY)
    return prepared.draft


def test_preview_message_and_archive_are_the_same_words(tenant):
    action = propose(tenant, make_debtor())
    seen = draft_of(action)
    queued = confirm(action)
    transport = Script()
    assert send(transport) == 1
    (left,) = transport.transmitted
    archived = Message.objects.get(id=queued.id)
    for one in (queued, left, archived):
        assert (one.subject, one.body_text, one.body_html, one.facts, one.recipient) == (
            seen.subject,
            seen.body_text,
            seen.body_html,
            seen.facts,
            seen.recipient,
        )
    assert "100,00" in seen.body_text


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("fr", "Nordis France SAS : factures échues, 100,00 €", ["Échéance", "Reste dû (EUR)", "20/02/2026", "100,00"]),
        (
            "en",
            "Nordis France SAS: overdue invoices, €100.00",
            ["Due date", "Open amount (EUR)", "20 Feb 2026", "100.00"],
        ),
        ("de", "Nordis France SAS: Zahlungserinnerung, 100,00", ["Fällig am", "Offener Betrag (EUR)", "100,00"]),
        (
            "it",
            "Nordis France SAS : factures échues, 100,00 €",
            ["Échéance"],
        ),  # no Italian texts: the entity's language
    ],
)
def test_the_customers_language_decides(tenant, language, subject, words):
    draft = draft_of(propose(tenant, make_debtor(language=language)))
    plain = draft.subject.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert plain.startswith(subject)
    for word in words:
        assert word in draft.body_text
        assert word in draft.body_html


def test_the_contacts_language_comes_before_the_customers(tenant):
    account = make_debtor(language="fr")
    make_contact(account, language="en")
    draft = draft_of(propose(tenant, account))
    assert (draft.language, draft.recipient, draft.recipient_name) == ("en", "claire@durand.example", "Claire Martin")
    assert draft.body_text.startswith("Dear Claire Martin,")


def test_one_block_per_currency_and_no_sum_across(tenant):
    account = make_debtor(language="en")
    make_item(account=account, number="D1", due=due(9), amount="70.00", currency="USD")
    make_item(account=account, number="Y1", due=due(9), amount="7000", currency="JPY")
    draft = draft_of(propose(tenant, account, number="E1"))
    assert draft.body_html.count("<table") == 3
    assert "€100.00 + ¥7,000 + " in draft.subject.replace("JP¥", "¥")
    assert not re.search(r"7,?170|7,?100|170\.00", draft.body_html)
    assert [fact["currency"] for fact in draft.facts] == ["EUR", "JPY", "USD"]


@pytest.mark.parametrize("channel", ["EMAIL", "LETTER"])
def test_hostile_names_are_text(tenant, channel):
    sender = make_sender(name=EVIL[:150], city=EVIL[:90], legal_identifier=EVIL[:40], phone=EVIL[:40])
    account = make_debtor(entity=sender, name=EVIL, street=EVIL, city=EVIL[:90])
    make_contact(account, last_name=EVIL[:80], first_name="")
    days = 50 if channel == "LETTER" else 10
    if channel == "LETTER":
        from collection.models import Step

        Step.objects.exclude(step_key="reminder_1").delete()
        Step.objects.update(channel="LETTER")
    draft = draft_of(propose(tenant, account, days=days, number=EVIL[:80]))
    assert draft.channel == channel
    assert "<img" not in draft.body_html
    assert draft.body_html.count("</style>") == (1 if channel == "LETTER" else 0)
    assert len(draft.subject.splitlines()) == 1
    assert "\n" not in draft.recipient


def test_without_telephone_iban_or_sender_no_line_is_half_empty(tenant):
    sender = make_sender(phone="", iban="", bic="")
    draft = draft_of(propose(tenant, make_debtor(entity=sender, language="en")))
    assert "to the account stated on our invoices, quoting the invoice number, or tell us" in draft.body_text
    assert draft.body_text.endswith("Kind regards,\n\nNordis France SAS\n")
    assert "IBAN" not in draft.body_html


def test_an_organisations_own_text_is_used_and_can_be_dropped(tenant):
    action = propose(tenant, make_debtor(language="en"))
    text = {"code": "reminder_1", "channel": "EMAIL", "language": "en"}
    save_template(**text, subject="Pay {{ total }}", body="Hello.\n\n{{ items }}\n\n{{ today }}", actor=SYSTEM)
    assert draft_of(action).subject == "Pay €100.00"
    assert "2 March 2026" in draft_of(action).body_text
    with pytest.raises(BadTemplate) as refusal:
        save_template(**text, subject="{{ secret }}", body="{% include 'x' %}", actor=SYSTEM)
    assert set(refusal.value.fields) == {"subject", "body"}
    drop_template(**text, actor=SYSTEM)
    assert draft_of(action).subject == "Nordis France SAS: overdue invoices, €100.00"


def test_who_has_no_address_gets_no_message_and_the_reason_is_said(tenant):
    action = propose(tenant, make_debtor(email=""))
    assert draft_of(action).missing
    with pytest.raises(Unsendable, match="no e-mail"):
        confirm(action)
    make_contact(Action.objects.get().customer.accounts.get())
    assert draft_of(action).missing == ""


def test_a_letter_abroad_names_the_country_in_the_senders_language():
    from collection.services.papers import address_of
    from receivables.models import Customer, Entity

    customer = Customer(name="Müller GmbH", street="Hauptstr. 1", postal_code="10115", city="Berlin", country="DE")
    entity = Entity(country="FR", language="fr")
    assert address_of(customer, entity, "de") == ["Müller GmbH", "Hauptstr. 1", "10115 Berlin", "ALLEMAGNE"]
    entity.country = "DE"
    assert address_of(customer, entity, "de")[-1] == "10115 Berlin"


# --- letters ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def renderer():
    process = PdfProcess()
    yield process
    process.close()


def words_of(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split())


@pytest.fixture
def letter(tenant):
    """A confirmed formal notice in German, 50 days after the due date."""
    from collection.models import ActionLine

    account = make_debtor(language="de", name="Müller & Söhne GmbH", country="DE", city="Köln", postal_code="50667")
    item = make_item(account=account, due=due(50), issued=due(80), number="F2026-001", amount="12345.60")
    for key, days in (("reminder_1", 40), ("reminder_2", 30), ("reminder_3", 15)):
        ActionLine.objects.create(
            item=item, customer_id=account.customer_id, step_key=key, on=due(days), currency="EUR", open_amount=1,
            state="DONE",
        )  # fmt: skip
    plan_actions(tenant=tenant, on=MONDAY)
    approve_notice(Action.objects.get())
    return confirm(Action.objects.get())


def test_a_letter_is_archived_as_pdf_with_its_words_and_hash(letter, tmp_path):
    with override_settings(DATA_DIR=tmp_path):
        assert send(LetterTray(), channel="LETTER") == 1
    letter.refresh_from_db()
    assert letter.state == "SENT"
    file = letter.files.get()
    pdf = (tmp_path / "files" / file.path).read_bytes()
    assert (file.kind, file.size, file.sha256) == ("LETTER", len(pdf), hashlib.sha256(pdf).hexdigest())
    words = words_of(pdf)
    for expected in (
        "Nordis France SAS", "Müller & Söhne GmbH", "50667 Köln", "ALLEMAGNE", "F2026-001", "12.345,60",
        "FR76 3000 6000 0112 3456 7890 189", "552 100 554", "Beleg", "1 / 1", "den 2. März 2026",
    ):  # fmt: skip
        assert expected in words, expected
    assert "&amp;" not in words
    assert not list(tmp_path.rglob("*.part"))


def test_a_letter_whose_lease_is_lost_leaves_nothing_in_the_tray(letter, tmp_path):
    with override_settings(DATA_DIR=tmp_path):
        tray = LetterTray()
        assert not tray.deliver(letter, hand=lambda: False)
        tray.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class Counting(http.server.BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_GET(self):
        self.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def counting_server():
    Counting.seen.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


CONSTRUCTS = (
    '<link rel=stylesheet href="{url}"><p>x',
    '<img src="{url}"><p>x',
    '<style>@import url("{url}"); p {{ background: url("{url}") }}</style><p>x',
    '<style>@font-face {{ font-family: f; src: url("{url}") }} p {{ font-family: f }}</style><p>x',
    '<object data="{url}"></object><embed src="{url}"><p>x',
    '<a href="{url}" rel=attachment>x</a><link rel=attachment href="{url}">',
    '<svg><image href="{url}"/><use href="{url}"/></svg><p>x',
    '<p style="content: url({url}); list-style: url({url})">x',
    '<base href="{url}"><img src="red.svg"><p>x',
)


def test_rendering_loads_nothing_from_anywhere(renderer, counting_server, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET-CONTENT")
    picture = tmp_path / "red.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">TOPSECRET</text></svg>')
    places = [f"{counting_server}/x", f"file://{secret}", f"file://{picture}", str(picture), "ftp://127.0.0.1/x"]
    rendered = 0
    for construct in CONSTRUCTS:
        for url in places:
            try:
                pdf = renderer.render(construct.format(url=url))
            except PdfFailed:
                continue  # fonts and attachments would need a temporary file, which the renderer may not write
            rendered += 1
            assert b"TOPSECRET" not in pdf
            assert words_of(pdf) == "x"
            assert PdfReader(io.BytesIO(pdf)).attachments == {}
    assert Counting.seen == []
    assert rendered >= 30


@pytest.mark.parametrize(
    "bomb",
    [
        "<table>" + "<tr><td colspan=1000000>x</td></tr>" * 50 + "</table>",
        "<table><tr>" + "<td rowspan=100000 colspan=100000>x</td>" * 20 + "</tr></table>",
    ],
)
def test_a_document_that_never_ends_is_ended(bomb):
    process = PdfProcess(seconds=3)
    started = time.monotonic()
    with pytest.raises(PdfFailed) as failure:
        process.render(bomb)
    assert time.monotonic() - started < 20
    assert failure.value.is_final
    assert process.render("<p>next</p>").startswith(b"%PDF")
    process.close()


def test_a_renderer_that_dies_says_so_and_the_next_letter_gets_a_new_one(renderer):
    renderer.render("<p>first")
    renderer._process.kill()
    renderer._process.wait()
    assert renderer.render("<p>next").startswith(b"%PDF")
    renderer._process.send_signal(19)  # stopped: it will never read
    pid = renderer._process.pid
    threading.Timer(0.5, lambda: os.kill(pid, 9)).start()
    with pytest.raises(PdfFailed, match="ended"):
        renderer.render("<p>lost")
    assert renderer.render("<p>after").startswith(b"%PDF")


def test_each_document_is_the_one_that_was_asked_for_whatever_was_expected(renderer):
    assert words_of(renderer.render("<p>first", following="<p>second")) == "first"
    pid = renderer._process.pid
    assert words_of(renderer.render("<p>second", following="<p>third")) == "second"
    assert renderer._process.pid == pid
    assert words_of(renderer.render("<p>other")) == "other"
    assert words_of(renderer.render("<p>third")) == "third"


def test_what_is_wrong_with_the_following_document_is_found_when_it_is_asked_for(renderer):
    long = "x" * 3_000_000
    assert words_of(renderer.render("<p>first", following=long)) == "first"
    with pytest.raises(PdfFailed, match="bytes"):
        renderer.render(long, following="<p>second")
    assert words_of(renderer.render("<p>second", following="<p>third")) == "second"
    renderer._process.kill()
    renderer._process.wait()
    assert words_of(renderer.render("<p>third")) == "third"


def test_a_following_document_that_never_ends_fails_only_itself():
    process = PdfProcess(seconds=3)
    bomb = "<table>" + "<tr><td colspan=1000000>x</td></tr>" * 50 + "</table>"
    assert words_of(process.render("<p>first", following=bomb)) == "first"
    with pytest.raises(PdfFailed) as failure:
        process.render(bomb, following="<p>next")
    assert failure.value.is_final
    assert words_of(process.render("<p>next")) == "next"
    process.close()


def test_each_letter_of_a_batch_lies_under_its_own_name(tenant, tmp_path):
    letters = [Message(id=uuid4(), tenant_id=tenant.id, lease_token=uuid4(), body_html=f"<p>{n}") for n in range(3)]
    with override_settings(DATA_DIR=tmp_path):
        tray = LetterTray()
        tray.expect(letters)
        # The one in the middle is not asked for: nobody may get its words.
        delivered = [tray.deliver(letter, hand=lambda: True) for letter in letters[::2]]
        tray.close()
    assert delivered == [True, True]
    assert [words_of((tmp_path / "files" / letter_path(letter)).read_bytes()) for letter in letters[::2]] == ["0", "2"]
    assert len(list(tmp_path.rglob("*.*"))) == 2


def test_a_document_that_is_too_long_is_not_even_tried(renderer):
    with pytest.raises(PdfFailed, match="bytes"):
        renderer.render("x" * 3_000_000)


def test_the_footer_cannot_end_the_style_sheet(renderer):
    text = css_text('"; } body { display: none } </style><script>"\\A')
    assert not set(text) & set('"<>{};\n')
    assert "A · B" in words_of(renderer.render(render_to_string("messages/letter.html", {"footer": css_text("A · B")})))
    context = {"footer": text, "body": "", "subject": "Sujet", "language": "fr", "entity": None, "address": "A & B"}
    words = words_of(renderer.render(render_to_string("messages/letter.html", context)))
    assert "</style><script>" in words
    assert "A & B" in words
