"""A claim (认领): one donor takes one wish - pays, brings the goods or gives time - until the household confirms.

A claim by payment is reserved for some minutes; once paid it never returns to the wall by itself. Staff buy with a
voucher, hand over with the household's code or a signed slip, and another person asks the household.
"""
