"""The commands `gan1d image train`, `sample`, `evaluate`, `animate`: the full image models, trained for real."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan1d.arguments import (
    AsJson,
    Coordinator,
    Device,
    InputError,
    Processes,
    ProcessId,
    check_out,
    join_hosts,
    stoppable,
    writes,
)
from gan1d.bars import Bar

if TYPE_CHECKING:
    import numpy as np

    from gan1d.image.config import ImageConfig
    from gan1d.image.dataset import Dataset
    from gan1d.image.loop import Evaluate

image = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Images: DCGAN and WGAN-GP, trained, sampled, measured."
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `gan1d image train` wrote.")]
Checkpoint = Annotated[str, typer.Option(metavar="last|best", help="Which checkpoint.")]
BEST = "frechet_distance"
"""The metric by which the best checkpoint is kept."""


@image.command()
def train(
    model: Annotated[
        str, typer.Option(help="dcgan, wgan-gp, or another preset, such as digits-16-dcgan.")
    ] = "digits-16-dcgan",
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="digits, stacked-digits, faces; or a folder or zip of images, IDX, CIFAR-10 binary, npz. The preset's by default.",
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side of the images in pixels: 16, 32, 64, 128, 256.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="lr_g=1e-4, n_critic=5, …; may be repeated."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Generator updates.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random number.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where results go; images/MODEL-DATA by default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in the folder.")] = False,
    device: Device = "auto",
    coordinator: Coordinator = None,
    processes: Processes = None,
    process_id: ProcessId = None,
    as_json: AsJson = False,
) -> None:
    """Train an image model; Ctrl-C saves, and --resume goes on."""
    from gan1d.image.data import load

    config = config_of(model, data, size, set_ or [], steps, seed)
    folder = out or Path("images") / f"{config.model}-{Path(config.data).stem}"
    join_hosts(coordinator, processes, process_id)
    text = f"training {config.model} on {config.data}"
    with Bar(text) as bar:
        from gan1d.image.run import Best
        from gan1d.image.run import train as run_training

        dataset = load(config.data, config.size, config.channels)
        judge = _judge(config, dataset, folder) if config.evaluate_every else None
        began = time.perf_counter()
        with stoppable(folder):
            run = run_training(
                config,
                dataset,
                folder,
                bar.counting(text, "steps"),
                resume,
                evaluate=judge,
                best=Best(BEST) if judge else None,
                device=device,
                say=lambda line: print(f"gan1d: {line}", file=sys.stderr),
            )
    if process_id:
        return
    last = run.lines[-1] if run.lines else {}
    report = {
        "model": config.model,
        "data": config.data,
        "seed": config.seed,
        "status": run.status["state"],
        "step": run.status["step"],
        "steps": config.steps,
        "last": last,
        "seconds": {"whole": round(time.perf_counter() - began, 3)} | {k: round(v, 3) for k, v in run.seconds.items()},
        "folder": str(folder),
    }
    if as_json:
        print(json.dumps(report, allow_nan=False))
        return
    print(
        f"{folder}: {report['status']} at step {report['step']} of {config.steps}, {report['seconds']['whole']:.1f} s"
    )
    for name, value in last.get("metrics", {}).items():
        print(f"  {name:28} {value:.6g}")


def config_of(
    model: str, data: str | None, size: int | None, settings: list[str], steps: int | None, seed: int | None
) -> ImageConfig:
    """The config that a command's arguments describe. Channels are those of built-in data, where nobody says otherwise.

    Raises:
      ConfigError: what cannot be.
    """
    from gan1d.config import ConfigError
    from gan1d.fields import parse_value
    from gan1d.image.data import DATASETS
    from gan1d.image.presets import preset

    changes: dict[str, Any] = {}
    for setting in settings:
        field, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError("--set", setting, "it must be FIELD=VALUE, as in lr_g=1e-4")
        changes[field.strip().removeprefix("image.")] = parse_value(value.strip())
    changes |= {k: v for k, v in {"data": data, "size": size, "steps": steps, "seed": seed}.items() if v is not None}
    config = preset(model)
    known = DATASETS.get(str(changes.get("data", config.data)))
    if known and "channels" not in changes and config.channels not in known.channels[:1]:
        changes["channels"] = known.channels[0]
    return config.replace(**changes)


def _judge(config: ImageConfig, dataset: Dataset, folder: Path) -> Evaluate | None:
    """What measures generated images while they are trained; None where there are too few images to compare with.

    What it measures by is named in the run's folder, in extractor.json.
    """
    from gan1d.image.evaluation import FEWEST, Evaluator
    from gan1d.image.recorder import text

    if len(dataset) < 2 * FEWEST or config.evaluate_samples < FEWEST:
        return None
    known: list[Evaluator] = []

    def judge(images: np.ndarray) -> dict[str, float]:
        if not known:  # trained, or read from the disk, when it is first needed
            known.append(Evaluator(dataset, samples=config.evaluate_samples))
            if folder.is_dir():
                text(folder / "extractor.json", json.dumps({"name": known[0].by.name}) + "\n")
        return known[0](images).scalars()

    return judge


@image.command()
def sample(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT.(png|npz)", help="A grid of them, or all as an array.")
    ],
    count: Annotated[int, typer.Option("--samples", help="How many, 1 to 100 000.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the latents.")] = 0,
    truncation: Annotated[float, typer.Option(help="Latents are scaled by this, 0 to 2: less is more alike.")] = 1.0,
    checkpoint: Checkpoint = "last",
    as_json: AsJson = False,
) -> None:
    """Draw images from a trained generator."""
    check_out(out, ("png", "npz"))
    _within("--samples", count, 1, 100_000)
    _within("--truncation", truncation, 0.0, 2.0)
    with Bar("sampling"):
        config, images = _drawn(folder, checkpoint, count, seed, truncation)
        with writes(out):
            _write(out, images)
    report = {"samples": count, "seed": seed, "model": config.model, "file": str(out)}
    print(json.dumps(report) if as_json else out)


@image.command()
def evaluate(
    folder: Folder,
    count: Annotated[int, typer.Option("--samples", help="Generated images, 10 to 100 000.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the latents.")] = 0,
    checkpoint: Checkpoint = "last",
    data: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="What is compared with; what it was trained on by default.")
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pth", help="Inception-v3's weights, for FID and IS; needs torch-fidelity."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a trained generator beside real images."""
    _within("--samples", count, 10, 100_000)
    with Bar("measuring"):
        from gan1d.image.data import load
        from gan1d.image.evaluation import evaluate as judge
        from gan1d.image.inception import inception as with_weights

        by = with_weights(inception) if inception else None
        config, images = _drawn(folder, checkpoint, count, seed)
        dataset = load(data or config.data, config.size, config.channels)
        found = judge(dataset, images, by)
    if as_json:
        print(json.dumps(found.to_dict(), allow_nan=False))
        return
    print(f"{count} samples of {folder} beside {dataset.name}, by {found.extractor}:")
    for name, value in found.metrics.items():
        print(f"  {name:20} {value.value:10.4g}  real beside real {value.baseline:.4g}, of {value.samples}")
    if found.modes is not None:
        print(f"  modes covered: {found.modes.covered} of {len(found.modes.counts)}")


