"""What is true about orders, money, invoices and delays. Values in, values out.

Nothing here reads a clock, an environment, a file, a database or a network; `now` is an argument.
"""
