"""The small charts: their curves, the lines they are measured by, their axes and words."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import gan1d
from gan1d import player
from gan1d.data import target
from gan1d.floors import floors
from gan1d.render.axes import optimum
from gan1d.render.curves import curve_panels, curve_series, panels, places, series
from gan1d.render.frames import frames

RUNS = ["linear_run", "mlp_run", "diverged_run", "lost_run", "least_squares_run", "hinge_run", "critic_run"]
AT_ONCE = ["d_says", "mean", "std", "losses", "jsd", "w1"]
ASSETS = Path(gan1d.__file__).parent / "assets"


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def seamed_run(linear_config):
    """The data and the batch change half-way, and then the loss."""
    from gan1d.history import Part, play

    moved = linear_config.replace(**{"data.means": [2, 9], "training.batch": 8})
    scored = moved.replace(**{"training.loss": "least_squares"})
    return play([Part(linear_config, 100), Part(moved, 200), Part(scored, 300)])


def panel(run, name: str) -> dict:
    return next(c for c in curve_panels(run) if c["id"] == name)


def references(run, name: str) -> dict[str, dict]:
    """Label -> reference line of a panel."""
    return {r["label"]: r for r in panel(run, name)["references"]}


def test_there_are_six_at_once_and_the_rest_waits(run) -> None:
    ids = [c["id"] for c in curve_panels(run)]
    more = [c["id"] for c in curve_panels(run) if c["more"]]
    assert [i for i in ids if i not in more] == AT_ONCE == ids[:6]
    of_probability = run.summary["output"] == "probability"
    several = len(target(run.config.data).centres) > 1
    assert more == [*["value"] * of_probability, "kl", "gradients", *["modes"] * several]


def test_curves_have_titles_roles_and_finite_ranges(run) -> None:
    _, arrays = frames(run)
    for curve in curve_panels(run):
        low, high = curve["range"]
        assert np.isfinite([low, high]).all() and low < high
        assert low > 0 or not curve["log"]
        assert curve["title"] and curve["unit"] and curve["help"]
        for one in (*curve["series"], *(curve["batch"] or {}).get("series", ())):
            assert one["role"] in {"real", "generated", "d", "neutral", "bound", "mode"} and one["label"]
            assert arrays[one["key"]].shape == (len(run),) and arrays[one["key"]].dtype == np.float32
        for reference in curve["references"]:
            assert low <= reference["value"] <= high and reference["label"]
            assert set(reference) == {"value", "label", "help", "band", "pieces"}
            if reference["band"]:
                assert low <= reference["band"][0] < reference["value"] < reference["band"][1] <= high
        if run.summary["status"] == "ok":  # the axes of a run that runs away are made for what it was before
            usual = np.concatenate([arrays[s["key"]] for s in curve["series"]])
            usual = usual[np.isfinite(usual) & (usual > 0 if curve["log"] else True)]
            assert np.mean((usual >= low) & (usual <= high)) > 0.97


def test_every_key_of_a_panel_is_in_the_contract(run) -> None:
    for key in panel(run, "losses"):
        assert f"{key}:" in (player.__doc__ or "") or f"{key}," in (player.__doc__ or ""), key


def test_references_are_the_datas_own(linear_run) -> None:
    data = target(linear_run.config.data)
    assert panel(linear_run, "mean")["references"][0]["value"] == pytest.approx(data.mean)
    assert panel(linear_run, "std")["references"][0]["value"] == pytest.approx(data.std)
    assert [r["value"] for r in panel(linear_run, "losses")["references"]] == pytest.approx([2 * np.log(2), np.log(2)])
    assert panel(linear_run, "jsd")["range"] == pytest.approx([0, np.log(2)])


def test_mean_and_std_have_the_noise_floor_as_a_band(linear_run) -> None:
    noise, data = floors(linear_run.config).noise, target(linear_run.config.data)
    for name, value in (("mean", data.mean), ("std", data.std)):
        line = references(linear_run, name)["real"]
        assert line["band"] == pytest.approx([value - noise[name], value + noise[name]])
        assert f"± {noise[name]:.3g}" in line["help"] and "a batch of 32 real points" in line["help"]


def test_the_best_reachable_values_are_drawn_where_they_are_not_nothing(linear_run, mlp_run) -> None:
    """One normal cannot make two bumps; a network can."""
    low = floors(linear_run.config)
    assert references(linear_run, "jsd")["best"]["value"] == low.best["jsd"] > 0.01
    assert references(linear_run, "w1")["best"]["value"] == low.best["w1"] > 0.05
    assert "No normal comes nearer" in references(linear_run, "w1")["best"]["help"]
    assert references(linear_run, "w1")["noise"]["value"] == low.noise["w1"]
    assert references(linear_run, "kl")["best r‖g"]["value"] == low.best["kl_data_gen"] > 0.01
    for name in ("jsd", "w1", "kl"):
        assert not [label for label in references(mlp_run, name) if label.startswith("best")]


def test_lines_that_fall_together_are_one_and_tell_both() -> None:
    """A best W1 of 0.95 beside a noise floor of 0.9."""
    config = gan1d.scenarios["near-modes-linear"].config
    low = floors(config)
    assert abs(low.best["w1"] - low.noise["w1"]) < 0.5
    shown = references(gan1d.load(ASSETS / "near-modes-linear.npz"), "w1")
    assert list(shown) == ["best", "equal"] or list(shown) == ["best", "noise", "equal"]
    assert any("a batch of 32 real points" in line["help"] for line in shown.values())


def test_the_bound_of_v_is_the_best_ds(linear_run) -> None:
    """max over D of V is -log 4 + 2 JSD (Goodfellow et al. 2014, theorem 1): V never passes it, and D = p/(p + q) reaches it."""
    bound, value = series(linear_run, "value_bound"), series(linear_run, "value")
    assert (value <= bound + 1e-3).all()
    p, q = linear_run.p_data.astype(float), linear_run.p_gen[-1].astype(float)
    width = linear_run.x[1] - linear_run.x[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.nansum(p * np.log(p / (p + q))) + np.nansum(q * np.log(q / (p + q)))
    assert bound[-1] == pytest.approx(best * width, abs=2e-3)
    assert [r["value"] for r in panel(linear_run, "value")["references"]] == pytest.approx([-np.log(4)])


def test_losses_are_there_as_training_saw_them(run) -> None:
    losses = panel(run, "losses")
    assert [s["key"] for s in losses["batch"]["series"]] == ["batch_loss_d", "batch_loss_g"]
    assert [s["label"] for s in losses["batch"]["series"]] == [s["label"] for s in losses["series"]]
    assert "batches that training saw" in losses["batch"]["help"]
    assert all(c["batch"] is None for c in curve_panels(run) if c["id"] != "losses")
    assert len(losses["references"]) == sum(optimum(run)[k] is not None for k in ("loss_d", "loss_g"))


def test_each_mode_has_a_curve_named_by_its_place(linear_run) -> None:
    modes = panel(linear_run, "modes")
    assert [s["label"] for s in modes["series"]] == ["at −2", "at 3"]
    found = curve_series(linear_run, [modes])
    np.testing.assert_array_equal(np.stack([found["mode_0"], found["mode_1"]], axis=1), linear_run.mode_mass)


def test_the_lines_of_modes_are_what_real_data_have() -> None:
    """Two far normals of weights 2/3 and 1/3, each with P(|z| < 3) of it near; and equal ones, which share a line."""
    near = stats.norm.cdf(3) - stats.norm.cdf(-3)
    config = gan1d.Config.from_dict({"data": {"means": [-20, 20], "stds": [1, 2], "weights": [2, 1]}})
    run = gan1d.load(ASSETS / "far-modes-linear.npz")
    import dataclasses

    lines = next(p for p in panels(dataclasses.replace(run, config=config)) if p.name == "modes").lines
    assert {line.place: line.value for line in lines} == pytest.approx({"−20": near * 2 / 3, "20": near / 3})
    assert references(run, "modes")["real"]["value"] == pytest.approx(near / 2, abs=1e-4)


def test_modes_of_one_place_are_told_apart_by_width() -> None:
    config = gan1d.Config.from_dict({"data": {"means": [0, 0, 0.5], "stds": [1, 3, 1]}})
    assert places(target(config.data)) == ["0 ± 1", "0 ± 3", "0.5"]


def test_an_axis_of_powers_spans_at_least_one_and_at_most_eight(run) -> None:
    for name in ("kl", "gradients"):
        low, high = panel(run, name)["range"]
        assert 0.99 <= np.log10(high / low) <= 8 * 1.2


def test_infinite_divergences_are_handed_on_as_such(hinge_run) -> None:
    """A normal has mass where triangular data have none: KL(gen, data) is infinite at every state."""
    _, arrays = frames(hinge_run)
    assert np.isposinf(arrays["kl_gen_data"]).all()
    assert np.isfinite(panel(hinge_run, "kl")["range"]).all()


def test_a_line_that_moved_with_the_data_is_drawn_in_pieces(seamed_run) -> None:
    first, second = (target(seamed_run.parts[k][1].config.data) for k in (0, 1))
    line = references(seamed_run, "mean")["real"]
    assert line["value"] == pytest.approx(second.mean)
    (begin, end, value, band), (again, last, later, wider) = line["pieces"]
    assert (begin, end, again, last) == (0, 100, 100, 300)  # the loss does not move the data's mean
    assert (value, later) == pytest.approx((first.mean, second.mean))
    assert (band, wider) == pytest.approx((first.std / np.sqrt(32), second.std / np.sqrt(8)))
    low, high = panel(seamed_run, "mean")["range"]
    assert low < min(value - band, later - wider) and max(value + band, later + wider) < high


def test_a_line_of_the_last_loss_begins_with_it(seamed_run) -> None:
    """Least squares ends at L_D = 1/4; what came before was another objective."""
    pieces = references(seamed_run, "losses")["L_D at D = ½"]["pieces"]
    assert pieces[-1][:3] == [200, 300, pytest.approx(0.25)]


def test_a_line_that_never_moved_is_whole(run) -> None:
    assert all(r["pieces"] is None for c in curve_panels(run) for r in c["references"])
