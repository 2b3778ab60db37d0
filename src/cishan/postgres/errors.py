"""PostgresError                  the database could not be had
  LiveServerError               another live server owns the directory

The text of each is a sentence for the person at the terminal: what happened, and what to do next.
"""


class PostgresError(Exception):
    """The database could not be had."""


class LiveServerError(PostgresError):
    """Another live server owns the directory."""
