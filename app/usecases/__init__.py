"""One verb each: the only place where a decision meets the outside, through `ports`."""
