"""A person's own images: what is read comes out as it should; what cannot be used is refused in one line that names it."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan1d.fields import ConfigError
from gan1d.image.data import Limits, load
from gan1d.image.loading import nearest_size

RED, GREEN = (255, 0, 0), (0, 128, 0)


def picture(mode: str = "RGB", colour=RED, size=(16, 16), kind: str = "PNG", **keys) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, kind, **keys)
    return file.getvalue()


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zipped(path: Path, files: dict[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", pack) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


TWO = {"a.png": picture(), "b.png": picture(colour=GREEN)}


# ---- image files


def test_a_folder_and_a_zip_of_it_are_the_same(tmp_path) -> None:
    inside = folder(tmp_path / "mine", TWO)
    data, packed = load(inside), load(zipped(tmp_path / "mine.zip", TWO))
    assert data.name == packed.name == "mine" and data.labels is None
    assert data.images.shape == (2, 16, 16, 3)
    assert (data.images[0] == RED).all() and (data.images[1] == GREEN).all()
    np.testing.assert_array_equal(data.images[:], packed.images[:])
    assert data.fingerprint == packed.fingerprint


# Expected colours by hand: 0x8000 / 65535 * 255 = 127.5, so 128; half-transparent red over white is (255, 127, 127);
# CMYK (0, 255, 255, 0) is no cyan and no black, so red.
KINDS = {
    "sixteen bits": (lambda: picture("I;16", 0x8000), (128, 128, 128)),
    "sixteen bits TIFF": (lambda: picture("I;16", 65535, kind="TIFF"), (255, 255, 255)),
    "thirty-two bits that hold sixteen": (lambda: picture("I", 0x8000, kind="TIFF"), (128, 128, 128)),
    "floating point": (lambda: picture("F", 0.2, kind="TIFF"), (51, 51, 51)),
    "one bit": (lambda: picture("1", 1), (255, 255, 255)),
    "palette": (lambda: _palette(), (0, 128, 0)),
    "palette with a transparent colour": (lambda: _palette(transparency=0), (255, 255, 255)),
    "CMYK": (lambda: picture("CMYK", (0, 255, 255, 0), kind="TIFF"), (255, 0, 0)),
    "alpha": (lambda: picture("RGBA", (255, 0, 0, 128)), (255, 127, 127)),
    "grey and alpha": (lambda: picture("LA", (0, 0)), (255, 255, 255)),
    "BMP": (lambda: picture(kind="BMP"), RED),
    "GIF": (lambda: picture("L", 51, kind="GIF"), (51, 51, 51)),
    "WebP": (lambda: picture(kind="WEBP", lossless=True), RED),
    "PPM": (lambda: picture(kind="PPM"), RED),
}


def _palette(**keys) -> bytes:
    image = Image.new("P", (16, 16), 0)
    image.putpalette([0, 128, 0, 255, 255, 255])
    file = io.BytesIO()
    image.save(file, "PNG", **keys)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixel_is_read(kind: str, tmp_path) -> None:
    make, colour = KINDS[kind]
    data = load(folder(tmp_path, {"a.png": make(), "b.png": make()}), channels=3)
    assert np.abs(data.images[0].astype(int) - colour).max() <= 1


def test_grey_images_stay_grey_and_any_colour_makes_all_colour(tmp_path) -> None:
    grey = {"a.png": picture("L", 9), "b.png": picture("L", 200)}
    assert load(folder(tmp_path / "grey", grey)).channels == 1
    assert load(folder(tmp_path / "both", grey | TWO)).channels == 3
    red = load(folder(tmp_path / "red", TWO), channels=1)
    assert red.images[0][0, 0, 0] == round(0.299 * 255)


def test_mixed_sizes_become_one(tmp_path) -> None:
    files = {f"{i}.png": picture(size=size) for i, size in enumerate([(40, 30), (31, 33), (500, 29), (3, 2)])}
    data = load(folder(tmp_path, files))
    assert data.images.shape == (4, 32, 32, 3)  # the median of the shorter sides is 29.5
    assert (data.images[:] == RED).all()
    assert load(tmp_path, size=64).size == 64


@pytest.mark.parametrize("side, size", [(1, 16), (22, 16), (23, 32), (28, 32), (45, 32), (46, 64), (3000, 64)])
def test_the_nearest_size_is_taken_in_proportion(side: int, size: int) -> None:
    assert nearest_size(side) == size


def test_a_photo_is_turned_as_it_says(tmp_path) -> None:
    """A camera held upright: the file's rows are the picture's columns, and EXIF's tag 274 says so."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :8] = 255  # the file's left half; turned right by 90 degrees (6) it is the top half
    exif = Image.Exif()
    exif[274] = 6
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    data = load(folder(tmp_path, {"a.png": file.getvalue(), "b.png": file.getvalue()}))
    assert data.images[0][:8].min() == 255 and data.images[0][8:].max() == 0


