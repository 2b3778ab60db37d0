"""A wish (微心愿): filed in the family's words, visited by two, worded so that it names nobody, published, claimed, fulfilled.

Filer, reviewer and publisher are three people. Only `actions.py` changes a wish, along the moves of `states.py`.
"""
