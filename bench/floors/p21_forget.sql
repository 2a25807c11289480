-- P21: no lines of the bank, and nothing decided about them.
DELETE FROM receivables_cashallocation WHERE tenant_id = %(tenant)s;
DELETE FROM receivables_cashmatch WHERE tenant_id = %(tenant)s;
DELETE FROM receivables_bankline WHERE tenant_id = %(tenant)s;
