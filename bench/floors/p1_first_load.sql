-- P1: a file of invoices into an empty ledger whose customers are known.
CREATE TEMP TABLE staging (customer_ref text, number text, document_date date, due_date date, amount numeric(20, 4),
  currency text) ON COMMIT DROP;
COPY staging FROM STDIN (FORMAT csv, HEADER true);
ANALYZE staging;
INSERT INTO bench_floor.item (tenant_id, id, customer_id, account_id, entity_id, source, source_ref, kind, number, instalment,
    document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored, is_doubtful,
    known_on, is_history)
SELECT %(tenant)s, uuidv7(), a.customer_id, a.id, a.entity_id, 'file', s.number || '/INVOICE/1', 'INVOICE', s.number, 1,
       s.document_date, s.document_date, s.due_date, s.currency, s.amount, s.amount, '', false, false, %(on)s, false
FROM staging s JOIN receivables_customeraccount a ON a.tenant_id = %(tenant)s AND a.ref = s.customer_ref;
