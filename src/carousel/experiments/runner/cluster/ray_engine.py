"""A run on a Ray cluster that others have started: the engine of `--engine ray`."""

from __future__ import annotations

from carousel.experiments.runner.cluster.bridge import RayCluster
from carousel.experiments.runner.cluster.dispatcher import Dispatcher
from carousel.experiments.runner.cluster.lease import USUAL, Patience
from carousel.experiments.runner.engine import Say
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger


class RayEngine:
    """Connected when it is made. on_card: trainings are for GPUs. Raises BadPlan where no cluster can be reached, or
    its nodes do not fit."""

    def __init__(
        self,
        address: str | None,
        most: int | None,
        do: str | None = None,
        patience: Patience = USUAL,
        on_card: bool = False,
    ):
        self._most, self._patience, self._on_card = most, patience, on_card
        self._cluster = RayCluster(address, do, on_card, most)
        try:
            self._cluster.connect()
        except BaseException:
            self._cluster.close()
            raise

    @property
    def workers(self) -> int:
        """Tasks at a time, as the cluster is now."""
        return min(self._cluster.slots(), self._most or self._cluster.slots())

    def start(self, folder: RunFolder, ledger: Ledger, say: Say) -> Dispatcher:
        """Work off a ledger there."""
        self._cluster.work_in(folder.path.absolute())
        return Dispatcher(folder, ledger, self._cluster, say, self._most, self._patience, self._on_card)

    def close(self) -> None:
        """Leave the cluster, which stays up."""
        self._cluster.close()
