"""A charity project (慈善筹): a filed campaign of public fundraising with its plan, its own fund and its clocks.

It is drafted with the fields of 募捐办法 art. 10, decided and signed inside the charity, filed with civil affairs, opened
no sooner than ten days later, and closes by itself at the filed minute. What was filed changes by amendment only.
"""
