"""The one error that the launcher shows to a person."""


class LaunchError(Exception):
    """Something stops the start. The text names the thing and the mend; no traceback is shown."""
