"""The user's file in a run folder: written once, under every split, whatever becomes of the original."""

from __future__ import annotations

from functools import cache, partial

from carousel.common.files import writing_to
from carousel.experiments.data import Prepared, Splits
from carousel.experiments.data.prepare.resplit import OnDemand
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import FileSource, Plan


def store_splits(folder: RunFolder, splits: Splits) -> None:
    """Write what is not there yet: data.npz and card.json of the tuning split, splits/SEED.npz of the others,
    splits/whole.npz of the file that is not split."""
    for seed, split in splits.by_seed.items():
        if not folder.split(seed).exists():
            with writing_to(folder.path):
                folder.split(seed).parent.mkdir(parents=True, exist_ok=True)
            split.save(folder.split(seed))
    if splits.whole is not None and not folder.whole.exists():
        with writing_to(folder.path):
            folder.whole.parent.mkdir(parents=True, exist_ok=True)
        splits.whole().save(folder.whole)
    if not (folder.data.exists() and folder.card.exists()):
        splits.tuning.save(folder.data)
        folder.write_json(folder.card, splits.tuning.card)


def load_splits(folder: RunFolder, plan: Plan) -> Splits:
    """What `store_splits` wrote. FolderConflict where one is absent or damaged."""
    varies = any(isinstance(source, FileSource) and source.splits == "by-seed" for source in plan.sources)
    seeds = plan.reporting_seeds if varies else ()

    def stored(seed: int) -> Prepared:
        return Prepared.load(folder.split(seed))

    whole = cache(partial(Prepared.load, folder.whole)) if folder.whole.exists() else None
    if whole is not None:
        whole()  # damage is told now
    return Splits(Prepared.load(folder.data), OnDemand(seeds, stored, check=stored), whole)
