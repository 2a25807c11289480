-- P14: the ledger that a call finds, as ours has it: an index that grows from nothing is not what a call meets.
INSERT INTO bench_floor.document (id, tenant_id, customer_id, account_id, entity_id, source, number, kind, document_date,
    currency, total_amount, vat_amount, order_ref, project_ref, biller, product, site, run_id, updated_at)
SELECT id, tenant_id, customer_id, account_id, entity_id, source, number, kind, document_date,
    currency, total_amount, vat_amount, order_ref, project_ref, biller, product, site, run_id, updated_at
FROM receivables_document WHERE tenant_id = %(tenant)s;
INSERT INTO bench_floor.item (id, tenant_id, customer_id, account_id, entity_id, document_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, delivery_date, currency, amount, vat_amount, open_amount, payment_method,
    is_factored, is_doubtful, known_on, is_history, corrected_on, void_on, run_id, created_at, updated_at)
SELECT id, tenant_id, customer_id, account_id, entity_id, document_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, delivery_date, currency, amount, vat_amount, open_amount, payment_method,
    is_factored, is_doubtful, known_on, is_history, corrected_on, void_on, run_id, created_at, updated_at
FROM receivables_ledgeritem WHERE tenant_id = %(tenant)s;
