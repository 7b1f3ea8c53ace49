"""What of a model is to be kept and intervened on, checked against what it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from torch import Tensor

from carousel.common.errors import BadCall, UnknownName
from carousel.introspect.interventions import Intervention, combined
from carousel.introspect.record.targets import Target
from carousel.nn.kernels import Request

_NOTHING = Request()


class Selection:
    """names: patterns of sites or of their gates and states, or None for everything. Raises UnknownName for one that
    fits nothing, BadCall for an impossible `every`."""

    def __init__(
        self,
        found: list[Target],
        names: str | Iterable[str] | None,
        every: int,
        gradients: bool,
        interventions: list[Intervention],
    ):
        if not isinstance(every, int) or every < 1:
            raise BadCall("every is a whole number of steps", allowed="1, 2, ...", got=every)
        self._every, self._gradients, self._interventions = every, gradients, interventions
        self._patterns = None if names is None else [names] if isinstance(names, str) else list(names)
        self._values = {site: target.values for target in found for site in target.names}
        known = [*self._values, *(f"{site}.{value}" for site, values in self._values.items() for value in values)]
        for pattern in self._patterns or ():
            if not any(fnmatchcase(name, pattern) for name in known):
                raise UnknownName("name", pattern, known)
        for each in interventions:
            if each.name not in known or each.name in self._values:
                values = [name for name in known if name not in self._values]
                raise UnknownName("gate or state", each.name, values)

    def requests(self, target: Target) -> dict[str, Request]:
        """What to keep of each site."""
        return {site: self._request(site) for site in target.names}

    def interventions(self, target: Target) -> dict[str, Callable[[int, str, Tensor], Tensor]]:
        """The interventions of each site that has any."""
        return {
            site: combined(mine)
            for site in target.names
            if (mine := [each for each in self._interventions if each.site == site])
        }

    def _request(self, site: str) -> Request:
        values = self._values[site]
        kept = tuple(v for v in values if self._wanted(site, v))
        if not kept:
            return _NOTHING
        only = None if kept == values else kept
        return Request(states=True, gates=True, gradients=self._gradients, only=only, every=self._every)

    def _wanted(self, site: str, value: str) -> bool:
        if self._patterns is None:
            return True
        return any(fnmatchcase(site, p) or fnmatchcase(f"{site}.{value}", p) for p in self._patterns)
