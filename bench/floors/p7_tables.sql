-- P7: tables of actions and of steps taken, with their keys and references, and the worklist's index.
CREATE SCHEMA IF NOT EXISTS bench_floor;
DROP TABLE IF EXISTS bench_floor.action_line, bench_floor.action;
CREATE TABLE bench_floor.action (
  tenant_id uuid, id uuid DEFAULT uuidv7(), customer_id uuid, entity_id uuid, "on" date, step_key text,
  amount numeric(20, 4), PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES receivables_customer (tenant_id, id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES receivables_entity (tenant_id, id)
);
CREATE UNIQUE INDEX floor_action_once ON bench_floor.action (tenant_id, customer_id, entity_id, "on");
CREATE INDEX floor_action_worklist ON bench_floor.action (tenant_id, amount DESC, id);
CREATE TABLE bench_floor.action_line (
  tenant_id uuid, id uuid DEFAULT uuidv7(), action_id uuid, item_id uuid, customer_id uuid, step_key text, "on" date,
  currency text, open_amount numeric(20, 4), state text, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, action_id) REFERENCES bench_floor.action (tenant_id, id),
  FOREIGN KEY (tenant_id, item_id) REFERENCES receivables_ledgeritem (tenant_id, id)
);
CREATE UNIQUE INDEX floor_action_line_once ON bench_floor.action_line (tenant_id, item_id, step_key);
CREATE INDEX floor_action_line_action ON bench_floor.action_line (tenant_id, action_id);
