"""The config: read and written without loss, anything else refused in one sentence."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan1d.config import (
    DATA_KINDS,
    MAX_MODES,
    MAX_QUANTILES,
    SECTIONS,
    Config,
    ConfigError,
    Mixture,
    Training,
    field_names,
    structure,
)
from gan1d.fields import parse_value

DATA = {"means": [0.0], "stds": [1.0]}
quick = settings(deadline=None, max_examples=80)


def field_values(name: str, key: str) -> st.SearchStrategy:
    """Every allowed value of a field, by its own declaration."""
    spec = SECTIONS[name].specs()[key]
    if spec.choices:
        return st.sampled_from(spec.choices)
    if key == "hidden":
        return st.lists(st.integers(1, 512), min_size=1, max_size=4)
    if spec.integer:
        return st.integers(int(spec.low), int(spec.high))
    return st.floats(spec.low, spec.high)


def position(low: float = -100.0, high: float = 100.0) -> st.SearchStrategy:
    return st.floats(low, high)


@st.composite
def mixtures(draw: st.DrawFn) -> dict:
    k = draw(st.integers(1, MAX_MODES))
    same = {"min_size": k, "max_size": k}
    return {
        "means": draw(st.lists(position(), **same)),
        "stds": draw(st.lists(st.floats(0.05, 100.0), **same)),
        "weights": draw(st.lists(st.floats(1e-2, 1e3), **same)),
    }


@st.composite
def intervals(draw: st.DrawFn) -> dict:
    low = draw(position(high=99.0))
    return {"low": low, "high": draw(position(low=min(low + 0.2, 100.0)))}


@st.composite
def triangles(draw: st.DrawFn) -> dict:
    ends = draw(intervals())
    return ends | {"mode": draw(st.floats(ends["low"], ends["high"]))}


@st.composite
def quantiles(draw: st.DrawFn) -> dict:
    gaps = draw(st.lists(st.floats(2e-4, 10.0), min_size=1, max_size=MAX_QUANTILES - 1))
    first = draw(position(-500.0, -300.0))
    return {"values": [first, *(first + 0.2 + sum(gaps[: i + 1]) for i in range(len(gaps)))]}


scales = {"loc": position(), "scale": st.floats(0.05, 100.0)}
DATA_OF = {
    "mixture": mixtures(),
    "uniform": intervals(),
    "laplace": st.fixed_dictionaries(scales),
    "student_t": st.fixed_dictionaries(scales | {"df": st.floats(2.0, 1000.0, exclude_min=True)}),
    "triangular": triangles(),
    "quantiles": quantiles(),
}
assert set(DATA_OF) == set(DATA_KINDS), "a strategy for each kind of data"
data = st.one_of([fields.map(lambda d, kind=kind: {"kind": kind} | d) for kind, fields in DATA_OF.items()])
parts = {
    name: st.fixed_dictionaries({key: field_values(name, key) for key in SECTIONS[name].specs()})
    for name in ("generator", "discriminator", "training")
}
configs = st.fixed_dictionaries({"data": data, **parts}).map(Config.from_dict)


@quick
@given(configs)
def test_every_config_survives_being_written_and_read(config: Config) -> None:
    assert Config.from_dict(config.to_dict()) == config
    assert Config.from_json(config.to_json()) == config
    assert Config.from_json(config.to_json(indent=2)) == config
    assert Config.from_query(config.to_query()) == config
    assert Config.from_query("?" + config.to_query()) == config
    assert hash(Config.from_query(config.to_query())) == hash(config)
    assert json.loads(config.to_json()) == config.to_dict()


def test_a_link_of_an_untouched_config_holds_the_data_alone() -> None:
    assert Config.from_dict({"data": DATA}).to_query() == "data.means=0.0,&data.stds=1.0,&data.weights=1.0,"


# ---- what is refused

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.just(-(10**400))
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["mixture", "linear", "0", "1e999", "NaN", "minimax"])
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["kind", "means", "seed"]), inner, max_size=4)
    ),
    max_leaves=12,
)
known_fields = [tuple(name.split(".")) for name in field_names()]


def reads_or_refuses(read: object, *args: object) -> None:
    """A config, or a ConfigError of one line: nothing else comes out."""
    try:
        config = read(*args)  # type: ignore[operator]
    except ConfigError as e:
        assert str(e) == " ".join(str(e).splitlines()), "more than one line"
        assert not str(e).startswith(":") and e.allowed
    else:
        assert isinstance(config, Config)
        assert Config.from_dict(config.to_dict()) == config


@quick
@given(junk)
def test_from_dict_of_anything(raw: object) -> None:
    reads_or_refuses(Config.from_dict, raw)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(known_fields), junk)
def test_any_value_in_any_field(field: tuple[str, str], value: object) -> None:
    name, key = field
    raw: dict = {"data": dict(DATA)}
    raw.setdefault(name, {})[key] = value
    reads_or_refuses(Config.from_dict, raw)


@settings(deadline=None, max_examples=200)
@given(data, st.sampled_from([key for name, key in known_fields if name == "data"]), junk | st.floats() | st.none())
def test_any_value_in_any_field_of_any_data(raw: dict, key: str, value: object) -> None:
    reads_or_refuses(Config.from_dict, {"data": raw | {key: value}})


@quick
@given(st.text(max_size=80) | st.binary(max_size=40) | junk.map(json.dumps))
def test_from_json_of_any_text(text: str | bytes) -> None:
    reads_or_refuses(Config.from_json, text)


@quick
@given(
    st.text(max_size=80)
    | st.lists(
        st.tuples(
            st.sampled_from([f"{n}.{k}" for n, k in known_fields] + ["data", "x.y", ".", ""]), st.text(max_size=12)
        ),
        max_size=5,
    ).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
)
def test_from_query_of_any_text(text: str) -> None:
    reads_or_refuses(Config.from_query, text)


@quick
@given(st.text(max_size=60) | st.sampled_from(["[" * 50_000, "1" * 5000, "," * 5000, "a,[" + "[" * 50_000, "1e999"]))
def test_a_value_typed_by_hand_always_reads_as_something(text: str) -> None:
    parse_value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("0.5", 0.5), ("[-3,8]", [-3, 8]), ("-3, 8", [-3, 8]), ("minimax", "minimax"), ("7,", [7]), ("", "")],
)
def test_values_typed_by_hand(text: str, value: object) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"data":' * 3000,
        "1" * 5000,
        '{"data": {"means": [1e999], "stds": [1]}}',
        b"\xff\xfe",
        b"\xff\xff{}",
        None,
    ],
    ids=["deep list", "deep object", "long number", "infinity", "UTF-16 mark", "not UTF-8", "nothing"],
)
def test_json_made_to_harm(text: object) -> None:
    with pytest.raises(ConfigError):
        Config.from_json(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("training.lr_g", float("nan"), "a number from 0 to 1"),
        ("training.lr_g", float("inf"), "a number from 0 to 1"),
        ("training.lr_g", True, "a number from 0 to 1"),
        ("training.lr_g", "0.1", "a number from 0 to 1"),
        ("training.lr_g", 10**400, "a number from 0 to 1"),
        ("training.lr_g", None, "a number from 0 to 1"),
        ("training.lr_g", [0.1], "a number from 0 to 1"),
        ("training.k_d", 2.5, "a whole number from 1 to 10"),
        ("training.seed", -1, "a whole number from 0 to 2147483647"),
        ("training.iterations", 10**6, "a whole number from 1 to 100000"),
        ("training.batch", 0, "a whole number from 1 to 1024"),
        ("training.loss", "min_max", "hinge, wasserstein (nearest: minimax)"),
        ("training.loss", ["minimax"], "non_saturating, minimax"),
        ("data.means", 3, "a list of 1 to 8 numbers"),
        ("data.means", "3", "a list of 1 to 8 numbers"),
        ("data.means", {0: 1}, "a list of 1 to 8 numbers"),
        ("data.means", [], "a list of 1 to 8 numbers"),
        ("data.means", [0] * 9, "a list of 1 to 8 numbers"),
        ("data.means", range(10**12), "a list of 1 to 8 numbers"),
        ("data.means", np.array(3.0), "a list of 1 to 8 numbers"),
        ("data.stds", [0.0], "a number from 0.05 to 100"),
        ("data.stds", [1, 1], "one value a mode, as data.means has: 1"),
        ("data.weights", [0], "a number from 1e-06 to 1e+06"),
        ("data.kind", "mixtures", "triangular, quantiles (nearest: mixture)"),
        ("data.kind", ["mixture"], "one of mixture"),
        ("data.kind", {}, "one of mixture"),
        ("generator.hidden", [64, 0], "a whole number from 1 to 512"),
        ("generator.hidden", [], "a list of 1 to 4 layer widths"),
        ("discriminator.dropout", 0.95, "a number from 0 to 0.9"),
    ],
)
def test_an_error_names_field_value_and_what_is_allowed(field: str, value: object, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict({"data": DATA}).replace(**{field: value})
    message = str(caught.value)
    assert message.startswith(field)
    assert says in message
    assert len(message) < 250
    if not isinstance(value, (list, np.ndarray)):
        assert repr(value)[:20] in message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"kind": "uniform", "low": 3, "high": 3},
            "data.high: 3.0 is not allowed; it must be at least 0.1 more than data.low, 3.0",
        ),
        ({"kind": "uniform", "low": 3}, "data.high: None is not allowed; it must be a number from -100 to 100"),
        (
            {"kind": "student_t", "df": 2, "loc": 0, "scale": 1},
            "data.df: 2.0 is not allowed; it must be a number more than 2, up to 1000",
        ),
        (
            {"kind": "triangular", "low": 0, "mode": 5, "high": 4},
            "data.mode: 5.0 is not allowed; it must be a number from data.low to data.high: 0 to 4",
        ),
        (
            {"kind": "laplace", "loc": 0, "scale": 0},
            "data.scale: 0 is not allowed; it must be a number from 0.05 to 100",
        ),
        (
            {"kind": "laplace", "loc": 0, "scal": 1},
            "data.scal: 1 is not allowed; there is no such field (nearest: scale)",
        ),
        (
            {"kind": "quantiles", "values": [1]},
            "data.values: [1] is not allowed; it must be a list of 2 to 128 numbers",
        ),
        (
            {"kind": "quantiles", "values": [0, 2, 1]},
            "data.values[2]: 1.0 is not allowed; it must be at least 0.0001 more than the value before, 2.0",
        ),
        (
            {"kind": "quantiles", "values": [0, 0.001, 0.002]},
            "data.values: (0.0, 0.001, 0.002) is not allowed; the last must be at least 0.1 more than the first",
        ),
    ],
)
def test_data_that_cannot_be(raw: dict, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict({"data": raw})
    assert str(caught.value) == message


def test_another_kind_of_data_has_other_fields() -> None:
    config = Config.from_dict({"data": DATA, "training": {"seed": 5}})
    laplace = config.replace(**{"data.kind": "laplace", "data.loc": 3, "data.scale": 2})
    assert laplace.to_dict()["data"] == {"kind": "laplace", "loc": 3.0, "scale": 2.0} and laplace.training.seed == 5
    assert laplace.to_query() == "data.kind=laplace&data.loc=3.0&data.scale=2.0&training.seed=5"
    with pytest.raises(ConfigError, match=r"^data\.loc: None is not allowed"):
        config.replace(**{"data.kind": "laplace"})
    with pytest.raises(ConfigError, match=r"^data\.means: .* there is no such field"):
        laplace.replace(**{"data.means": [1, 2]})


def test_a_link_that_says_a_field_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^training\.seed: '2' is not allowed; it must be given once$"):
        Config.from_query("data.means=0,&data.stds=1,&training.seed=1&training.seed=2")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"training": {"lr_gg": 1}}, "training.lr_gg: 1 is not allowed; there is no such field (nearest: lr_g)"),
        (
            {"trainin": {}},
            "trainin: {} is not allowed; the parts are data, generator, discriminator, training (nearest: training)",
        ),
        ({"training": 3}, "training: 3 is not allowed; it must be an object of fields"),
        ({"data": {"means": [0]}}, "data.stds: None is not allowed; it must be a list of 1 to 8 numbers"),
    ],
)
def test_unknown_and_missing_fields(raw: dict, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict({"data": DATA} | raw)
    assert str(caught.value) == message


def test_no_data_is_said_with_an_example() -> None:
    with pytest.raises(ConfigError, match=r'^data: None .* \{"kind": "mixture", "means": \[0\], "stds": \[1\]\}$'):
        Config.from_dict({})


def test_a_link_with_a_field_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^training\.lrg: .*nearest: lr_g"):
        Config.from_query("data.means=0,&data.stds=1,&training.lrg=1")
    with pytest.raises(ConfigError, match=r"^trainin\.lr_g: '1' .*nearest: training\.lr_g"):
        Config.from_query("data.means=0,&data.stds=1,&trainin.lr_g=1")


def test_a_field_name_made_to_harm_is_shown_harmlessly() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict({"data": DATA, "\x1b[2J\n" + "x" * 10_000: 1})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_a_number_too_long_to_be_written_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^training\.lr_g: that int is not allowed"):
        Config.from_dict({"data": DATA}).replace(**{"training.lr_g": 10**5000})


def test_nesting_beyond_what_python_can_write_is_refused() -> None:
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ConfigError, match=r"^training\.lr_g: that list is not allowed"):
        Config.from_dict({"data": DATA, "training": {"lr_g": deep}})


def test_the_door_is_checked_when_parts_are_given_directly() -> None:
    with pytest.raises(ConfigError, match=r"^data: 3 is not allowed; it must be a Mixture or Uniform"):
        Config(data=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^generator"):
        Config(data=Mixture(means=(0,), stds=(1,)), generator=Training())  # type: ignore[arg-type]


# ---- weights


def test_weights_are_relative() -> None:
    config = Config.from_dict({"data": {"means": [0, 1], "stds": [1, 1], "weights": [3, 1]}})
    assert config.data.weights == (0.75, 0.25)
    assert Config.from_dict({"data": {"means": [0, 1], "stds": [1, 1]}}).data.weights == (0.5, 0.5)


@quick
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=MAX_MODES))
def test_weights_sum_to_one_or_are_refused(weights: list[float]) -> None:
    data = {"means": [0.0] * len(weights), "stds": [1.0] * len(weights), "weights": weights}
    if min(weights) / math.fsum(weights) < 0.999e-6:
        with pytest.raises(ConfigError, match=r"^data\.weights: .* at least 1e-06 of their sum$"):
            Config.from_dict({"data": data})
    elif min(weights) / math.fsum(weights) > 1.001e-6:
        config = Config.from_dict({"data": data})
        assert math.fsum(config.data.weights) == pytest.approx(1, abs=1e-9)
        assert Config.from_dict(config.to_dict()) == config


def test_another_number_of_modes_starts_with_equal_shares() -> None:
    config = Config.from_dict({"data": {"means": [0, 1], "stds": [1, 1], "weights": [3, 1]}})
    assert config.replace(**{"data.means": [5, 6]}).data.weights == (0.75, 0.25)
    three = config.replace(**{"data.means": [5, 6, 7], "data.stds": [1, 1, 1]})
    assert three.data.weights == pytest.approx((1 / 3,) * 3)


# ---- plain values, whatever they came from


def test_values_become_plain_python() -> None:
    config = Config.from_dict({"data": {"means": np.array([1, 2], np.float32), "stds": (1, 1)}}).replace(
        **{"training.seed": np.int64(3), "training.k_d": 2.0, "training.lr_g": np.float32(0.5)}
    )
    assert config.data.means == (1.0, 2.0) and {type(m) for m in config.data.means} == {float}
    assert (
        type(config.training.seed) is int and type(config.training.k_d) is int and type(config.training.lr_g) is float
    )
    assert json.loads(config.to_json())["training"]["seed"] == 3


def test_a_config_cannot_be_changed_in_place() -> None:
    config = Config.from_dict({"data": DATA})
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.training.seed = 3  # type: ignore[misc]
    assert config.replace(**{"training.seed": 3}).training.seed == 3
    assert config.training.seed == 0


# ---- what compiles


def _other(name: str, key: str) -> object:
    """Another allowed value of a field."""
    spec, now = SECTIONS[name].specs()[key], Config.from_dict({"data": DATA}).get(f"{name}.{key}")
    if spec.choices:
        return next(c for c in spec.choices if c != now)
    if key == "hidden":
        return [7]
    return spec.high if now != spec.high else spec.low


@pytest.mark.parametrize(("name", "key"), [(n, k) for n in SECTIONS for k in SECTIONS[n].specs()])
@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_static_fields_compile_and_traced_ones_do_not(name: str, key: str, kind: str) -> None:
    config = Config.from_dict({"data": DATA, "generator": {"kind": kind}, "discriminator": {"dropout": 0.3}})
    value = "linear" if (name, key, kind) == ("generator", "kind", "mlp") else _other(name, key)
    same = structure(config.replace(**{f"{name}.{key}": value})) == structure(config)
    unused = kind == "linear" and (name, key) in {("generator", "hidden"), ("generator", "activation")}
    assert same == (SECTIONS[name].specs()[key].kind == "traced" or unused)


@quick
@given(st.lists(data, min_size=2, max_size=6))
def test_numbers_of_the_data_do_not_compile(several: list[dict]) -> None:
    """Two configs have the same structure exactly when their data are of the same kind."""
    configs = [Config.from_dict({"data": raw}) for raw in several]
    for a in configs:
        for b in configs:
            assert (structure(a) == structure(b)) == (a.data.kind == b.data.kind)


def test_dropout_compiles_when_it_is_switched_on() -> None:
    config = Config.from_dict({"data": DATA})
    assert structure(config) != structure(config.replace(**{"discriminator.dropout": 0.5}))


def test_more_modes_do_not_compile() -> None:
    eight = Config.from_dict({"data": {"means": [0] * 8, "stds": [1] * 8}})
    assert structure(eight) == structure(Config.from_dict({"data": DATA}))
    assert isinstance(hash(structure(eight)), int)
