"""My data: what is held on a donor, as a page and as a file; the name put right; the account closed (R-24).

It reads every room that knows a donor and is read by none.
"""
