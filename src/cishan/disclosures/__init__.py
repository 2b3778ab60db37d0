"""Disclosure (信息公开): what the law wants published of each project and of the charity, and by which day.

The calendar follows from a project's dates. A report is drafted from the books, published by another person, and never
changed: a correction is a further version with its published reason. What is late is red, and no new project is filed.
"""