@image.command()
def animate(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT.(gif|mp4)", help="What to write; its ending decides.")],
    seconds: Annotated[float, typer.Option(help="From the first grid to the last.")] = 6.0,
    as_json: AsJson = False,
) -> None:
    """Write the samples over the training as a moving picture."""
    from gan1d.image.recorder import SAMPLES, read_config
    from gan1d.render.transition import KINDS, write_transition

    check_out(out, KINDS)
    try:
        read_config(folder)
        grids = sorted((folder / SAMPLES).glob("step-*.png"))
    except OSError as e:
        raise InputError(
            f"DIR: {str(folder)!r} is not allowed; it must be a folder that holds a run of images ({e.strerror})"
        ) from None
    with Bar(f"writing {out}"), writes(out):
        write_transition(grids, out, seconds=seconds)
    print(json.dumps({"frames": len(grids), "file": str(out)}) if as_json else out)


def _drawn(
    folder: Path, checkpoint: str, count: int, seed: int, truncation: float = 1.0
) -> tuple[ImageConfig, np.ndarray]:
    """The settings of a run, and images (N,H,W,C) uint8 of its generator."""
    import numpy as np

    from gan1d.image import training
    from gan1d.image.run import Best, restore

    if checkpoint not in ("last", "best"):
        raise InputError(f"--checkpoint: {checkpoint!r} is not allowed; it must be last or best")
    config, state, damaged = restore(folder, checkpoint, Best(BEST))  # type: ignore[arg-type]
    for line in damaged:
        print(f"gan1d: {line}", file=sys.stderr)
    z = training.noise(config.replace(seed=seed), "evaluation", count)
    return config, training.as_bytes(training.sample(config, state, np.asarray(z) * truncation))


def _write(out: Path, images: np.ndarray) -> None:
    import numpy as np

    from gan1d.image.recorder import picture
    from gan1d.writing import Writing

    with Writing(out) as beside, beside.open("wb") as file:
        if out.suffix.lower() == ".npz":
            np.savez_compressed(file, images=images)
        else:
            picture(images).save(file, format="PNG")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name}: {value!r} is not allowed; it must be from {low} to {high}")
