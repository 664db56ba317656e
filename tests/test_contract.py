"""What a script of one's own relies on: the keys and meanings of a saved run, the object that `train --json` prints, and going on.

Saved runs are judged by `recompute`, which has NumPy, SciPy and a file, in a process in which gan1d cannot be imported. It knows the
layout of the npz, the names of a config's fields and the definitions of the metrics, and nothing of how they are computed here.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr

if TYPE_CHECKING:
    from gan1d import Config, Trajectory

Arrays = dict[str, np.ndarray]

# ---- the outsider: NumPy, SciPy and a file

LEVELS = stats.norm.cdf(np.linspace(-7, 7, 141))
"""Integrals over the line are cut at these quantiles of both densities: 1e-12 of the mass is beyond."""
PARTS = 16
"""A rule that holds point by point is applied to so many parts of each grid cell."""


class Law(NamedTuple):
    """A distribution by scipy.stats. kinks: where its density bends or breaks; modes: (centre, standard deviation, weight) of each."""

    pdf: Callable[[Any], Any]
    logpdf: Callable[[Any], Any]
    cdf: Callable[[Any], Any]
    ppf: Callable[[Any], Any]
    entropy: float
    support: tuple[float, float]
    kinks: list[float]
    modes: list[tuple[float, float, float]]


def law(data: dict[str, Any]) -> Law:
    """The distribution that the `data` of a config names."""
    if data["kind"] == "mixture":
        modes = list(zip(data["means"], data["stds"], data["weights"], strict=True))
        mix = stats.Mixture([stats.Normal(mu=m, sigma=s) for m, s, _ in modes], weights=data["weights"])
        return Law(mix.pdf, mix.logpdf, mix.cdf, mix.icdf, float(mix.entropy()), (-np.inf, np.inf), [], modes)
    if data["kind"] == "quantiles":
        kinks = data["values"]
        found = stats.rv_histogram((np.ones(len(kinks) - 1), np.array(kinks)), density=False)
    elif data["kind"] == "triangular":
        low, mode, high = kinks = [data["low"], data["mode"], data["high"]]
        found = stats.triang((mode - low) / (high - low), low, high - low)
    elif data["kind"] == "uniform":
        low, high = kinks = [data["low"], data["high"]]
        found = stats.uniform(low, high - low)
    elif data["kind"] == "laplace":
        kinks, found = [data["loc"]], stats.laplace(data["loc"], data["scale"])
    else:
        kinks, found = [], stats.t(data["df"], data["loc"], data["scale"])
    low, high = found.support()
    modes = [(float(found.mean()), float(found.std()), 1.0)]
    return Law(found.pdf, found.logpdf, found.cdf, found.ppf, float(found.entropy()), (low, high), kinks, modes)


def noise(kind: str, mean: float = 0.0, std: float = 1.0) -> Any:
    """The distribution of std z + mean; z has mean 0 and standard deviation 1."""
    return stats.norm(mean, std) if kind == "normal" else stats.uniform(mean - np.sqrt(3) * std, 2 * np.sqrt(3) * std)


def recompute(path: Path) -> Arrays:
    """All that follows from a saved run's config, densities, quantiles and D.

    Named as in the file, after `cells_`, `quantiles_` or `exact_` where there is more than one way: from p_gen, from (z, g), or from
    the mean and standard deviation of a linear generator.
    """
    with np.load(path, allow_pickle=False) as file:
        run = dict(file)
    config = json.loads(str(run["config"]))
    training, by = config["training"], config["generator"]
    data, x, z, g = law(config["data"]), run["x"], run["z"], run["g"].astype(float)
    width = (x[-1] - x[0]) / (len(x) - 1)
    edges = np.append(x - width / 2, x[-1] + width / 2)
    inside, outside = run["p_gen"].astype(float) * width, run["mass_outside"]
    p = np.concatenate([[data.cdf(edges[0])], np.diff(data.cdf(edges)), [1 - data.cdf(edges[-1])]])
    q = np.column_stack([outside[:, 0], inside, outside[:, 1]])
    stride = math.ceil(training["iterations"] / training["frames"])
    found: Arrays = {
        "iteration": np.unique([*range(0, training["iterations"], stride), training["iterations"]]),
        "x": np.linspace(x[0], x[-1], len(x)),
        "p_data": data.pdf(x),
        "z": noise(by["noise"]).ppf((np.arange(len(z)) + 0.5) / len(z)),
        "mass": q.sum(axis=1),
        "width": width,
        "sigma": np.sqrt(sum(w * (s**2 + m**2) for m, s, w in data.modes) - sum(w * m for m, _, w in data.modes) ** 2),
    }
    if training["loss"] != "wasserstein":
        found["d_star"] = optimal_d(training["loss"], run["p_data"], run["p_gen"])
    found |= expectations(training["loss"], run["d"].astype(float), p, q)
    found |= of_cells(data, p, q, edges) | of_quantiles(data, g, edges)
    if by["kind"] == "linear":
        std = (g[:, -1] - g[:, 0]) / (z[-1] - z[0])
        mean = g.mean(axis=1)  # the quantiles of z lie evenly about 0
        rows = [of_laws(data, noise(by["noise"], *row), edges) for row in zip(mean, std, strict=True)]
        found |= {f"exact_{name}": np.array([row[name] for row in rows]) for name in rows[0]}
        found |= {"exact_mean": mean, "exact_std": std}
    return found


def optimal_d(loss: str, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The D that is best at each point; NaN where there is no density."""
    with np.errstate(invalid="ignore"):
        return np.where(p + q > 0, np.sign(p - q) if loss == "hinge" else p / (p + q), np.nan)


