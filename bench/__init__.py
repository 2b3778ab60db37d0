"""The benchmarks: each names its peer or its limit, runs both in one go, and prints medians and the ratio.

`cishan bench --list` shows them. They need the source tree and the development packages. A city is filled with direct SQL
here, and only here: a hundred thousand wishes through the product's own actions would take longer than all measurements.
"""
