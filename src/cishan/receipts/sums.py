"""What is left of a gift: the one definition, as SQL over payment_order `o`, for receipts, certificates and statements."""

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
