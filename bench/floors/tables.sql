-- What the floors write into: the ledger's columns, with the indexes that such a table cannot do without.
DROP SCHEMA IF EXISTS bench_floor CASCADE;
CREATE SCHEMA bench_floor;
CREATE TABLE bench_floor.item (LIKE public.receivables_ledgeritem INCLUDING DEFAULTS INCLUDING GENERATED);
ALTER TABLE bench_floor.item ADD PRIMARY KEY (tenant_id, id);
CREATE UNIQUE INDEX floor_item_source_ref ON bench_floor.item (tenant_id, entity_id, source, source_ref);
CREATE INDEX floor_item_customer ON bench_floor.item (tenant_id, customer_id, document_date DESC, id);
CREATE INDEX floor_item_open ON bench_floor.item (tenant_id, customer_id, currency, due_date)
  INCLUDE (open_amount, posting_date, entity_id, account_id) WHERE is_open;
CREATE INDEX floor_item_document ON bench_floor.item (tenant_id, document_id);
CREATE TABLE bench_floor.document (LIKE public.receivables_document INCLUDING DEFAULTS);
ALTER TABLE bench_floor.document ADD PRIMARY KEY (tenant_id, id);
CREATE UNIQUE INDEX floor_document_number ON bench_floor.document (tenant_id, number, entity_id, source, kind);
CREATE INDEX floor_document_customer ON bench_floor.document (tenant_id, customer_id, document_date DESC);
CREATE TABLE bench_floor.change (item_id uuid, former_due_date date, former_amount numeric(20, 4), at timestamptz DEFAULT now());
CREATE TABLE bench_floor.balance (
  tenant_id uuid, id uuid, customer_id uuid, currency text, "on" date, open_amount numeric(20, 4),
  overdue_amount numeric(20, 4), oldest_due_date date, item_count int, PRIMARY KEY (tenant_id, customer_id, currency)
);
CREATE INDEX floor_balance_overdue ON bench_floor.balance (tenant_id, overdue_amount DESC, id);
