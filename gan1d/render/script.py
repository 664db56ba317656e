"""A run as a short Python script that trains it again: only the settings that are not the defaults stand in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import gan1d
from gan1d import carried
from gan1d.config import DEFAULT_KIND, SECTIONS, Config, Mixture
from gan1d.render.compare import NAMES
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

WIDTH = 100
"""Letters of a line of settings."""
PLAY = "from gan1d.history import Part, play\n"


text = partial(wording, "script")
"""The words in a script."""


def script(runs: Sequence[Trajectory | carried.Carried], labels: Sequence[str] | None = None) -> str:
    """A script that trains runs, saves each and says how it ended, with the record that `gan1d train` reads back as a literal.

    The first run's settings are written out, the others' as what is different in them.
    """
    record = carried.record(runs, labels)
    known = carried.parse(record)
    title = text()["title" if len(known) == 1 else "titles"].format(version=gan1d.__version__)
    plays = any(_is_played(run) for run in known)
    blocks = [f'"""{title}"""\n\nimport gan1d\n' + (PLAY if plays else "")]
    letters = NAMES.lower() if len(known) > 1 else [""]
    for letter, run in zip(letters, known, strict=False):
        blocks.append(_block(run, letter, known[0].parts[0].config if letter not in ("", "a") else None))
    blocks.append(f"# {text()['record']}\nRECORD = r'{record}'\n")
    return "\n".join(blocks)


def _is_played(run: carried.Carried) -> bool:
    """Whether it takes more than `train`."""
    return len(run.parts) > 1 or run.parts[0].hold_g


def _block(run: carried.Carried, letter: str, first: Config | None) -> str:
    """Settings, training and what is done with one run; first: the first run's settings, where it is another."""
    name = f"config_{letter}" if letter else "config"
    lines = [f"# {letter.upper()}: {_plain(run.label)}".rstrip(": ")] if letter else []
    if run.start:
        lines.append(f"# {text()['start'].format(start=run.start)}")
    config, until, _ = run.parts[0]
    lines.append(f"{name} = {_written(config) if first is None else _changed('config_a', first, config)}")
    if not _is_played(run):
        length = "" if until == config.training.iterations else f", iterations={until}"
        lines.append(f"run = gan1d.train({name}{length})")
    else:
        lines += _parts(run, name)
    file, spoken = (f"run-{letter}.npz", f"{letter.upper()}: ") if letter else ("run.npz", "")
    lines.append(f'run.save("{file}")')
    lines.append(f'print(f"{spoken}{{run.diagnosis.kind}}. {{run.diagnosis.evidence}}")')
    return "\n".join(lines) + "\n"


def _parts(run: carried.Carried, name: str) -> list[str]:
    """The parts under which a run goes on, and the call that plays them."""
    lines, parts = [], []
    before, own = run.parts[0].config, name
    begin = 0
    for number, (config, until, held) in enumerate(run.parts, 1):
        if number > 1:
            lines.append(f"# {text()['held' if held else 'part'].format(begin=begin)}")
        if config != before:
            own, of = f"{name}_{number}", own
            lines.append(f"{own} = {_changed(of, before, config)}")
        parts.append(f"Part({own}, until={until}{', hold_g=True' if held else ''})")
        before, begin = config, until
    return [*lines, f"run = play([{', '.join(parts)}])"]


def _written(config: Config) -> str:
    """A config with all that is not at its default."""
    rows = "".join(_row(name, own) for name, own in own_settings(config).items() if own)
    return f"gan1d.Config.from_dict(\n    {{\n{rows}    }}\n)"


def _row(name: str, own: dict[str, Any]) -> str:
    """A section's fields on one line, or each on its own where they are many."""
    row = f"        {json.dumps(name)}: {json.dumps(own)},\n"
    if len(row) <= WIDTH:
        return row
    fields = "".join(f"            {json.dumps(key)}: {json.dumps(value)},\n" for key, value in own.items())
    return f"        {json.dumps(name)}: {{\n{fields}        }},\n"


def own_settings(config: Config) -> dict[str, dict[str, Any]]:
    """Section -> field -> value of all that is not at its default; equal shares of a mixture are what it has without any."""
    found: dict[str, dict[str, Any]] = {}
    for name in SECTIONS:
        part = getattr(config, name)
        own = {f.name: getattr(part, f.name) for f in dataclasses.fields(part) if getattr(part, f.name) != f.default}
        if name == "data" and part.kind != DEFAULT_KIND:
            own = {"kind": part.kind} | own
        elif name == "data" and part == Mixture(means=part.means, stds=part.stds):
            del own["weights"]
        found[name] = own
    return found


def _changed(name: str, before: Config, after: Config) -> str:
    """A config as another one with changes; written out where its data is of another shape."""
    if _shape(before) != _shape(after):
        return _written(after)
    old, new = before.to_dict(), after.to_dict()
    changes = {
        f"{section}.{key}": value
        for section, own in new.items()
        for key, value in own.items()
        if value != old[section][key]
    }
    return f"{name}.replace(**{json.dumps(changes)})" if changes else name


def _shape(config: Config) -> tuple[str, int]:
    return config.data.kind, len(getattr(config.data, "means", ()))


def _plain(words: str) -> str:
    """Words that can stand in a comment, whatever they were."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())
