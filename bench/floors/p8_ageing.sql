-- P8: the fifty customers who are most overdue today, by bucket, from the stored open amounts.
SELECT c.ref, c.name, a.* FROM (
  SELECT customer_id, currency,
         sum(open_amount) FILTER (WHERE due_date >= %(on)s) AS not_due,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 30 AND %(on)s::date - 1) AS d1_30,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 60 AND %(on)s::date - 31) AS d31_60,
         sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 90 AND %(on)s::date - 61) AS d61_90,
         sum(open_amount) FILTER (WHERE due_date < %(on)s::date - 90) AS d91_plus,
         sum(open_amount) AS total,
         coalesce(sum(open_amount) FILTER (WHERE due_date < %(on)s), 0) AS overdue
  FROM receivables_ledgeritem
  WHERE tenant_id = %(tenant)s AND is_open AND posting_date <= %(on)s
  GROUP BY customer_id, currency ORDER BY overdue DESC, customer_id LIMIT 50
) a JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = a.customer_id ORDER BY a.overdue DESC, a.customer_id;
