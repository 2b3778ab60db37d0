"""People who sign in: donors, officers of organisations, and staff with a role and a place.

A donor registers with a phone and a code; staff come by invitation. A role is granted for a division and everything
below it, from a day until it is ended. Sessions stand in a table, so that one can be seen and revoked.
"""
