"""Readers of what shops and their plug-ins write about parcels: one module for each format.

Each takes what the shop said and gives parcels; what it cannot read it leaves out, and raises
nothing. Where a format was recorded, tests/recordings/ has it; else its module cites the vendor.
"""
