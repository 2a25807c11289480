-- P8: the aged balance of today, all of its lines, by reference.
SELECT c.ref, c.name, a.* FROM (
  SELECT customer_id, currency,
         coalesce(sum(open_amount) FILTER (WHERE due_date >= %(on)s), 0) AS not_due,
         coalesce(sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 30 AND %(on)s::date - 1), 0) AS d1_30,
         coalesce(sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 60 AND %(on)s::date - 31), 0) AS d31_60,
         coalesce(sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 90 AND %(on)s::date - 61), 0) AS d61_90,
         coalesce(sum(open_amount) FILTER (WHERE due_date < %(on)s::date - 90), 0) AS d91_plus,
         sum(open_amount) AS total
  FROM receivables_ledgeritem
  WHERE tenant_id = %(tenant)s AND is_open AND posting_date <= %(on)s
  GROUP BY customer_id, currency
) a JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = a.customer_id ORDER BY c.ref, a.currency;
