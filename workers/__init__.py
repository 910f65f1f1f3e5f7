"""What RQ runs: thin tasks that call a use case, and the loop that keeps them supplied."""
