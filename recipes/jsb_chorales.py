"""JSB chorales: next-frame negative log-likelihood of RNN, LSTM and GRU (Bai, Kolter, Koltun 2018, Table 1).

Equal tuning: every cell is trained once at each of the same settings, the best on the validation part is trained anew
on the reporting seeds, and the test part is only reported. At two sizes: two layers of 200, as the table's LSTM has
(571,000 parameters), and of about 300,000 parameters, as the table states. Tuned at the first size, for both. Training
data as they are, not transposed.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kept import Kept
from rolls import CELLS, LAYERS, Fit, Limits, Setting, fit

from carousel.experiments.data import DataTask, prepare
from carousel.nn.cells import CELLS as EQUATIONS
from common import Row, data_file, log, main, parser, report, seeds_of

FILE = "JSB_Chorales.mat"
PUBLISHED = {"rnn": 8.91, "lstm": 8.45, "gru": 8.43}
BETTER_STUDY = {"lstm": 8.33, "gru": 8.20}  # RRU; it has no row for the plain RNN
TUNING_SEED = 0
KEYS, WIDTH, MATCHED = 88, 200, 300_000
SIZES = ("published net", "300K")
RATES = (0.002, 0.004)
DROPOUT = 0.5  # between the layers and before the output
RECURRENT = (0.3, 0.5)  # without it pilots stopped at .15 to .3 more (docs/reproductions.md)
SETTINGS = [Setting(rate, DROPOUT, recurrent) for rate, recurrent in itertools.product(RATES, RECURRENT)]
LIMITS = Limits(epochs=60, patience=5)


def parameters(cell: str, keys: int, hidden: int) -> int:
    """Of torch's modules, both biases counted, as the table's sizes are."""
    widths = [keys] + [hidden] * (LAYERS - 1)
    gates = len(EQUATIONS[cell].blocks)
    return sum(gates * hidden * (width + hidden + 2) for width in widths) + keys * (hidden + 1)


def hidden_for(cell: str, keys: int, budget: int) -> int:
    """The hidden size nearest to the budget."""
    return min(range(1, 1000), key=lambda hidden: abs(parameters(cell, keys, hidden) - budget))


@dataclass(frozen=True)
class Plan:
    """The data, what is tried, and where finished trainings are kept."""

    task: DataTask
    sha256: str
    settings: list[Setting]
    limits: Limits
    kept: Kept

    def fit(self, cell: str, hidden: int, setting: Setting, seed: int) -> Fit:
        """Train, or recall."""
        described = {"cell": cell, "hidden": hidden, "seed": seed, "data": self.sha256}
        described |= asdict(setting) | asdict(self.limits)
        made = self.kept.numbers(described, lambda: asdict(fit(self.task, cell, hidden, setting, self.limits, seed)))
        found = Fit(**made)
        log(f"{cell} H={hidden} {setting} seed {seed}: {found}")
        return found

    def tune(self, cell: str, hidden: int) -> Setting:
        """The setting of the best validation loss on the tuning seed."""
        return min(self.settings, key=lambda setting: self.fit(cell, hidden, setting, TUNING_SEED).validation)


def rows(size: str, cell: str, hidden: int, setting: Setting, fits: list[Fit]) -> list[Row]:
    """Against the table, and against the better study where that has the cell."""
    test, count = tuple(one.test for one in fits), parameters(cell, KEYS, hidden)
    note = f"{setting.rate:g}, dropout {setting.dropout}/{setting.recurrent_dropout}"
    piece = statistics.mean(one.test_by_piece for one in fits)
    detail = {"hidden": hidden, "parameters": count, "setting": asdict(setting), "fits": [asdict(one) for one in fits]}
    what = f"{cell}, {size}: {LAYERS}x{hidden}, {count:,} parameters"
    found = [Row(what, test, PUBLISHED[cell], "(TCN)", note=f"{note}; by piece {piece:.3f}", detail=detail)]
    if cell in BETTER_STUDY:
        found.append(Row(what, test, BETTER_STUDY[cell], "(RRU)", note="the same networks"))
    return found


def measure(plan: Plan, sizes: Sequence[str], seeds: Sequence[int], tuned_at: int) -> list[Row]:
    """Tune every cell at one hidden size, then train each at all sizes on the reporting seeds."""
    settings = {cell: plan.tune(cell, tuned_at) for cell in CELLS}
    found = []
    for size, cell in itertools.product(sizes, CELLS):
        hidden = hidden_for(cell, KEYS, MATCHED) if size == "300K" else tuned_at
        fits = [plan.fit(cell, hidden, settings[cell], seed) for seed in seeds]
        found += rows(size, cell, hidden, settings[cell], fits)
    return found


def recipe() -> None:
    """Three cells, two sizes."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, metavar="FOLDER", help=f"where {FILE} lies")
    options.add_argument("--size", choices=SIZES, action="append", help="one of the sizes, or (given twice) both")
    options.add_argument("--keep", type=Path, metavar="FILE.jsonl", help="finished trainings, not done again")
    given = options.parse_args()
    seeds, prepared = seeds_of(given.seeds), prepare(data_file(FILE, given.data))
    settings, limits = (SETTINGS[:1], Limits(1, 1)) if given.quick else (SETTINGS, LIMITS)
    plan = Plan(DataTask(prepared), prepared.sha256, settings, limits, Kept(given.keep))
    sizes = SIZES[:1] if given.quick else given.size or SIZES
    found = measure(plan, sizes, seeds, tuned_at=8 if given.quick else WIDTH)
    kept = {"settings": [asdict(setting) for setting in settings], "limits": asdict(limits), "seeds": list(seeds)}
    report("jsb_chorales", found, kept | {"tuning_seed": TUNING_SEED}, given)


if __name__ == "__main__":
    main(recipe)
