"""Leaving the house: every request of a connector goes through here, or not at all.

A host must be allowed by name (`AIA_EGRESS_ALLOW`), the scheme is https, and the address a name resolves to must be
public. The connection then goes to the very address that was checked, so that a name cannot change its answer in
between; redirects are followed by hand and checked again. Bytes, seconds, redirects and requests are bounded, a
host is asked at a rate, and what was asked is kept in an audit.
"""

import asyncio
import ipaddress
import random
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx

from aia.core.errors import AIAError, Forbidden

AGENT = "aia-discovery (+https://github.com/; asks politely, see docs/sources.md)"
RETRIED = frozenset({429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


class EgressRefused(Forbidden):
    """The policy does not allow it; says which part, and what would."""

    code = "egress-refused"
    title = "The network is closed to this request"


class EgressFailed(AIAError):
    """The other side did not answer within bounds."""

    status = 502
    code = "egress-failed"
    title = "The other side did not answer"


class _Unreached(EgressFailed):
    """No answer began: worth another try."""


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Bounds of one process's requests.

    `allow` are host names, `*.example.org` for those below; `local` are hosts of `allow` that may be on a private
    address and speak plain http, such as a service next door.
    """

    allow: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    bytes_max: int = 16 * 1024 * 1024
    seconds_max: float = 30.0
    redirects_max: int = 3
    attempts_max: int = 4
    wait_max_s: float = 60.0
    interval_s: float = 1.0

    def allows(self, host: str) -> bool:
        return any(host == rule or (rule.startswith("*.") and host.endswith(rule[1:])) for rule in self.allow)

    def is_local(self, host: str) -> bool:
        return host in self.local and self.allows(host)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the audit keeps it: no path, no header, no body."""

    host: str
    bytes: int
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer within bounds; `status` 304 has no body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(slots=True)
class Egress:
    """Asks other hosts, one request at a time for each host."""

    policy: EgressPolicy
    resolve: Resolve
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    audit: list[Asked] = field(default_factory=list[Asked])
    _next: dict[str, float] = field(default_factory=dict[str, float])

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET with retries; raises `EgressRefused` or `EgressFailed`. Statuses below 500 but 429 are answers."""
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._following(url, dict(headers or {}))
            except _Unreached:
                if attempt >= self.policy.attempts_max:
                    raise
                await self.sleep(_backoff(attempt, self.policy.wait_max_s))
                continue
            if answer.status not in RETRIED:
                return answer
            wait = _asked_to_wait(answer.headers)
            told = f"{urlsplit(url).hostname} answered {answer.status} {attempt} times"
            if attempt >= self.policy.attempts_max:
                raise EgressFailed(f"{told}: try later")
            if wait is not None and wait > self.policy.wait_max_s:
                raise EgressFailed(f"{told} and asks for {wait:.0f} s of patience: try later")
            await self.sleep(wait if wait is not None else _backoff(attempt, self.policy.wait_max_s))

    async def _following(self, url: str, headers: dict[str, str]) -> Answer:
        for _ in range(self.policy.redirects_max + 1):
            answer = await self._once(url, headers)
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or not target:
                return answer
            before, url = urlsplit(url).hostname, urljoin(url, target)
            if urlsplit(url).hostname != before:
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
        raise EgressFailed(f"{urlsplit(url).hostname} redirects more than {self.policy.redirects_max} times")

    async def _once(self, url: str, headers: Mapping[str, str]) -> Answer:
        """One request to a checked address, its time and bytes bounded; kept in the audit whatever comes of it."""
        began = time.monotonic()
        host, outcome, size = urlsplit(url).hostname or "", "failed", 0
        try:
            async with asyncio.timeout(self.policy.seconds_max):
                address = await self._checked(url)
                await self._turn(host)
                answer = await self._sent(url, address, headers)
            outcome, size = str(answer.status), len(answer.body)
            return answer
        except EgressRefused:
            outcome = "refused"
            raise
        except TimeoutError:
            outcome = "timeout"
            raise EgressFailed(f"{host} took more than {self.policy.seconds_max:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _Unreached(f"{host} cannot be asked: {type(error).__name__} {error}".strip()) from None
        finally:
            self.audit.append(Asked(host, size, outcome, round(time.monotonic() - began, 3)))

    async def _checked(self, url: str) -> str:
        """The address to connect to; raises `EgressRefused` for what the policy does not allow."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise EgressRefused(f"{url[:200]!r} is no address") from None
        if not host or parts.username is not None:
            raise EgressRefused(f"{url[:200]!r} is no plain address of a host")
        if not self.policy.allows(host):
            raise EgressRefused(f"the host {host!r} is not allowed: add it to AIA_EGRESS_ALLOW")
        local = self.policy.is_local(host)
        if parts.scheme != "https" and not (local and parts.scheme == "http"):
            raise EgressRefused(f"{host} would be asked by {parts.scheme or 'no scheme'}: use https")
        addresses = await self._addresses(host, port or (443 if parts.scheme == "https" else 80))
        for address in addresses:
            if not local and not _is_public(address):
                raise EgressRefused(f"{host} resolves to {address}, which is not public")
        return addresses[0]

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            pass
        else:
            return [host]
        try:
            found = await self.resolve(host, port)
        except OSError as error:
            raise EgressFailed(f"{host} cannot be found: {error}") from None
        if not found:
            raise EgressFailed(f"{host} cannot be found")
        return found

    async def _turn(self, host: str) -> None:
        """Wait until the host may be asked again."""
        now = time.monotonic()
        at = max(now, self._next.get(host, 0.0))
        self._next[host] = at + self.policy.interval_s
        if at > now:
            await self.sleep(at - now)

    async def _sent(self, url: str, address: str, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        shown = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=shown if parts.port is None else f"{shown}:{parts.port}").geturl()
        sent = {"user-agent": AGENT, **headers, "host": parts.netloc}
        timeout = httpx.Timeout(self.policy.seconds_max)
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client:
            extensions = {"sni_hostname": parts.hostname}
            async with client.stream("GET", target, headers=sent, extensions=extensions) as response:
                body = bytearray()
                async for block in response.aiter_bytes():
                    body += block
                    if len(body) > self.policy.bytes_max:
                        raise EgressFailed(f"{parts.hostname} sends more than {self.policy.bytes_max} bytes")
                return Answer(
                    response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(body), url
                )


def _is_public(address: str) -> bool:
    """Neither private, loopback, link-local, multicast nor reserved, an IPv4 address inside IPv6 neither."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return _is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return _is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, a number or a date); None when it is not told."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    if told.isdigit():
        return float(min(int(told[:9]), 10**8))
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _backoff(attempt: int, most_s: float) -> float:
    """Doubling, with a jitter of a half, so that many do not come back at once."""
    return min(most_s, 0.5 * 2**attempt) * (0.5 + random.random() / 2)


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the system's resolver, in its order."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
