"""The controls, declared: what each moves, how, and where it stands. The page draws them; the tests move each to both ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import streamlit as st

from app.state import FARTHEST, KINDS, RANGES, Session, current, mixture
from app.words import words
from gan1d.catalogue import DISCRIMINATORS
from gan1d.config import (
    ACTIVATIONS,
    GENERATORS,
    LOSSES,
    MAX_FRAMES,
    MAX_MODES,
    MAX_UPDATES,
    NOISES,
    OPTIMIZERS,
    PENALTIES,
    Config,
)
from gan1d.fields import parse_value


class Control(NamedTuple):
    """A control of one setting.

    slider and steps (a slider over listed values) and number move numbers, which never compile; choice and list, which is
    typed, may.
    when: whether it means anything for a config; it is shown only then. words: the key of its label and meaning, where not its name.
    """

    name: str
    kind: Literal["slider", "steps", "number", "choice", "list"]
    low: float | None = None
    high: float | None = None
    step: float | None = None
    options: tuple[Any, ...] = ()
    when: Callable[[Config], bool] = lambda config: True
    words: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether it moves a number that must never compile."""
        return self.kind in ("slider", "steps", "number")

    @property
    def ends(self) -> tuple[Any, Any]:
        """Its two extreme values."""
        return (self.options[0], self.options[-1]) if self.options else (self.low, self.high)


def decades(low: int, high: int, zero: bool = False) -> tuple[float, ...]:
    """1, 2, 5 in each decade from 10^low to 10^high, after 0 where asked for."""
    values = [float(f"{m}e{e}") for e in range(low, high) for m in (1, 2, 5)] + [float(f"1e{high}")]
    return ((0.0,) if zero else ()) + tuple(values)


def is_mlp(config: Config) -> bool:
    """Whether the generator has layers."""
    return config.generator.kind == "mlp"


def has_penalty(name: str) -> Callable[[Config], bool]:
    """Whether D is held back by this penalty."""
    return lambda config: config.training.penalty == name


def weight(penalty: str, low: int, high: int) -> Control:
    """The weight of a penalty, which is another number with each."""
    return Control(
        "training.penalty_weight",
        "steps",
        options=decades(low, high, zero=True),
        when=has_penalty(penalty),
        words=f"training.penalty_weight.{penalty}",
    )


RATES = decades(-5, 0)
KIND = Control("discriminator.kind", "choice", options=tuple(DISCRIMINATORS))
FRONT = (Control("training.lr_g", "steps", options=RATES), Control("training.lr_d", "steps", options=RATES))


def data_controls(config: Config) -> tuple[tuple[Control, ...], tuple[Control, ...]]:
    """(up front, under "More") for the data: where it lies and how wide it is; its kind, and a mixture's number and shares of modes.

    Quantiles are shown where there are some, and have no sliders.
    """
    kind = Control("data.kind", "choice", options=tuple(KINDS))
    if config.data.kind != "mixture":
        return tuple(_of_data(name) for name in type(config.data).specs() if name == "df" or name in RANGES), (kind,)
    modes = range(len(mixture(config).means))
    front = [_of_data(name, k) for k in modes for name in ("means", "stds")]
    more = [kind, Control("data.modes", "slider", 1, MAX_MODES, 1)]
    more += [Control(f"data.{name}", "list", words=f"data.{name}.typed") for name in ("means", "stds")]
    if len(modes) > 1:
        more += [Control(f"data.weights[{k}]", "slider", 0.01, 0.93, 0.01) for k in modes]
    return tuple(front), tuple(more)


def _of_data(name: str, mode: int | None = None) -> Control:
    """The control of one number of the data."""
    if name == "df":
        return Control("data.df", "steps", options=(2.1, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, 100.0))
    index = "" if mode is None else f"[{mode}]"
    return Control(f"data.{name}{index}", "slider", *RANGES[name])


