"""What varies in a sweep: how it is written, what is refused, and which config each cell has."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from gan1d.axes import MAX_GANS, Axis, Cells, Sweep
from gan1d.config import Config, ConfigError

TWO_MODES = Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 0.5]}, "training": {"seed": 7}})


def sweep(*varied: str, seeds: int = 1, config: Config = TWO_MODES) -> Sweep:
    return Sweep(config, tuple(Axis.parse(text) for text in varied), seeds)


def values(text: str) -> tuple:
    return sweep(text).axes[0].values


def test_even_steps() -> None:
    assert values("data.means[1]=0:10:5") == (0.0, 2.5, 5.0, 7.5, 10.0)
    assert values("training.lr_g=0.3:0.1:3") == (0.3, 0.2, 0.1)


def test_even_ratios() -> None:
    found = values("training.lr_g=1e-3:1e-1:16:log")
    assert (found[0], found[-1], len(found)) == (1e-3, 1e-1, 16)
    assert [b / a for a, b in pairwise(found)] == pytest.approx([100 ** (1 / 15)] * 15, rel=1e-8)


def test_numbers_have_no_more_digits_than_a_person_would_write() -> None:
    assert values("training.instance_noise=0:1:11")[3] == 0.3  # 0.30000000000000004 by NumPy


def test_lists_of_numbers_words_and_lists() -> None:
    assert values("training.lr_g=0.1, 0.02") == (0.1, 0.02)
    assert values("training.loss=minimax, hinge,wasserstein") == ("minimax", "hinge", "wasserstein")
    assert values("discriminator.hidden=[16],[64,64]") == ((16,), (64, 64))
    assert values("discriminator.hidden[0]=16,32") == (16, 32)


def test_whole_fields_have_whole_numbers() -> None:
    whole = values("training.k_d=1:9:5")
    assert whole == (1, 3, 5, 7, 9) and all(type(v) is int for v in whole)
    assert all(type(v) is float for v in values("training.lr_g=0,1"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("training.k_d=1:4:3", ("training.k_d", "2.5", "whole number from 1 to 10")),
        ("training.lr_g=-1:1:3:log", ("training.lr_g", "-1:1:3:log", "more than 0")),
        ("training.lr_g=0:1:3:log", ("training.lr_g", "0:1:3:log", "more than 0")),
        ("training.lr_g=0:5:3", ("training.lr_g", "2.5", "from 0 to 1")),
        ("training.lr_g=1:2:3:lin", ("training.lr_g", "1:2:3:lin", "START:STOP:COUNT")),
        ("training.lr_g=a:2:3", ("training.lr_g", "a:2:3", "START:STOP:COUNT")),
        ("training.lr_g=0:inf:3", ("training.lr_g", "0:inf:3", "START:STOP:COUNT")),
        ("training.lr_g=0:1:1.5", ("training.lr_g", "0:1:1.5", "COUNT", "whole number from 2")),
        ("training.lr_g=0:1:1", ("training.lr_g", "COUNT", "whole number from 2")),
        ("training.lr_g=0:1:nan", ("training.lr_g", "COUNT", "whole number from 2")),
        ("training.lr_g=0.1,0.1", ("training.lr_g", "0.1", "once")),
        ("training.lr_g=0.1,", ("training.lr_g", "''", "from 0 to 1")),
        ("training.lr_g=true,0.1", ("training.lr_g", "True", "from 0 to 1")),
        ("training.lr_q=1,2", ("training.lr_q", "no such field", "lr_g")),
        ("nowhere=1,2", ("nowhere", "no such field")),
        ("training.loss=minmax", ("training.loss", "minmax", "minimax")),
        ("data.means[2]=1,2", ("data.means[2]", "elements 0 to 1")),
        ("training.lr_g[0]=1,2", ("training.lr_g[0]", "not a list")),
        ("data.mean[0]=1,2", ("data.mean", "nearest: means")),
        ("training.seed=1,2", ("training.seed", "how many")),
        ("training.frames=10,20", ("training.frames", "recorded")),
        ("data.kind=uniform,laplace", ("data.kind", "fields of its own")),
        ("training.lr_g", ("--vary", "training.lr_g", "FIELD=START:STOP:COUNT")),
        ("=1,2", ("--vary", "FIELD=START:STOP:COUNT")),
        ("training.lr_g=", ("--vary", "FIELD=START:STOP:COUNT")),
    ],
)
def test_a_bad_axis_is_refused_by_name(text: str, names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        sweep(text)
    assert all(name in str(refused.value) for name in names), refused.value


def test_cells_that_cannot_be_are_refused_before_anything_runs() -> None:
    uniform = Config.from_dict({"data": {"kind": "uniform", "low": 0, "high": 1}})
    with pytest.raises(ConfigError, match=r"data\.high: 1\.0"):
        sweep("data.low=-1:1:5", "data.high=1,2", config=uniform)


def test_too_much_is_refused() -> None:
    with pytest.raises(ConfigError, match="1 to 3"):
        Sweep(TWO_MODES, ())
    with pytest.raises(ConfigError, match="1 to 3"):
        sweep("training.lr_g=0,1", "training.lr_d=0,1", "training.beta1=0,0.5", "training.beta2=0,0.5")
    with pytest.raises(ConfigError, match=str(MAX_GANS)):
        sweep("training.lr_g=0:1:500", "training.lr_d=0:1:500")
    with pytest.raises(ConfigError, match="seeds"):
        sweep("training.lr_g=0,1", seeds=0)
    with pytest.raises(ConfigError, match=r"training\.seed"):
        sweep("training.lr_g=0,1", seeds=2, config=TWO_MODES.replace(**{"training.seed": 2**31 - 1}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("training.lr_g=0,1", "training.lr_g=0.5,0.6"),
        ("data.means=[0,1],[0,2]", "data.means[1]=1,2"),
        ("data.means[1]=1,2", "data.means[1]=3,4"),
    ],
)
def test_one_field_varies_in_one_axis(first: str, second: str) -> None:
    with pytest.raises(ConfigError, match="already varies"):
        sweep(first, second)


def test_a_cell_is_the_config_with_its_values_and_seed() -> None:
    made = sweep("data.means[0]=-5,-4", "data.means[1]=3:9:3", "training.loss=hinge,minimax", seeds=3)
    assert (made.shape, made.total) == ((2, 3, 2), 36)
    cell = made.cell((1, 2, 0), 2)
    changed = {"data.means": [-4, 9], "training.loss": "hinge", "training.seed": 9}
    assert cell == TWO_MODES.replace(**changed)


def test_cells_count_row_by_row_seeds_last() -> None:
    made = sweep("training.lr_g=0.1,0.2", "training.k_d=1,2,3", seeds=2)
    found = Cells(made, np.arange(made.total))
    there = [(c.training.lr_g, c.training.k_d, c.training.seed) for c in found]
    assert there == [(g, k, s) for g in (0.1, 0.2) for k in (1, 2, 3) for s in (7, 8)]
    assert len(found) == math.prod(made.shape) * 2


def test_read_back_as_written() -> None:
    made = sweep("training.lr_g=1e-3:1:7:log", "discriminator.hidden=[8],[8,8]", "training.loss=hinge,minimax", seeds=4)
    assert Sweep.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize("broken", [{}, [], None, {"config": TWO_MODES.to_dict(), "axes": 3, "seeds": 1}])
def test_anything_else_is_refused(broken: object) -> None:
    with pytest.raises(ConfigError):
        Sweep.from_dict(broken)  # type: ignore[arg-type]


def test_axes_as_arrays() -> None:
    assert sweep("training.lr_g=0,1").axes[0].array().dtype == float
    assert sweep("training.k_d=1,2").axes[0].array().dtype == int
    assert sweep("training.loss=hinge,minimax").axes[0].array().tolist() == ["hinge", "minimax"]
    assert sweep("discriminator.hidden=[8],[8,8]").axes[0].array().tolist() == ["[8]", "[8, 8]"]
