"""Reads paper as a person and a phone would: its words by poppler, its QR code by zbar. Both are Debian packages."""

import shutil
import subprocess
from pathlib import Path

import pytest


def text_of(pdf: bytes, *options: str) -> str:
    """The words of a PDF, a form feed after each page."""
    return _run("poppler-utils", "pdftotext", *options, "-", "-", stdin=pdf).decode()


def read_qr(pdf: bytes, directory: Path) -> str:
    """What the QR code on a paper says."""
    picture = directory / "paper.png"
    place = str(picture.with_suffix(""))
    _run("poppler-utils", "pdftoppm", "-r", "100", "-png", "-singlefile", "-", place, stdin=pdf)
    return _run("zbar-tools", "zbarimg", "-q", "--raw", str(picture)).decode().strip()


def _run(package: str, program: str, *words: str, stdin: bytes = b"") -> bytes:
    if shutil.which(program) is None:
        pytest.fail(
            f"测试要用 {program}：请运行 sudo apt-get install {package}，或用 root 运行 make test。", pytrace=False
        )
    return subprocess.run([program, *words], input=stdin, capture_output=True, check=True).stdout
