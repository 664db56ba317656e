"""The options of an export: what is refused, by which name, and what is offered."""

from __future__ import annotations

import dataclasses
import mimetypes

import numpy as np
import pytest

import gan1d
from gan1d.config import ConfigError
from gan1d.render.layers import layers
from gan1d.render.options import FLAGS, FORMATS, LAYERS, MAP, Options, text
from gan1d.render.scene import differing, nearest, scene, timeline

BASE = gan1d.Config.from_dict({"data": {"means": [0], "stds": [1]}, "discriminator": {"hidden": [8]}})


def test_the_defaults_are_the_usual_slide() -> None:
    plain = Options()
    assert (plain.width, plain.height, plain.fps, plain.seconds, plain.frames) == (1280, 720, 30, 8, 240)
    for kind in FORMATS:
        assert plain.checked(kind) == plain


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("width", 8, "--size: 8"),
        ("height", 100_000, "--size"),
        ("width", 640.5, "--size"),
        ("width", True, "--size"),
        ("dpi", 0, "--dpi: 0"),
        ("fps", 0, "--fps: 0"),
        ("fps", float("nan"), "--fps: nan"),
        ("fps", "30", "--fps: '30'"),
        ("seconds", -1, "--seconds: -1"),
        ("first", -5, "--from: -5"),
        ("last", 1.5, "--to: 1.5"),
        ("at", "end", "--at: 'end'"),
        ("states", 0, "--states: 0"),
        ("states", 99, "--states: 99"),
        ("theme", "blue", "--theme: 'blue'"),
        ("layers", ("real", "fog"), "--layers: 'fog'"),
        ("layers", "real", "--layers: 'real'"),
        ("title", "x" * 500, "--title"),
        ("title", 5, "--title"),
        ("under", "a\x00b", "--caption"),
        ("caption", "yes", "--caption: 'yes'"),
        ("transparent", 1, "--transparent: 1"),
    ],
)
def test_what_cannot_be_is_said_by_the_name_on_the_command_line(field: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        dataclasses.replace(Options(), **{field: value}).checked()
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("mp4", {"width": 961}, "--size: '961x720' is not allowed; both must be even"),
        ("webm", {"height": 541}, "--size"),
        ("gif", {"fps": 60}, "--fps"),
        ("mp4", {"seconds": 600, "fps": 60}, "--seconds: 600"),
        ("mp4", {"transparent": True}, "--transparent"),
        ("html", {"states": 4}, "--states: 4"),
        ("gif", {"at": 5}, "--at: 5"),
        ("png", {"at": 5, "states": 4}, "--at"),
        ("png", {"first": 9, "last": 3}, "--to: 3"),
        ("avi", {}, "OUT: 'avi'"),
    ],
)
def test_what_does_not_fit_a_format_is_refused(kind: str, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        dataclasses.replace(Options(), **changes).checked(kind)
    assert str(refused.value).startswith(said)


def test_odd_sizes_are_fine_for_a_still_and_values_become_plain() -> None:
    found = Options(width=961.0, layers=["d", "real", "d"], title="  two\n lines ").checked("svg")  # type: ignore[arg-type]
    assert found.width == 961 and isinstance(found.width, int)
    assert found.layers == ("real", "d") and found.title == "two lines"
    assert Options(layers=()).checked().layers == ()


def test_every_option_has_a_flag_and_every_format_names_options() -> None:
    fields = {field.name for field in dataclasses.fields(Options)}
    assert set(FLAGS) == fields
    for ending, known in FORMATS.items():
        assert set(known.options) <= fields
        guessed = mimetypes.guess_type(f"a.{ending}")[0]
        assert guessed in (known.mime, None) or ending in ("py", "npz"), ending
    assert {name for name, known in FORMATS.items() if known.kind == "movie"} == {"mp4", "webm", "gif"}
    assert {name for name, known in FORMATS.items() if known.kind == "still"} == {"png", "svg", "pdf"}


def test_every_layer_of_the_player_can_be_chosen(linear_run, critic_run) -> None:
    for run in (linear_run, critic_run):
        assert {layer["id"] for layer in layers(run)["all"]} <= set(LAYERS) - {MAP}


def test_the_scene_of_one_run_has_its_states(linear_run) -> None:
    found = scene([linear_run])
    assert found.names == ("",) and found.headline == ""
    assert found.iteration.tolist() == linear_run.iteration.tolist()
    assert found.shown(Options(first=96, last=204)) == (10, 20)
    assert found.still(Options()) == (30,) and found.still(Options(at=14)) == (1,)
    assert found.still(Options(states=4)) == (0, 10, 20, 30)
    assert found.still(Options(states=3, first=100, last=200)) == (10, 15, 20)
    for wrong in (Options(first=301), Options(last=999), Options(at=301)):
        with pytest.raises(ConfigError, match="the run goes from iteration 0 to 300"):
            found.still(wrong)
    assert found.data()[0] is found.metas[0]


def test_the_scene_of_several_shares_time_and_axes(linear_run, diverged_run, critic_run) -> None:
    found = scene([linear_run, diverged_run, critic_run])
    assert found.names == ("A", "B", "C") and len(set(found.labels)) == 3 and all(found.labels)
    assert len({meta["density_max"] for meta in found.metas}) == 1
    meta, arrays = found.data()
    assert meta["labels"] == list(found.labels) and "2_p_gen" in arrays
    with pytest.raises(ConfigError, match="1 to 4 runs"):
        scene([])
    with pytest.raises(ConfigError, match="--label"):
        scene([linear_run, critic_run], ["one"])


def test_a_shorter_run_rests_at_its_end() -> None:
    """Ticks as fine as the finest recording, to the end of the longest: by hand."""
    ticks = timeline([np.array([0, 10, 20, 30]), np.array([0, 4, 8, 10])])
    assert ticks.tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 30]
    assert nearest(np.array([0, 4, 8, 10]), ticks).tolist() == [0, 1, 2, 3, 3, 3, 3, 3, 3]
    assert nearest(np.array([0, 10, 20, 30]), ticks).tolist() == [0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_labels_and_headline_say_what_differs(linear_run) -> None:
    faster = BASE.replace(**{"training.lr_g": 0.5})
    assert differing([BASE, faster]) == ["training.lr_g"]
    assert "data.means" not in differing(
        [BASE, BASE.replace(**{"data.kind": "laplace", "data.loc": 1, "data.scale": 2})]
    )
    runs = [
        dataclasses.replace(linear_run, config=linear_run.config.replace(**{"training.lr_g": g})) for g in (0.1, 0.5)
    ]
    found = scene(runs)
    assert found.labels == ("lr_G 0.1", "lr_G 0.5") and found.headline == "Only lr_G differs."
    assert scene([linear_run, linear_run]).headline == text()["alike"]
    assert np.array_equal(found.states[0], found.states[1])
