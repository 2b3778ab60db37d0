"""The registry: households (户), the people in them, their groups and consents.

A household is an address in a village; a person joins it by a membership with days. Names, ID numbers, phones and
addresses are sealed; what a role sees is decided in `rules.py`, and every un-masking is a row with its reason.
"""
