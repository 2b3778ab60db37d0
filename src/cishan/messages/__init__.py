"""The outbox: what is to be told to whom. Written in the same transaction as its cause, sent after commit, once per key."""
