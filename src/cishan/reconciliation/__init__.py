"""Whether Alipay, the bank and our books tell the same story, day by day, and when a month's story is closed.

Each day's bill is fetched, kept and compared with the orders and refunds of the day. What differs is a row with an owner and
a clock until it is booked or explained; nothing disappears. A month whose days all agree can be closed: from then on the
database refuses any entry booked in it.
"""
