"""The module that reaches a PKCS #11 token: loaded once, initialized with locks, its exceptions in our words.

python-pkcs11 initializes a module without its locks: two threads in it end the process. So the module is initialized
anew with the operating system's locks.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eid_toolkit.ground.errors import AccessDenied, EidError, NotPermitted, ServiceAway

_OS_LOCKING_OK = 0x00000002
_OK, _ALREADY_INITIALIZED = 0x000, 0x191
loading = threading.Lock()
"""Held while the module is loaded or logged in to, which is the process's."""
_modules: dict[str, Any] = {}


def need_package() -> None:
    """Raises :class:`ServiceAway` where python-pkcs11, which comes with an extra, is not installed."""
    if find_spec("pkcs11") is None:  # asked without importing it: not every command that opens the keys uses one
        raise ServiceAway("package-missing", package="python-pkcs11", extra="token")


def load(path: str) -> Any:
    """The module, loaded once for the process and initialized with the system's locks."""
    with loading:
        if path not in _modules:
            if not Path(path).is_file():
                raise ServiceAway("token-module-missing", module=path)
            import pkcs11

            library = pkcs11.lib(path)
            _initialize_with_locks(path)
            _modules[path] = library
        return _modules[path]


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS of PKCS #11 5.4."""

    _fields_ = (
        *((f"f{n}", ctypes.c_void_p) for n in range(4)),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


def _initialize_with_locks(path: str) -> None:
    module = ctypes.CDLL(path)
    module.C_Finalize(None)
    arguments = _InitializeArguments(flags=_OS_LOCKING_OK)
    result = module.C_Initialize(ctypes.byref(arguments))
    if result not in (_OK, _ALREADY_INITIALIZED):
        raise ServiceAway("token-failed", token=path, cause=f"C_Initialize {result:08X}")


@contextmanager
def translated(name: str | None) -> Iterator[None]:
    """The token's exceptions as ours."""
    try:
        yield
    except EidError:
        raise
    except Exception as error:
        from pkcs11 import exceptions

        if isinstance(error, exceptions.PinIncorrect | exceptions.PinLenRange | exceptions.PinInvalid):
            raise AccessDenied("token-pin-wrong", token=name) from None
        if isinstance(error, exceptions.PinLocked | exceptions.PinExpired):
            raise AccessDenied("token-pin-locked", token=name) from None
        if isinstance(error, exceptions.MechanismInvalid | exceptions.MechanismParamInvalid):
            raise NotPermitted("token-mechanism-missing", token=name) from None
        if isinstance(error, exceptions.DomainParamsInvalid | exceptions.KeySizeRange):
            raise NotPermitted("token-key-unsupported", token=name) from None
        if isinstance(error, exceptions.PKCS11Error):
            raise ServiceAway("token-failed", token=name, cause=type(error).__name__) from None
        raise