def test_of_a_moving_picture_the_first_one_is_taken(tmp_path) -> None:
    file = io.BytesIO()
    frames = [Image.new("L", (16, 16), value) for value in (51, 200)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert (load(folder(tmp_path, {"a.gif": file.getvalue(), "b.gif": file.getvalue()})).images[0] == 51).all()


def test_folders_are_classes(tmp_path) -> None:
    files = {f"pets/{kind}/{i}.png": picture() for kind in ("dog", "cat") for i in range(3)}
    data = load(folder(tmp_path, files))
    assert data.mode_names == ("cat", "dog") and list(data.labels) == [0] * 3 + [1] * 3
    deeper = load(zipped(tmp_path / "deep.zip", {"x/cat/old/1.png": picture(), "x/dog/1.png": picture()}))
    assert deeper.mode_names == ("cat", "dog")
    assert load(folder(tmp_path, {"pets/stray.png": picture()})).labels is None


def test_what_is_no_image_is_left_out_and_said(tmp_path) -> None:
    files = TWO | {"read me.txt": b"hello", ".DS_Store": b"x", "__MACOSX/a.png": b"x", "sub/.hidden.png": b"x"}
    assert load(zipped(tmp_path / "a.zip", files)).left_out == ("read me.txt: not an image file",)


def test_the_name_does_not_decide(tmp_path) -> None:
    files = {"a.jpg": picture(), "b.gif": picture(colour=GREEN)}  # both are PNGs
    assert (load(folder(tmp_path, files)).images[1] == GREEN).all()


def test_progress_is_told(tmp_path) -> None:
    told: list[tuple[int, int]] = []
    load(folder(tmp_path, TWO), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


# ---- what is refused


def test_a_single_image_is_not_enough(tmp_path, refused) -> None:
    one = folder(tmp_path / "one", {"a.png": picture()})
    assert refused(one).endswith("one: 1 image; at least 2 are needed")
    assert "a single image; at least 2 are needed" in refused(one / "a.png")


def test_nothing_to_read(tmp_path, refused) -> None:
    assert "nothing, none with an ending of png, jpg" in refused(tmp_path)
    assert "2 files, none with an ending" in refused(folder(tmp_path / "t", {"a.txt": b"x", "b.csv": b"1"}))
    (tmp_path / "e.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    assert "nothing, none with an ending" in refused(tmp_path / "e.zip")


@pytest.mark.parametrize("harm", ["cut off", "bit", "text", "empty", "svg"])
def test_a_damaged_image_is_named(harm: str, tmp_path, refused) -> None:
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "PNG")
    good = file.getvalue()
    bad = {
        "cut off": good[:2000],
        "bit": good[:3000] + b"\xff" + good[3001:],
        "text": b"hello",
        "empty": b"",
        "svg": b"<svg/>",
    }
    folder(tmp_path, TWO | {"bad.png": bad[harm]})
    said = refused(tmp_path)
    assert "bad.png: " in said and ("damaged" in said or "not an image of PNG, JPEG" in said)
    data = load(tmp_path, limits=Limits(damaged=1))
    assert len(data) == 2 and "bad.png" in data.left_out[0]
    folder(tmp_path, {"worse.png": b""})
    assert "worse.png" in refused(tmp_path, limits=Limits(damaged=1))


def test_values_that_no_pixel_has_are_refused(tmp_path, refused) -> None:
    files = {"a.tif": picture("I", 70_000, kind="TIFF"), "b.tif": picture("I", 1, kind="TIFF")}
    assert "a.tif: values from 70000 to 70000; int32 pixels are read from 0 to 65535" in refused(
        folder(tmp_path, files)
    )


@pytest.mark.parametrize(
    "name, content",
    [("a.pdf", b"%PDF-1.7"), ("a.txt", b"hello"), ("a.tar", bytes(600)), ("a", b""), ("a.npy", b"\x93NUMPY")],
)
def test_a_wrong_type_is_refused(name: str, content: bytes, tmp_path, refused) -> None:
    said = refused(folder(tmp_path, {name: content}) / name)
    assert said.endswith(
        "not a set of images; it must be a folder or .zip of image files, IDX (also .gz), CIFAR-10's binary .bin, or .npz"
    )


def test_pickle_is_never_loaded(tmp_path, refused) -> None:
    assert "pickle is never loaded" in refused(folder(tmp_path, {"a.pkl": b"\x80\x04."}) / "a.pkl")
    np.savez(tmp_path / "a.npz", images=np.array([{"x": 1}, None], dtype=object))
    assert "images.npy holds Python objects (pickle), which are never loaded" in refused(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "name", ["../a.png", "x/../../a.png", "/etc/a.png", "..\\a.png", "C:/a.png", "\\\\host\\a.png"]
)
def test_names_that_lead_out_of_a_zip_are_refused(name: str, tmp_path, refused) -> None:
    assert "a name that leads out of the archive" in refused(zipped(tmp_path / "a.zip", TWO | {name: picture()}))


def test_links_are_not_followed_out_of_a_folder(tmp_path, refused) -> None:
    inside = folder(tmp_path / "in", TWO)
    folder(tmp_path, {"out.png": picture()})
    (inside / "near.png").symlink_to(inside / "a.png")
    assert len(load(inside)) == 3
    (inside / "link.png").symlink_to(tmp_path / "out.png")
    assert "link.png: a link that leads out of the folder" in refused(inside)
    assert len(load(inside, limits=Limits(links=True))) == 4
    (inside / "loop").symlink_to(inside)
    assert len(load(inside, limits=Limits(links=True))) == 4
    entry = zipfile.ZipInfo("link.png")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "link.png: a link" in refused(tmp_path / "a.zip")


def test_a_broken_link_and_a_pipe_do_no_harm(tmp_path, refused) -> None:
    folder(tmp_path, TWO)
    os.mkfifo(tmp_path / "pipe.png")
    assert len(load(tmp_path)) == 2
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing.png")
    assert "gone.png: cannot be read" in refused(tmp_path)


def test_a_zip_bomb_is_refused_before_it_bursts(tmp_path, refused) -> None:
    zeros = bytes(40 * 1024 * 1024)
    assert "more than limits.ratio = 200" in refused(zipped(tmp_path / "a.zip", TWO | {"z.bmp": zeros}))
    assert "bytes unpacked, more than limits.bytes = 1,000" in refused(tmp_path / "a.zip", limits=Limits(bytes=1000))
    np.savez_compressed(tmp_path / "b.npz", images=np.zeros((20_000, 64, 64), np.uint8))
    assert "more than limits.ratio = 200" in refused(tmp_path / "b.npz")


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path, refused) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": picture(), "z.png": bytes(100_000)})
    content = path.read_bytes().replace(struct.pack("<I", 100_000), struct.pack("<I", 100))
    path.write_bytes(content)
    assert "z.png: damaged" in refused(path)


def test_an_overlong_directory_is_refused_before_it_is_read(tmp_path, refused) -> None:
    files = {f"{'n' * 200}{i}.png": b"" for i in range(20)}
    assert "too large for limits.files = 10" in refused(zipped(tmp_path / "a.zip", files), limits=Limits(files=10))


def test_damaged_and_encrypted_zips_are_named(tmp_path, refused) -> None:
    whole = zipped(tmp_path / "a.zip", TWO, zipfile.ZIP_STORED).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    assert "not a zip, or a damaged one" in refused(tmp_path / "cut.zip")
    at = whole.index(b"IDAT")
    (tmp_path / "bit.zip").write_bytes(whole[:at] + b"X" + whole[at + 1 :])
    assert "a.png: damaged (Bad CRC-32" in refused(tmp_path / "bit.zip")
    local, central = whole.index(b"PK\x03\x04") + 6, whole.index(b"PK\x01\x02") + 8
    locked = bytearray(whole)
    locked[local] |= 1
    locked[central] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    assert "a.png: encrypted" in refused(tmp_path / "locked.zip")
    assert "packed in way 14" in refused(zipped(tmp_path / "lzma.zip", TWO, zipfile.ZIP_LZMA))


def test_limits_are_settings(tmp_path, refused) -> None:
    folder(tmp_path, TWO)
    assert "more than limits.files = 1" in refused(tmp_path, limits=Limits(files=1))
    assert "more than limits.bytes = 10" in refused(tmp_path, limits=Limits(bytes=10))
    assert "a.png: 16 x 16 pixels, more than limits.pixels = 255" in refused(tmp_path, limits=Limits(pixels=255))
    assert "images of 256 x 256: 393,216 bytes unpacked" in refused(tmp_path, size=256, limits=Limits(bytes=300_000))
    with pytest.raises(ConfigError, match=r"limits.files: 0 is not allowed; it must be a whole number from 1"):
        Limits(files=0)


def test_a_picture_that_claims_to_be_huge_is_refused_unread(tmp_path, refused) -> None:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 10**5, 10**5, 8, 2, 0, 0, 0)
    head += struct.pack(">I", zlib.crc32(head[12:])) + struct.pack(">I", 9) + b"IDAT" + bytes(9)
    assert "pixels, more than limits.pixels" in refused(folder(tmp_path, TWO | {"huge.png": head}))
