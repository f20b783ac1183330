"""What is in an archive is found; what an archive does to whoever opens it is not done."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.examples import how_many

from picket.detection import archives
from picket.detection.archives import Member, Problem, is_archive, members

FILES = {"a.txt": b"first", "folder/b.env": b"second " * 1000, "empty": b""}


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def opened(content: bytes, path: str = "x", depth: int = 2, max_bytes: int = 1 << 24) -> list[Member | Problem]:
    return list(members(content, path, depth=depth, max_bytes=max_bytes))


def read(content: bytes, **options: int) -> dict[str, bytes]:
    found = opened(content, **options)  # type: ignore[arg-type]
    assert all(isinstance(each, Member) for each in found), found
    return {each.path: each.content for each in found if isinstance(each, Member)}


MAKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zipped,
    "zip, stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "zip, bzip2": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "tar": tarred,
    "tar, GNU": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar, ustar": lambda files: tarred(files, tarfile.USTAR_FORMAT),
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
}


@pytest.mark.parametrize("form", MAKERS)
def test_the_files_of_an_archive_are_read_whatever_its_name(form: str) -> None:
    assert read(MAKERS[form](FILES)) == {f"x!{name}": content for name, content in FILES.items()}


@pytest.mark.parametrize("form", ["tar", "tar, GNU", "zip"])
def test_long_names_are_kept(form: str) -> None:
    name = "/".join(["folder" * 6] * 6) + "/file"
    assert list(read(MAKERS[form]({name: b"1", "b": b"2"}))) == [f"x!{name}", "x!b"]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_packed_file_is_called_as_before_it_was_packed(suffix: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"one ") + pack(b"two")
    assert list(members(packed, f"logs/a.log{suffix}", max_bytes=99)) == [
        Member(f"logs/a.log{suffix}!a.log", b"one two")
    ]


def test_archives_in_archives_are_opened_to_the_depth_asked_for() -> None:
    inner = tarred({"key.pem": b"deep"})
    outer = zipped({"lib/inner.tgz": gzip.compress(inner), "b": b"shallow"})
    assert read(outer) == {"x!lib/inner.tgz!key.pem": b"deep", "x!b": b"shallow"}
    [first, second] = opened(outer, depth=1)
    assert isinstance(first, Problem)
    assert "too deep" in first.reason
    assert second == Member("x!b", b"shallow")


def test_what_is_no_archive_yields_nothing() -> None:
    for content in (b"", b"text", b"PK", b"\x7fELF", b"x" * 600):
        assert opened(content) == []
        assert not is_archive(content)


@pytest.mark.slow
def test_a_bomb_is_a_problem_and_takes_no_memory() -> None:
    zeros = bytes(300_000_000)
    bombs = [zipped({"bomb": zeros, "after": b"fine"}), gzip.compress(zeros), bz2.compress(zeros), lzma.compress(zeros)]
    del zeros
    tracemalloc.start()
    for bomb in bombs:
        found = opened(bomb, max_bytes=1 << 24)
        assert any(isinstance(each, Problem) and "larger than" in each.reason for each in found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * (1 << 24)
    assert Member("x!after", b"fine") in opened(bombs[0])


def test_a_bomb_of_overlapping_members_ends_at_the_limit_of_bytes() -> None:
    good = zipped({"kernel": bytes(1_000_000)})
    directory = good.index(b"PK\x01\x02")
    entry, end = good[directory : good.index(b"PK\x05\x06")], good[good.index(b"PK\x05\x06") :]
    count = 500
    bomb = good[:directory] + entry * count
    bomb += end[:8] + struct.pack("<HHLL", count, count, len(entry) * count, directory) + end[20:]
    found = opened(bomb, max_bytes=5_000_000)
    assert sum(len(each.content) for each in found if isinstance(each, Member)) <= 5_000_000
    assert any(isinstance(each, Problem) for each in found)


def test_too_many_members_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 10)
    files = {str(number): b"x" for number in range(30)}
    assert [type(each) for each in opened(zipped(files))] == [Problem]
    assert len(opened(tarred(files, tarfile.USTAR_FORMAT))) == 11


def test_bytes_are_counted_over_all_members() -> None:
    files = {str(number): b"x" * 1000 for number in range(30)}
    for form in ("zip", "tar", "tar.gz"):
        found = opened(MAKERS[form](files), max_bytes=10_000)
        assert sum(len(each.content) for each in found if isinstance(each, Member)) <= 10_000
        assert isinstance(found[-1], Problem)


def test_encrypted_and_cut_off_members_are_problems_and_the_others_are_read() -> None:
    content = bytearray(zipped({"a": b"1" * 50, "b": b"2"}, zipfile.ZIP_STORED))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    content[6] |= 1
    first, second = opened(bytes(content))
    assert isinstance(first, Problem)
    assert "encrypted" in first.reason
    assert second == Member("x!b", b"2")
    cut = tarred({"a": b"1", "b": b"2" * 5000}, tarfile.USTAR_FORMAT)[:3000]
    assert [type(each) for each in opened(cut)] == [Member, Problem]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\nb", "a\x1b[31m", "C:\\x", "a\x00b", "é/ü"])
def test_odd_names_do_no_harm(name: str) -> None:
    for form in ("zip", "tar"):
        for each in opened(MAKERS[form]({name: b"1"})):
            assert each.path.startswith("x!")
            assert each.path.isprintable()


def test_many_streams_in_one_file_are_read_without_quadratic_cost() -> None:
    packed = gzip.compress(b"line\n") * 5000
    [found] = opened(packed)
    assert isinstance(found, Member)
    assert found.content == b"line\n" * archives._MOST_STREAMS


SEEDS = [make(FILES) for make in MAKERS.values()]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 9),
)
@example(SEEDS[0], [], 0)
@settings(max_examples=how_many(300))
def test_a_damaged_archive_raises_nothing_and_stays_in_bounds(
    seed: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(seed)
    for at, byte in changes:
        content[at % len(content)] = byte
    found = opened(bytes(content[: len(content) - cut * len(content) // 20]), max_bytes=50_000)
    assert sum(len(each.content) for each in found if isinstance(each, Member)) <= 50_000
    assert len(found) <= archives.MOST_MEMBERS + 2


@given(
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"PK\x05\x06"]), st.binary(max_size=300)
)
@settings(max_examples=how_many(200))
def test_bytes_behind_a_magic_raise_nothing(magic: bytes, rest: bytes) -> None:
    for each in opened(magic + rest, max_bytes=10_000):
        assert isinstance(each, Problem) or len(each.content) <= 10_000
