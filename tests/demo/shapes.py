"""Comparing the shape of JSON: fields and types, recursively.

A shape is learnt from recorded values and then held against others. What the recordings show as
either of two types at one place (null or a text, say) may be either.
"""

from typing import Any

Shape = dict[str, Any]

_MAPS = ("options", "taxonomies", "product_visibility_terms")
"""Objects whose keys are data, not fields."""


def kind(value: object) -> str:
    """The JSON type; numbers are one type, as PHP writes 1.0 as 1."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", dict: "object", list: "array"}[type(value)]


def _members(value: dict[str, Any], place: str) -> list[tuple[str, Any]]:
    """Names and values of an object; in a map every name is `*`."""
    is_map = place.rpartition(".")[2] in _MAPS
    return [("*" if is_map else key, item) for key, item in value.items()]


def learn(known: dict[str, set[str]], value: object, place: str = "") -> None:
    """Add the types of a recorded value to `place -> types`."""
    known.setdefault(place, set()).add(kind(value))
    if isinstance(value, dict):
        for key, item in _members(value, place):
            learn(known, item, f"{place}.{key}")
    if isinstance(value, list):
        for item in value:
            learn(known, item, f"{place}[]")


def fields_of(value: object, place: str = "", found: Shape | None = None) -> Shape:
    """place -> the fields that an object there always has, and those it ever has."""
    found = {} if found is None else found
    if isinstance(value, dict):
        names = {name for name, _ in _members(value, place)}
        always, ever = found.get(place, (names, names))
        found[place] = (always & names, ever | names)
        for key, item in _members(value, place):
            fields_of(item, f"{place}.{key}", found)
    if isinstance(value, list):
        for item in value:
            fields_of(item, f"{place}[]", found)
    return found


def differences(
    ours: object, recorded: object, types: dict[str, set[str]], free: tuple[str, ...]
) -> list[str]:
    """What is wrong with our value: fields missing or too many, types never recorded.

    `types` are those learnt from all recordings of this kind of answer; places that end with a
    word of `free` hold data of any shape.
    """
    wrong: list[str] = []
    recorded_fields = fields_of(recorded)
    our_fields = fields_of(ours)
    for place, (always, ever) in recorded_fields.items():
        if any(place.endswith(f) for f in free) or place not in our_fields:
            continue
        ours_always, ours_ever = our_fields[place]
        wrong += [f"{place}.{n} is missing" for n in sorted(always - ours_always)]
        wrong += [f"{place}.{n} was never recorded" for n in sorted(ours_ever - ever)]
    our_types: dict[str, set[str]] = {}
    learn(our_types, ours)
    for place, names in our_types.items():
        known = types.get(place)
        if known is not None and not any(f in place for f in free):
            wrong += [f"{place} is {n}, recorded: {sorted(known)}" for n in sorted(names - known)]
    return wrong
