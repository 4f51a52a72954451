"""A keyring that is made when it is needed, and made again before it wears out."""

from __future__ import annotations

from typing import Callable

from .keyring import Keyring


class RenewingKeyring:
    """Gives the keyring to use now.

    ``make`` is called at the first use, and so in the worker of a pre-forking server and
    not in its parent; and again when the keyring has made as many encryptions as it
    should. Threads may share it: if several find no keyring at once, each makes one, uses
    it, and the last one stays. No nonce repeats, since each counts under an id of its own.
    """

    def __init__(self, make: Callable[[], Keyring]) -> None:
        self._make = make
        self._keyring: Keyring | None = None

    def get(self) -> Keyring:
        keyring = self._keyring
        if keyring is None or keyring.rotation_needed:
            # The old one is not closed, because another thread may be using it: it is
            # wiped when the last reference is gone.
            keyring = self._keyring = self._make()
        return keyring
