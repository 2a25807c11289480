-- P18: what the reminders of these actions speak of: an item a row, by customer, with whom to write to and who writes.
SELECT c.id, c.name, c.ref, c.email, e.name, e.email, i.number, i.document_date, i.due_date, i.open_amount, i.currency
FROM collection_actionline l
JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = l.item_id
JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = i.customer_id
JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = i.entity_id
WHERE l.tenant_id = %(tenant)s AND l.action_id = ANY(%(actions)s)
ORDER BY c.id, i.due_date, i.number;
