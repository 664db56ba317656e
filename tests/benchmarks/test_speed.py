"""What `python -m benchmarks.speed` says: turns are taken, ratios and targets are what was measured, work is counted right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.matmuls import LARGE, flops, forward, products, work
from benchmarks.peers.cases import CASES
from benchmarks.report import page, tables
from benchmarks.tables import Table, markdown, put
from benchmarks.timing import summary, take_turns
from gan1d.config import Config


def test_everyone_takes_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def run(name: str) -> dict[str, float]:
        order.append(name)
        return {"training": float(len(order))}

    found = take_turns({"a": lambda: run("a"), "b": lambda: run("b")}, 3)
    assert "".join(order) == "abbaabba"
    assert found["a"]["training"].n == 3
    assert (found["a"]["training"].low, found["a"]["training"].high) == (4, 8)


def test_medians_and_ends() -> None:
    assert summary([3.0, 1.0, 2.0, 9.0]) == (2.5, 1.0, 9.0, 4)


def times(seconds: float) -> dict[str, Any]:
    return {stage: summary([seconds] * 3)._asdict() for stage in ("training", "recording", "metrics")}


def result(eager: float, agrees: bool = True) -> dict[str, Any]:
    differences = {"agrees": agrees, "differences": [1e-6, 2e-6, 3e-6]}
    case = {
        "target": 20.0,
        "agreement": {"PyTorch eager": differences, "NumPy": differences | {"agrees": True}},
        "how": {"PyTorch eager": "1 thread, fused Adam", "NumPy": "1 thread"},
        "missing": {"torch.compile": "InvalidCxxCompiler: no C++ compiler"},
        "compile": {},
        "seconds": {"gan1d": times(0.1), "NumPy": times(0.4)} | ({"PyTorch eager": times(eager)} if agrees else {}),
    }
    took = {name: summary([0.5])._asdict() for name in ("first compile", "first result", "restart to first result")}
    return {
        "machine": {"cpu": "a processor", "load": 0.0},
        "repeats": 3,
        "cases": {"linear, l2": case},
        "imports": {"import gan1d": summary([0.01])._asdict()},
        "starts": {"linear, l2": took},
        "products": {LARGE: 200.0, forward(64): 50.0},
        "work": {"linear, l2": {"flops": 2e6, "product_seconds": 20e-6}},
    }


@pytest.mark.parametrize(("eager", "times", "word"), [(2.5, "25.0", "reached"), (1.99, "19.9", "missed")])
def test_a_ratio_is_beside_its_target(eager: float, times: str, word: str) -> None:
    (row,) = tables(result(eager))[0].rows
    assert row == ["linear, l2", "100 ms", f"{1e3 * eager:.0f} ms", times, "20", word, ""]


def test_a_peer_that_disagrees_has_no_time_and_the_target_is_not_reached() -> None:
    found = tables(result(2.5, agrees=False))
    (row,) = found[0].rows
    assert row[2] == "does not agree" and row[-2] == "not measured"
    assert ["linear, l2", "PyTorch eager", "does not agree"] in [list(row[:3]) for row in found[1].rows]


def test_the_page_has_every_table_and_says_what_is_missing() -> None:
    written = page(result(2.5))
    for table in tables(result(2.5)):
        assert table.title in written
    assert "no C++ compiler" in written and "a processor" in written
    assert "| training: linear, l2 | 40 | 20% | 40% |" in written  # 2e6 / 50 us = 40 GFLOP/s of 200; 20 of 50 us


def test_operations_are_counted_as_products_have_them() -> None:
    """Two hidden layers of 64, batch 32: three products of 64 samples and two of 32 between them, and the thin ones."""
    thin_d, thin_g = (
        64 * (64 * (3 + 2)),
        32 * (64 * 4),
    )  # input: forward, weights; output: forward, weights, back; of G: both ways
    fat = 64 * 64 * (3 * 64 + 2 * 32)
    linear = 32 * 3  # forward in both updates, and the gradient
    assert flops(CASES["linear, plain"].config) == 2 * (fat + thin_d + thin_g + linear)
    assert sum(products(CASES["linear, plain"].config).values()) == 5
    assert sum(products(CASES["MLP, l2-dropout"].config).values()) == 9
    assert not products(CASES["as published, l2-dropout"].config)


def test_time_of_products_at_given_rates() -> None:
    rates = dict.fromkeys(products(CASES["linear, plain"].config), 10.0)
    found = work(CASES["linear, plain"].config, rates)["product_seconds"]
    assert found == pytest.approx((3 * 64 + 2 * 32) * 2 * 64 * 64 / 10e9)


def test_cases_are_the_six_that_have_targets() -> None:
    assert [case.target for case in CASES.values()] == [20, 20, 16, 16, 12, 28]
    configs = [case.config for case in CASES.values()]
    assert all(isinstance(c, Config) and c.training.batch == 32 and c.training.optimizer == "adam" for c in configs)
    assert [(c.discriminator.l2 > 0, c.discriminator.dropout > 0) for c in configs[:4]] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]
    assert configs[4].generator.hidden == configs[4].discriminator.hidden == (64, 64)
    assert configs[5].discriminator.hidden == (256,)


def test_a_table_is_put_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter <!-- many -->\n")
    put(readme, "speed", markdown(Table("T", "note", ["a", "b"], [["x", "1"]]), heading=False))
    assert (
        readme.read_text()
        == "before\n<!-- speed -->\nnote\n\n| a | b |\n| --- | ---: |\n| x | 1 |\n<!-- /speed -->\nafter <!-- many -->\n"
    )
    with pytest.raises(ValueError, match="no place for many"):
        put(readme, "many", "")
