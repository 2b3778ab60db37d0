"""Paper: plain data and a template become a PDF in a short-lived process, never in the one that answers people.

Each room keeps what stands on its paper and how a refusal reads; here is what all of them share: fonts, what no font
has, the child and its bounds.
"""
