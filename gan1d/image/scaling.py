"""Images made square and of one size: the middle square, Lanczos, and colour to grey. Pillow and NumPy."""

from __future__ import annotations

import numpy as np
from PIL import Image

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in grey. Source: ITU-R BT.601."""


def squared(image: Image.Image, size: int) -> Image.Image:
    """The middle square of an image, of `size` pixels a side.

    Lanczos' filter, three lobes wide, over the source's pixels where it shrinks: nothing aliases. Source: Lanczos 1950; Duchon 1979,
    J. Appl. Meteorol. 18.
    """
    width, height = image.size
    if width == height == size:
        return image
    short = min(width, height)
    left, top = (width - short) / 2, (height - short) / 2
    return image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + short, top + short))


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Every image (N,h,w,C) uint8 squared to (N,size,size,C)."""
    n, height, width, channels = images.shape
    if height == width == size:
        return images
    made = np.empty((n, size, size, channels), np.uint8)
    for i, pixels in enumerate(images):
        image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if channels == 1 else pixels))
        made[i] = np.asarray(squared(image, size)).reshape(size, size, channels)
    return made


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Images (N,H,W,1 or 3) uint8 in grey (by luma) or colour (grey three times over)."""
    if images.shape[-1] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-1)
    return np.rint(images.astype(np.float32) @ LUMA).astype(np.uint8)[..., None]
