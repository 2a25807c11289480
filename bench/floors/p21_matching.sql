-- P21: lines whose text ends in the number of an open item of the same amount: matched, with what the books should then show.
CREATE TEMP TABLE found ON COMMIT DROP AS
SELECT DISTINCT ON (i.id) b.id AS line_id, i.id AS item_id, i.customer_id, i.currency, i.open_amount
FROM receivables_bankline b
JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.is_open AND i.currency = b.currency
    AND i.number = (regexp_match(b.text, '([^ ]+)$'))[1] AND i.open_amount = b.remaining_amount
WHERE b.tenant_id = %(tenant)s AND b.state = 'OPEN' ORDER BY i.id, b.id;
UPDATE receivables_bankline b SET state = 'MATCHED', remaining_amount = 0, customer_id = f.customer_id
FROM found f WHERE b.tenant_id = %(tenant)s AND b.id = f.line_id;
INSERT INTO receivables_cashmatch (tenant_id, line_id, customer_id, state, amount, currency, is_automatic, confidence, proposal, "on")
SELECT %(tenant)s, line_id, customer_id, 'ACCEPTED', open_amount, currency, true, 1, '{}', %(on)s FROM found;
INSERT INTO receivables_cashallocation (tenant_id, match_id, item_id, customer_id, cash_amount, difference_amount, difference,
    currency, leaves_amount, "on", state, state_on)
SELECT %(tenant)s, m.id, f.item_id, f.customer_id, f.open_amount, 0, '', f.currency, 0, %(on)s, 'PROPOSED', %(on)s
FROM found f JOIN receivables_cashmatch m ON m.tenant_id = %(tenant)s AND m.line_id = f.line_id;
