"""The app's role: it reads and writes rows, but what is append-only it can neither change nor delete."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cishan_app') THEN
        CREATE ROLE cishan_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO cishan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cishan_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO cishan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cishan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO cishan_app;
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE ON
    ledger_account, ledger_entry, ledger_posting, ledger_entry_number,
    event, unmasking, former_address, stored_notice, benefit_record, edition
FROM cishan_app;
"""


class Migration(QuickMigration):
    dependencies = [("cishan", "0001_initial")]

    operations = [
        ops.RunSQL(sql=ROLE, reverse_sql="REVOKE ALL ON ALL TABLES IN SCHEMA public FROM cishan_app;"),
        ops.RunSQL(
            sql=APPEND_ONLY,
            reverse_sql="GRANT UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cishan_app;",
        ),
    ]
