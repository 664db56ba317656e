"""Inception-v3 as an extractor, by torch-fidelity and a file of weights that the user has: only its values are called FID, IS and KID."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gan1d.fields import ConfigError
from gan1d.image.extractor import Seen

AT_ONCE = 64
"""Images that are looked at together."""
FILE = "weights-inception-2015-12-05-6726825d.pth"
"""The file of weights in torch-fidelity's release v0.2.0."""
STRICT = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""Has PyTorch read a file as tensors alone, whatever the caller says."""


class Inception:
    """Inception-v3 as FID and IS are defined by: 2 048 features, and 1 008 classes of ImageNet. Its values are called FID, IS and KID."""

    name = "inception-v3"

    def __init__(self, network: Any):
        self.network = network

    def see(self, images: np.ndarray) -> Seen:
        """Images (N,H,W,C) uint8 -> features (N,2048) and probabilities (N,1008)."""
        import torch

        features, probabilities = [], []
        for start in range(0, len(images), AT_ONCE):
            part = images[start : start + AT_ONCE]
            part = np.repeat(part, 3, axis=-1) if part.shape[-1] == 1 else part
            with torch.no_grad():
                f, l = self.network(torch.from_numpy(np.ascontiguousarray(part.transpose(0, 3, 1, 2))))
            features.append(f.numpy())
            probabilities.append(torch.softmax(l, dim=1).numpy())
        return Seen(np.concatenate(features), np.concatenate(probabilities))


def inception(weights: str | Path | None) -> Inception:
    """Inception-v3 with the weights of a file, `FILE` by its usual name; nothing is downloaded.

    The file is read as tensors alone: one that holds anything else that pickle may hold is refused.

    Raises:
      ConfigError: torch-fidelity is not installed, or no file of weights, or another one.
    """
    wanted = f"it needs PyTorch, torch-fidelity and its file {FILE}"
    try:
        import torch  # noqa: F401

        module = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")
    except ImportError as e:
        raise ConfigError("extractor", "inception", f"{wanted} ({e.name or e} is missing)") from None
    if weights is None or not Path(weights).is_file():
        raise ConfigError("weights", str(weights or ""), f"there is no such file; {wanted}")
    try:
        with _tensors_alone():
            network = module.FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"], str(weights))
    except Exception as e:  # another file, a torn one, one that holds more than tensors
        raise ConfigError(
            "weights", str(weights), f"not Inception's weights ({' '.join(str(e).split())[:120]})"
        ) from None
    return Inception(network.eval())


@contextmanager
def _tensors_alone() -> Iterator[None]:
    before = os.environ.get(STRICT)
    os.environ[STRICT] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[STRICT]
        else:
            os.environ[STRICT] = before