def expectations(loss: str, d: np.ndarray, p: np.ndarray, q: np.ndarray) -> Arrays:
    """Expectations of D and of the objectives, D in the middle of a cell standing for all of it.

    `slack_…`: how far off that can be for the generated ones: as much as D changes from a cell to the next, weighed by the mass there.
    `range_…`: how much D changes over all cells with mass.
    NaN where p_gen says too little: with much mass beyond the grid, or with D so sure that float32 holds nothing of its logit.
    """
    d = np.pad(d, ((0, 0), (1, 1)), mode="edge")
    beyond = q[:, 0] + q[:, -1]

    def over(masses: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.sum(np.where(masses > 1e-9, masses * values, 0.0), axis=1)

    def over_data(values: np.ndarray) -> np.ndarray:
        return over(p, values)

    def over_generated(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        steps = np.abs(np.diff(values, axis=1, prepend=values[:, :1], append=values[:, -1:]))
        slack = over(q, np.maximum(steps[:, 1:], steps[:, :-1])) + beyond * (1 + np.nanmax(np.abs(values), axis=1))
        least, most = (np.where(q > 1e-9, values, end) for end in (np.inf, -np.inf))
        return (
            np.where(beyond > 1e-2, np.nan, over(q, values)),
            slack,
            np.nanmax(most, axis=1) - np.nanmin(least, axis=1),
        )

    if loss in ("minimax", "non_saturating"):
        sure = np.where((d > 1e-37) & (d < 1 - 1e-6), d, np.nan)
        names = ("p_real_on_real", "p_real_on_fake")
        on_real, on_fake = -np.log(d), -np.log1p(-sure)
        by_generator = -on_fake if loss == "minimax" else -np.log(sure)
    else:
        names = ("score_real", "score_fake")
        on_real, on_fake, by_generator = {
            "least_squares": (0.5 * (d - 1) ** 2, 0.5 * d**2, 0.5 * (d - 1) ** 2),
            "hinge": (np.maximum(0, 1 - d), np.maximum(0, 1 + d), -d),
            "wasserstein": (-d, d, -d),
        }[loss]
    real, (fake, *slack_of_fake) = over_data(on_real), over_generated(on_fake)
    found = {names[0]: over_data(d)}
    for name, (value, slack, spread) in {
        "loss_d": (real + fake, *slack_of_fake),
        "value": (-real - fake, *slack_of_fake),
        "loss_g": over_generated(by_generator),
        names[1]: over_generated(d),
    }.items():
        found |= {name: value, f"slack_{name}": slack, f"range_{name}": spread}
    return found


def of_cells(data: Law, p: np.ndarray, q: np.ndarray, edges: np.ndarray) -> Arrays:
    """Distances, moments and modes from the masses of the grid's cells and of the two sides beyond it."""
    width, x, inside = edges[1] - edges[0], 0.5 * (edges[1:] + edges[:-1]), q[:, 1:-1]
    mean = inside @ x
    gap = np.abs(np.cumsum(q, axis=1)[:, :-1] - data.cdf(edges))
    tails = quad(data.cdf, -np.inf, edges[0])[0] + quad(lambda y: 1 - data.cdf(y), edges[-1], np.inf)[0]
    shares, borders = owners(data, np.linspace(edges[0], edges[-1], PARTS * len(x) + 1))
    return {
        "outside": q[:, 0] + q[:, -1],
        "cells_jsd": jensenshannon(np.broadcast_to(p, q.shape), q, axis=1) ** 2,
        "cells_kl_data_gen": rel_entr(p, q).sum(axis=1),
        "cells_kl_gen_data": rel_entr(q, p).sum(axis=1),
        "cells_w1": width * np.sum(0.5 * (gap[:, 1:] + gap[:, :-1]), axis=1) + tails,
        "cells_mean": mean,
        "cells_std": np.sqrt(np.sum(inside * (x - mean[:, None]) ** 2, axis=1) + width**2 / 12),
        "cells_mode_mass": np.repeat(inside / PARTS, PARTS, axis=1) @ shares,
        "cells_at_borders": inside @ borders.reshape(len(x), PARTS).any(axis=1),
    }


def owners(data: Law, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whose each part between edges is (P,K), the nearest mode's in its own stds if within three; which parts a border crosses (P,)."""
    centres, stds, _ = np.array(data.modes).T

    def owner(points: np.ndarray) -> np.ndarray:
        steps = np.abs(points[:, None] - centres) / stds
        return np.where(steps.min(axis=1) <= 3, steps.argmin(axis=1), -1)

    middle, ends = owner(0.5 * (edges[1:] + edges[:-1])), owner(edges)
    return middle[:, None] == np.arange(len(centres)), (ends[1:] != middle) | (ends[:-1] != middle)


def of_quantiles(data: Law, g: np.ndarray, edges: np.ndarray) -> Arrays:
    """Distances and moments from G at the middle quantiles of z, each of which stands for an equal share of the generated mass.

    For divergences the mass between two neighbours is spread evenly between them, and that beyond the first and the last over half
    the distance to the next.
    """
    share = np.full(g.shape[1] + 1, 1 / g.shape[1])
    share[[0, -1]] *= 0.5
    g_ends = np.column_stack([1.5 * g[:, 0] - 0.5 * g[:, 1], g, 1.5 * g[:, -1] - 0.5 * g[:, -2]])
    jsd, kl = [], []
    for ends in g_ends:
        low = np.minimum(ends[1:], ends[:-1])
        high = np.maximum(
            np.maximum(ends[1:], ends[:-1]), low + 1e-9 * (edges[-1] - edges[0])
        )  # an atom is a narrow peak
        cuts = np.unique(np.concatenate([edges, low, high, data.kinks]))
        q = np.diff(np.clip((cuts[:, None] - low) / (high - low), 0, 1) @ share)
        q = np.where(q > 1e-12, q, 0.0)
        p = np.diff(data.cdf(cuts), prepend=0.0, append=1.0)
        jsd.append(jensenshannon(p, np.pad(q, 1)) ** 2)
        q, middle, width = (values[q > 0] for values in (q, 0.5 * (cuts[1:] + cuts[:-1]), np.diff(cuts)))
        kl.append(q @ (np.log(q / width) - data.logpdf(middle)))
    u = (np.arange(g.shape[1]) + 0.5) / g.shape[1]
    return {
        "quantiles_jsd": np.array(jsd),
        "quantiles_kl_gen_data": np.array(kl),
        "quantiles_w1": np.mean(np.abs(data.ppf(u) - np.sort(g, axis=1)), axis=1),
        "quantiles_mean": g.mean(axis=1),
        "quantiles_std": g.std(axis=1),
        "reach": np.stack([g_ends.min(axis=1), g_ends.max(axis=1)], axis=1),
        "missed": data.cdf(g_ends.min(axis=1)) + 1 - data.cdf(g_ends.max(axis=1)),
        "flat": np.mean(np.diff(g, axis=1) == 0, axis=1),
    }


def of_laws(data: Law, by: Any, edges: np.ndarray) -> dict[str, Any]:
    """Distances between two known densities by Gauss and Legendre's rule; the generated one's mass on each cell and mode."""
    low, high = by.support()
    ends = [end for end in (*data.kinks, low, high) if np.isfinite(end)]
    cuts = np.unique(np.concatenate([data.ppf(LEVELS), by.ppf(LEVELS), ends]))
    at, weight = np.polynomial.legendre.leggauss(6)
    half = 0.5 * np.diff(cuts)[:, None]
    y, w = (cuts[:-1, None] + half * (1 + at)).ravel(), (half * weight).ravel()
    p, q, log_p, log_q = data.pdf(y), by.pdf(y), data.logpdf(y), by.logpdf(y)
    misses = data.cdf(low) + 1 - data.cdf(high) > 1e-12
    beyond = by.cdf(data.support[0]) + by.sf(data.support[1]) > 1e-12
    with np.errstate(invalid="ignore"):
        middle = np.logaddexp(log_p, log_q) - np.log(2)
        jsd = 0.5 * w @ (np.where(p > 0, p * (log_p - middle), 0.0) + np.where(q > 0, q * (log_q - middle), 0.0))
        forward = -data.entropy - w @ np.where(p > 0, p * log_q, 0.0)
        backward = -by.entropy() - w @ np.where(q > 0, q * log_p, 0.0)
    fine = np.union1d(np.linspace(edges[0], edges[-1], PARTS * len(edges)), by.ppf(LEVELS))
    shares, borders = owners(data, fine)
    return {
        "jsd": jsd,
        "kl_data_gen": np.inf if misses else forward,
        "kl_gen_data": np.inf if beyond else backward,
        "w1": w @ np.abs(data.cdf(y) - by.cdf(y)),
        "p_gen": np.diff(by.cdf(edges)) / (edges[1] - edges[0]),
        "mass_outside": [by.cdf(edges[0]), by.sf(edges[-1])],
        "mode_mass": np.diff(by.cdf(fine)) @ shares,
        "at_borders": np.diff(by.cdf(fine)) @ borders,
    }


# ---- runs of every kind

TWO = {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]}
RUNAWAY = {"training.lr_g": 1.0, "training.lr_d": 1.0, "training.beta1": 0.999, "training.beta2": 0.0}
MLP = {"generator.kind": "mlp", "generator.hidden": [16], "training.lr_g": 0.004}
UNIFORM = {"kind": "uniform", "low": -1, "high": 4}
FENCED = MLP | {
    "training.loss": "least_squares",
    "training.penalty": "gradient_penalty",
    "training.penalty_weight": 0.1,
    "training.lr_g": 0.001,
    "training.k_d": 3,
    "discriminator.dropout": 0.3,
}

RUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one mode": ({"means": [2], "stds": [1.5]}, {}),
    "two modes": (TWO, {}),
    "three modes, overlapping": ({"means": [-1, 0.5, 4], "stds": [1, 0.3, 2], "weights": [3, 1, 2]}, {}),
    "collapsed": ({"means": [-3, 8], "stds": [1, 1]}, {"generator.mean": 8.0, "training.lr_g": 1e-3}),
    "a spike": (TWO, {"generator.std": 0.01, "training.lr_g": 0.0}),
    "diverged": (TWO, RUNAWAY),
    "laplace": (
        {"kind": "laplace", "loc": 1, "scale": 2},
        {
            "generator.noise": "uniform",
            "training.loss": "minimax",
            "training.optimizer": "sgd",
            "training.lr_d": 0.1,
            "training.lr_g": 0.05,
            "training.label_smoothing": 0.1,
        },
    ),
    "uniform": (UNIFORM, FENCED),
    "atoms": (UNIFORM, FENCED | {"training.lr_g": 0.5}),
    "student_t": (
        {"kind": "student_t", "df": 4, "loc": 1, "scale": 0.8},
        MLP
        | {
            "generator.noise": "uniform",
            "generator.activation": "leaky_relu",
            "training.loss": "hinge",
            "training.penalty": "r1",
            "training.optimizer": "rmsprop",
            "training.instance_noise": 0.3,
            "training.k_g": 2,
        },
    ),
    "triangular": (
        {"kind": "triangular", "low": -1, "mode": 0, "high": 4},
        {
            "training.loss": "wasserstein",
            "training.penalty": "weight_clipping",
            "training.penalty_weight": 0.1,
            "training.optimizer": "rmsprop",
        },
    ),
    "quantiles": (
        {"kind": "quantiles", "values": [*np.linspace(-3, -1, 20), *np.linspace(2, 5, 15)]},
        MLP | {"generator.activation": "tanh"},
    ),
    "two modes, mlp": (
        {"means": [-2, 2], "stds": [1, 0.6], "weights": [2, 1]},
        MLP | {"generator.activation": "leaky_relu"},
    ),
}
"""Data, and what else differs from the defaults. All kinds of data, generators, noises, losses, penalties and optimisers are in."""

LINEAR = [name for name, (_, changes) in RUNS.items() if "generator.kind" not in changes]
MAPPED = [name for name in RUNS if name not in LINEAR]

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = f"""
import sys
sys.modules["gan1d"] = None  # whoever imports it now gets an ImportError
sys.path.insert(0, {str(Path(__file__).parent)!r})
import {Path(__file__).stem} as outsider
outsider.np.seterr(all="raise", under="ignore")
for path in sys.argv[1:]:
    outsider.np.savez(path + ".again", **outsider.recompute(path))
"""


class Case(NamedTuple):
    """A saved run: the file's content, and what `recompute` makes of it."""

    run: Arrays
    again: Arrays
    config: dict[str, Any]
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def runs() -> dict[str, Trajectory]:
    """Each of `RUNS`, trained."""
    import gan1d

    small = {"discriminator": {"hidden": [16]}, "training": {"iterations": 590, "frames": 40}}
    made = {
        name: gan1d.Config.from_dict({"data": data, **small}).replace(**changes)
        for name, (data, changes) in RUNS.items()
    }
    return {name: gan1d.train(config) for name, config in made.items()}


@pytest.fixture(scope="module")
def saved(runs: dict[str, Trajectory], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each of them, in a file."""
    folder = tmp_path_factory.mktemp("runs")
    paths = {name: folder / f"{i}.npz" for i, name in enumerate(runs)}
    for name, path in paths.items():
        runs[name].save(path)
    return paths


@pytest.fixture(scope="module")
def cases(saved: dict[str, Path]) -> dict[str, Case]:
    """What another process, without gan1d, reads in the files."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", OUTSIDE, *map(str, saved.values())], capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    found = {}
    for name, path in saved.items():
        with np.load(path, allow_pickle=False) as run, np.load(f"{path}.again.npz", allow_pickle=False) as again:
            file = dict(run)
            found[name] = Case(file, dict(again), json.loads(str(file["config"])), json.loads(str(file["summary"])))
    return found


@pytest.fixture(params=RUNS)
def case(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


@pytest.fixture(params=LINEAR)
def linear(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


@pytest.fixture(params=MAPPED)
def mapped(request: pytest.FixtureRequest, cases: dict[str, Case]) -> Case:
    return cases[request.param]


def agree(case: Case, name: str, way: str, rel: float = 0.0, abs: Any = 0.0, where: Any = True) -> None:
    """The file's numbers are those recomputed, at every recorded state (of `where`); inf and NaN in the same places."""
    got, want = np.broadcast_arrays(case.run[name].astype(float), case.again[way + name])
    slack = np.broadcast_to(abs + rel * np.abs(np.where(np.isfinite(want), want, 0.0)), want.shape)
    with np.errstate(invalid="ignore"):
        fine = (got == want) | (np.isnan(got) & np.isnan(want)) | (np.abs(got - want) <= slack) | ~np.asarray(where)
    assert fine.all(), f"{name}, {way}: {got[~fine][:3]} is not {want[~fine][:3]} within {slack[~fine][:3]}"


# ---- saved runs


def test_the_states_are_those_of_the_config(case: Case) -> None:
    """0, s, 2s, … and the last, s = ceil(iterations / frames); a run that diverged shows as many."""
    np.testing.assert_array_equal(case.run["iteration"], case.again["iteration"])
    assert len(case.run["iteration"]) == 41 and case.run["format"] == 1


def test_the_file_has_the_keys_of_its_loss(case: Case) -> None:
    scores = case.config["training"]["loss"] in ("least_squares", "hinge", "wasserstein")
    assert case.summary["output"] == ("score" if scores else "probability")
    assert ({"score_real", "score_fake"} <= case.run.keys()) == scores
    assert ("d_star" in case.run) == (case.config["training"]["loss"] != "wasserstein")
    for name in ("value", "p_real_on_real", "p_real_on_fake"):
        assert np.isnan(case.run[name]).all() == scores, name
    assert scores or (case.run["d"].min() >= 0 and case.run["d"].max() <= 1)
    for name in ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g"):
        assert np.isnan(case.run[name][0]), name
        assert np.isfinite(case.run[name][1:]).all() == (case.summary["status"] == "ok"), name


def test_the_grid_is_uniform_and_z_are_middle_quantiles(case: Case) -> None:
    """In float64, but for rounding."""
    np.testing.assert_allclose(case.run["x"], case.again["x"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(case.run["z"], case.again["z"], rtol=1e-12, atol=1e-12)


def test_p_data_is_scipys(case: Case) -> None:
    """In float64, but for rounding."""
    np.testing.assert_allclose(case.run["p_data"], case.again["p_data"], rtol=1e-9, atol=1e-300)


def test_the_generated_mass_is_one(case: Case) -> None:
    """p_gen is kept as float32, which rounds each cell by 6e-8 of itself."""
    np.testing.assert_allclose(case.again["mass"], 1, atol=1e-6)


def test_p_gen_is_the_mass_of_each_cell(linear: Case) -> None:
    """A normal's or a uniform's, by differences of SciPy's distribution function; g is kept as float32, and so then are m and s."""
    peak = linear.run["p_gen"].max(axis=1, keepdims=True)
    agree(linear, "p_gen", "exact_", abs=1e-5 * peak)
    agree(linear, "mass_outside", "exact_", abs=1e-6)


def test_d_star_is_the_best_d(case: Case) -> None:
    """p/(p+q), or sign(p-q) for hinge, out of the very densities in the file; NaN where both are 0. It is kept as float32, as p_gen is."""
    if "d_star" in case.run:
        nothing = (case.run["p_data"] == 0) & (case.run["p_gen"] == 0)
        agree(case, "d_star", "", rel=1e-6, where=~nothing)
        there = np.unique(case.run["d_star"][nothing])
        assert np.isin(there[~np.isnan(there)], (0, -1)).all()  # a p_gen that float32 rounds to 0


def test_expectations_of_d(case: Case) -> None:
    """Over the data by the same cells, so but for float32; over the generated ones, D may change within a cell as it does to the next.

    Where G is flat and then not, within a 256th of the noise, p_gen spreads that share evenly and G does not; and what then lies beyond
    the grid may lie anywhere. Where a run diverges, that is where it soon lies.
    """
    scores = case.summary["output"] == "score"
    over_data, over_generated = ("score_real", "score_fake") if scores else ("p_real_on_real", "p_real_on_fake")
    agree(case, over_data, "", rel=1e-5, abs=1e-5)
    for name in ("loss_d", "loss_g", over_generated, *(() if scores else ("value",))):
        slack = 0.5 * case.again[f"slack_{name}"] + np.where(
            case.again["flat"] > 0, case.again[f"range_{name}"] / 256, 0.0
        )
        known = np.isfinite(case.again[name]) & ((case.again["flat"] == 0) | (case.again["outside"] < 1e-4))
        agree(case, name, "", rel=1e-5, abs=slack + 1e-4, where=known)
        assert known.mean() > (0 if case.summary["status"] == "diverged" or case.again["flat"].any() else 0.1)


def test_distances_of_a_linear_generator(linear: Case) -> None:
    """Quadrature of the two densities. JSD: 257 cuts and the data's own; W1: 512 pieces of the noise, which cut a heavy tail short."""
    agree(linear, "jsd", "exact_", abs=3e-4)
    agree(linear, "kl_data_gen", "exact_", rel=1e-5, abs=1e-5)
    agree(linear, "kl_gen_data", "exact_", rel=1e-5, abs=1e-5)
    agree(linear, "w1", "exact_", abs=2e-3 * linear.again["sigma"])


def test_moments_of_a_linear_generator(linear: Case) -> None:
    """They are m and s; g is kept as float32."""
    scale = np.abs(linear.run["g"]).max()
    agree(linear, "mean", "exact_", abs=1e-6 * scale)
    agree(linear, "std", "exact_", abs=1e-6 * scale)


def test_distances_of_any_generator_from_its_quantiles(case: Case) -> None:
    """256 quantiles: where half of the first and of the last share lie is not known: e = 1/256 of the mass.

    Of JSD that is worth e/2 (1 + log(1/2e)), if where it lies there are data and nothing else generated, as when G is flat elsewhere.
    The moments move by that share of the range of all quantiles, if it lies as much further out; of atoms that may be any distance, and
    W1 with it.
    """
    agree(case, "jsd", "quantiles_", abs=np.where(case.again["flat"] > 0, (1 + np.log(128)) / 512, 5e-3))
    smooth = case.again["flat"] == 0
    agree(case, "w1", "quantiles_", rel=5e-3, abs=5e-3 * case.again["sigma"], where=smooth)
    finite = np.isfinite(case.run["kl_gen_data"])
    agree(case, "kl_gen_data", "quantiles_", rel=5e-3, abs=2e-2, where=finite)
    for name in ("mean", "std"):
        agree(case, name, "quantiles_", abs=np.ptp(case.run["g"], axis=1) / 256, where=smooth)


def test_distances_of_any_generator_from_the_grid(case: Case) -> None:
    """A coarser partition has no more of any divergence; moving mass within its cell moves W1 and the moments by half a width at most."""
    for name in ("jsd", "kl_data_gen", "kl_gen_data"):
        with np.errstate(invalid="ignore"):
            known = np.isfinite(case.run[name]) & np.isfinite(case.again[f"cells_{name}"])
        if name == "kl_data_gen":
            # p_gen spreads a noise cell's mass evenly, and far out q falls steeply within one: seen to a few hundredths
            agree(case, name, "cells_", rel=0.05, abs=0.1, where=known)
        else:
            assert (case.run[name] >= case.again[f"cells_{name}"] - 1e-5)[known].all(), name
    narrow = case.again["outside"] < 1e-6
    for name in ("w1", "mean", "std"):
        agree(case, name, "cells_", abs=0.5 * case.again["width"] + 1e-4, where=narrow)


def test_kl_of_any_generator_is_infinite_where_it_must_be(mapped: Case) -> None:
    """KL(gen, data): an atom, or a quantile beyond the ends of the data. KL(data, gen): data beyond the reach of uniform noise."""
    run, again, data = mapped.run, mapped.again, mapped.config["data"]
    infinite = ~np.isfinite(again["quantiles_kl_gen_data"])
    assert np.isinf(run["kl_gen_data"])[infinite | (again["flat"] > 0)].all()
    if data["kind"] in ("mixture", "student_t"):  # everywhere some density
        assert np.isfinite(run["kl_gen_data"])[again["flat"] == 0].all()
    if mapped.config["generator"]["noise"] == "uniform":
        assert np.isinf(run["kl_data_gen"])[again["missed"] > 1e-3].all()
    assert np.isinf(again["cells_kl_data_gen"])[np.isinf(run["kl_data_gen"])].all()


def test_mode_masses_of_a_linear_generator(linear: Case) -> None:
    """The rule, a sixteenth of a cell at a time: of the part that a border crosses it cannot be said whose it is."""
    agree(linear, "mode_mass", "exact_", abs=linear.again["exact_at_borders"][:, None] + 1e-6)


def test_mode_masses_of_any_generator(case: Case) -> None:
    """The rule on the grid: of the cells that a border crosses, and of what lies beyond, it cannot be said whose mass is where."""
    if case.config["data"]["kind"] != "quantiles":  # those may have any number of modes
        assert case.run["mode_mass"].shape == (41, len(case.config["data"].get("means", [0])))
        unknown = case.again["cells_at_borders"] + case.again["outside"]
        agree(case, "mode_mass", "cells_", abs=unknown[:, None] + 1e-6)


def test_a_run_that_diverged_repeats_its_last_finite_state(cases: dict[str, Case]) -> None:
    run, summary = cases["diverged"].run, cases["diverged"].summary
    assert summary["status"] == "diverged" and 0 < summary["diverged_at"] <= 590
    after = run["iteration"] >= summary["diverged_at"]
    for name in ("p_gen", "d", "g", "mean", "std", "w1", "jsd"):
        assert (run[name][after] == run[name][after][0]).all() and np.isfinite(run[name]).all(), name
    assert {case.summary["status"] for name, case in cases.items() if name != "diverged"} == {"ok"}


def test_these_runs_show_what_they_are_for(cases: dict[str, Case]) -> None:
    """Otherwise the tests above would hold for nothing."""
    mass = cases["collapsed"].run["mode_mass"]
    assert (mass[:, 1] > 0.9).all() and (mass[:, 0] < 0.01).all()
    assert cases["a spike"].run["p_gen"].max() * cases["a spike"].again["width"] > 0.8
    assert (cases["atoms"].again["flat"] > 0.1).any()
    for name in ("kl_data_gen", "kl_gen_data"):
        for kind in ("linear", "mlp"):
            values = [c.run[name] for c in cases.values() if c.config["generator"]["kind"] == kind]
            assert np.isinf(np.concatenate(values)).any() and np.isfinite(np.concatenate(values)).any(), (name, kind)
    shown = [json.dumps(case.config) for case in cases.values()]
    from gan1d import config  # the vocabularies, to see that no word of them is left out

    for words in (
        config.LOSSES,
        config.PENALTIES,
        config.OPTIMIZERS,
        config.GENERATORS,
        config.NOISES,
        config.DATA_KINDS,
    ):
        assert [word for word in words if not any(f'"{word}"' in text for text in shown)] == []


# ---- train --json

KEYS = "scenario seed iterations status diverged_at diagnosis metrics seconds compilations".split()
METRICS = "jsd kl_data_gen kl_gen_data w1 mean std p_real_on_real p_real_on_fake value".split()


def gan1d_train(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program, in a folder of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gan1d", "train", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def strict_json(text: str) -> Any:
    """RFC 8259 has no NaN and no Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def covered(case: Case) -> int:
    """Modes that hold at least a quarter of their weight at the end."""
    weights = case.config["data"].get("weights", [1.0])
    return int(np.sum(case.run["mode_mass"][-1] >= 0.25 * np.array(weights)))


def test_train_prints_the_last_state_as_one_object(
    saved: dict[str, Path], cases: dict[str, Case], tmp_path: Path
) -> None:
    """Student's t, uniform noise and hinge loss: infinitely far in KL, and without probabilities."""
    case = cases["student_t"]
    (tmp_path / "mine.json").write_text(json.dumps(case.config))
    done = gan1d_train("mine.json", "--seed", "5", "--json", "-o", "run.npz", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = strict_json(done.stdout)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        run = dict(file)
    assert set(KEYS) <= printed.keys() and set(METRICS) | {"modes", "modes_covered"} <= printed["metrics"].keys()
    assert (printed["scenario"], printed["seed"], printed["iterations"]) == ("mine", 5, 590)
    assert (printed["status"], printed["diverged_at"]) == ("ok", None)
    assert set(printed["diagnosis"]) == {"kind", "also", "evidence"} and set(printed["seconds"]) == {"compile", "train"}
    for name in METRICS:
        last = float(run[name][-1])
        assert printed["metrics"][name] == (last if math.isfinite(last) else None), name
    assert [name for name in METRICS if printed["metrics"][name] is None] == [
        *("kl_data_gen", "p_real_on_real", "p_real_on_fake", "value")
    ]
    assert (printed["metrics"]["modes"], printed["metrics"]["modes_covered"]) == (1, covered(case._replace(run=run)))
    assert json.loads(str(run["config"])) == case.config | {"training": case.config["training"] | {"seed": 5}}


def test_bad_input_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"data": {"kind": "laplace", "loc": 0, "scale": -1}}')
    done = gan1d_train("mine.json", "--json", "-o", "run.npz", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert "data.scale" in line and "-1" in line and "0.05" in line  # the field, the value, what is allowed
    assert os.listdir(tmp_path) == ["mine.json"]


@pytest.mark.parametrize("name", [name for name in RUNS if name != "quantiles"])
def test_metrics_are_the_last_states(name: str, runs: dict[str, Trajectory], cases: dict[str, Case]) -> None:
    case, metrics = cases[name], runs[name].metrics
    for key in METRICS:
        last = float(case.run[key][-1])
        assert metrics[key] == (last if math.isfinite(last) else None), key
    assert (metrics["modes"], metrics["modes_covered"]) == (case.run["mode_mass"].shape[1], covered(case))


# ---- going on

SEEN = ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g")
"""Averages since the state before: the same only where that was the same."""


def same_states(one: Trajectory, other: Trajectory, seen: bool = False) -> int:
    """How many iterations both have recorded; every array has the same bytes there, those of `SEEN` only if these are meant too."""
    _, at_one, at_other = np.intersect1d(one.iteration, other.iteration, return_indices=True)
    for name in (field.name for field in dataclasses.fields(one)):
        a, b = getattr(one, name), getattr(other, name)
        if not isinstance(a, np.ndarray) or (name in SEEN and not seen):
            continue
        if len(a) == len(one.iteration) and name not in ("x", "z", "p_data"):
            first = 1 if name in SEEN else 0
            a, b = a[at_one[first:]], b[at_other[first:]]
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
    return len(at_one)


@pytest.mark.parametrize("name", RUNS)
def test_going_on_from_any_state_is_never_having_stopped(
    name: str, runs: dict[str, Trajectory], saved: dict[str, Path]
) -> None:
    """Kept and replayed states, within and between the chunks of random numbers; from memory and from the file; other frames."""
    import gan1d

    whole, loaded = runs[name], gan1d.load(saved[name])
    last = 590 if whole.summary["diverged_at"] is None else whole.summary["diverged_at"] - 1
    for run, at in ((whole, 1), (whole, 64), (loaded, 201), (whole, 585)):
        at = min(at, last)
        config = whole.config.replace(**{"training.frames": 600})
        rest = gan1d.train(config, start=run.state_at(at), iterations=590 - at)
        assert same_states(rest, whole) == np.sum(whole.iteration >= at)
    at = min(300, last // 15 * 15)
    again = gan1d.train(whole.config, start=loaded.state_at(at), iterations=590 - at)
    assert same_states(again, whole) >= 2


@pytest.mark.parametrize("name", ["two modes", "laplace", "uniform", "student_t", "triangular"])
def test_going_on_sees_what_training_saw(name: str, runs: dict[str, Trajectory]) -> None:
    """At the same stride the averages since the state before are the same too, whatever the optimiser, penalty and noise."""
    import gan1d

    whole = runs[name]
    config = whole.config.replace(**{"training.frames": 20})  # a stride of 15 for 290 iterations, as 40 are for 590
    rest = gan1d.train(config, start=whole.state_at(300), iterations=290)
    assert same_states(rest, whole, seen=True) == 21


SEAMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "numbers": (
        "two modes",
        "two modes",
        {"training.lr_d": 0.003, "training.lr_g": 0.05, "training.instance_noise": 0.5, "data.means": [0, 4]},
    ),
    "numbers, rmsprop and a clip": ("triangular", "triangular", {"training.penalty_weight": 0.05, "data.low": -2}),
    "loss, noise and data, adam to sgd": ("two modes", "laplace", {}),
    "loss, penalty and data, sgd to rmsprop": ("laplace", "triangular", {"training.lr_g": 0.01}),
    "loss, penalty and data, adam to rmsprop": ("two modes", "triangular", {}),
    "dropout and a penalty begin, adam goes on": ("quantiles", "uniform", {"training.lr_d": 0.02}),
    "dropout and a penalty end": ("uniform", "quantiles", {"training.seed": 3}),
}
"""From one of `RUNS` to the settings of another with the same networks, and what else changes there."""


@pytest.mark.parametrize("seam", SEAMS)
def test_settings_may_change_at_a_seam(
    seam: str, runs: dict[str, Trajectory], saved: dict[str, Path], tmp_path: Path
) -> None:
    """The same from memory and from a file, and however many states are recorded before and after."""
    import gan1d

    name, then, changes = SEAMS[seam]
    config: Config = runs[then].config.replace(**{"training.k_d": 2} | changes)
    straight = gan1d.train(config.replace(**{"training.frames": 200}), start=runs[name].state_at(177), iterations=200)
    rare = gan1d.train(runs[name].config.replace(**{"training.frames": 3}))
    rare.save(tmp_path / "rare.npz")
    for run in (rare, gan1d.load(tmp_path / "rare.npz"), gan1d.load(saved[name])):
        again = gan1d.train(config.replace(**{"training.frames": 7}), start=run.state_at(177), iterations=200)
        assert same_states(again, straight) == 8
    assert not np.array_equal(straight.d[-1], runs[name].d[-1])
    twice = gan1d.train(config, start=straight.state_at(300), iterations=77)  # a run that went on goes on
    assert same_states(twice, straight) == len(twice)
