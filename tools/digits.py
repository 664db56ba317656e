"""Writes `gan1d/assets/image/digits.npz` from scikit-learn's copy of the handwritten digits (a development dependency)."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from gan1d.image.digits import ASSET
from gan1d.writing import Writing


def main() -> None:
    """Takes the images as they are, 8 x 8 pixels of 0 to 16."""
    found = load_digits()
    ASSET.parent.mkdir(parents=True, exist_ok=True)
    with Writing(ASSET) as beside, beside.open("wb") as file:
        np.savez_compressed(file, images=found.images.astype(np.uint8), labels=found.target.astype(np.uint8))


if __name__ == "__main__":
    main()
