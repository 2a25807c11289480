-- P5: the balance of every customer, written into an empty table with the index of sorted lists.
TRUNCATE bench_floor.balance;
INSERT INTO bench_floor.balance
SELECT %(tenant)s, uuidv7(), customer_id, currency, %(on)s, sum(open_amount),
       coalesce(sum(open_amount) FILTER (WHERE due_date < %(on)s), 0), min(due_date), count(*)
FROM receivables_ledgeritem WHERE tenant_id = %(tenant)s AND is_open AND posting_date <= %(on)s
GROUP BY customer_id, currency;
