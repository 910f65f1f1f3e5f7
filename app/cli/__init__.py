"""The command line: one group for each noun. `python3 run.py WORD …` hands over to it."""
