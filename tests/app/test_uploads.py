"""Data of one's own: numbers of good and bad files, drawings, saved runs. The statistics are those of NumPy on the same numbers."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gan1d
from app.files import UPLOAD, take_file
from app.history import Plan
from app.state import Session
from app.uploads import KEPT, LIMIT, UploadError, drawn, quantiles, read_numbers, read_run
from gan1d.config import FINEST, Config
from gan1d.data import target

FIRST = next(iter(gan1d.scenarios.values()))
SHIPPED = Path(gan1d.__file__).parent / "assets" / "gaussian-linear.npz"


def accepted(values: list[float]) -> Config:
    return FIRST.config.replace(**{"data.kind": "quantiles", "data.values": values})


@pytest.mark.parametrize(
    ("text", "values", "skipped", "column"),
    [
        ("1\n2\n3.5\n", [1, 2, 3.5], 0, None),
        ("1 2 3\n4 5 6", [1, 2, 3, 4, 5, 6], 0, None),
        ("\ufeff1,2,-3e1", [1, 2, -30], 0, None),
        ("1,5;2,5;3", [1.5, 2.5, 3], 0, None),
        ("1;2;\n", [1, 2], 1, None),
        ("height\n1.5\n1.7\n", [1.5, 1.7], 1, None),
        ("name,height\nanna,1.5\nbob,1.7\ncleo,n/a\n", [1.5, 1.7], 1, "height"),
        (",height,weight\n0,1.5,60\n1,1.7,70\n", [1.5, 1.7], 0, "height"),
        ("id;size\n1;1,5\n2;2,5\n", [1.5, 2.5], 0, "size"),
        ("1\r\n\r\n2 apples\r\n", [1, 2], 1, None),
    ],
)
def test_numbers_are_read_and_words_are_counted(
    text: str, values: list[float], skipped: int, column: str | None
) -> None:
    found = read_numbers(text.encode())
    assert found.values.tolist() == values and (found.skipped, found.column) == (skipped, column)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 were read"),
        (b"no numbers here", "0 were read, and 3 words skipped"),
        (b"5\n5\n5\n", "two different numbers"),
        (b"1\n2\ninf\n", "Line 3: “inf” is not a finite number"),
        (b"1\n2\nnan\n", "Line 3"),
        (b"1\n2\n\n1e400\n", "Line 4"),
        (b"1\n1001\n", "Line 2: 1001 is too far away"),
        (b"\xff\xfe\x00\x01", "no text"),
        (b"1\x002\n3", "no text"),
        (b"1\n" * (3 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(UploadError, match=said) as error:
        read_numbers(content)
    assert "\n" not in str(error.value)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(-LIMIT, LIMIT), min_size=2, max_size=300).filter(lambda v: max(v) - min(v) >= 0.2))
def test_quantiles_of_any_numbers_are_accepted_and_near(values: list[float]) -> None:
    kept = quantiles(np.array(values))
    assert len(kept) <= KEPT and accepted(kept).data.values == tuple(kept)
    span = max(values) - min(values)
    levels = np.linspace(0, 1, len(kept))
    assert np.allclose(kept, np.quantile(values, levels), atol=0.03 * span + KEPT * FINEST)


def test_equal_values_are_spread_and_keep_their_place() -> None:
    kept = quantiles(np.repeat([1.0, 2.0, 6.0], [300, 300, 400]))
    data = target(accepted(kept).data)
    assert data.mean == pytest.approx(3.3, abs=0.1) and data.std == pytest.approx(2.24, abs=0.1)
    assert np.min(np.diff(kept)) >= FINEST * 0.999


def test_numbers_too_near_to_each_other_are_refused() -> None:
    with pytest.raises(UploadError, match="too near"):
        quantiles(np.array([1.0, 1.00001]))


def test_a_link_with_an_upload_stays_short() -> None:
    from app.link import encode

    kept = quantiles(np.random.default_rng(0).normal(3, 2, 5000))
    assert len(encode(accepted(kept))) < 700


def test_a_drawing_becomes_the_density_that_was_drawn() -> None:
    x = np.linspace(-10, 20, 200)
    curve = np.exp(-0.5 * ((x - 4) / 3) ** 2)
    data = target(accepted(drawn(-10, 20, (1000 * curve).round().tolist())).data)
    assert data.mean == pytest.approx(4, abs=0.1) and data.std == pytest.approx(3, rel=0.05)


def test_two_drawn_bumps_have_nothing_between_them() -> None:
    x = np.linspace(0, 10, 160)
    curve = ((x > 1) & (x < 2)) + 1.0 * ((x > 7) & (x < 9))
    data = target(accepted(drawn(0, 10, curve.tolist())).data)
    assert data.cdf(np.array([6.5]))[0] - data.cdf(np.array([2.5]))[0] < 2 / KEPT
    assert data.cdf(np.array([4.5]))[0] == pytest.approx(1 / 3, abs=0.03)
    assert data.cdf(np.array([0.9]))[0] < 0.01 and data.cdf(np.array([9.2]))[0] > 0.99


@pytest.mark.parametrize(
    "drawing",
    [(0, 1, [0, 0, 0]), (0, 1, [5]), (1, 0, [1, 2]), (0, 1, [float("nan"), 1]), (-5000, 1, [1, 2]), (0, 0.01, [1, 1])],
)
def test_what_is_no_drawing_is_refused(drawing: tuple[float, float, list[float]]) -> None:
    with pytest.raises(UploadError):
        drawn(*drawing)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=200).filter(any), st.floats(-500, 500), st.floats(1, 400))
def test_any_drawing_is_accepted_as_data(heights: list[int], low: float, width: float) -> None:
    assert len(accepted(drawn(low, low + width, heights)).data.values) == KEPT


# ---- saved runs


@pytest.fixture
def state() -> Session:
    return Session(FIRST, FIRST.config)


def test_a_saved_run_is_shown_as_it_is_and_its_settings_are_the_controls(state: Session) -> None:
    take_file(state, "run.npz", SHIPPED.read_bytes())
    assert state.opened and state.opened[0] == state.plan == Plan(gan1d.load(SHIPPED).config)
    assert "as it was saved" in state.said and state.opened[1].meta["frames"] == len(gan1d.load(SHIPPED))


@pytest.mark.parametrize("inside", [False, True])
def test_settings_in_json_are_opened(state: Session, inside: bool) -> None:
    config = gan1d.scenarios["far-modes-linear"].config.replace(**{"training.seed": 5})
    raw = {"config": config.to_dict(), "d": [1]} if inside else config.to_dict()
    take_file(state, "run.json", json.dumps(raw).encode())
    assert state.config == config and state.scenario.name == "far-modes-linear" and UPLOAD not in state.refused


def npz(**changes: object) -> bytes:
    """The shipped run with some of its arrays replaced; None takes one away."""
    with np.load(SHIPPED) as file:
        content = {name: file[name] for name in file.files} | changes
    out = io.BytesIO()
    np.savez_compressed(out, **{name: value for name, value in content.items() if value is not None})
    return out.getvalue()


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(600):
            entry.write(bytes(1024 * 1024))
    return out.getvalue()


BAD_RUNS = {
    "torn": lambda: SHIPPED.read_bytes()[:5000],
    "only its beginning": lambda: b"PK\3\4",
    "no mean": lambda: npz(mean=None),
    "x that falls": lambda: npz(x=np.linspace(5, -5, 256)),
    "no finite density": lambda: npz(p_data=np.full(256, np.nan)),
    "other shapes": lambda: npz(p_gen=np.zeros((3, 4), np.float32)),
    "pickled": lambda: npz(mean=np.array([{"a": 1}], dtype=object)),
    "a bomb": zip_bomb,
    "no JSON": lambda: b"{",
    "deep JSON": lambda: b"{" + b'"a":[' * 100_000,
    "JSON of something else": lambda: b'{"hello": 1}',
    "a wrong setting": lambda: json.dumps({"data": {"means": [1], "stds": [-1]}}).encode(),
}


@pytest.mark.parametrize("case", BAD_RUNS)
def test_a_torn_or_hostile_file_gives_one_clear_line_and_changes_nothing(state: Session, case: str) -> None:
    before = state.plan
    take_file(state, "bad.npz", BAD_RUNS[case]())
    why = state.refused[UPLOAD].why
    assert why and "\n" not in why and "/tmp" not in why and len(why) < 400
    assert state.plan == before and state.opened is None and state.said == ""


def test_numbers_become_the_data_and_what_was_read_is_said(state: Session) -> None:
    take_file(state, "sample.csv", b"size\n1\n2\n2\n3\n")
    assert state.config.data.kind == "quantiles"
    assert state.said.startswith("Read 4 numbers, skipped 1 that are none. Only their 4 quantiles are kept")
    take_file(state, "sample.csv", b"1\ninf")
    assert "Line 2" in state.refused[UPLOAD].why and state.config.data.kind == "quantiles"


def test_a_run_of_several_parts_is_opened_with_its_history(state: Session, tmp_path: Path) -> None:
    from gan1d.history import Part, play

    small = {"discriminator.hidden": [8], "training.batch": 4, "training.iterations": 60, "training.frames": 10}
    plan = Plan(FIRST.config.replace(**small)).go_on(20)
    plan = plan.changed(plan.config.replace(**{"training.lr_g": 0.5}))
    play([Part(*part) for part in plan.parts]).save(tmp_path / "run.npz")
    take_file(state, "run.npz", (tmp_path / "run.npz").read_bytes())
    assert state.plan == plan and state.opened


def test_too_large_a_run_is_refused() -> None:
    with pytest.raises(UploadError, match="larger than"):
        read_run(b"PK" + bytes(11 * 1024 * 1024), "large.npz")
