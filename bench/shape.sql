-- One organisation's ledger, made by arithmetic (no random(): two runs give the same rows), run as the owner role.
-- Parameters: tenant, entity, currency, upto (the last day), customers, invoices, members (of portfolios). 24 months; invoices come in order
-- of their posting date; a customer's habit decides when it pays; 5 % of payments pay the next invoice too, 1.2 % of
-- invoices are paid in two halves. About 11 % of the invoices are open on the last day.

CREATE OR REPLACE FUNCTION pg_temp.u(n bigint, salt bigint) RETURNS double precision IMMUTABLE LANGUAGE sql AS
$$ SELECT (hashint8extended(n, salt) & 1048575) / 1048576.0 $$;

CREATE TEMP TABLE shape_member ON COMMIT DROP AS
SELECT n, uuidv7() AS id FROM generate_series(0, %(members)s - 1) n;

INSERT INTO accounts_member (tenant_id, id, role_id, name, email, source_ref, is_active)
SELECT %(tenant)s, m.id, r.id, 'Member ' || m.n, '', 'M' || m.n, true
FROM shape_member m, accounts_role r WHERE r.tenant_id = %(tenant)s AND r.code = 'sales';

CREATE TEMP TABLE shape_customer ON COMMIT DROP AS
SELECT n, uuidv7() AS id, uuidv7() AS account_id,
       (ARRAY[30, 30, 45, 60])[1 + n %% 4] AS terms_days,
       (55 * pg_temp.u(n, 1) ^ 2)::int AS habit_days
FROM generate_series(0, %(customers)s - 1) n;

INSERT INTO receivables_customer (tenant_id, id, ref, name, name_key, ref_key, country, language, siren, siret,
    vat_number, lei, registration_number, street, postal_code, city, email, phone)
SELECT %(tenant)s, id, 'C' || lpad(n::text, 6, '0'), 'Customer ' || md5(n::text), 'customer ' || md5(n::text),
       'c' || lpad(n::text, 6, '0'), 'FR', 'fr', '', '', '', '', '', '', '', '', '', ''
FROM shape_customer;

INSERT INTO receivables_customeraccount (tenant_id, id, customer_id, entity_id, source, ref, currency, payment_method,
    salesperson_id, collector_id, sector, region, product)
SELECT %(tenant)s, c.account_id, c.id, %(entity)s, 'file', 'C' || lpad(c.n::text, 6, '0'), %(currency)s, '', s.id, k.id,
       'S' || c.n %% 12, 'R' || c.n %% 20, ''
FROM shape_customer c
JOIN shape_member s ON s.n = c.n %% %(members)s
JOIN shape_member k ON k.n = (c.n / 7) %% %(members)s;

CREATE TEMP TABLE shape_invoice ON COMMIT DROP AS
WITH drawn AS (
  SELECT n, (%(customers)s * pg_temp.u(n, 2) ^ 1.4)::int %% %(customers)s AS customer,
         %(upto)s::date - 729 + (n * 730 / %(invoices)s)::int AS posting_date,
         round((20 + 6000 * pg_temp.u(n, 3) ^ 3)::numeric, 2) AS amount
  FROM generate_series(0, %(invoices)s - 1) n
)
SELECT d.n, uuidv7() AS id, c.id AS customer_id, c.account_id, d.customer, d.posting_date,
       d.posting_date + c.terms_days AS due_date, d.amount,
       d.posting_date + c.terms_days + c.habit_days + (40 * pg_temp.u(d.n, 4) ^ 2)::int - 3
         + CASE WHEN pg_temp.u(d.n, 5) < 0.012 THEN 2000 ELSE 0 END AS paid_on,
       pg_temp.u(d.n, 6) < 0.012 AS is_split, pg_temp.u(d.n, 7) < 0.055 AS goes_with_next
FROM drawn d JOIN shape_customer c ON c.n = d.customer;

