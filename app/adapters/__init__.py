"""The outside, each behind the protocol of `usecases.ports` that it fills."""
