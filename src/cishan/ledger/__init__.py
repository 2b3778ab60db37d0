"""The books: accounts, entries and postings by double entry, in integer fen.

An entry's postings sum to zero and stay inside one charity and one fund; the database checks this at commit. Nothing
is changed or deleted, the app's role has no such right; a mistake is reversed by a new entry.
"""
