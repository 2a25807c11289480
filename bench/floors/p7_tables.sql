-- P7: a table of steps taken, with the index that makes "this step for this item" happen once.
DROP TABLE IF EXISTS bench_floor.action_line;
CREATE TABLE bench_floor.action_line (
  tenant_id uuid, id uuid DEFAULT uuidv7(), item_id uuid, customer_id uuid, step_key text, "on" date, currency text,
  open_amount numeric(20, 4), state text, PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX floor_action_line_once ON bench_floor.action_line (tenant_id, item_id, step_key);
