"""Record with strace which peers a program talks to and where it writes.

System calls show this for every library.
"""

import ipaddress
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.skips import missing

NO_STRACE = "strace that may look (apt install strace; in some containers also --cap-add SYS_PTRACE)"

_SENDING = ("connect", "sendto", "sendmsg", "sendmmsg")
_OPENING = ("open", "openat", "openat2", "creat")
_MAKING = ("mkdir", "mkdirat", "mknod", "mknodat", "truncate")
_NAMING = (
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
)  # the last path is new

_NAME_PORTS = (53, 853, 5353, 5355)  # DNS, DNS over TLS, mDNS, LLMNR
_NAME_SOCKETS = ("io.systemd.Resolve", "avahi-daemon")
# nscd is asked for people as well as for hosts: its requests 4 to 7, 13 and 14 are for hosts.
_NSCD_HOSTS = re.compile(r'"\\2\\0\\0\\0(?:\\[4-7]|\\r|\\16)\\0\\0\\0')
# Read for every name that is not an address, before anybody else is asked.
_NAME_FILES = ("/etc/hosts", "/etc/resolv.conf")
# Neither is a file of anybody's: devices, locks and memory that processes share, Python's compiled modules.
_NO_FILES = re.compile(
    r"/dev/(?:null|tty|pts/\d+)$|/dev/shm/(?:sem\.|pym-)|/proc/self/|.*/__pycache__(?:/|$)"
)

_CALL = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)(?:<(.*?)>(?:\(deleted\))?)?")
_INTERNET = re.compile(r'_port=htons\((\d+)\).*?inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"')
_UNIX = re.compile(r'sun_path=@?"([^"]*)"')
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_TO_WRITE = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC)")


@dataclass(kw_only=True)
class Findings:
    """The actions of programs and their children, each once, in order."""

    name_lookups: list[str] = field(default_factory=list)  # where the name was looked up
    addresses: list[str] = field(default_factory=list)  # of other machines, with the port
    written: list[str] = field(default_factory=list)  # files and folders that they were not to write
    n_calls: int = field(default=0, compare=False)
    n_loopback: int = field(default=0, compare=False)  # connections and packets within the machine

    def add(self, findings: list[str], line: str) -> None:
        if line not in findings:
            findings.append(line)


class Watch:
    """Runs programs in an empty home, with a temporary folder, and records their system calls."""

    def __init__(self, folder: Path) -> None:
        """Skip the test if strace is missing or may not trace."""
        if not can_watch():
            missing(NO_STRACE)
        self.home, self.temporary = folder / "home", folder / "tmp"
        self.home.mkdir()
        self.temporary.mkdir()
        self._folder = folder
        self._logs: dict[Path, Path] = {}  # with the folder that the program was started in

    def command(self, *arguments: str | Path, cwd: Path | None = None) -> list[str]:
        """Return the same command watched and started in `cwd`. Its process is the program's own."""
        log = self._folder / f"calls-{len(self._logs)}.log"
        self._logs[log] = cwd or Path.cwd()
        calls = ",".join(f"?{name}" for name in (*_SENDING, *_OPENING, *_MAKING, *_NAMING))
        options = ("-D", "-f", "--seccomp-bpf", "-q", "-y", "-s", "64", "-e", "signal=none")
        return ["strace", *options, "-e", f"trace={calls}", "-o", str(log), "--", *map(str, arguments)]

    def environment(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return this process's environment and these variables, without folders of the user's data.

        Coverage is not measured, because it writes files.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "SUFLER_", "COVERAGE_"))
            and name not in {"MPLCONFIGDIR", "HF_HOME"}
        }
        return {**kept, "HOME": str(self.home), "TMPDIR": str(self.temporary), **(variables or {})}

    def run(
        self, *arguments: str | Path, cwd: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, watched."""
        return subprocess.run(
            self.command(*arguments, cwd=cwd),
            cwd=cwd,
            env=self.environment(variables),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def findings(self, *allowed: Path) -> Findings:
        """Return what all programs did, once they have ended. Writes to `allowed` folders are ignored."""
        found = Findings()
        places = [str(path.resolve()) for path in (self.temporary, *allowed)]
        for log, cwd in self._logs.items():
            for line in _lines(log):
                _look(line, cwd, places, found)
        return found


def can_watch() -> bool:
    """Return True if strace is installed and may trace other processes."""
    if shutil.which("strace") is None:
        return False
    tried = ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _lines(log: Path) -> Iterator[str]:
    """Yield each call as one line, joining calls that another thread interrupted."""
    begun: dict[str, str] = {}
    for line in _whole(log).splitlines():
        process = line.partition(" ")[0]
        if line.endswith(" <unfinished ...>"):
            begun[process] = line.removesuffix(" <unfinished ...>")
        elif "resumed>" in line and process in begun:
            yield begun.pop(process) + line.partition("resumed>")[2]
        else:
            yield line


def _whole(log: Path) -> str:
    """Wait until strace, which outlives the program briefly, has recorded the end of each process."""
    deadline = time.monotonic() + 60
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        seen = set(re.findall(r"^\d+", text, re.MULTILINE))
        ended = set(re.findall(r"^(\d+) +\+\+\+ ", text, re.MULTILINE))
        if seen and seen == ended:
            return text
        if time.monotonic() > deadline:
            raise AssertionError(f"{log}: these processes have not ended: {sorted(seen - ended)}")
        time.sleep(0.05)


def _look(line: str, cwd: Path, allowed: Sequence[str], found: Findings) -> None:
    call = _CALL.match(line)
    if call is None:
        return
    name, arguments, result, opened = call.groups()
    found.n_calls += 1
    if name in _SENDING:
        _look_at_address(arguments, found)
    elif int(result) >= 0:
        base, named = _PATH.findall(arguments)[-1]
        path = opened or os.path.normpath(cwd / base / named)
        if name in _OPENING and path in _NAME_FILES:
            found.add(found.name_lookups, path)
        is_written = name not in _OPENING or name == "creat" or _TO_WRITE.search(arguments) is not None
        if is_written and not _NO_FILES.match(path) and not _is_in(path, allowed):
            found.add(found.written, path)


def _look_at_address(arguments: str, found: Findings) -> None:
    for port, text in _INTERNET.findall(arguments):
        address = ipaddress.ip_address(text)
        if int(port) in _NAME_PORTS:
            found.add(found.name_lookups, f"{text}:{port}")
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_unspecified:
            found.n_loopback += 1
        else:
            found.add(found.addresses, f"{address}:{port}")
    for path in _UNIX.findall(arguments):
        if any(name in path for name in _NAME_SOCKETS):
            found.add(found.name_lookups, path)
    if _NSCD_HOSTS.search(arguments):
        found.add(found.name_lookups, "nscd")


def _is_in(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
