"""What is left of a gift: the one definition, as SQL over payment_order `o`, for receipts, certificates and statements."""

REFUNDED_FEN = "0::bigint"
"""What has gone back, or is promised to go back."""

LEFT_FEN = f"""
(o.paid_fen - {REFUNDED_FEN} - coalesce((SELECT sum(u.amount_fen) FROM unassigned_money u
                                          WHERE u.order_id = o.id AND u.resolved_at IS NULL), 0))::bigint
"""  # noqa: S608 - a constant
"""What was received, less what went back and what has no use yet."""
