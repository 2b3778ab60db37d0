"""The charity that receives the money: its legal mode, certificates, filed funds and merchant account.

Every fund, order and ledger entry carries the charity's id. County federations are offices of the one charity.
"""
