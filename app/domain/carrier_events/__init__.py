"""What services that follow parcels send: whether it is really theirs, and what it says.

One module for each service reads its payload into `reading.Update`s; `signature` checks who sent
it. Each cites its maker's documentation.
"""
