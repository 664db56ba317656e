"""Files that hold a whole set of images: IDX, CIFAR-10's batches, npz; read as their makers wrote them, or refused in one line."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from gan1d.image.data import load

# ---- IDX


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def packed(content: bytes) -> bytes:
    """gzip without the time of day, which would give a test another name a second later."""
    return gzip.compress(content, mtime=0)


DIGITS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)


@pytest.mark.parametrize("pack, ending", [(bytes, ""), (packed, ".gz")])
def test_idx_with_and_without_labels(pack, ending: str, tmp_path) -> None:
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    path.write_bytes(pack(idx(DIGITS)))
    assert load(path).labels is None
    (tmp_path / f"train-labels-idx1-ubyte{ending}").write_bytes(pack(idx(LABELS)))
    for data in (load(path), load(tmp_path)):
        assert data.images.shape == (5, 32, 32, 1) and list(data.labels) == list(LABELS)
        assert data.modes == 6
        means = data.images[:].mean(axis=(1, 2, 3))
        np.testing.assert_allclose(means, DIGITS.mean(axis=(1, 2)), atol=2)


@pytest.mark.parametrize(
    "content, said",
    [
        (idx(DIGITS)[:-1], "cut off: 3,919 of 3,920 bytes"),
        (idx(DIGITS) + b"x", "more bytes than the 5 x 28 x 28 of its head"),
        (idx(DIGITS.astype(">i2"), kind=11), "an IDX file of int16; only unsigned bytes are read"),
        (idx(LABELS), "not of images (N, H, W)"),
        (idx(DIGITS[:0]), "shape (0, 28, 28), not of images"),
        (idx(DIGITS[:, :0]), "shape (5, 0, 28), not of images"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31), "bytes unpacked, more than limits.bytes"),
        (idx(DIGITS[:1]), "1 image; at least 2 are needed"),
        (packed(idx(DIGITS))[:-500], "cannot be read (Compressed file ended"),
        (packed(b"hello"), "not an IDX file inside"),
        (packed(idx(np.zeros((20_000, 64, 64), np.uint8))), "more than limits.ratio"),
        (b"\x1f\x8bnot gzip", "cannot be read"),
    ],
)
def test_bad_idx_is_refused(content: bytes, said: str, tmp_path, refused) -> None:
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(content)
    assert said in refused(path)


def test_labels_must_fit_the_images(tmp_path, refused) -> None:
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(idx(DIGITS))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(LABELS[:4]))
    assert "labels of uint8 (4,) for 5 images" in refused(path)


# ---- CIFAR-10


def test_cifar_10(tmp_path, refused) -> None:
    """The layout of the published files: a label, then 1 024 red, 1 024 green, 1 024 blue bytes, row by row."""
    rows = np.zeros((3, 3073), np.uint8)
    rows[:, 0] = [6, 9, 0]
    rows[1, 1 + 1024 + 32 * 2 + 5] = 77  # green, row 2, column 5
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        (tmp_path / name).write_bytes(rows.tobytes())
    (tmp_path / "batches.meta.txt").write_text("airplane\n")
    one, all_of_it = load(tmp_path / "data_batch_1.bin"), load(tmp_path)
    assert one.images.shape == (3, 32, 32, 3) and all_of_it.images.shape == (6, 32, 32, 3)
    assert one.images[1][2, 5, 1] == 77 and one.images[:].sum() == 77
    assert [one.mode_names[k] for k in one.labels] == ["frog", "truck", "airplane"]
    rows[2, 0] = 10
    (tmp_path / "bad.bin").write_bytes(rows.tobytes())
    assert "a label of 10; CIFAR-10's go from 0 to 9" in refused(tmp_path / "bad.bin")
    (tmp_path / "cut.bin").write_bytes(rows.tobytes()[:-1])
    assert "not a set of images" in refused(tmp_path / "cut.bin")


# ---- npz


@pytest.mark.parametrize("turn", [lambda a: a, lambda a: a.transpose(0, 3, 1, 2)])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a,
        lambda a: a.astype(np.int64),
        lambda a: a.astype(np.uint16) * 257,
        lambda a: (a / 255).astype(np.float32),
        lambda a: a / 127.5 - 1,
    ],
)
def test_npz_of_any_numbers(turn, change, tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    pixels[0, 0, 0] = (0, 255, 128)
    np.savez(tmp_path / "a.npz", x_train=turn(change(pixels)), y_train=np.array([[0], [2], [1], [0]]))
    data = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.images[:], pixels)
    assert list(data.labels) == [0, 2, 1, 0] and data.mode_names == ("0", "1", "2")


@pytest.mark.parametrize(
    "arrays, said",
    [
        ({"a": np.zeros(3)}, "no array of images (N, H, W, C)"),
        ({"a": np.zeros((2, 8, 8)), "b": np.zeros((2, 8, 8))}, "it has a (2, 8, 8), b (2, 8, 8)"),
        ({"images": np.zeros((2, 8, 8, 5))}, "images has shape (2, 8, 8, 5); it must be"),
        ({"images": np.full((2, 8, 8), np.nan)}, "values from nan to nan"),
        ({"images": np.full((2, 8, 8), 300)}, "values from 300 to 300"),
        ({"images": np.zeros((2, 8, 8), complex)}, "complex128"),
        ({"images": np.zeros((2, 8, 8)), "labels": np.zeros(2)}, "labels of float64"),
        ({"images": np.zeros((2, 8, 8)), "labels": np.array([0, 5000])}, "labels from 0 to 5000"),
        ({"images": np.zeros((0, 8, 8))}, "shape (0, 8, 8, 1)"),
    ],
)
def test_bad_npz_is_refused(arrays: dict, said: str, tmp_path, refused) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    assert said in refused(tmp_path / "a.npz")


def test_an_npz_whose_head_lies_takes_no_memory(tmp_path, refused) -> None:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 10**3)})
    for name, content in (("a", file.getvalue() + bytes(100)), ("b", b"nonsense")):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as archive:
            archive.writestr("images.npy", content)
    assert "its head says 1,000,000,000,000,000 bytes" in refused(tmp_path / "a.npz")
    assert "images.npy: damaged" in refused(tmp_path / "b.npz")
