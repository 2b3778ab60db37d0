"""Management cost (管理费用): what the charity itself costs in a year, against what the law lets it (慈善法 art. 61, R-17).

Its projects' spending stands in the books; what the office costs is kept elsewhere and entered here by the bookkeeper, a
further version for each correction. Limits are dated figures of the charity, and nobody waits for the year's end: at eighty
per cent of a limit the page warns.
"""
