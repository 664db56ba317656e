"""Arguments that several commands of the command line have in common. Light: what trains is imported by who calls it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gan1d.carried import Carried
    from gan1d.config import Config

LETTERS = "ABCD"
"""What the runs of a file are called, as in the picture."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
What = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO|FILE",
        help="A scenario's name, a config as JSON, or any file that `gan1d export` wrote: it carries the settings.",
    ),
]
Discriminator = Annotated[str | None, typer.Option(help="plain, l2, dropout or l2-dropout.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="data.means=[-3,8]; may be repeated."),
]
Which = Annotated[str | None, typer.Option("--run", help="Which one, A, B, …, of a file that carries several runs.")]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu.")]
Coordinator = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        envvar="JAX_COORDINATOR_ADDRESS",
        help="One of several processes: where the one with the id 0 listens; auto takes all from Slurm, MPI, …",
    ),
]
Processes = Annotated[int | None, typer.Option(envvar="JAX_NUM_PROCESSES", help="How many processes.")]
ProcessId = Annotated[
    int | None, typer.Option(envvar="JAX_PROCESS_ID", help="Which one this is, from 0; that one writes.")
]


class InputError(Exception):
    """Bad input, said in one line; exit code 2."""


def join_hosts(coordinator: str | None, processes: int | None, process_id: int | None) -> None:
    """Joins the other processes, where any of these says that there are some.

    Raises:
      ConfigError: what does not fit together.
    """
    if coordinator or processes is not None or process_id is not None:
        from gan1d import hosts

        hosts.join(coordinator, processes, process_id)


@contextmanager
def stoppable(folder: Path) -> Iterator[None]:
    """What is said while a folder of results is written: why that cannot be, and after a stop how to go on.

    Raises:
      InputError: a folder that cannot be written.
    """
    try:
        yield
    except OSError as e:
        raise InputError(
            f"--out: {str(folder)!r} is not allowed; it must be a folder that can be written ({e.strerror or e})"
        ) from None
    except (KeyboardInterrupt, SystemExit):
        print(f"gan1d: stopped; --resume goes on with {folder}", file=sys.stderr)
        raise


def config_of(what: str, discriminator: str | None, settings: list[str], seed: int | None) -> tuple[str, Config]:
    """The name and the config that a command's arguments describe.

    Raises:
      ConfigError: what cannot be, and a file whose run no single config describes.
    """
    from gan1d.config import ConfigError

    name, run = run_of(what, discriminator, settings, seed)
    if len(run.parts) > 1 or run.parts[0].hold_g:
        raise ConfigError("FILE", what, "its run has several parts, and this takes one set of settings")
    return name, run.config


def run_of(
    what: str, discriminator: str | None, settings: list[str], seed: int | None, which: str | None = None
) -> tuple[str, Carried]:
    """The name and the run, of one part or of several, that a command's arguments describe. which: of a file that carries several.

    Raises:
      ConfigError: what cannot be.
    """
    from gan1d.catalogue import DISCRIMINATORS
    from gan1d.config import ConfigError
    from gan1d.fields import parse_value

    name, runs = carried_by(what)
    run = _one_of(what, runs, which)
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
    return name, run.replace(**changes) if changes else run


def carried_by(what: str) -> tuple[str, list[Carried]]:
    """(name, runs) of a scenario, or of a file that carries one or more.

    Raises:
      ConfigError: neither.
    """
    from gan1d.carried import Carried, Stretch, read
    from gan1d.catalogue import scenarios
    from gan1d.config import ConfigError
    from gan1d.fields import nearest

    if what in scenarios:
        config = scenarios[what].config
        return what, [Carried("", (Stretch(config, config.training.iterations),))]
    path = Path(what)
    if not path.suffix and len(path.parts) < 2 and not os.path.lexists(path):
        known = ", ".join(scenarios)
        raise ConfigError("SCENARIO", what, f"it must be a file or one of {known}{nearest(what, scenarios)}")
    return path.stem, read(path)


def _one_of(what: str, runs: Sequence[Carried], which: str | None) -> Carried:
    from gan1d.config import ConfigError

    if len(runs) == 1 and which is None:
        return runs[0]
    names = LETTERS[: len(runs)]
    if which is None:
        told = ", ".join(f"{name} ({run.label})" if run.label else name for name, run in zip(names, runs, strict=False))
        raise ConfigError("--run", which, f"{what} carries several runs; it must be one of {told}")
    if which.upper() not in list(names):
        raise ConfigError("--run", which, "it must be " + (f"one of {', '.join(names)}" if len(names) > 1 else names))
    return runs[names.index(which.upper())]


def tell_start(name: str, run: Carried) -> None:
    """Says on stderr of a run that went on from another's state, which no file holds, that it is trained from its beginning instead."""
    if run.start:
        said = f"gan1d: {name} went on from iteration {run.start} of another run, which is not in the file; trained from the beginning"
        print(said, file=sys.stderr)


def check_out(out: Path, endings: Sequence[str]) -> None:
    """Whether a file can be written where it is to go, before anything is computed.

    Raises:
      InputError: another ending, no such folder, or one that cannot be written to.
    """
    if out.suffix.removeprefix(".").lower() not in endings:
        raise InputError(
            f"OUT: {str(out)!r} is not allowed; its name must end in " + " or ".join(f".{e}" for e in endings)
        )
    with writes(out):
        if not out.parent.is_dir():
            raise InputError(f"OUT: {str(out)!r} is not allowed; there is no folder {str(out.parent)!r}")
        if out.is_dir() or not os.access(out.parent, os.W_OK):
            raise InputError(f"OUT: {str(out)!r} is not allowed; it must be a file that can be written")


@contextmanager
def writes(out: Path) -> Iterator[None]:
    """What the system says of a file that cannot be written, in one line.

    Raises:
      InputError: that.
    """
    try:
        yield
    except OSError as e:
        raise InputError(
            f"OUT: {str(out)!r} is not allowed; it must be a file that can be written ({e.strerror or e})"
        ) from None
