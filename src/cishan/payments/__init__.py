"""Orders and the gateway: intent first, then the network, then one door - `settle` - for every answer.

An order has lines; each line names the kind and id of its owner. `app.py` registers one handler for each kind, and
`settle` calls it inside its own transaction, so this room knows nobody above it.
"""
