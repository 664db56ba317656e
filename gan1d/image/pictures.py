"""One image file to pixels: which formats are read, and what becomes of sixteen bits, palettes, CMYK and alpha. Pillow."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan1d.image.dataset import DataError
from gan1d.image.limits import Limits, reason
from gan1d.image.scaling import squared

ENDINGS = {
    ending: kind
    for kind, endings in {
        "PNG": "png",
        "JPEG": "jpg jpeg jpe jfif",
        "BMP": "bmp",
        "GIF": "gif",
        "WEBP": "webp",
        "TIFF": "tif tiff",
        "PPM": "ppm pgm pbm pnm",
    }.items()
    for ending in endings.split()
}
"""Ending of a file -> its format; what has no such ending is no image."""
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
"""Formats that are read. What a file holds decides, whatever its ending."""
GREY = ("1", "L", "I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's modes without colour; LA and a palette may be without it too."""
BEHIND = (255, 255, 255, 255)
"""Colour put behind transparent pixels."""


def is_picture(name: str) -> bool:
    """Whether a file's name has the ending of an image."""
    return name.rpartition(".")[2].lower() in ENDINGS if "." in name else False


def opened(content: bytes, name: str, limits: Limits) -> Image.Image:
    """An image of which only the head is read: its size and format are known and allowed.

    Raises:
      DataError: not an image, one of a format that is not read, a damaged or a too large one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit on pixels stands in for Pillow's warning
        try:
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        except Image.DecompressionBombError:
            raise DataError(f"{name}: too many pixels, more than limits.pixels = {limits.pixels:,}") from None
        except Exception as e:  # a file made to harm can have Pillow raise almost anything
            known = isinstance(e, UnidentifiedImageError)
            said = f"not an image of {', '.join(FORMATS)}" if known else f"damaged ({reason(e)})"
            raise DataError(f"{name}: {said}") from None
    limits.check_pixels(name, *image.size)
    return image


def pixels(content: bytes, name: str, size: int, channels: int, limits: Limits) -> np.ndarray:
    """An image file's middle square as (size,size,channels) uint8.

    The first frame of several; turned as its EXIF says; 16 bits to 8 by their upper byte, rounded; a palette looked up; CMYK and the
    like to RGB; what is transparent over white; grey of colour by luma.

    Raises:
      DataError: an image that `opened` refuses, a torn one, or 32-bit values beyond 16 bits.
    """
    image = opened(content, name, limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image.load()
            image = ImageOps.exif_transpose(image)
            plain = flat(image, name)
            if channels == 1 and plain.mode != "L":
                plain = plain.convert("L")
            elif channels == 3 and plain.mode != "RGB":
                plain = plain.convert("RGB")
            return np.asarray(squared(plain, size)).reshape(size, size, channels)
        except DataError:
            raise
        except Exception as e:
            raise DataError(f"{name}: damaged ({reason(e)})") from None


def flat(image: Image.Image, name: str) -> Image.Image:
    """Any image in mode L or RGB."""
    if image.mode in ("L", "RGB"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(np.asarray(image), name)
    if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, BEHIND), over).convert("RGB")
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(values: np.ndarray, name: str) -> Image.Image:
    """Grey of 16 bits, or of 32 that hold no more, or of floating point from 0 to 1."""
    full = 1.0 if values.dtype.kind == "f" else 65535.0
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= full:  # false for NaN too
        raise DataError(f"{name}: values from {low:g} to {high:g}; {values.dtype} pixels are read from 0 to {full:g}")
    return Image.fromarray(np.rint(values.astype(np.float64) * (255 / full)).astype(np.uint8))


def has_colour(image: Image.Image) -> bool:
    """Whether an image is more than grey, as far as its head tells."""
    return image.mode not in (*GREY, "LA", "La")