-- Who pays what, when: halves of split invoices, and runs of invoices that one payment covers.
CREATE TEMP TABLE shape_part ON COMMIT DROP AS
WITH half AS (
  SELECT n, id, customer, customer_id, account_id, round(amount / 2, 2) AS amount, paid_on AS "on", false AS merged,
         'a' AS part FROM shape_invoice WHERE is_split
  UNION ALL
  SELECT n, id, customer, customer_id, account_id, amount - round(amount / 2, 2), paid_on + 20, false, 'b'
  FROM shape_invoice WHERE is_split
  UNION ALL
  SELECT n, id, customer, customer_id, account_id, amount, paid_on, goes_with_next, 'w'
  FROM shape_invoice WHERE NOT is_split
), due AS (
  SELECT * FROM half WHERE "on" <= %(upto)s
)
SELECT *, sum(CASE WHEN merged THEN 0 ELSE 1 END) OVER latest_first AS run FROM due
WINDOW latest_first AS (PARTITION BY customer ORDER BY "on" DESC, n DESC, part ROWS UNBOUNDED PRECEDING);

CREATE TEMP TABLE shape_payment ON COMMIT DROP AS
SELECT customer, run, customer_id, account_id, uuidv7() AS id, sum(amount) AS amount, max("on") AS "on",
       row_number() OVER (ORDER BY max("on"), customer, run) AS n
FROM shape_part GROUP BY customer, run, customer_id, account_id ORDER BY max("on"), customer, run;

INSERT INTO receivables_ledgeritem (tenant_id, id, customer_id, account_id, entity_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored,
    is_doubtful, known_on, is_history)
SELECT %(tenant)s, i.id, i.customer_id, i.account_id, %(entity)s, 'file', 'INVOICE/F' || lpad(i.n::text, 8, '0') || '/1',
       'INVOICE', 'F' || lpad(i.n::text, 8, '0'), 1, i.posting_date, i.posting_date, i.due_date, %(currency)s,
       i.amount, i.amount - coalesce(p.paid, 0), '', false, false, i.posting_date, true
FROM shape_invoice i LEFT JOIN (SELECT id, sum(amount) AS paid FROM shape_part GROUP BY id) p USING (id)
ORDER BY i.n;

INSERT INTO receivables_ledgeritem (tenant_id, id, customer_id, account_id, entity_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored,
    is_doubtful, known_on, is_history)
SELECT %(tenant)s, id, customer_id, account_id, %(entity)s, 'file', 'PAYMENT/P' || lpad(n::text, 8, '0') || '/1',
       'PAYMENT', 'P' || lpad(n::text, 8, '0'), 1, "on", "on", "on", %(currency)s, -amount, 0, '', false, false, "on", true
FROM shape_payment ORDER BY n;

INSERT INTO receivables_allocation (tenant_id, customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency,
    credit_amount, credit_currency, "on", known_on, is_history, origin, reason, source_ref)
SELECT %(tenant)s, a.customer_id, a.id, p.id, a.amount, %(currency)s, a.amount, %(currency)s, p."on", p."on", true,
       'SOURCE', 'ALLOCATED', 'P' || p.n || '/F' || a.n || a.part
FROM shape_part a JOIN shape_payment p USING (customer, run)
ORDER BY p."on", p.n;

-- Some money that came in and was set against nothing: open credits.
INSERT INTO receivables_ledgeritem (tenant_id, customer_id, account_id, entity_id, source, source_ref, kind, number,
    instalment, document_date, posting_date, due_date, currency, amount, open_amount, payment_method, is_factored,
    is_doubtful, known_on, is_history)
SELECT %(tenant)s, c.id, c.account_id, %(entity)s, 'file', 'CREDIT_NOTE/A' || c.n || '/1', 'CREDIT_NOTE', 'A' || c.n, 1,
       %(upto)s::date - c.n %% 300, %(upto)s::date - c.n %% 300, %(upto)s::date - c.n %% 300, %(currency)s, -c.n %% 97 - 1,
       -c.n %% 97 - 1, '', false, false, %(upto)s::date - c.n %% 300, true
FROM shape_customer c WHERE c.n %% 100 = 3;

-- Every tenth customer has an order in hand.
INSERT INTO receivables_openorder (tenant_id, customer_id, entity_id, source, number, order_date, currency, amount,
    open_amount)
SELECT %(tenant)s, c.id, %(entity)s, 'file', 'O' || c.n, %(upto)s::date - c.n %% 30, %(currency)s, 100 + c.n %% 900,
       100 + c.n %% 900
FROM shape_customer c WHERE c.n %% 10 = 0;
