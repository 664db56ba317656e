"""How much of somebody's files is read, at most: the limits, and the errors of what is beyond them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import IO, Any

from gan1d.fields import number
from gan1d.image.dataset import DataError

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is read at most; beyond it the data are refused with a line that names the limit. `Limits(pixels=10**6)` changes one."""

    files: int = 200_000
    """Entries of a folder or a zip, and images of any file."""
    bytes: int = 2048 * MIB
    """Bytes of all that is read, unpacked; and of all images once they have their size."""
    pixels: int = 64_000_000
    """Pixels of one image before it is made smaller."""
    ratio: float = 200.0
    """How many times larger a packed file may become, once it is larger than 16 MiB."""
    damaged: int = 0
    """Damaged images that are left out; one more refuses them all."""
    links: bool = False
    """Whether links are followed that lead out of the folder."""

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.name != "links":
                low = 0 if f.name == "damaged" else 1
                value = number(f"limits.{f.name}", value, low, 2**53, integer=f.name != "ratio")
            object.__setattr__(self, f.name, value)

    def check_files(self, name: str, count: int) -> None:
        """Refuses, by a DataError, more files or images than there may be."""
        if count > self.files:
            raise DataError(f"{name}: {count:,} files or images, more than limits.files = {self.files:,}")

    def check_bytes(self, name: str, count: int) -> None:
        """Refuses, by a DataError, more bytes than may be read."""
        if count > self.bytes:
            raise DataError(f"{name}: {count:,} bytes unpacked, more than limits.bytes = {self.bytes:,}")

    def check_pixels(self, name: str, width: int, height: int) -> None:
        """Refuses, by a DataError, an image that is too large."""
        if width * height > self.pixels:
            raise DataError(f"{name}: {width} x {height} pixels, more than limits.pixels = {self.pixels:,}")

    def check_ratio(self, name: str, unpacked: int, packed: int) -> None:
        """Refuses, by a DataError, what is packed so tightly that it is meant to burst."""
        if unpacked > max(16 * MIB, self.ratio * packed):
            raise DataError(
                f"{name}: unpacks to {unpacked / max(packed, 1):,.0f} times its size, more than limits.ratio = {self.ratio:g}"
            )

    def check_images(self, name: str, count: int, size: int, channels: int) -> None:
        """Refuses, by a DataError, images that would not fit once they have their size, and a number that nothing can be learned from."""
        if count < 2:
            raise DataError(f"{name}: {count or 'no'} image{'s' * (count != 1)}; at least 2 are needed")
        self.check_files(name, count)
        self.check_bytes(f"{name}, {count:,} images of {size} x {size}", count * size * size * channels)


def exactly(file: IO[bytes], count: int, name: str) -> bytes:
    """The next `count` bytes, of a file that must have them: else a DataError."""
    content = file.read(count)
    if len(content) != count:
        raise DataError(f"{name}: cut off: {len(content):,} of {count:,} bytes")
    return content


def reason(error: BaseException) -> str:
    """What a library says of a damaged file, in one short line."""
    text: Any = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else text[:119] + "…"
