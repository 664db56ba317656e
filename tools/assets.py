"""Computes what ships with the package: runs of scenarios, so that a page can paint before JAX is there, how often each holds, and maps."""

from __future__ import annotations

import argparse

import gan1d
from gan1d.catalogue import HERE
from tools import images, maps, penalty, rates

SHIPPED = tuple(name for name in gan1d.scenarios if not name.endswith("-as-published"))
"""Scenarios whose runs ship: the others are trained when they are first looked at."""


def main() -> None:
    """Writes `gan1d/assets/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs-only",
        action="store_true",
        help="leave the rates, the maps, the images and the lesson's curves as they are (they take half an hour)",
    )
    parser.add_argument("--maps-only", action="store_true", help="compute the maps (some minutes), leave all else")
    arguments = parser.parse_args()
    assets = HERE / "assets"
    assets.mkdir(exist_ok=True)
    if arguments.maps_only:
        maps.write(assets / "maps")
        return
    for old in assets.glob("*.npz"):
        old.unlink()
    for name in SHIPPED:
        gan1d.train(gan1d.scenarios[name].config).save(assets / f"{name}.npz")
    if not arguments.runs_only:
        maps.write(assets / "maps")
        images.main()
        penalty.write()
        rates.write(rates.table(list(gan1d.scenarios), rates.HELD_OUT))


if __name__ == "__main__":
    main()
