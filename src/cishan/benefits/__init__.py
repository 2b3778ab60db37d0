"""Government benefits: programmes, standards by place and date, and monthly records imported from the bureau's files.

An import is previewed, names every wrong row, and is applied whole or not at all; the same file again changes nothing.
"""
