"""Capture the messages of libtiff while a photo is decoded, instead of writing them to stderr.

Pillow does not change libtiff's handlers of errors and warnings. They write to the process's stderr, without the
photo's name. The handlers in this module store the messages of a thread that decodes a photo. Messages of other
threads are passed to the previous handlers. If Pillow's copy of libtiff cannot be accessed (it is linked statically on
Windows), no handler is set.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_LONGEST = 512
_KEPT = 20
# module, format and arguments as libtiff gives them; a va_list reaches a function as one pointer.
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)

_listening = threading.local()
_kept_alive: list[Any] = []
"""Objects that C code has pointers to; they must not be garbage-collected."""


@contextmanager
def messages_of_libtiff() -> Iterator[list[str]]:
    """A list to which libtiff's errors in this thread are added, as ``module: text``; warnings are dropped."""
    _set_handlers()
    errors: list[str] = []
    before, _listening.errors = getattr(_listening, "errors", None), errors
    try:
        yield errors
    finally:
        _listening.errors = before


@cache
def _set_handlers() -> None:
    """Set the handlers, once in a process."""
    try:
        from PIL import _imaging  # private to Pillow: it may be missing

        libtiff = ctypes.CDLL(_imaging.__file__)  # a symbol is also searched in the libraries that this one needs
        setters = ((libtiff.TIFFSetErrorHandler, True), (libtiff.TIFFSetWarningHandler, False))
        as_text = ctypes.CDLL(None).vsnprintf
    except (ImportError, AttributeError, OSError, TypeError):  # Windows has no library without a name: TypeError
        return
    as_text.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p]
    for setter, keeps in setters:
        setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
        before: list[Any] = []
        handler = _Handler(_handling(as_text, before, keeps=keeps))
        _kept_alive.append(handler)
        address = setter(ctypes.cast(handler, ctypes.c_void_p))
        if address:
            before.append(_Handler(address))


def _handling(
    as_text: Any, before: list[Any], *, keeps: bool
) -> Callable[[bytes | None, bytes | None, int | None], None]:
    """A handler that stores (or drops) the messages of threads that decode, and calls ``before`` in other threads."""

    def handle(module: bytes | None, template: bytes | None, arguments: int | None) -> None:
        errors: list[str] | None = getattr(_listening, "errors", None)
        if errors is None:
            for handler in before:
                handler(module, template, arguments)
        elif keeps and len(errors) < _KEPT:
            buffer = ctypes.create_string_buffer(_LONGEST)
            as_text(buffer, _LONGEST, template or b"", arguments)
            errors.append(_printable(module or b"", buffer.value))

    return handle


def _printable(module: bytes, message: bytes) -> str:
    """The message, after the name of its function; a module that is Pillow's name for every file is left out."""
    parts = [part.decode("utf-8", "replace").strip() for part in (module, message)]
    text = parts[1] if not parts[0] or parts[0].endswith(".tif") else ": ".join(parts)
    return "".join(letter if letter.isprintable() else "?" for letter in text)
