"""How often lists may be tried and doubted from one address."""

from datetime import timedelta

from cishan.accounts.limits import Limit

LISTS_OF_ADDRESS = Limit("list-address", 120, timedelta(minutes=15), "这个网络上打开清单的次数太多了。")
DOUBTS_OF_ADDRESS = Limit("doubt-address", 30, timedelta(hours=1), "这个网络上提的疑问太多了。")
