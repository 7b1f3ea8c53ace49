"""What is one thing stays in one part: a planted leak is found by a random split, and is gone by blocks and by time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan, UnknownName
from carousel.experiments.data import DataOptions, Prepared, card_lines, prepare, prepare_splits
from tests.experiments.data.data_files import csv_of, refused

SEEDS = tuple(range(100, 108))
ROWS = DataOptions(target="sick", group="id", order="t", ignore=("patient",))
WITH = DataOptions(target="sick", group="id", order="t", block="patient")
STEPS = 3


def patients(count: int = 30, each: int = 6) -> pl.DataFrame:
    """Sequences that hold nothing but who their patient is; who is sick was drawn."""
    rng = np.random.default_rng(3)
    sick = rng.permutation(np.arange(count) % 2)
    voice = rng.normal(size=count)
    who = np.repeat(np.arange(count), each)
    return pl.DataFrame({
        "id": np.repeat(np.arange(len(who)), STEPS), "t": np.tile(np.arange(STEPS), len(who)),
        "patient": [f"p{p}" for p in np.repeat(who, STEPS)],
        "voice": np.repeat(voice[who] + rng.normal(scale=1e-3, size=len(who)), STEPS),
        "sick": np.repeat(np.where(sick[who] == 1, "yes", "no"), STEPS),
    })  # fmt: skip


def drifting(count: int = 120) -> pl.DataFrame:
    """Sequences one after the other, whose only input drifts; the class changes now and then, at random moments."""
    rng = np.random.default_rng(5)
    change = rng.random(count // 6) < 0.5
    return pl.DataFrame({
        "id": np.repeat(np.arange(count), STEPS), "t": np.arange(count * STEPS),
        "level": np.repeat(np.arange(count) * 0.1, STEPS),
        "state": np.repeat(np.where(np.repeat(change, 6), "on", "off"), STEPS),
    })  # fmt: skip


DRIFT = DataOptions(target="state", group="id", order="t")


def nearest_neighbour(prepared: Prepared) -> float:
    """Accuracy on the test part of the class of the nearest training sequence: it finds what leaks and nothing else."""
    first = prepared.x[prepared.starts, 0]
    train, test = prepared.rows("training"), prepared.rows("test")
    nearest = train[np.abs(first[test][:, None] - first[train]).argmin(axis=1)]
    return float((prepared.y[nearest] == prepared.y[test]).mean())


def parts_of(prepared: Prepared, blocks: np.ndarray) -> dict[str, set[int]]:
    return {block: set(prepared.part[blocks == block].tolist()) for block in set(blocks.tolist())}


def test_a_leak_through_patients_is_gone_with_block(tmp_path: Path) -> None:
    path = csv_of(tmp_path, patients())
    leaking, apart = (
        np.mean([nearest_neighbour(p) for p in prepare_splits(path, options, SEEDS).by_seed.values()])
        for options in (ROWS, WITH)
    )
    assert leaking > 0.95 and apart < 0.65  # half are sick


def test_a_block_is_in_one_part_under_every_seed(tmp_path: Path) -> None:
    splits = prepare_splits(csv_of(tmp_path, patients()), WITH, SEEDS)
    blocks = np.repeat([f"p{p}" for p in range(30)], 6)
    made = [splits.tuning, *splits.by_seed.values()]
    for split in made:
        assert all(len(parts) == 1 for parts in parts_of(split, blocks).values())
        for part in range(3):
            assert set(split.y[split.part == part].tolist()) == {0, 1}
        sizes = np.bincount(split.part) / len(split.part)
        np.testing.assert_allclose(sizes, [0.6, 0.2, 0.2], atol=0.08)
    assert len({tuple(split.part) for split in made}) == len(made)
    assert "patient" not in splits.tuning.card["channels"]["names"]


def test_few_blocks_are_left_out_one_by_one(tmp_path: Path) -> None:
    frame = patients(5, 8).with_columns(sick=pl.when(pl.col("id") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")))
    splits = prepare_splits(csv_of(tmp_path, frame), WITH, range(100, 105))
    blocks = np.repeat([f"p{p}" for p in range(5)], 8)
    tested = [set(blocks[split.part == 2]) for split in splits.by_seed.values()]
    assert all(len(block) == 1 for block in tested) and len(set.union(*tested)) == 5


def test_rows_that_are_whole_sequences_have_blocks_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"s{k}": rng.normal(size=60) for k in range(4)}).with_columns(
        who=pl.Series(np.repeat([f"w{k}" for k in range(20)], 3)), y=pl.Series(np.tile(["a", "b"], 30))
    )
    made = prepare(csv_of(tmp_path, frame), DataOptions(target="y", block="who"))
    assert all(len(parts) == 1 for parts in parts_of(made, frame["who"].to_numpy()).values())
    assert made.card["lengths"]["max"] == 4


def test_several_columns_name_a_block_together(tmp_path: Path) -> None:
    frame = patients().with_columns(ward=pl.lit("w") + (pl.col("patient").str.tail(1)), bed=pl.col("patient"))
    made = prepare(csv_of(tmp_path, frame.drop("patient")), DataOptions("sick", "id", "t", block=("ward", "bed")))
    assert any(note["key"] == "joined_block" for note in made.card["notes"])


@pytest.mark.parametrize("lang, words", [("en", ("one patient are in one part", "Split by blocks")),
                                         ("zh", ("patient 取值相同的序列", "按块划分"))])  # fmt: skip
def test_the_card_says_how_blocks_were_dealt(tmp_path: Path, lang: str, words: tuple[str, ...]) -> None:
    lines = "\n".join(card_lines(prepare(csv_of(tmp_path, patients()), WITH).card, lang))
    assert all(word in lines for word in words)


def test_blocks_that_cannot_be_dealt_are_refused(tmp_path: Path) -> None:
    refused(csv_of(tmp_path, patients(2)), WITH, BadData, "'patient' names too few blocks", "got: 2")
    one_class = patients().with_columns(
        sick=pl.when(pl.col("patient") == "p0").then(pl.lit("yes")).otherwise(pl.lit("no"))
    )
    refused(csv_of(tmp_path, one_class), WITH, BadData, "class 'yes' is in too few blocks", "got: 1")
    refused(csv_of(tmp_path, patients().with_columns(patient=pl.col("t"))), WITH, BadData, "two values of the block")
    gap = patients().with_columns(patient=pl.when(pl.col("id") == 3).then(None).otherwise(pl.col("patient")))
    refused(csv_of(tmp_path, gap), WITH, BadData, "block column")
    refused(csv_of(tmp_path, patients()), DataOptions("sick", "id", "t", block="patiant"), UnknownName, "'patient'")


def test_options_of_the_split_that_contradict_are_refused() -> None:
    for options, words in (
        ({"forecast": ("y",), "block": "b"}, "--block goes with --target"),
        ({"forecast": ("y",), "split_by": "time"}, "--split-by goes with --target"),
        ({"target": "y", "block": "b", "split_by": "time"}, "exclude each other"),
        ({"target": "y", "split_by": "luck"}, "allowed: time, sequence"),
    ):
        with pytest.raises(BadPlan, match=words):
            DataOptions(**options)


def test_sequences_that_follow_each_other_are_split_by_time(tmp_path: Path) -> None:
    path = csv_of(tmp_path, drifting())
    by_time, at_random = (
        prepare_splits(path, options, SEEDS)
        for options in (DRIFT, DataOptions("state", "id", "t", split_by="sequence"))
    )
    leaking, apart = (np.mean([nearest_neighbour(p) for p in s.by_seed.values()]) for s in (at_random, by_time))
    assert leaking > 0.9 and apart < 0.65
    for split in (by_time.tuning, *by_time.by_seed.values()):
        assert split.part.tolist() == sorted(split.part.tolist()) and len(split.part) == 100
    assert by_time.tuning.card["split"]["varied"] == "shifted"
    assert "by time" in "\n".join(card_lines(by_time.tuning.card, "en"))
    assert "按时间划分" in "\n".join(card_lines(by_time.tuning.card, "zh"))


def test_a_class_that_time_would_leave_out_is_dealt_at_random_and_said(tmp_path: Path) -> None:
    halves = drifting().with_columns(state=pl.when(pl.col("id") < 60).then(pl.lit("a")).otherwise(pl.lit("b")))
    path = csv_of(tmp_path, halves)
    card = prepare(path, DRIFT).card
    assert card["split"]["how"] == "stratified" and "lack a class" in "\n".join(card_lines(card, "en"))
    refused(
        path, DataOptions("state", "id", "t", split_by="time"), BadData, "no sequence of class", "--split-by sequence"
    )
    refused(csv_of(tmp_path, patients()), replace(ROWS, split_by="time"), BadPlan, "they overlap")


def test_an_input_that_begins_late_is_what_is_said(tmp_path: Path) -> None:
    frame = pl.DataFrame({"t": range(200), "y": np.sin(np.arange(200)), "late": [None] * 110 + list(range(90))})
    options = DataOptions(forecast=("y",), order="t", window=6, horizon=2)
    splits = prepare_splits(csv_of(tmp_path, frame), options, SEEDS)
    lines = "\n".join(card_lines(splits.tuning.card, "en"))
    assert splits.by_seed == {} and "'late'" in lines and "too little data" not in lines
    assert "late" in "\n".join(card_lines(splits.tuning.card, "zh"))
