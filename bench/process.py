"""One web process: how soon it is ready, and what it holds when the other benchmarks have gone over it."""

import os
import time
from pathlib import Path

from bench.city import wish_number
from bench.harness import Aim, Benchmark, Rounds
from bench.load import get_rate
from bench.wall import donor_cookies
from bench.world import World, processes_of, start_product
from cishan.processes import Supervisor, free_port

MB = 1000 * 1000
WARM_PATHS = ("/wishes", "/wishes?q=%E4%B9%A6%E6%A1%8C", "/about", f"/wishes/{wish_number(0)}")


async def ready(world: World) -> Rounds:
    """From the start of `cishan serve` to the first 200 of /ready, asked twenty times a second."""
    rounds = Rounds([])
    for start in range(world.scale.starts):
        with Supervisor(world.directory / "log") as supervisor:
            began = time.perf_counter()
            child = start_product(supervisor, f"start-{start}", world.settings, free_port(), workers=1)
            rounds.subject.append(time.perf_counter() - began)
            rounds.notes["cpu_seconds"] = cpu_seconds(child.process.pid)
    return rounds


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors: what it would take to start on an idle machine."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def memory(world: World) -> Rounds:
    """Resident memory of each web process, after a last round over several pages."""
    scale = world.scale
    for path in WARM_PATHS:
        for cookies in ((), donor_cookies(5)):
            await get_rate(world.port, path, seconds=scale.seconds / 4, connections=scale.connections, cookies=cookies)
    workers = [pid for pid in processes_of(world.child) if is_web_process(pid)]
    if not workers:
        raise ValueError("the launcher has no web processes")
    launcher = resident_bytes(world.child.process.pid) / MB
    return Rounds([resident_bytes(pid) / MB for pid in workers], notes={"launcher_MB": round(launcher, 1)})


def is_web_process(pid: int) -> bool:
    """A launcher also starts a process that watches over shared resources; it serves nobody."""
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def resident_bytes(pid: int) -> int:
    """What the kernel counts as resident, shared pages of libraries included."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


BENCHMARKS = (
    Benchmark(
        name="web-ready",
        measures="from the start of cishan serve until /ready answers",
        against="2 s",
        kind=Aim.LIMIT,
        aim=2.0,
        unit="s",
        run=ready,
    ),
    Benchmark(
        name="web-memory",
        measures="resident memory of a web process after the other benchmarks",
        against="150 MB",
        kind=Aim.LIMIT,
        aim=150.0,
        unit="MB",
        run=memory,
    ),
)
