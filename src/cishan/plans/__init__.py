"""The plan of a charity project as civil affairs reads it: the fields of 募捐办法 art. 10 (R-8), and what the law asks of them.

A plan is a value. It is drafted, decided on, filed and changed in `projects/`.
"""
