"""The database refuses an entry that is not balanced, has one leg, or crosses a charity or a fund.

Checked when the transaction commits, so an entry and its postings may be written one after the other.
"""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops

CHECK = """
CREATE FUNCTION check_ledger_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    legs integer;
    total numeric;
    charities integer;
    funds integer;
    strangers integer;
BEGIN
    wanted := CASE TG_TABLE_NAME WHEN 'ledger_entry' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'entry_id')::bigint END;
    SELECT count(*), coalesce(sum(p.amount_fen), 0), count(DISTINCT a.charity_id), count(DISTINCT a.fund_id),
           count(*) FILTER (WHERE a.charity_id <> e.charity_id)
      INTO legs, total, charities, funds, strangers
      FROM ledger_entry e
      JOIN ledger_posting p ON p.entry_id = e.id
      JOIN ledger_account a ON a.id = p.account_id
     WHERE e.id = wanted;
    IF legs < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'ledger entry % is not balanced: % postings, sum %', wanted, legs, total
            USING ERRCODE = 'check_violation';
    END IF;
    IF charities <> 1 OR funds <> 1 OR strangers <> 0 THEN
        RAISE EXCEPTION 'ledger entry % crosses a charity or a fund', wanted USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT OR UPDATE ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_entry();
CREATE CONSTRAINT TRIGGER ledger_posting_balanced AFTER INSERT OR UPDATE ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_entry();
"""

UNDO = """
DROP TRIGGER ledger_posting_balanced ON ledger_posting;
DROP TRIGGER ledger_entry_balanced ON ledger_entry;
DROP FUNCTION check_ledger_entry();
"""


class Migration(QuickMigration):
    dependencies = [("cishan", "0002_roles_and_append_only")]

    operations = [ops.RunSQL(sql=CHECK, reverse_sql=UNDO)]
