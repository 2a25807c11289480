-- Run by a superuser inside the product's database (and inside template1, for test databases). May run again.
CREATE EXTENSION IF NOT EXISTS btree_gist;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO encours_app;
DO $$
BEGIN
  IF current_database() <> 'template1' THEN
    EXECUTE format('ALTER DATABASE %I OWNER TO encours_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO encours_app', current_database());
  END IF;
END
$$;
