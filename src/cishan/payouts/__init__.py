"""Help paid out of a fund: set aside for a use, applied for, approved by two people, taken to the bank by a third.

Each fund is a wall (R-9): what is set aside never exceeds what the fund has, and composite keys let no payout leave its
fund. Whoever is close to the family is matched by keyed digests alone (R-11).
"""
