"""Monthly giving (月捐): a donor's wish to give a sum to a fund every month, and the turn of each month.

Nothing is taken from anybody's account: each month a donation is written down and its donor is reminded once, with one tap to
the cashier. Months that pass unpaid are never piled up, and a plan that nobody pays any more ends by itself.
"""
