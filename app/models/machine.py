"""What this machine has: processor, usable cores, memory. Standard library only."""

import functools
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Instruction sets that decide how fast a model runs, as Linux spells them.
_TELLING = (
    "avx",
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "fma",
    "f16c",
    "asimd",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as this process may use it.

    `cores` are physical cores within the process's affinity and its container's share; memory is
    in bytes, within the container's limit, and 0 where it cannot be known. `features` are
    instruction sets in Linux's spelling, empty where the system does not list them.
    """

    system: str
    architecture: str
    cpu: str
    cores: int
    features: frozenset[str]
    memory_total: int
    memory_available: int


def describe() -> Machine:
    """Look at the machine now; only the free memory changes from call to call."""
    total, available = _memory()
    cpu, features = processor()
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        cpu=cpu,
        cores=usable_cores(),
        features=features,
        memory_total=total,
        memory_available=available,
    )


def busy_share() -> float:
    """How much of the machine other programs have kept busy in the last minute: 1 is all of its
    cores. 0 where the system does not tell."""
    if not hasattr(os, "getloadavg"):
        return 0.0
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def usable_cores() -> int:
    """Physical cores that this process may keep busy, at least 1.

    Two hardware threads of one core share its arithmetic units: a second one on the same core
    does not make a model faster.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = os.sched_getaffinity(0)
        cores = len({_core_of(cpu) for cpu in allowed})
    else:
        logical = os.cpu_count() or 1
        cores = _physical_cores_elsewhere() or max(1, logical // 2)
    quota = _cgroup_cpus()
    return max(1, min(cores, quota) if quota else cores)


def _core_of(cpu: int) -> str:
    """The hardware threads that share a core with `cpu`, as text, which identifies the core."""
    listing = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return listing.read_text(encoding="ascii").strip()
    except OSError:
        return str(cpu)


@functools.cache
def _physical_cores_elsewhere() -> int:
    if sys.platform == "darwin":
        # The efficiency cores of Apple's processors slow the whole team down: count the others.
        return int(_sysctl("hw.perflevel0.physicalcpu") or _sysctl("hw.physicalcpu") or 0)
    return 0


@functools.cache
def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@functools.cache
def processor() -> tuple[str, frozenset[str]]:
    """The processor's name, and its instruction sets as `Machine` has them."""
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.processor(), frozenset()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine(), frozenset()
    first: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        first.setdefault(key.strip(), value.strip())
    # The name alone is not enough under some hypervisors, which shorten it to the maker's brand.
    parts = [first.get("model name") or first.get("CPU part") or platform.machine()]
    if "model" in first:
        parts.append(
            f"family {first.get('cpu family')} model {first['model']} stepping "
            f"{first.get('stepping')}"
        )
    flags = set((first.get("flags") or first.get("Features") or "").split())
    return ", ".join(parts), frozenset(flags & set(_TELLING))


def _cgroup_cpus() -> int:
    """Processors that a container's quota amounts to, rounded up; 0 without one."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return 0 if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return 0


def _memory() -> tuple[int, int]:
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        total = int(_sysctl("hw.memsize") or 0)
        return total, total
    total = available = 0
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(":")
            if key == "MemTotal":
                total = int(value.split()[0]) * 1024
            elif key == "MemAvailable":
                available = int(value.split()[0]) * 1024
    except (OSError, ValueError):
        return 0, 0
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return total, available
    return min(total, limit), max(0, min(available, limit - used))


def _windows_memory() -> tuple[int, int]:
    import ctypes  # noqa: PLC0415  only Windows needs it here

    class MemoryStatus(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong),
            *((f"unused{i}", ctypes.c_ulonglong) for i in range(5)),
        ]

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        return 0, 0
    return int(status.total), int(status.available)
