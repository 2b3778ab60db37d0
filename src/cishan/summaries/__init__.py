"""The 幸福清单: all that a household received in a year - benefits, charity, wishes - as a page and a sheet of paper.

An edition is frozen, numbered and hashed; a correction is a new edition. It opens with a link or the sheet's code plus
something that is not on the sheet.
"""
