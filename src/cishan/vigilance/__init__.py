"""Watching for money that is not a gift (反洗钱, R-19): large sums say where they come from, and two people look at each.

Gifts of seven days are joined, so that splitting one hides nothing. Money that arrives is never refused; until a case is
closed it is neither spent nor sent back, and its donor is told nothing of the case.
"""
