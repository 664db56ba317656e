"""Runs that go on under other settings, as a session plans them: parts, the last of which the controls change. No JAX here."""

from __future__ import annotations

from typing import NamedTuple

from gan1d.config import MAX_ITERATIONS, Config, ConfigError, structure

MOST_PARTS = 12
"""As `gan1d.history` has it, which needs JAX to be imported; a test holds the two equal."""
MORE = 1000
"""Iterations that a part has at least when it is begun: enough to see what it changes."""
PATIENCE = 1500
"""Iterations in which D comes to its optimum while G is held."""
GENTLE = 0.005
"""Highest learning rate of D on the way to its optimum: a higher one goes on shaking."""

Stretch = tuple[Config, int, bool]
"""A part: (config, the iteration at which it ends, whether G stands still)."""


class Plan(NamedTuple):
    """What is to be trained: finished parts, and the last one, which ends at its config's `training.iterations`."""

    config: Config
    past: tuple[Stretch, ...] = ()
    held: bool = False

    @property
    def parts(self) -> tuple[Stretch, ...]:
        """All parts, as the runner plays them."""
        return (*self.past, (self.config, self.end, self.held))

    @property
    def begin(self) -> int:
        """The iteration from which the last part's settings apply."""
        return self.past[-1][1] if self.past else 0

    @property
    def end(self) -> int:
        """The last iteration."""
        return self.config.training.iterations

    def checked(self) -> Plan:
        """The plan itself.

        Raises:
          ConfigError: too many parts, an end that is not beyond the last part's beginning, or networks that change on the way.
        """
        if len(self.past) >= MOST_PARTS:
            raise ConfigError("parts", len(self.past) + 1, f"there must be 1 to {MOST_PARTS}")
        begin = 0
        for config, until, _ in self.parts:
            if not begin < until <= MAX_ITERATIONS:
                allowed = f"it must be more than {begin}, where this part begins, and up to {MAX_ITERATIONS}"
                raise ConfigError("training.iterations", until, allowed)
            if (name := _other_network(self.parts[0][0], config)) is not None:
                raise ConfigError(name, config.get(name), "the networks must stay the same while a run goes on")
            begin = until
        return self

    def changed(self, config: Config) -> Plan:
        """The last part under other settings; of a plain run all of it."""
        return self._replace(config=config).checked()

    def go_on(self, iteration: int) -> Plan:
        """A new last part that begins at an iteration, with the settings of the part it lies in; what came after is dropped."""
        past: list[Stretch] = []
        for config, until, held in self.parts:
            if iteration < until or until == self.end:
                break
            past.append((config, until, held))
        begin = past[-1][1] if past else 0
        iteration = min(iteration, self.end)
        if iteration <= begin:  # a seam is there already, or there is nothing before it
            return self if not past else Plan(_until(config, max(self.end, begin + MORE)), tuple(past), held).checked()
        past.append((config, iteration, held))
        return Plan(_until(config, max(self.end, iteration + MORE)), tuple(past), held).checked()

    def hold(self, iteration: int) -> Plan:
        """From an iteration on G stands still, and D goes to its optimum: gently, and with nothing that would keep it from there."""
        cut = self.go_on(max(iteration, 1))
        if cut.past and not _is_as_before(
            cut
        ):  # the settings that a part begins with here are not lost: it gets an iteration
            cut = self.go_on(cut.begin + 1)
        patient = cut.config.replace(
            **{
                "training.lr_d": min(cut.config.training.lr_d, GENTLE),
                "training.iterations": cut.begin + PATIENCE,
                "training.instance_noise": 0.0,
                "training.label_smoothing": 0.0,
                "discriminator.l2": 0.0,
                "discriminator.dropout": 0.0,
            }
            | ({} if cut.config.training.loss == "wasserstein" else {"training.penalty": "none"})
        )
        return Plan(patient, cut.past, True).checked()

    def release(self, iteration: int) -> Plan:
        """G moves again, under the settings from before it was held."""
        if not self.held:
            return self
        at = iteration if self.begin < iteration <= self.end else self.end
        before = next((config for config, _, held in reversed(self.past) if not held), self.config)
        past = (*self.past, (self.config, at, True))
        return Plan(_until(before, at + MORE), past).checked()

    def undo(self) -> Plan:
        """Without the last part; the one before runs to its own end again."""
        if not self.past:
            return self
        config, _, held = self.past[-1]
        return Plan(config, self.past[:-1], held).checked()


def _until(config: Config, iteration: int) -> Config:
    return config.replace(**{"training.iterations": min(iteration, MAX_ITERATIONS)})


def _is_as_before(plan: Plan) -> bool:
    """Whether the last part has the settings of the one before it, but for its end."""
    before, until, _ = plan.past[-1]
    return _until(plan.config, until) == _until(before, until)


def _other_network(first: Config, config: Config) -> str | None:
    """The field by which a config's networks differ from the first part's."""
    names = ("kind", "hidden", "activation", "noise")
    for name, old, new in zip(names, structure(first).generator, structure(config).generator, strict=True):
        if old != new:
            return f"generator.{name}"
    return "discriminator.hidden" if first.discriminator.hidden != config.discriminator.hidden else None
