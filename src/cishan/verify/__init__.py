"""Books and records that check themselves: named promises, each one question to the database that should find nothing.

A promise that found no row to examine has proved nothing; after a simulation that counts as broken too. Read by the
command line, by `cishan simulate` at its end, and by a job every ten minutes; nothing here writes.
"""
