"""A year in a box: replays a year of a city by seed, through the product's own actions and real HTTP to the sandbox.

Everything happens in a database of its own. The clock is moved, never waited for. What people and staff do is dealt from
shares (`plan.py`); what came of it is read from the database afterwards (`counts.py`) and checked by `verify`.
"""