MORE: dict[str, tuple[Control, ...]] = {
    "generator": (
        Control("generator.kind", "choice", options=GENERATORS),
        Control("generator.mean", "slider", -FARTHEST, FARTHEST, 0.5, when=lambda c: not is_mlp(c)),
        Control("generator.std", "slider", 0.25, 20.0, 0.25, when=lambda c: not is_mlp(c)),
        Control("generator.hidden", "list", when=is_mlp),
        Control("generator.activation", "choice", options=ACTIVATIONS, when=is_mlp),
        Control("generator.noise", "choice", options=NOISES),
        Control("training.k_g", "slider", 1, MAX_UPDATES, 1),
    ),
    "discriminator": (
        Control("discriminator.hidden", "list"),
        Control("discriminator.activation", "choice", options=ACTIVATIONS),
        Control("discriminator.l2", "steps", options=decades(-5, 0, zero=True)),
        Control("discriminator.dropout", "slider", 0.05, 0.9, 0.05, when=lambda c: c.discriminator.dropout > 0),
        Control("training.k_d", "slider", 1, MAX_UPDATES, 1),
        Control("training.penalty", "choice", options=PENALTIES),
        weight("weight_clipping", -3, 1),
        weight("gradient_penalty", -3, 2),
        weight("r1", -3, 2),
        Control("training.instance_noise", "steps", options=decades(-2, 1, zero=True)),
        Control("training.label_smoothing", "slider", 0.0, 0.5, 0.05),
    ),
    "training": (
        Control("training.loss", "choice", options=LOSSES),
        Control("training.optimizer", "choice", options=OPTIMIZERS),
        Control("training.beta1", "slider", 0.0, 0.99, 0.01, when=lambda c: c.training.optimizer == "adam"),
        Control(
            "training.beta2",
            "steps",
            options=(0.0, 0.5, 0.9, 0.99, 0.999, 0.9999),
            when=lambda c: c.training.optimizer in ("adam", "rmsprop"),
        ),
        Control("training.iterations", "slider", 20, 20_000, 20),
        Control("training.frames", "slider", 10, MAX_FRAMES, 10),
        Control("training.batch", "choice", options=(8, 16, 32, 64, 128, 256)),
        Control("training.seed", "number", 0, 2**31 - 1, 1),
    ),
}


def shown_controls(config: Config) -> list[Control]:
    """Every control that the page shows for a config."""
    front, more = data_controls(config)
    rest = [control for group in MORE.values() for control in group]
    return [c for c in (*front, *FRONT, KIND, *more, *rest) if c.when(config)]


def key(control: Control) -> str:
    """The widget's key in Streamlit's session state."""
    return f"control {control.name}"


def draw(control: Control, state: Session) -> None:
    """One control at its current value, and under it why a value was refused."""
    if not control.when(state.config):
        return
    label, text = wording(control)
    widget = key(control)
    value = current(state.config, control.name)
    refusal = state.refused.get(control.name)
    st.session_state[widget] = refusal.typed if refusal and refusal.typed is not None else _as_shown(control, value)

    def take() -> None:
        typed = st.session_state[widget]
        state.change(control.name, _as_meant(control, typed), typed)

    common: dict[str, Any] = {"key": widget, "help": text, "on_change": take}
    if control.kind == "slider":
        low, high = reach(control, value)
        st.slider(label, low, high, step=control.step, **common)
    elif control.kind == "steps":
        options = sorted({*control.options, value})
        st.select_slider(label, options, format_func=plain_number, **common)
    elif control.kind == "number":
        st.number_input(label, control.low, control.high, step=control.step, **common)
    elif control.kind == "choice":
        names = words("lab")["choices"]
        options = list(dict.fromkeys((*control.options, value)))
        st.selectbox(label, options, format_func=lambda v: names.get(str(v), str(v)), **common)
    else:
        st.text_input(label, **common)
    if refusal:
        st.error(refusal.why)


def reach(control: Control, value: Any) -> tuple[Any, Any]:
    """The ends of a slider, which goes as far as what was typed, drawn or linked."""
    assert control.low is not None and control.high is not None
    return min(control.low, type(control.low)(value)), max(control.high, type(control.high)(value))


def plain_number(value: float) -> str:
    """A small number as a person writes it: 0.00001, not 1e-05."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def wording(control: Control) -> tuple[str, str]:
    """Label and meaning of a control; `data.means[1]` is said with its number."""
    base, _, index = control.name.removesuffix("]").partition("[")
    entry = words("lab")["controls"][control.words or base]
    label = entry["label"]
    return (label.format(number=int(index) + 1) if index else label), entry["help"]


def _as_shown(control: Control, value: Any) -> Any:
    """The widget's value, of the type of its step."""
    if control.kind == "list":
        return ", ".join(f"{number:.6g}" for number in value)
    if control.kind == "slider":
        assert control.low is not None
        return type(control.low)(value)
    if control.kind == "number":
        assert control.low is not None and control.high is not None
        return type(control.low)(min(max(value, control.low), control.high))
    return value


def _as_meant(control: Control, value: Any) -> Any:
    """The setting's value, out of the widget's."""
    if control.kind != "list":
        return value
    meant = parse_value(value)
    return meant if isinstance(meant, list) else [meant]
