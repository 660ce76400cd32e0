"""Who is at the desk: links that open it once, the cookies that follow, and under which name a clerk works."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_IDLE = 12 * 3600.0
"""Seconds after which somebody who does nothing has to log in again."""
_TRIES, _WITHIN = 10, 60.0
"""So many wrong passwords are answered in so many seconds; then nobody's is, for as long."""
_MOST = 200
"""So many are logged in at once; the one who was idle longest goes first."""
LONGEST_NAME = 40


@dataclass(slots=True)
class Session:
    """One browser that was let in. Without a name it can only say one."""

    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    check: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """What every form of its pages carries, so that no other page can send one."""
    who: str = ""
    used: float = field(default_factory=time.monotonic)
    messages: list[tuple[str, str]] = field(default_factory=list)
    """What to tell on the next page: kind (done, refused) and sentence."""
    draft: dict[str, str] = field(default_factory=dict)
    """A round that is being made: what was typed, and where the roster lies."""

    def tell(self, kind: str, sentence: str) -> None:
        """Have the next page say something."""
        if sentence:
            self.messages.append((kind, sentence))

    def told(self) -> list[tuple[str, str]]:
        """What is to be said, once."""
        told, self.messages = self.messages, []
        return told


class Sessions:
    """All who are let in."""

    def __init__(self, password: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._password = password
        self._clock = clock
        self._keys: set[str] = set()
        self._by_cookie: dict[str, Session] = {}
        self._failed: deque[float] = deque()
        self._lock = threading.Lock()

    @property
    def asks_password(self) -> bool:
        """Whether a password lets in too."""
        return bool(self._password)

    def new_key(self) -> str:
        """A key for a link that lets in once."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._keys.add(_digest(key))
        return key

    def redeem(self, key: str) -> Session | None:
        """The session that a key opens; None if it was used, or never was one."""
        with self._lock:
            if _digest(key) not in self._keys:
                return None
            self._keys.discard(_digest(key))
        return self._begun()

    def by_password(self, given: str) -> Session | None:
        """The session that a password opens; None if it is wrong, or too many were."""
        if not self._password or self.is_closed_for_now():
            return None
        if secrets.compare_digest(given.encode(), self._password.encode()):
            return self._begun()
        with self._lock:
            self._failed.append(self._clock())
        return None

    def is_closed_for_now(self) -> bool:
        """Whether so many wrong passwords were typed that none is looked at."""
        with self._lock:
            while self._failed and self._failed[0] < self._clock() - _WITHIN:
                self._failed.popleft()
            return len(self._failed) >= _TRIES

    def of(self, cookie: str) -> Session | None:
        """The session of a cookie, if it is one and not idle for too long."""
        with self._lock:
            session = self._by_cookie.get(_digest(cookie))
            if session is None:
                return None
            if session.used < self._clock() - _IDLE:
                del self._by_cookie[_digest(cookie)]
                return None
            session.used = self._clock()
            return session

    def end(self, session: Session) -> None:
        """Let somebody go."""
        with self._lock:
            self._by_cookie.pop(_digest(session.cookie), None)

    def _begun(self) -> Session:
        session = Session(used=self._clock())
        with self._lock:
            while len(self._by_cookie) >= _MOST:
                del self._by_cookie[min(self._by_cookie, key=lambda c: self._by_cookie[c].used)]
            self._by_cookie[_digest(session.cookie)] = session
        return session


def _digest(secret: str) -> str:
    """What is kept of a secret: how long a comparison takes tells nothing of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
