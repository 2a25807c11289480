-- P7: for each open item the first step that it has reached and not had, written once.
INSERT INTO bench_floor.action_line (tenant_id, item_id, customer_id, step_key, "on", currency, open_amount, state)
SELECT i.tenant_id, i.id, i.customer_id, s.step_key, %(on)s, i.currency, i.open_amount, 'PLANNED'
FROM receivables_ledgeritem i
CROSS JOIN LATERAL (
  SELECT step.step_key
  FROM (VALUES (1, 'before_due', -7), (2, 'reminder_1', 5), (3, 'reminder_2', 15), (4, 'reminder_3', 30),
               (5, 'formal_notice', 45)) step (position, step_key, days)
  WHERE i.due_date + step.days <= %(on)s AND (step.days > 0) = (i.due_date <= %(on)s)
    AND NOT EXISTS (SELECT FROM bench_floor.action_line l WHERE l.tenant_id = %(tenant)s AND l.item_id = i.id
                    AND l.step_key = step.step_key)
  ORDER BY step.position LIMIT 1
) s
WHERE i.tenant_id = %(tenant)s AND i.is_open AND i.amount > 0 AND i.due_date <= %(on)s::date + 7
  AND i.posting_date <= %(on)s
ON CONFLICT (tenant_id, item_id, step_key) DO NOTHING;
