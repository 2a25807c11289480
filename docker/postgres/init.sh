#!/bin/bash
# First start of the container's database: both roles with their passwords, and the database in the owner's hands.
set -euo pipefail

sql="${SQL_FOLDER:-/encours}"
run=(psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}")

"${run[@]}" --dbname postgres --file "$sql/roles.sql"
"${run[@]}" --dbname "$POSTGRES_DB" --file "$sql/database.sql"
"${run[@]}" --dbname postgres --set owner="$OWNER_PASSWORD" --set runtime="$RUNTIME_PASSWORD" <<'SQL'
ALTER ROLE encours_owner LOGIN PASSWORD :'owner';
ALTER ROLE encours_app LOGIN PASSWORD :'runtime';
SQL
