-- P21: lines of the bank for what is open: of ten six name their invoice, two their customer, one pays two, one says nothing.
DELETE FROM receivables_cashallocation WHERE tenant_id = %(tenant)s;
DELETE FROM receivables_cashmatch WHERE tenant_id = %(tenant)s;
DELETE FROM receivables_bankline WHERE tenant_id = %(tenant)s;
INSERT INTO receivables_bankline (tenant_id, source, source_ref, own_iban, booked_on, amount, currency, remaining_amount, payer_name,
    payer_iban, text, structured_ref, payload, state, set_aside_reason, proposal, confidence)
SELECT %(tenant)s, 'bench', p.place, '', %(on)s, p.amount, p.currency, p.amount, '', '', p.text, '', '{}', 'OPEN', '', '{}', 0
FROM (
    SELECT i.place, i.currency,
        i.open_amount + CASE WHEN i.place %% 10 = 8 THEN coalesce(i.next_amount, 0) WHEN i.place %% 10 = 9 THEN 0.37 ELSE 0 END AS amount,
        CASE WHEN i.place %% 10 < 6 THEN 'TRANSFER ' || c.name || ' ' || i.number WHEN i.place %% 10 < 9 THEN 'TRANSFER ' || c.name
            ELSE 'CHEQUE' END AS text
    FROM (
        SELECT row_number() OVER (ORDER BY id) AS place, customer_id, currency, open_amount, number,
            lead(open_amount) OVER (PARTITION BY customer_id, currency ORDER BY due_date, id) AS next_amount
        FROM receivables_ledgeritem WHERE tenant_id = %(tenant)s AND is_open AND amount > 0 ORDER BY id LIMIT %(lines)s
    ) i JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = i.customer_id
) p;
ANALYZE receivables_bankline;
