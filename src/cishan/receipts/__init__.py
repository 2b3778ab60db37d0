"""Receipts, certificates and statements: the paper a gift of money leaves behind.

One gift is one paid order and has one receipt (公益事业捐赠统一票据), however many wishes it was for. The donor asks, finance
issues it in the finance bureau's system and enters its numbers here; no number is ever used twice. When money goes back,
the receipt is reversed in the same transaction, and what is left of the gift is asked for anew.
"""
