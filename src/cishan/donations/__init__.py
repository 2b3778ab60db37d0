"""A donation (捐款): money given to a filed fund - a project's or the 微心愿 fund's - and to no single wish.

It is written down before anything is paid, received through `settle` like every other money, and counted in its fund's
totals from then on; what goes back is counted out of them in the refund's own transaction.
"""
