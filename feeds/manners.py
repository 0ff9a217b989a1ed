"""How we behave towards servers (limits, name, which hosts are ours), and what a webhook answered."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from feeds.addresses import AddressPolicy


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How we behave towards servers. Times in seconds, sizes in bytes (of the decoded body).

    `total_timeout` bounds the network time of one fetch, redirects included, waiting for a place not.
    `private_hosts` (names, addresses, networks) may lead to addresses that are not public; `allow_private`
    opens all. `private_gap` replaces `host_gap` for hosts inside; at 0 they are not rationed at all.
    `contact` (an address or mail) is shown to publishers in the User-Agent.
    """

    total_timeout: float = 20.0
    connect_timeout: float = 8.0
    max_bytes: int = 10 * 1024 * 1024
    max_redirects: int = 5
    contact: str = ""
    allow_private: bool = False
    private_hosts: tuple[str, ...] = ()
    concurrency: int = 64
    host_gap: float = 2.0
    host_gaps: tuple[tuple[str, float], ...] = (("api.gdeltproject.org", 6.0),)  # it asks for 5 s
    private_gap: float | None = None
    use_proxy_env: bool = True

    @property
    def policy(self) -> AddressPolicy:
        return AddressPolicy(self.allow_private, self.private_hosts)


@dataclass(frozen=True, slots=True)
class PostResult:
    """`reason` is empty when the receiver took it (2xx), else one sentence. `retry_after` is seconds, None
    when the receiver named none. `reply` is the beginning of its answer, as text."""

    status: int = 0
    reason: str = ""
    retry_after: float | None = None
    reply: str = ""
    elapsed: float = 0.0

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300 and not self.reason


def user_agent(contact: str) -> str:
    """`hketo-watch/0.1.0 (+contact)`."""
    try:
        ours = version("hketo-watch")
    except PackageNotFoundError:
        ours = "0"
    printable = "".join(char for char in contact if " " <= char <= "~").strip()
    return f"hketo-watch/{ours} (+{printable})" if printable else f"hketo-watch/{ours} (news monitor)"
