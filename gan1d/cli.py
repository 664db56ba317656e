"""The command line: each command is its own room or below. Results on stdout, progress and messages on stderr."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gan1d.arguments import (
    AsJson,
    Device,
    Discriminator,
    InputError,
    Settings,
    What,
    Which,
    check_out,
    run_of,
    tell_start,
    writes,
)
from gan1d.bars import Bar
from gan1d.cli_export import export
from gan1d.cli_image import image
from gan1d.cli_site import site
from gan1d.cli_sweep import sweep

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Generative Adversarial Networks on the real line.",
)


@app.command()
def scenarios(as_json: AsJson = False) -> None:
    """List the scenarios: what must be seen in each, and how often it was."""
    from gan1d.catalogue import DISCRIMINATORS
    from gan1d.catalogue import scenarios as known

    rows = [
        {
            "name": s.name,
            "title": s.title,
            "text": s.text,
            "expects": s.expects,
            "discriminator": s.discriminator,
            "rates": {d: s.with_discriminator(d).rate for d in DISCRIMINATORS},
            "config": s.config.to_dict(),
        }
        for s in known.values()
    ]
    if as_json:
        print(json.dumps({"scenarios": rows}))
        return
    for s, row in zip(known.values(), rows, strict=True):
        rate = s.rate
        held = f"held in {rate['held']} of {rate['of']} seeds" if rate else "rate not measured"
        print(f"{row['name']:22} {row['expects']:16} {held:24} {row['title']}")


@app.command()
def train(
    what: What,
    discriminator: Discriminator = None,
    set_: Settings = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random number.")] = None,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="RUN.npz", help="Save the run.")] = None,
    which: Which = None,
    as_json: AsJson = False,
) -> None:
    """Train, and say what came out."""
    name, found = run_of(what, discriminator, set_ or [], seed, which)
    if out is not None:
        check_out(out, ("npz",))
    tell_start(name, found)
    with Bar(f"training {name}, {found.parts[-1].until} iterations") as bar:
        from gan1d.carried import train as train_again
        from gan1d.programs import for_single_runs

        for_single_runs()
        # Progress is also what lets Ctrl-C through: between two reports Python runs, within one the compiled program does.
        run = train_again(found, bar.counting(f"training {name}", "iterations"), device)
        if out is not None:
            with writes(out):
                run.save(out)
    report = {
        "scenario": name,
        "seed": found.config.training.seed,
        "iterations": int(run.iteration[-1]),
        "status": run.summary["status"],
        "diverged_at": run.summary["diverged_at"],
        "diagnosis": {**run.diagnosis._asdict(), "also": list(run.diagnosis.also)},
        "metrics": run.metrics,
        "noise_floor": run.summary["noise_floor"],
        "best": run.summary["best"],
        "seconds": {k: round(v, 4) for k, v in run.seconds.items()},
        "compilations": run.compilations,
    }
    if as_json:
        print(json.dumps(report, allow_nan=False))
        return
    print(f"{run.diagnosis.kind}: {run.diagnosis.evidence}")
    for key, value in run.metrics.items():
        print(
            f"  {key:16} {'not finite' if value is None else f'{value:.6g}'} {UNITS.get(key, '')}{_floor(run, key)}".rstrip()
        )


def _floor(run: Any, key: str) -> str:
    """How low a metric can be expected to go."""
    floor, best = run.summary["noise_floor"].get(key), run.summary["best"].get(key)
    known = [f"noise floor {floor:.3g}"] if floor is not None else []
    known += [f"best reachable {best:.3g}"] if best is not None else []
    return f" ({', '.join(known)})" if known else ""


app.command()(sweep)

UNITS = {
    "jsd": "nats",
    "kl_data_gen": "nats",
    "kl_gen_data": "nats",
    "value": "nats",
} | dict.fromkeys(("w1", "mean", "std"), "data units")


app.command()(export)
app.command()(site)
app.add_typer(image, name="image")


@app.command(name="app")
def serve(
    port: Annotated[int, typer.Option(help="Port of the web page.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "localhost",
) -> None:
    """Serve the web app."""
    if not 1 <= port <= 65535:
        raise InputError(f"port: {port} is not allowed; it must be a whole number from 1 to 65535")
    if not _free(host, port):
        raise InputError(f"port: {port} is not allowed; another program listens there, try --port {port + 1}")
    root = Path(__file__).parents[1]
    settings = {
        "server.port": port,
        "server.address": host,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "localhost",
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "logger.hideWelcomeMessage": "true",
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    os.chdir(root)  # where .streamlit/config.toml is
    sys.argv = ["streamlit", "run", str(root / "app" / "main.py"), *flags]
    threading.Thread(target=_announce, args=(port,), daemon=True).start()
    sys.modules["plotly"] = None  # type: ignore[assignment]  # Streamlit would import it here, and only the page of maps draws with it
    from streamlit.web import cli as streamlit

    del sys.modules["plotly"]
    sys.exit(streamlit.main())


def _announce(port: int) -> None:
    """Prints the page's address once it answers."""
    while True:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            print(f"http://localhost:{port}", flush=True)
            return


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def main() -> None:
    """Runs the command line; bad input is one line on stderr and exit code 2, Ctrl-C exit code 130."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        sys.exit(app(standalone_mode=False))  # it returns 130 after Ctrl-C, rather than raise
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except Exception as e:
        usage = hasattr(e, "format_message")  # the option parser's own complaints
        ours = isinstance(e, ValueError) and type(e).__module__.startswith("gan1d.")  # a line for the user
        if not usage and not ours and not isinstance(e, InputError):
            raise
        message = e.format_message() if usage else str(e)  # type: ignore[attr-defined]
        print("gan1d: " + " ".join(message.split()), file=sys.stderr)
        sys.exit(2)
