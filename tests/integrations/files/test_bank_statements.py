"""Statements of the bank as banks export them: their columns are known by their headers, in three languages."""

from decimal import Decimal

import pytest

from integrations.files import guess, inspect, open_source
from tests.integrations.files.ledgers import read_all

FRENCH = """Date de l'opération;Date de valeur;Libellé;Débit;Crédit
02/03/2026;03/03/2026;VIR BOULANGERIE MARTIN FA-100001;;1 250,00
03/03/2026;03/03/2026;FRAIS DE TENUE;-12,50;
04/03/2026;04/03/2026;VIR DUPONT FACT 100002;;80,10
"""
GERMAN = """Buchungstag;Wertstellung;Auftraggeber;IBAN;Verwendungszweck;Betrag;Währung
02.03.2026;03.03.2026;Martin GmbH;DE89370400440532013000;RE26-00017;1.250,00;EUR
03.03.2026;03.03.2026;Bank;;Entgelt;-12,50;EUR
04.03.2026;04.03.2026;Dupont AG;DE02120300000000202051;Rechnung 100002;80,10;EUR
"""
ENGLISH = """Booking date,Value date,Counterparty,IBAN,Transaction ID,Description,Amount,Currency
2026-03-02,2026-03-03,Martin Ltd,GB33BUKB20201555555555,T-1,Invoice SI26-00017,1250.00,GBP
2026-03-03,2026-03-03,Bank,,T-2,Monthly fee,-12.50,GBP
2026-03-04,2026-03-04,Dupont Ltd,,T-3,Invoice 100002,80.10,GBP
"""
COLUMNS = {
    "fr": {"booked_on", "value_on", "text", "debit", "credit"},
    "de": {"booked_on", "value_on", "payer_name", "payer_iban", "text", "amount", "currency"},
    "en": {"booked_on", "value_on", "payer_name", "payer_iban", "reference", "text", "amount", "currency"},
}


@pytest.mark.parametrize(("language", "text"), [("fr", FRENCH), ("de", GERMAN), ("en", ENGLISH)])
def test_a_statement_is_recognised_and_money_that_came_in_is_positive(tmp_path, language, text):
    path = tmp_path / "statement.csv"
    path.write_text(text, encoding="utf-8")
    found = guess(inspect(open_source(path)))
    assert found.mapping.kind == "bank_lines"
    assert set(found.mapping.columns) == COLUMNS[language]
    rows, bad, _summary = read_all(path)
    assert not bad
    assert [row["amount"] for row in rows] == [Decimal("1250.00"), Decimal("-12.50"), Decimal("80.10")]
