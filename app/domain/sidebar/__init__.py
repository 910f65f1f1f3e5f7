"""What help desks ask of us: one module for each vendor, which says whether a request is theirs
and whom it is about."""
