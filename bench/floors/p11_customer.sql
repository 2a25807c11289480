-- P11: what a customer's page says, in six statements: who it is, what it owes and how it pays, its open items, orders,
-- contacts, what happened last. Without rights, scope, currencies apart from each other, holds and corrections.
SELECT c.*, a.ref, a.payment_method, a.region, s.name, k.name FROM receivables_customer c
JOIN receivables_customeraccount a ON a.tenant_id = c.tenant_id AND a.customer_id = c.id
LEFT JOIN accounts_member s ON s.tenant_id = c.tenant_id AND s.id = a.salesperson_id
LEFT JOIN accounts_member k ON k.tenant_id = c.tenant_id AND k.id = a.collector_id
WHERE c.tenant_id = %(tenant)s AND c.id = %(customer)s;
SELECT currency, sum(open_amount), sum(open_amount) FILTER (WHERE due_date < %(on)s), count(*),
       min(due_date) FILTER (WHERE open_amount > 0),
       (SELECT avg(al."on" - d.due_date) FROM receivables_allocation al
        JOIN receivables_ledgeritem d ON d.tenant_id = al.tenant_id AND d.id = al.debit_item_id
        WHERE al.tenant_id = %(tenant)s AND al.customer_id = %(customer)s AND al."on" > %(on)s::date - 365)
FROM receivables_ledgeritem
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND is_open AND posting_date <= %(on)s GROUP BY currency;
SELECT i.id, i.number, i.kind, i.document_date, i.due_date, i.currency, i.amount, i.open_amount, e.code
FROM receivables_ledgeritem i JOIN receivables_entity e ON e.tenant_id = i.tenant_id AND e.id = i.entity_id
WHERE i.tenant_id = %(tenant)s AND i.customer_id = %(customer)s AND i.is_open AND i.posting_date <= %(on)s
ORDER BY i.due_date, i.id LIMIT 101;
SELECT * FROM receivables_openorder
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND open_amount <> 0 ORDER BY order_date DESC LIMIT 100;
SELECT * FROM receivables_contact
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s ORDER BY is_primary DESC, last_name LIMIT 100;
SELECT * FROM (
  (SELECT "on", at, kind, data::text FROM desk_event
   WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s ORDER BY "on" DESC LIMIT 21)
  UNION ALL
  (SELECT posting_date, created_at, 'payment', number || ' ' || amount FROM receivables_ledgeritem
   WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND kind = 'PAYMENT' AND void_on IS NULL
   ORDER BY posting_date DESC LIMIT 21)
) happened ORDER BY 1 DESC, 2 DESC LIMIT 21;
