-- P14: 1,000 items of one call, found by their reference: COPY, one UPDATE, one INSERT.
CREATE TEMP TABLE staging (customer_ref text, number text, document_date date, due_date date, amount numeric(20, 4),
  currency text) ON COMMIT DROP;
COPY staging FROM STDIN (FORMAT csv, HEADER true);
UPDATE bench_floor.item i SET due_date = s.due_date, amount = s.amount,
  open_amount = i.open_amount + s.amount - i.amount, updated_at = now()
FROM staging s
WHERE i.tenant_id = %(tenant)s AND i.entity_id = %(entity)s AND i.source = 'file'
  AND i.source_ref = s.number || '/INVOICE/1'
  AND (i.due_date, i.amount, i.document_date, i.currency) IS DISTINCT FROM (s.due_date, s.amount, s.document_date, s.currency);
INSERT INTO bench_floor.item (tenant_id, id, customer_id, account_id, entity_id, source, source_ref, kind, number, instalment,
    document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored, is_doubtful,
    known_on, is_history)
SELECT %(tenant)s, uuidv7(), a.customer_id, a.id, a.entity_id, 'file', s.number || '/INVOICE/1', 'INVOICE', s.number, 1,
       s.document_date, s.document_date, s.due_date, s.currency, s.amount, s.amount, '', false, false, %(on)s, false
FROM staging s JOIN receivables_customeraccount a ON a.tenant_id = %(tenant)s AND a.ref = s.customer_ref
WHERE NOT EXISTS (SELECT FROM bench_floor.item i WHERE i.tenant_id = %(tenant)s AND i.entity_id = %(entity)s
  AND i.source = 'file' AND i.source_ref = s.number || '/INVOICE/1');
