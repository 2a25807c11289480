-- P14: 1,000 invoices of one call, items found by their reference: COPY, one UPDATE, and one INSERT of items and documents.
CREATE TEMP TABLE staging (customer_ref text, number text, document_date date, due_date date, amount numeric(20, 4),
  currency text) ON COMMIT DROP;
COPY staging FROM STDIN (FORMAT csv, HEADER true);
UPDATE bench_floor.item i SET due_date = s.due_date, amount = s.amount,
  open_amount = i.open_amount + s.amount - i.amount, updated_at = now()
FROM staging s
WHERE i.tenant_id = %(tenant)s AND i.entity_id = %(entity)s AND i.source = 'file'
  AND i.source_ref = s.number || '/INVOICE/1'
  AND (i.due_date, i.amount, i.document_date, i.currency) IS DISTINCT FROM (s.due_date, s.amount, s.document_date, s.currency);
WITH fresh AS MATERIALIZED (
  SELECT uuidv7() AS id, uuidv7() AS document_id, a.customer_id, a.id AS account_id, a.entity_id, s.number, s.document_date,
         s.due_date, s.currency, s.amount
  FROM staging s JOIN receivables_customeraccount a ON a.tenant_id = %(tenant)s AND a.ref = s.customer_ref
  WHERE NOT EXISTS (SELECT FROM bench_floor.item i WHERE i.tenant_id = %(tenant)s AND i.entity_id = %(entity)s
    AND i.source = 'file' AND i.source_ref = s.number || '/INVOICE/1')
), documents AS (
  INSERT INTO bench_floor.document (tenant_id, id, customer_id, account_id, entity_id, source, number, kind, document_date,
      currency, total_amount, order_ref, project_ref, biller, product, site)
  SELECT %(tenant)s, document_id, customer_id, account_id, entity_id, 'file', number, 'INVOICE', document_date,
         currency, amount, '', '', '', '', ''
  FROM fresh
)
INSERT INTO bench_floor.item (tenant_id, id, customer_id, account_id, entity_id, document_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored,
    is_doubtful, known_on, is_history)
SELECT %(tenant)s, id, customer_id, account_id, entity_id, document_id, 'file', number || '/INVOICE/1', 'INVOICE', number,
       1, document_date, document_date, due_date, currency, amount, amount, '', false, false, %(on)s, false
FROM fresh;
