"""The key `filters` of a recipe: a list of filters, each a name, `{name: settings}`, or
`{name: preset}` for settings that were published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, RootModel, SerializeAsAny, model_serializer, model_validator

from curate.config import Strict, check
from curate.errors import UserError, unknown
from curate.steps.filters.filter import Args
from curate.steps.filters.registry import load


class Use(Strict):
    """One use of a filter."""

    name: str
    args: SerializeAsAny[Args]

    @model_serializer
    def _plain(self) -> dict[str, Any]:
        return {self.name: self.args.model_dump(mode="json", by_alias=True)}

    @property
    def label(self) -> str:
        """What it is called in audit and reasons, unless another use is called so."""
        return f"{self.name}.{self.args.part}" if self.args.part else self.name


class FilterSpec(RootModel[tuple[Use, ...]]):
    """The filters of a recipe, in the order in which rows pass them."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _uses(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple) or not given:
            raise ValueError("give a list of filters, each a name or {name: settings}")
        uses: list[Use] = []
        for number, entry in enumerate(given, 1):
            try:
                uses += [entry] if isinstance(entry, Use) else _read(entry)
            except UserError as error:
                raise ValueError(f"entry {number}: {error}") from None
        return tuple(uses)

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data."""
        for number, use in enumerate(self.root):
            yield from ((number, use.name, *keys) for keys in use.args.paths())

    def labels(self) -> list[str]:
        """What each use is called: its label, with a number where others have the same."""
        seen: dict[str, int] = {}
        labels = []
        for use in self.root:
            seen[use.label] = seen.get(use.label, 0) + 1
            again = seen[use.label] > 1
            labels.append(f"{use.label}#{seen[use.label]}" if again else use.label)
        return labels


def _read(entry: Any) -> list[Use]:
    """The uses that an entry of the list stands for: several where it names a preset."""
    if isinstance(entry, str):
        entry = {entry: {}}
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise UserError(f"a filter is a name or {{name: settings}}, not {entry!r}")
    [(name, settings)] = entry.items()
    found = load(str(name))
    if isinstance(settings, str):
        if settings not in found.presets:
            raise UserError(f"{name}: {unknown('preset', settings, found.presets)}")
        given = list(found.presets[settings])
    elif settings is None or isinstance(settings, Mapping):
        given = [settings or {}]
    else:
        raise UserError(f"{name}: settings are keys and values, not {settings!r}")
    return [Use(name=str(name), args=check(found.args, dict(one), str(name))) for one in given]
