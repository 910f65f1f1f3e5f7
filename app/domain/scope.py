"""Which stores somebody may see: a person, or an integration's token. Handed into use cases."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import OutOfSight


@dataclass(frozen=True, slots=True)
class Scope:
    """A limit to some stores. `store_ids`: those that are seen; None: every one, also those that
    are connected later. An empty set sees nothing."""

    store_ids: frozenset[int] | None = None

    @property
    def is_everything(self) -> bool:
        return self.store_ids is None

    @property
    def on_audit(self) -> list[int] | None:
        """How it stands on the audit; None for every store."""
        return None if self.store_ids is None else sorted(self.store_ids)

    def sees(self, store_id: int) -> bool:
        return self.store_ids is None or store_id in self.store_ids

    def check(self, store_id: int) -> None:
        """Raises OutOfSight where the store is not seen."""
        if not self.sees(store_id):
            raise OutOfSight(store_id)

    def covers(self, other: Scope) -> bool:
        """Whether all that `other` sees is seen."""
        return self.store_ids is None or (
            other.store_ids is not None and other.store_ids <= self.store_ids
        )

    def within(self, other: Scope) -> Scope:
        """What both see: a token sees no more than whoever made it."""
        if self.store_ids is None:
            return other
        if other.store_ids is None:
            return self
        return Scope(self.store_ids & other.store_ids)


EVERYTHING = Scope()
