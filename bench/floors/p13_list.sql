-- P13: 100 items as one JSON text, built by the database.
SELECT json_build_object('results', json_agg(r))::text FROM (
  SELECT i.id, i.customer_id AS customer, c.ref AS customer_ref, i.account_id AS account, e.code AS entity_code,
         i.document_id AS document, i.source, i.kind, i.number, i.instalment, i.document_date, i.posting_date, i.due_date,
         i.delivery_date, json_build_object('amount', round(i.amount, 2)::text, 'currency', i.currency) AS amount,
         CASE WHEN i.vat_amount IS NOT NULL THEN
           json_build_object('amount', round(i.vat_amount, 2)::text, 'currency', i.currency) END AS vat,
         json_build_object('amount', round(i.open_amount, 2)::text, 'currency', i.currency) AS open,
         i.payment_method, i.known_on, i.void_on, i.updated_at
  FROM receivables_ledgeritem i
  JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = i.customer_id
  JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = i.entity_id
  WHERE i.tenant_id = %(tenant)s AND i.void_on IS NULL
  ORDER BY i.updated_at, i.id LIMIT 100
) r;
