"""Who is at the other end of a Unix socket: SO_PEERCRED (unix(7)) on Linux, getpeereid(3) on macOS and the BSDs."""

from __future__ import annotations

import socket
import struct
import sys

_CREDENTIALS = struct.Struct("iII")  # struct ucred: process, user, group


def user_at(connection: socket.socket) -> int | None:
    """The user id of the process at the other end; None where the system does not tell it.

    On the side that connected it is that of the process that listens, as it was when it began to.
    """
    try:
        if sys.platform == "linux":
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            return int(_CREDENTIALS.unpack(credentials)[1])
        return _by_getpeereid(connection.fileno())
    except (OSError, AttributeError):
        return None


def _by_getpeereid(descriptor: int) -> int | None:
    import ctypes

    user, group = ctypes.c_uint32(), ctypes.c_uint32()
    failed = ctypes.CDLL(None).getpeereid(descriptor, ctypes.byref(user), ctypes.byref(group))
    return None if failed else user.value
