-- P5: balance, overdue amount and exposure of every customer, read.
SELECT c.ref, c.name, e.currency, e.open_amount, e.overdue, e.orders FROM (
  SELECT customer_id, currency, sum(open_amount) AS open_amount, sum(overdue) AS overdue, sum(orders) AS orders FROM (
    SELECT customer_id, currency, open_amount, CASE WHEN due_date < %(on)s THEN open_amount ELSE 0 END AS overdue,
           0::numeric AS orders
    FROM receivables_ledgeritem WHERE tenant_id = %(tenant)s AND is_open AND posting_date <= %(on)s
    UNION ALL
    SELECT customer_id, currency, 0, 0, open_amount
    FROM receivables_openorder WHERE tenant_id = %(tenant)s AND open_amount <> 0
  ) part GROUP BY customer_id, currency
) e JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = e.customer_id ORDER BY c.ref, e.currency;
