"""Which machines get no more work: those that lose one service after the other and finish nothing."""

from __future__ import annotations

import pytest

from carousel.common.errors import CarouselError
from carousel.experiments.runner.cluster.messages import Nodes, decode, encode, machine_of
from carousel.experiments.runner.cluster.services import IN_A_ROW, Services


def restart(known: Services, times: int, first: int = 0, machine: str = "a", **others: int) -> list[str]:
    """So many services of a machine, one after the other; gives those that were left out."""
    out = known.see(Nodes({f"{machine}/{first}": 4, **others}), 1.0)
    for k in range(first + 1, first + times + 1):
        out += known.see(Nodes({f"{machine}/{k}": 4, **others}), 1.0)
    return out


def test_a_machine_is_left_out_after_so_many_services_in_a_row() -> None:
    known = Services()
    assert restart(known, IN_A_ROW - 1, good=2) == []
    assert known.at_work == {f"a/{IN_A_ROW - 1}": 4, "good": 2}
    assert restart(known, 1, IN_A_ROW - 1, good=2) == ["a"]
    assert (known.left_out, known.at_work) == ({"a": IN_A_ROW}, {"good": 2})
    assert restart(known, 3, IN_A_ROW, good=2) == []  # told once


def test_a_finished_job_begins_the_row_anew() -> None:
    known = Services()
    restart(known, IN_A_ROW - 1)
    known.finished("a")
    assert restart(known, IN_A_ROW - 1, IN_A_ROW - 1) == []
    assert restart(known, 1, 2 * IN_A_ROW - 2) == ["a"]


def test_a_machine_of_several_nodes_may_lose_all_of_them_at_once() -> None:
    """Eight nodes on one machine that is switched off are not eight services in a row."""
    known = Services()
    all_of_them = {f"a/{k}": 1 for k in range(8)}
    assert known.see(Nodes(all_of_them), 1.0) + known.see(Nodes({}), 2.0) + known.see(Nodes(all_of_them), 3.0) == []
    assert known.left_out == {}


def test_what_is_not_there_while_the_cluster_is_lost_is_not_counted() -> None:
    known = Services()
    for k in range(2 * IN_A_ROW):
        assert known.see(Nodes({f"a/{k}": 4}), 1.0) == []
        assert known.see(Nodes({}, reached=False), 1.0) == []
    assert known.left_out == {}


def test_the_run_ends_where_all_that_are_there_are_left_out_for_a_minute() -> None:
    known = Services()
    restart(known, IN_A_ROW)
    for now, nodes in ((10.0, {"a/9": 4}), (60.0, dict[str, int]())):
        known.see(Nodes(nodes), now)
        known.check_any_left(now)
    known.see(Nodes({}), 62.0)
    with pytest.raises(CarouselError, match="no node of the cluster is left: a lost one service of Ray"):
        known.check_any_left(62.0)


@pytest.mark.parametrize("between", [Nodes({"a/9": 4, "b/1": 1}), Nodes({}, reached=False)])
def test_one_that_comes_and_a_cluster_that_is_lost_are_waited_for(between: Nodes) -> None:
    known = Services()
    restart(known, IN_A_ROW)
    for now, nodes in ((10.0, Nodes({})), (60.0, between), (100.0, Nodes({"a/10": 4}))):
        known.see(nodes, now)
        known.check_any_left(now)


def test_nothing_is_missed_where_no_machine_was_left_out() -> None:
    """Nodes may join as late as they like."""
    known = Services()
    for now in (1.0, 1000.0):
        known.see(Nodes({}), now)
        known.check_any_left(now)


def test_a_node_is_named_after_its_machine() -> None:
    assert (machine_of("w-1.example/0af3c2"), machine_of("w-1")) == ("w-1.example", "w-1")
    assert decode(encode(0, Nodes({"a/1": 2}, reached=False))) == (0, Nodes({"a/1": 2}, reached=False))
