"""Writes constraints.txt: the version of every package that the requirements bring with them.

`make lock` runs it. It asks pip for a fresh resolution, installed packages and the old constraints left aside; the
CUDA packages are part of it, so that it is to be run on Linux x86-64, where all of them exist.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Written by `make lock`: the resolution of requirements-dev.txt, of jax[cuda13] and of setuptools, which builds gan1d.
# Only what is installed anyway is held to these versions, so one file serves every platform and flavour.
"""


def resolve() -> dict[str, str]:
    """Versions by package name, as pip would install them into an empty environment."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    wanted = ["-r", "requirements-dev.txt", "jax[cuda13]", "setuptools"]
    done = subprocess.run([*pip, "--report", "-", *wanted], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    packages = (entry["metadata"] for entry in json.loads(done.stdout)["install"])
    return {package["name"].lower().replace("_", "-"): package["version"] for package in packages}


if __name__ == "__main__":
    pins = resolve()
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines))
    print(f"constraints.txt: {len(lines)} packages")
