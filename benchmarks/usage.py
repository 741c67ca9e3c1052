"""CPU seconds of a server's process tree and of this process with its finished children."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    server_s: float
    client_s: float

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.server_s - other.server_s, self.client_s - other.client_s)

    @property
    def total_s(self) -> float:
        return self.server_s + self.client_s


def cpu_now(postmaster: int) -> Cpu:
    """What was used up to now. A backend that ended and was reaped counts in the postmaster's children, one that
    runs in its own; read anew if one was reaped meanwhile, so that nothing is missed or counted twice."""
    while (ticks := _ticks(postmaster)) is None:
        pass
    mine = resource.getrusage(resource.RUSAGE_SELF)
    finished = resource.getrusage(resource.RUSAGE_CHILDREN)
    client_s = mine.ru_utime + mine.ru_stime + finished.ru_utime + finished.ru_stime
    return Cpu(ticks / TICKS, client_s)


def _ticks(postmaster: int) -> int | None:
    """Of the postmaster, its children and those it reaped; None if it reaped one while this read."""
    user, system, *reaped = _times(postmaster)
    ticks = user + system + sum(reaped)
    for child in _children(postmaster):
        try:
            ticks += sum(_times(child)[:2])
        except OSError:  # it ended meanwhile
            return None
    return ticks if list(_times(postmaster)[2:]) == reaped else None


def _times(pid: int) -> tuple[int, int, int, int]:
    """User, system, and the same of reaped children, in ticks (proc(5), fields 14 to 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12]), int(fields[13]), int(fields[14])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found
