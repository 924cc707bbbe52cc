"""The idx reader: what it gives for a good file, and what it says of every other."""

import gzip
import hashlib

import numpy as np
import pytest

from envs.images.idx_files import read_idx
from wann import UserError

SHAPE = (3, 4, 5)
PIXELS = np.arange(60, dtype=np.uint8).reshape(SHAPE)
LABELS = np.array([0, 9, 3], np.uint8)


def idx(array, kind=0x08):
    """The file's bytes, written out from the format's description."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


GOOD = idx(PIXELS)
DIGEST = hashlib.sha256(GOOD).hexdigest()
ZIPPED = gzip.compress(GOOD, mtime=0)


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def complaint(path, shape=SHAPE, **options):
    """What is said of a file: one sentence, with the file first."""
    with pytest.raises(UserError) as caught:
        read_idx(path, shape, **options)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message
    assert message.startswith(f"{path}: expected ") and " found" in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("name", "content"), [("images", GOOD), ("images.gz", ZIPPED)], ids=["plain", "gzipped"])
@pytest.mark.parametrize("sha256", [DIGEST, None], ids=["checked", "any content"])
def test_a_good_file(tmp_path, name, content, sha256):
    """The checksum is that of the content, so one serves both forms."""
    found = read_idx(written(tmp_path, name, content), SHAPE, sha256)
    assert found.dtype == np.uint8 and found.shape == SHAPE
    np.testing.assert_array_equal(found, PIXELS)


def test_the_largest_label_is_allowed(tmp_path):
    path = written(tmp_path, "labels", idx(LABELS))
    np.testing.assert_array_equal(read_idx(path, (3,), largest=9), LABELS)
    assert complaint(path, (3,), largest=8) == "expected labels of 0 to 8, found 9"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(PIXELS, 0x0D), "expected the idx magic number 0x00000803, found 0x00000d03"),  # floats
        (idx(LABELS), "expected the idx magic number 0x00000803, found 0x00000801"),
        (b"<html>no such page</html>", "expected the idx magic number 0x00000803, found 0x3c68746d"),
        (b"", "expected the idx magic number 0x00000803, found 0x00000000"),
        (idx(PIXELS[:2]), "expected 3 x 4 x 5 bytes, found a header that says 2 x 4 x 5"),
        (idx(PIXELS.reshape(3, 5, 4)), "expected 3 x 4 x 5 bytes, found a header that says 3 x 5 x 4"),
        (GOOD[:-1], "expected 60 bytes after the header, found 59: it is truncated"),
        (GOOD[:16], "expected 60 bytes after the header, found 0: it is truncated"),
        (GOOD + b"\0", "expected 60 bytes after the header, found 61: it is too long"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_what_is_wrong_is_said(tmp_path, content, message, pack):
    path = written(tmp_path, "images" if pack is bytes else "images.gz", pack(content))
    assert complaint(path) == message


def test_other_content_of_the_right_shape_is_refused(tmp_path):
    other = idx(PIXELS[::-1])
    found = hashlib.sha256(other).hexdigest()[:12]
    message = complaint(written(tmp_path, "images", other), sha256=DIGEST)
    assert message == f"expected the published file (SHA-256 {DIGEST[:12]}...), found {found}..."


@pytest.mark.parametrize(
    "content",
    [ZIPPED[:-1], ZIPPED[:40], ZIPPED[:5], GOOD, ZIPPED + b"more"],
    ids=["end", "half", "head", "plain", "more"],
)
def test_a_damaged_gzip_file(tmp_path, content):
    message = complaint(written(tmp_path, "images.gz", content))
    assert message.startswith("expected a whole gzip file, found a damaged or truncated one (")


@pytest.mark.parametrize(("name", "content"), [("images", GOOD), ("images.gz", ZIPPED)], ids=["plain", "gzipped"])
def test_a_truncation_anywhere_is_said(tmp_path, name, content):
    for length in range(len(content)):
        complaint(written(tmp_path, name, content[:length]))


@pytest.mark.parametrize(("name", "content"), [("images", GOOD), ("images.gz", ZIPPED)], ids=["plain", "gzipped"])
def test_a_flipped_bit_anywhere_is_said_or_does_no_harm(tmp_path, name, content):
    """Some bits of gzip's header mean nothing; no other may pass the checksum."""
    harmless = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path = written(tmp_path, name, bytes(flipped))
        try:
            np.testing.assert_array_equal(read_idx(path, SHAPE, DIGEST), PIXELS)
            harmless += 1
        except UserError:
            complaint(path, sha256=DIGEST)
    assert harmless == 0 if name == "images" else harmless < 8 * 10  # gzip's header is of ten bytes


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_no_file(tmp_path, name):
    assert complaint(tmp_path / name) == "expected a readable idx file, found No such file or directory"
    (tmp_path / name).mkdir()
    assert complaint(tmp_path / name) == "expected a readable idx file, found Is a directory"
