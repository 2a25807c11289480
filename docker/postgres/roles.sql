-- The two roles of the product, for the embedded server and for the container alike. Run by a superuser, may run again.
-- Owner: migrates, sees every organisation. Runtime: owns nothing, sees one organisation at a time.
-- Both begin without LOGIN: whoever runs this file opens them once everything around them stands.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'encours_owner') THEN
    CREATE ROLE encours_owner NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'encours_app') THEN
    CREATE ROLE encours_app NOLOGIN;
  END IF;
END
$$;
ALTER ROLE encours_owner NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE encours_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
