"""The way of every fen, forwards and back: from a gift to a family's line, and from that line to the gifts behind it.

It reads the books and writes nothing.
"""
