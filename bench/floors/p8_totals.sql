-- P8: the line of totals below the aged balance of today.
SELECT currency,
       sum(open_amount) FILTER (WHERE due_date >= %(on)s) AS not_due,
       sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 30 AND %(on)s::date - 1) AS d1_30,
       sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 60 AND %(on)s::date - 31) AS d31_60,
       sum(open_amount) FILTER (WHERE due_date BETWEEN %(on)s::date - 90 AND %(on)s::date - 61) AS d61_90,
       sum(open_amount) FILTER (WHERE due_date < %(on)s::date - 90) AS d91_plus,
       sum(open_amount) AS total, count(DISTINCT customer_id)
FROM receivables_ledgeritem
WHERE tenant_id = %(tenant)s AND is_open AND posting_date <= %(on)s
GROUP BY currency;
