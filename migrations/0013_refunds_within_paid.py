"""No refunds beyond what was paid, whoever writes them: held by the database, under the order's row lock."""

from cishan.schema import QuickMigration
from tortoise.migrations import operations as ops

# Two refunds of one order wait here for each other; the second sees what the first has written.
WITHIN_PAID = """
CREATE FUNCTION refuse_refunds_beyond_paid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
    counted bigint;
BEGIN
    SELECT paid_fen INTO paid FROM payment_order WHERE id = NEW.order_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount_fen), 0) INTO counted FROM refund WHERE order_id = NEW.order_id AND status <> 'cancelled';
    IF counted > coalesce(paid, 0) THEN
        RAISE EXCEPTION 'refunds of order % come to % fen of % paid', NEW.order_id, counted, coalesce(paid, 0)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_within_paid AFTER INSERT OR UPDATE OF amount_fen, status, order_id ON refund
    FOR EACH ROW EXECUTE FUNCTION refuse_refunds_beyond_paid();
"""
DROP = """
DROP TRIGGER refund_within_paid ON refund;
DROP FUNCTION refuse_refunds_beyond_paid();
"""


class Migration(QuickMigration):
    dependencies = [("cishan", "0012_reconciliation")]

    initial = False

    operations = [ops.RunSQL(sql=WITHIN_PAID, reverse_sql=DROP)]
