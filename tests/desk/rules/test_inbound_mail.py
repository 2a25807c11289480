"""Mails taken apart: hostile ones too, within bounds, and never with an exception."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.rules.inbound.html_text import text_of_html
from desk.rules.inbound.mail import MOST_PARTS, read_mail
from desk.rules.inbound.quotes import cut
from desk.rules.inbound.reports import delivery_of, is_automatic, returns_on
from tests.desk.inbound import bounce
from tests.desk.rules.replies_set import RECEIVED


def nested(depth: int, body: str = "hello") -> bytes:
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"From: a@b.example\nSubject: deep\n{parts}Content-Type: text/plain\n\n{body}".encode()


def within(seconds: float, work, *args):
    begun = time.monotonic()
    result = work(*args)
    assert time.monotonic() - begun < seconds
    return result


def test_parts_within_parts_beyond_measure_leave_the_head():
    mail = within(2, read_mail, nested(1000))
    assert (mail.subject, mail.text, bool(mail.problem)) == ("deep", "", True)
    assert read_mail(nested(MOST_PARTS - 1)).problem is None


def test_mails_within_mails_beyond_measure_leave_the_head():
    mail = within(2, read_mail, b"Subject: x\n" + b"Content-Type: message/rfc822\n\n" * 1000 + b"end")
    assert mail.problem


def test_many_lines_in_many_parts_are_not_read():
    assert within(5, read_mail, nested(50, "x\n" * 2_000_000)).problem


def test_an_endless_head_is_cut():
    mail = within(2, read_mail, b"Subject: x\r\nX-Big: " + b"y" * 5_000_000 + b"\r\n\r\nhi")
    assert (mail.subject, bool(mail.problem)) == ("x", True)
    many = within(2, read_mail, b"Subject: x\r\n" + b"To: a@b.example\r\n" * 12_000 + b"\r\nhi")
    assert many.text == "hi"


@pytest.mark.parametrize("charset", ["nonsense", "punycode", "idna", "unicode_escape", "rot13", "hex", "utf-16"])
def test_a_wrong_charset_is_read_somehow(charset):
    body = "é".encode("cp1252") + b"a-" * 100_000
    raw = f"From: a@b.example\nContent-Type: text/plain; charset={charset}\n\n".encode() + body
    assert within(2, read_mail, raw).text


def test_texts_hold_no_control_characters_and_no_line_in_a_subject():
    raw = b"From: a@b.example\nSubject: =?utf-8?q?a=0D=0ABcc:_x=00y?=\n\none\x00\x1b[31mtwo\r\nthree\x85\n"
    mail = read_mail(raw)
    assert mail.subject == "a Bcc: xy"
    assert mail.text == "one[31mtwo\nthree"[:10] + mail.text[10:]
    assert not any(ord(mark) < 32 and mark != "\n" for mark in mail.text + mail.subject)


def test_markup_becomes_words_and_nothing_else():
    text = text_of_html(
        "<head><title>t</title></head><p>Bonjour &lt;b&gt;,<br>nous&nbsp;paierons</p><script>alert(1)</script>"
        "<style>p{}</style><!-- <p>no</p> --><img src=x onerror=alert(1)><a href='javascript:x'>lien</a> 1 < 2"
    )
    assert text == "Bonjour <b>,\nnous paierons\n\nlien 1 < 2"


@pytest.mark.parametrize(
    "piece",
    ["<a", "<!--", "<", "<script>", "<blockquote>", "&", "<a ", "a&#", "</p", "<div class='gmail_quote'>", "<td></td>"],
)
def test_markup_made_to_take_long_does_not(piece):
    within(3, text_of_html, piece * (500_000 // len(piece)))


@pytest.mark.parametrize(
    "text",
    [
        "Merci.\n\nLe lun. 2 mars 2026 à 10:12, Nordis <a@b.example> a écrit :\n> Facture F1\n> due",
        "Merci.\n\nOn Mon, Mar 2, 2026 at 10:12 AM Nordis\n<a@b.example> wrote:\n\n> Invoice",
        "Merci.\n\nAm 02.03.2026 um 10:12 schrieb Nordis:\n> Rechnung",
        "Merci.\n\n-----Original Message-----\nFrom: Nordis\nFacture",
        "Merci.\n\nDe : Nordis\nEnvoyé : lundi 2 mars 2026\nÀ : x\nObjet : Relance\n\nFacture",
        "Merci.\n\nVon: Nordis\nGesendet: Montag\nAn: x\nBetreff: y\n\nRechnung",
        "Merci.\n________________________________\nFrom: Nordis\nText",
    ],
)
def test_what_is_repeated_is_cut_off(text):
    new, quoted = cut(text)
    assert new == "Merci."
    assert quoted


def test_answers_between_and_below_quoted_lines_are_kept():
    assert cut("> Wann zahlen Sie?\nAm 15. März.\n> Danke")[0] == "Am 15. März."
    assert cut("Nordis a écrit :\n> Facture ?\n\nPayée hier.")[0] == "Payée hier."


def test_a_forwarded_mail_alone_is_new():
    assert cut("-----Original Message-----\nNous paierons.")[0].endswith("Nous paierons.")


def test_our_own_quoted_promise_words_say_nothing():
    new, _quoted = cut("Bien reçu.\n\nLe 2 mars, Nordis a écrit :\n> Vous paierez le 15 mars.")
    assert new == "Bien reçu."


def test_a_delivery_report_is_read():
    found = delivery_of(read_mail(bounce("<1@x>", "claire@durand.example")))
    assert (found.recipient, found.status, found.is_final, found.is_hard) == (
        "claire@durand.example",
        "5.1.1",
        True,
        True,
    )
    assert not delivery_of(read_mail(bounce("<1@x>", "a@b.example", status="5.7.1"))).is_hard
    assert not delivery_of(read_mail(bounce("<1@x>", "a@b.example", action="delayed", status="4.0.0"))).is_final
    assert delivery_of(read_mail(bounce("<1@x>", "a@b.example", action="delivered", status="2.0.0"))) is None


def test_an_old_servers_report_is_known_by_its_words():
    raw = (
        b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n"
        b"I wasn't able to deliver your message.\n<claire@durand.example>: 550 5.1.1 No such user\n"
    )
    found = delivery_of(read_mail(raw))
    assert (found.recipient, found.is_hard) == ("claire@durand.example", True)


@pytest.mark.parametrize(
    ("subject", "text", "auto", "expected"),
    [
        ("Réponse automatique : Relance", "Absent", "", True),
        ("Re: Relance", "Je suis actuellement absent.", "auto-replied", True),
        ("Re: Relance", "I am on annual leave.", "auto-generated", True),
        ("Abwesenheitsnotiz", "Ich bin im Urlaub", "", True),
        ("Re: Relance", "Je suis absent demain mais nous paierons.", "", False),
        ("Re: Relance", "Nous paierons vendredi.", "auto-generated", False),
        ("Re: Relance", "Nous paierons vendredi.", "no", False),
    ],
)
def test_an_automatic_answer_needs_headers_and_words_or_its_subject(subject, text, auto, expected):
    head = f"Auto-Submitted: {auto}\n" if auto else ""
    mail = read_mail(
        f"From: a@b.example\nSubject: {subject}\n{head}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()
    )
    assert is_automatic(mail, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Je suis absent du 2 au 14 mars.", "2026-03-14"),
        ("Back in the office on 16 March.", "2026-03-16"),
        ("Ich bin bis zum 20.03. nicht im Büro.", "2026-03-20"),
        ("I am away.", None),
        ("De retour le 9 mars. En cas d'urgence, appelez le standard.", "2026-03-09"),
    ],
)
def test_the_day_of_return_is_read(text, expected):
    found = returns_on(text, on=RECEIVED)
    assert (found.isoformat() if found else None) == expected


@given(st.binary(max_size=3_000))
def test_any_bytes_are_a_mail(raw):
    mail = read_mail(raw)
    assert mail.mail_id
    delivery_of(mail)
    cut(mail.text)


@given(st.lists(st.sampled_from([
    b"From: a@b.example\n", b"Content-Type: multipart/report; boundary=b\n", b"\n", b"--b\n", b"--b--\n", b"x\n",
    b"Content-Type: message/delivery-status\n", b"Content-Type: message/rfc822\n", b"Final-Recipient: rfc822; a@b.example\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: nonsense\n", b"Action: failed\n",
    b"Content-Disposition: attachment; filename*=utf-8''%ff%00.pdf\n", b"Message-ID: <1@2>\n", b"\xff\xfe=?x?b?y?=\n",
    b"Content-Type: text/html; charset=\"\n", b"Date: nonsense\n", b"References: <<>><a>\n",
]), max_size=40))  # fmt: skip
def test_any_pieces_of_a_mail_are_a_mail(pieces):
    mail = read_mail(b"".join(pieces))
    delivery_of(mail)
