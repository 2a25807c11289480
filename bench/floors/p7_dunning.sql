-- P7: for each open item the first step that it has reached and not had, written once, and one action for each customer.
CREATE TEMP TABLE reached ON COMMIT DROP AS
SELECT i.id AS item_id, i.customer_id, i.entity_id, s.position, s.step_key, i.currency, i.open_amount
FROM receivables_ledgeritem i
CROSS JOIN LATERAL (
  SELECT step.position, step.step_key
  FROM (VALUES (1, 'before_due', -7), (2, 'reminder_1', 5), (3, 'reminder_2', 15), (4, 'reminder_3', 30),
               (5, 'formal_notice', 45)) step (position, step_key, days)
  WHERE i.due_date + step.days <= %(on)s AND (step.days > 0) = (i.due_date <= %(on)s)
    AND NOT EXISTS (SELECT FROM bench_floor.action_line l WHERE l.tenant_id = %(tenant)s AND l.item_id = i.id
                    AND l.step_key = step.step_key)
  ORDER BY step.position LIMIT 1
) s
WHERE i.tenant_id = %(tenant)s AND i.is_open AND i.amount > 0 AND i.due_date <= %(on)s::date + 7
  AND i.posting_date <= %(on)s;
INSERT INTO bench_floor.action (tenant_id, customer_id, entity_id, "on", step_key, amount)
SELECT %(tenant)s, customer_id, entity_id, %(on)s, (array_agg(step_key ORDER BY position DESC))[1], sum(open_amount)
FROM reached GROUP BY customer_id, entity_id
ON CONFLICT (tenant_id, customer_id, entity_id, "on") DO NOTHING;
INSERT INTO bench_floor.action_line (tenant_id, action_id, item_id, customer_id, step_key, "on", currency, open_amount, state)
SELECT %(tenant)s, a.id, r.item_id, r.customer_id, r.step_key, %(on)s, r.currency, r.open_amount, 'PLANNED'
FROM reached r JOIN bench_floor.action a ON a.tenant_id = %(tenant)s AND a.customer_id = r.customer_id
  AND a.entity_id = r.entity_id AND a."on" = %(on)s
ON CONFLICT (tenant_id, item_id, step_key) DO NOTHING;
