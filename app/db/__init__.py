"""Tables and their queries, one module for each group of rows. Nothing above `domain` is known."""
