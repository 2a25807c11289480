"""The floor of P18: reminders as somebody would send them in an afternoon. One SELECT, two formats, one connection."""

import smtplib
from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg

from bench.measure import run_floor

SENDER = "no-reply@encours.example"
_TEXT = """Bonjour {name},

Sauf erreur de notre part, les factures suivantes, d'un montant total de {total} EUR, sont échues depuis le {oldest}.

{items}

Nous vous remercions de bien vouloir régler ce montant par retour, en rappelant la référence {ref}.
Si votre paiement nous est parvenu entre-temps, veuillez considérer ce message comme sans objet.

{entity}
{entity_email}
"""
_HTML = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Rappel</title></head>
<body style="margin:0;padding:0;background:#f5f7fa;color:#1c2736;font-family:Arial,Helvetica,sans-serif;font-size:15px">
<div style="max-width:640px;margin:0 auto;padding:24px 16px">
<p>Bonjour {name},</p>
<p>Sauf erreur de notre part, les factures suivantes, d'un montant total de {total} EUR, sont échues depuis le
{oldest}.</p>
<table style="border-collapse:collapse;width:100%"><thead><tr><th>Pièce</th><th>Date</th><th>Échéance</th>
<th>Jours de retard</th><th>Reste dû (EUR)</th></tr></thead><tbody>{items}</tbody></table>
<p>Nous vous remercions de bien vouloir régler ce montant par retour, en rappelant la référence {ref}.
Si votre paiement nous est parvenu entre-temps, veuillez considérer ce message comme sans objet.</p>
<p>{entity}<br>{entity_email}</p></div></body></html>
"""
_CELL = '<td style="padding:5px 8px;border-bottom:1px solid #e3e8ef">{}</td>'
_ROW = "<tr>" + 5 * _CELL + "</tr>"


def send_by_hand(owner: psycopg.Connection, *, tenant: UUID, actions: Sequence[UUID], on: date, port: int) -> None:
    """Read, word and send the reminders of these actions over one connection."""
    rows = run_floor(owner, "p18_reminders", {"tenant": tenant, "actions": list(actions)})
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for _customer, group in groupby(rows, key=itemgetter(0)):
            items = list(group)
            email = _email(items, on)
            connection.sendmail(SENDER, [items[0][3]], email.as_bytes())


def _email(items: Sequence[tuple[Any, ...]], on: date) -> EmailMessage:
    _id, name, ref, address, entity, entity_email, *_item = items[0]
    values = {
        "name": name,
        "ref": ref,
        "entity": entity,
        "entity_email": entity_email,
        "total": f"{sum(item[9] for item in items):,.2f}",
        "oldest": f"{min(item[8] for item in items):%d/%m/%Y}",
    }
    lines = [
        (number, f"{issued:%d/%m/%Y}", f"{due:%d/%m/%Y}", (on - due).days, f"{amount:,.2f}")
        for *_customer, number, issued, due, amount, _currency in items
    ]
    email = EmailMessage()
    email["Message-ID"] = make_msgid(domain="encours.example")
    email["Date"] = formatdate()
    email["From"], email["To"], email["Reply-To"] = f"{entity} <{SENDER}>", f"{name} <{address}>", entity_email
    email["Subject"] = f"Rappel : {values['total']} EUR échus"
    email.set_content(_TEXT.format(**values, items="\n".join(f"{n:<14} {d:<12} {a:>14}" for n, _i, d, _l, a in lines)))
    email.add_alternative(_HTML.format(**values, items="".join(_ROW.format(*line) for line in lines)), subtype="html")
    return email
