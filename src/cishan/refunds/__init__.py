"""Refunds: money on its way back to its donor, by a number of our own that is written down before Alipay is asked.

Unknown is not failed, refunds of one trade go one after the other, and whatever was promised back has left the fund from
that moment on. Late money, whose donor chose what is to become of it, is settled here too, without anybody asking.
"""
