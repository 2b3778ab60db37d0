"""What is left of a gift, and what it is for: the one definition of each, as SQL over payment_order `o`."""

PROJECT = """
(SELECT f.name FROM order_line l JOIN fund f ON f.id = l.fund_id WHERE l.order_id = o.id ORDER BY l.id LIMIT 1)
"""
"""The filed project that a gift is for: its first line's."""

REFUNDED_FEN = """
coalesce((SELECT sum(f.amount_fen) FROM refund f
           WHERE f.order_id = o.id AND f.status NOT IN ('proposed', 'cancelled')), 0)::bigint
"""
"""What went back or has been promised back: from the promise on it is no gift any more."""

LEFT_FEN = f"""
(o.paid_fen - {REFUNDED_FEN} - coalesce((SELECT sum(u.amount_fen) FROM unassigned_money u
                                          WHERE u.order_id = o.id AND u.resolved_at IS NULL), 0))::bigint
"""  # noqa: S608 - a constant
"""What was received, less what went back and what has no use yet."""
