"""Arguments that several commands of the command line have in common. Light: what trains is imported by who calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
What = Annotated[str, typer.Argument(metavar="SCENARIO|FILE.json", help="A scenario's name, or a config as JSON.")]
Discriminator = Annotated[str | None, typer.Option(help="plain, l2, dropout or l2-dropout.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="data.means=[-3,8]; may be repeated."),
]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu.")]


class InputError(Exception):
    """Bad input, said in one line; exit code 2."""


def config_of(what: str, discriminator: str | None, settings: list[str], seed: int | None) -> tuple[str, Any]:
    """The name and the config that a command's arguments describe.

    Raises:
      ConfigError: what cannot be.
      InputError: a file that cannot be read.
    """
    from gan1d.catalogue import DISCRIMINATORS, scenarios
    from gan1d.config import Config, ConfigError
    from gan1d.fields import nearest, parse_value

    if what in scenarios:
        name, config = what, scenarios[what].config
    elif what.endswith(".json"):
        try:
            name, config = Path(what).stem, Config.from_json(Path(what).read_text("utf-8"))
        except OSError as e:
            raise InputError(
                f"FILE.json: {what!r} is not allowed; it must be a file that can be read ({e.strerror})"
            ) from None
        except UnicodeDecodeError:
            raise InputError(f"FILE.json: {what!r} is not allowed; it must be JSON text in UTF-8") from None
    else:
        raise ConfigError(
            "SCENARIO",
            what,
            "it must be a .json file or one of " + ", ".join(scenarios) + nearest(what, scenarios),
        )
    changes: dict[str, Any] = {}
    if discriminator is not None:
        if discriminator not in DISCRIMINATORS:
            raise ConfigError("discriminator", discriminator, "it must be one of " + ", ".join(DISCRIMINATORS))
        changes |= DISCRIMINATORS[discriminator]
    for setting in settings:
        field, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError("--set", setting, "it must be FIELD=VALUE, as in data.means=[-3,8]")
        changes[field.strip()] = parse_value(value.strip())
    if seed is not None:
        changes["training.seed"] = seed
    return name, config.replace(**changes)
