"""Links: what is written is read back, and of what is damaged the nearest valid state is left, with every loss named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gan1d
from app import history, link
from app.history import MOST_PARTS, Plan
from app.state import KINDS, changed
from gan1d.catalogue import scenarios
from gan1d.config import MAX_QUANTILES, SECTIONS, Config, ConfigError

FIRST = next(iter(scenarios.values()))
NUMBERS: dict[str, st.SearchStrategy[Any]] = {
    "training.lr_g": st.floats(0, 1),
    "training.lr_d": st.floats(0, 1),
    "training.seed": st.integers(0, 2**31 - 1),
    "training.batch": st.integers(1, 1024),
    "training.beta1": st.floats(0, 0.999),
    "training.loss": st.sampled_from(["minimax", "hinge", "wasserstein", "non_saturating"]),
    "training.penalty": st.sampled_from(["none", "r1"]),
    "discriminator.hidden": st.lists(st.integers(1, 512), min_size=1, max_size=4),
    "discriminator.l2": st.floats(0, 1),
    "generator.kind": st.sampled_from(["linear", "mlp"]),
    "generator.mean": st.floats(-100, 100),
}
FREE = {name: s for name, s in NUMBERS.items() if not name.startswith("generator") and name != "discriminator.hidden"}
"""What may change while a run goes on."""
DATA = st.one_of(
    st.integers(1, 8).flatmap(
        lambda n: st.fixed_dictionaries(
            {
                "data.kind": st.just("mixture"),
                "data.means": st.lists(st.floats(-100, 100), min_size=n, max_size=n),
                "data.stds": st.lists(st.floats(0.05, 100), min_size=n, max_size=n),
                "data.weights": st.one_of(st.none(), st.lists(st.floats(0.01, 10), min_size=n, max_size=n)),
            }
        )
    ),
    st.sampled_from(sorted(KINDS)).map(lambda kind: _fields(changed(FIRST.config, "data.kind", kind))),
    st.lists(st.integers(-9000, 9000), min_size=2, max_size=MAX_QUANTILES, unique=True)
    .filter(lambda v: max(v) - min(v) >= 10)
    .map(lambda v: {"data.kind": "quantiles", "data.values": [n / 10 for n in sorted(v)]}),
)


def _fields(config: Config) -> dict[str, Any]:
    return {f"data.{name}": value for name, value in config.to_dict()["data"].items()}


SCENARIOS = st.sampled_from(sorted(scenarios)).map(lambda name: scenarios[name])


@st.composite
def configs(draw: st.DrawFn) -> Config:
    changes = draw(st.fixed_dictionaries({}, optional=NUMBERS)) | draw(st.one_of(st.just({}), DATA))
    return draw(SCENARIOS).config.replace(**changes)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    plan = Plan(draw(configs()))
    for _ in range(draw(st.integers(0, 3))):
        step = draw(st.sampled_from([Plan.go_on, Plan.hold, Plan.release]))
        plan = step(plan, draw(st.integers(0, plan.end)))
        changes = draw(st.fixed_dictionaries({}, optional=FREE)) | draw(st.one_of(st.just({}), DATA))
        plan = plan.changed(plan.config.replace(**changes))
    return plan


@settings(deadline=None, max_examples=150)
@given(SCENARIOS, plans())
def test_every_plan_is_read_back_from_its_link(scenario: gan1d.catalogue.Scenario, plan: Plan) -> None:
    found = link.decode(link.encode_plan(scenario, plan))
    assert found.problems == ()
    assert (found.scenario, found.plan) == (scenario, plan)


@settings(deadline=None, max_examples=100)
@given(configs())
def test_every_config_is_read_back_from_its_short_form(config: Config) -> None:
    assert link.decode(link.encode(config)).config == config
    assert link.decode(f"?{link.encode(config, FIRST)}").config == config


def test_a_scenario_as_it_is_needs_its_name_only() -> None:
    for scenario in scenarios.values():
        assert link.encode_plan(scenario, Plan(scenario.config)) == f"v=1&s={scenario.name}"
    far = scenarios["far-modes-linear"]
    assert link.encode(far.config.replace(**{"training.lr_g": 0.05})) == "s=far-modes-linear&training.lr_g=0.05"


@settings(deadline=None, max_examples=50)
@given(configs())
def test_a_query_as_the_library_writes_it_opens_too(config: Config) -> None:
    """Relative to nothing: what it leaves out is at its default, unless the first scenario says otherwise."""
    found = link.decode(config.to_query())
    assert found.problems == () and found.config.data == config.data


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200), plans(), st.integers(0, 400), st.integers(0, 400))
def test_nothing_raises_and_what_is_left_is_valid(noise: str, plan: Plan, cut: int, at: int) -> None:
    whole = link.encode_plan(FIRST, plan) + "&at=100&w.layers=real,d,&w.heat=true"
    for query in (noise, whole[:cut], whole[:at] + noise + whole[at:]):
        found = link.decode(query)
        assert found.plan.checked() is found.plan
        assert all("\n" not in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("v=2&s=far-modes-linear", "version “2”"),
        ("v=1&s=far-modes-lineal", "no scenario “far-modes-lineal” (nearest: far-modes-linear)"),
        ("training.lrg=1", "training.lrg: 1 is not allowed; there is no such field (nearest: lr_g)"),
        ("training.lr_g=fast", "training.lr_g: 'fast' is not allowed; it must be a number from 0 to 1"),
        ("data.kind=cauchy", "'cauchy' is not allowed"),
        ("data.kind=uniform&data.low=3", "data.high: None is not allowed"),
        ("data.means=1,2,3,", "it must have one value a mode"),
        ("data.kind=quantiles&data.values=3,2,1,", "data.values[1]"),
        ("training.lr_g=0.1&training.lr_g=0.2", "“training.lr_g” stands in it twice"),
        ("then=0;training.lr_g:0.1", "Part 2"),
        ("then=900;training.lr_g:9", "Part 2 and what comes after it left out. training.lr_g: 9 is not allowed"),
        ("then=900;generator.kind:mlp", "the networks must stay the same while a run goes on"),
        ("then=900;discriminator.hidden:8,", "the networks must stay the same while a run goes on"),
        ("then=9000", "it must be more than 9000"),
        ("then=-3", "it must begin with the iteration"),
        ("at=soon", "“soon” is no iteration"),
        ("w.layers=<b>,", "“w.layers=<b>,” is nothing that can be shown"),
        ("w.=3", "“w.=3” is nothing that can be shown"),
        ("seed=3", "seed: 3 is not allowed; there is no such field"),
        ("training.lr_g=0.3&x=" + "y" * 30_000, "longer than 20,000 characters"),
    ],
)
def test_what_is_damaged_is_named(query: str, said: str) -> None:
    found = link.decode(query)
    assert any(said in problem for problem in found.problems), found.problems
    assert len(found.problems) == 1


def test_the_rest_of_a_damaged_link_is_kept() -> None:
    found = link.decode(
        "v=1&s=far-modes-linear&training.lr_g=0.3&training.lr_d=9&then=900;training.lr_g:0.1&then=x&at=500&w.heat=true"
    )
    assert found.scenario.name == "far-modes-linear"
    assert [config.training.lr_g for config, *_ in found.plan.parts] == [0.3, 0.1]
    assert found.config.training.lr_d == scenarios["far-modes-linear"].config.training.lr_d
    assert found.view == {"iteration": 500, "heat": True} and len(found.problems) == 2


def test_a_view_of_every_shape_is_read() -> None:
    query = (
        "at=12&w.layers=real,d_star,&w.curves.source=batch&w.curves.more=true&w.speed=0.5&w.size=projector&w.map=false"
    )
    assert link.decode(query).view == {
        "iteration": 12,
        "layers": ["real", "d_star"],
        "curves": {"source": "batch", "more": True},
        "speed": 0.5,
        "size": "projector",
        "map": False,
    }


def test_names_that_others_hang_on_are_no_damage() -> None:
    assert link.decode("utm_source=mail&fbclid=x&embed=true&embed_options=dark_theme&hide=curves").problems == ()


# ---- going on


def test_going_on_cuts_the_part_that_is_shown() -> None:
    plan = Plan(FIRST.config).go_on(900)
    assert [until for _, until, _ in plan.parts] == [900, 2100] and plan.config == FIRST.config
    faster = plan.changed(plan.config.replace(**{"training.lr_g": 0.5}))
    again = faster.go_on(1500)
    assert [until for _, until, _ in again.parts] == [900, 1500, 2500]
    back = again.go_on(400)  # in the first part: the others are gone
    assert [until for _, until, _ in back.parts] == [
        400,
        2500,
    ] and back.config.training.lr_g == FIRST.config.training.lr_g
    assert again.undo() == faster and faster.undo() == Plan(FIRST.config) == plan.undo().undo()


def test_at_the_end_there_is_more_and_at_the_start_nothing_to_go_on_from() -> None:
    end = Plan(FIRST.config).go_on(99_999)
    assert end.begin == 2100 and end.end == 2100 + history.MORE
    assert Plan(FIRST.config).go_on(0) == Plan(FIRST.config)
    assert end.go_on(2100) == end


def test_g_is_held_while_d_goes_to_its_optimum_and_then_moves_again() -> None:
    config = scenarios["far-modes-linear"].with_discriminator("l2-dropout").config
    held = Plan(config).hold(700)
    assert held.held and held.end == 700 + history.PATIENCE and held.parts[0] == (config, 700, False)
    d, t = held.config.discriminator, held.config.training
    assert (d.l2, d.dropout, t.penalty) == (0, 0, "none") and t.lr_d <= config.training.lr_d
    free = held.release(held.end)
    assert not free.held and free.parts[1] == (held.config, held.end, True)
    assert free.config.replace(**{"training.iterations": 1}) == config.replace(**{"training.iterations": 1})
    assert held.release(1000).parts[1] == (held.config, 1000, True)
    assert Plan(config).release(3) == Plan(config)


def test_settings_changed_where_g_is_then_held_are_not_lost() -> None:
    plan = Plan(FIRST.config).go_on(900)
    faster = plan.changed(plan.config.replace(**{"training.lr_g": 0.5}))
    assert faster.hold(900).release(9999).config.training.lr_g == 0.5
    assert plan.hold(900).past == plan.past  # nothing was changed: no part of one iteration


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generator.kind", "mlp"),
        ("generator.noise", "uniform"),
        ("discriminator.hidden", [8]),
        ("training.iterations", 900),
    ],
)
def test_what_cannot_change_while_a_run_goes_on_is_refused(name: str, value: Any) -> None:
    plan = Plan(FIRST.config).go_on(900)
    with pytest.raises(ConfigError):
        plan.changed(plan.config.replace(**{name: value}))


def test_there_is_room_for_twelve_parts() -> None:
    import gan1d.history

    assert gan1d.history.MOST_PARTS == MOST_PARTS
    plan = Plan(FIRST.config)
    for part in range(1, MOST_PARTS):
        plan = plan.go_on(100 * part)
    assert len(plan.parts) == MOST_PARTS
    with pytest.raises(ConfigError, match="there must be 1 to 12"):
        plan.go_on(2000)


def test_plans_are_what_the_library_plays() -> None:
    small = {"discriminator.hidden": [8], "training.batch": 4, "training.iterations": 60, "training.frames": 10}
    plan = Plan(FIRST.config.replace(**small)).go_on(20)
    plan = plan.changed(plan.config.replace(**{"training.lr_g": 0.5, "training.iterations": 40}))
    from gan1d.history import Part, play

    run = play([Part(*part) for part in plan.parts])
    assert run.summary["seams"] == [20] and run.iteration[-1] == 40
    assert {f.name for f in dataclasses.fields(Config)} == set(SECTIONS)
