"""The sandbox: a small gateway of ours that speaks Alipay's real protocol, for demos, simulations and tests.

It is a process (or an ASGI app) of its own, with its own keys and its own SQLite file, and shares nothing
with the product but the wire. A checkout link leads to a cashier page; only opening that page makes a trade,
as at Alipay, and a trade then lives WAIT_BUYER_PAY -> TRADE_SUCCESS -> TRADE_FINISHED, or ends TRADE_CLOSED.
Notices are rows with a due time, sent up to eight times. Faults can be switched on to show what the product
does when the gateway misbehaves. It refuses to listen anywhere but on loopback. No money moves here.
"""
