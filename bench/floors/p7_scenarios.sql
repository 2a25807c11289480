-- P7 under ten scenarios: each account follows the first rule that holds, each item the step of its scenario that it has reached.
CREATE TEMP TABLE reached ON COMMIT DROP AS
WITH overdue AS (
  SELECT customer_id, entity_id, sum(open_amount) AS amount FROM receivables_ledgeritem
  WHERE tenant_id = %(tenant)s AND is_open AND amount > 0 AND due_date < %(on)s AND posting_date <= %(on)s
  GROUP BY customer_id, entity_id
), follows AS (
  SELECT a.customer_id, a.entity_id,
         CASE WHEN o.amount >= 20000 THEN 1
              WHEN a.sector IN ('S0', 'S1') THEN 2 WHEN a.sector IN ('S2', 'S3') THEN 3
              WHEN a.sector IN ('S4', 'S5') THEN 4 WHEN a.sector IN ('S6', 'S7') THEN 5
              WHEN a.sector IN ('S8', 'S9') THEN 6
              WHEN a.region IN ('R0', 'R1', 'R2', 'R3') THEN 7 WHEN a.region IN ('R4', 'R5', 'R6', 'R7') THEN 8
              WHEN a.region IN ('R8', 'R9', 'R10', 'R11') THEN 9 ELSE 0 END AS scenario
  FROM receivables_customeraccount a LEFT JOIN overdue o USING (customer_id, entity_id)
  WHERE a.tenant_id = %(tenant)s
)
SELECT i.id AS item_id, i.customer_id, i.entity_id, s.position, s.step_key, i.currency, i.open_amount
FROM receivables_ledgeritem i JOIN follows f USING (customer_id, entity_id)
CROSS JOIN LATERAL (
  SELECT step.position, step.step_key
  FROM (VALUES (1, 'before_due', -7), (2, 'reminder_1', 5 + f.scenario), (3, 'reminder_2', 15 + f.scenario),
               (4, 'reminder_3', 30 + f.scenario), (5, 'formal_notice', 45 + f.scenario)) step (position, step_key, days)
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
