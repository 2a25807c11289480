-- P9: the same fifty on a past day: amounts less what had been allocated until then.
WITH settled AS MATERIALIZED (
  SELECT item_id, sum(amount) AS amount FROM (
    SELECT debit_item_id AS item_id, debit_amount AS amount FROM receivables_allocation
    WHERE tenant_id = %(tenant)s AND "on" <= %(on)s
    UNION ALL
    SELECT credit_item_id, -credit_amount FROM receivables_allocation
    WHERE tenant_id = %(tenant)s AND "on" <= %(on)s
  ) side GROUP BY item_id
), open_then AS (
  SELECT i.customer_id, i.currency, i.due_date, i.amount - coalesce(s.amount, 0) AS open_amount
  FROM receivables_ledgeritem i LEFT JOIN settled s ON s.item_id = i.id
  WHERE i.tenant_id = %(tenant)s AND i.posting_date <= %(on)s AND i.amount IS DISTINCT FROM s.amount
)
SELECT c.ref, c.name, a.* FROM (
  SELECT customer_id, currency,
         sum(open_amount) FILTER (WHERE due_date >= %(on)s) AS not_due,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 30 AND %(on)s::date - 1) AS d1_30,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 60 AND %(on)s::date - 31) AS d31_60,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 90 AND %(on)s::date - 61) AS d61_90,
         sum(open_amount) FILTER (WHERE due_date < %(on)s::date - 90) AS d91_plus,
         sum(open_amount) AS total,
         coalesce(sum(open_amount) FILTER (WHERE due_date < %(on)s), 0) AS overdue
  FROM open_then GROUP BY customer_id, currency ORDER BY overdue DESC, customer_id LIMIT 50
) a JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = a.customer_id ORDER BY a.overdue DESC, a.customer_id;
