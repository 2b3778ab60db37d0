"""Reads CSV files as a stream, however they were made: a row at a time, with the row's number.

Nothing in a file is trusted: its encoding, its size, the length of a line or a cell, NUL characters, its header.
"""

import codecs
import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 64 * 1024 * 1024
LINE_MOST_BYTES = 4 * 1024 * 1024
"""A line this long is no row; four bytes for each of the million characters that someone may have pasted."""
CELL_LONGEST = 1_000
BLOCK_BYTES = 1024 * 1024
ENCODINGS = ("utf-8-sig", "gb18030")
ZIP_MAGIC = b"PK\x03\x04"
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
UTF16_MAGIC = (b"\xff\xfe", b"\xfe\xff")

# A cell may be as long as a line, so that a monstrous one is a wrong row and not the end of the reading.
csv.field_size_limit(LINE_MOST_BYTES)

NOT_CSV = "这不是 CSV 文件。请在表格软件里选“另存为”，格式选“CSV UTF-8（逗号分隔）”，再上传。"
TOO_LARGE = "文件超过 64 MB。请按乡镇或按月份分成几个文件。"


class UnreadableFile(Exception):
    """The file as a whole can't be read; the message is a Chinese sentence."""


@dataclass(frozen=True)
class RowError:
    """One thing that is wrong in one row. Row 1 is the header, as the table program numbers them."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Line:
    """A row of the file: its number and its cells by column name; or what makes it no row."""

    row: int
    cells: dict[str, str]
    fault: RowError | None = None


def keep_file(source: BinaryIO, directory: Path) -> tuple[Path, str]:
    """Copies an upload into the directory under the hash of its bytes, readable by us alone; returns path and hash.

    Raises UnreadableFile for a file that is empty, too large, of another format, or one endless line.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = directory / f".{os.getpid()}-{os.urandom(8).hex()}"
    digest, size, line = hashlib.sha256(), 0, 0
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as target:
            while block := source.read(BLOCK_BYTES):
                if size == 0:
                    _check_format(block)
                size += len(block)
                if size > MOST_BYTES:
                    raise UnreadableFile(TOO_LARGE)
                line = _longest_open_line(block, line)
                digest.update(block)
                target.write(block)
        if not size:
            raise UnreadableFile("这是一个空文件。请检查后再上传。")
        path = directory / f"{digest.hexdigest()}.csv"
        temporary.replace(path)
        return path, digest.hexdigest()
    finally:
        temporary.unlink(missing_ok=True)


def read_lines(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Line]:
    """Yields every row that is not blank. Raises UnreadableFile for an unknown encoding or a missing column."""
    encoding = encoding_of(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file)
            header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
            _check_header(header, columns, optional)
            for row, cells in enumerate(reader, start=2):
                if any(cells):
                    yield _line(row, header, cells)
    except csv.Error as error:
        raise UnreadableFile("文件里有一格没有写完，引号不成对。请用表格软件重新另存为 CSV。") from error


def encoding_of(path: Path) -> str:
    """UTF-8, else GB 18030, by reading the whole file; raises UnreadableFile naming the line where the better one fails."""
    furthest = 0
    for encoding in ENCODINGS:
        bad_line = _first_bad_line(path, encoding)
        if not bad_line:
            return encoding
        furthest = max(furthest, bad_line)
    raise UnreadableFile(f"第 {furthest} 行有认不出的文字。请把文件另存为“CSV UTF-8（逗号分隔）”。")


def _check_format(block: bytes) -> None:
    if block.startswith((ZIP_MAGIC, OLD_EXCEL_MAGIC, *UTF16_MAGIC)):
        raise UnreadableFile(NOT_CSV)


def _longest_open_line(block: bytes, before: int) -> int:
    """How long the line is that the block ends in, `before` being what the blocks before it have of it."""
    start, length = 0, before
    while (end := block.find(b"\n", start)) >= 0:
        if length + end - start > LINE_MOST_BYTES:
            raise UnreadableFile("文件里有一行太长，不像是表格。请检查后再上传。")
        start, length = end + 1, 0
    length += len(block) - start
    if length > LINE_MOST_BYTES:
        raise UnreadableFile("文件里有一行太长，不像是表格。请检查后再上传。")
    return length


def _first_bad_line(path: Path, encoding: str) -> int:
    """The number of the first line that is not in this encoding; 0 when all are."""
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK_BYTES)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return lines + block[: error.start].count(b"\n")
            lines += block.count(b"\n")
            if not block:
                return 0


def _check_header(header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header and name not in optional]
    if missing:
        raise UnreadableFile(f"第一行缺少这几列：{'、'.join(missing)}。请照模板的表头填写。")
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise UnreadableFile(f"第一行里“{twice[0]}”出现了两次。请只留一列。")


def _line(row: int, header: Sequence[str], cells: Sequence[str]) -> Line:
    fault = _fault(row, header, cells)
    if fault is not None:
        return Line(row, {}, fault)
    return Line(row, dict(zip(header, cells, strict=False)))


def _fault(row: int, header: Sequence[str], cells: Sequence[str]) -> RowError | None:
    for place, cell in enumerate(cells):
        column = header[place] if place < len(header) else f"第 {place + 1} 列"
        if len(cell) > CELL_LONGEST:
            return RowError(row, column, f"这一格有 {len(cell)} 个字，太长了，最多 {CELL_LONGEST} 个字。")
        if "\x00" in cell:
            return RowError(row, column, "这一格含有不能识别的字符，请重新输入。")
    if len(cells) < len(header):
        return RowError(row, "", f"这一行只有 {len(cells)} 格，表头有 {len(header)} 列。")
    if any(cells[len(header) :]):
        return RowError(row, "", f"这一行有 {len(cells)} 格，比表头多。可能是内容里有英文逗号，请加上引号。")
    return None
