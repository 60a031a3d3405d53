"""What ``package.module:name`` leads to: functions and models of the user's own."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from faceproof.errors import ConfigurationError


def is_reference(text: str) -> bool:
    """Whether a text has the form ``package.module:name``.

    >>> is_reference("mine.models:best"), is_reference("facenet-vggface2"), is_reference("C:/model.onnx")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text) is not None


def imported(reference: str, *, from_here: bool = True) -> Any:
    """The object that a reference leads to.

    Args:
        reference: ``package.module:name``.
        from_here: whether modules of the current folder count, and first, as they do for ``python -m``.

    Raises:
        ConfigurationError: the module cannot be imported, or has no such name.
    """
    if not is_reference(reference):
        raise ConfigurationError(f"{reference!r} leads nowhere. Expected package.module:name.")
    module, _, name = reference.partition(":")
    here = str(Path.cwd())
    if from_here and here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever a user's module raises when it is run
        raise ConfigurationError(
            f"{reference}: the module cannot be imported ({type(error).__name__}: {error})."
        ) from error
    if not hasattr(found, name):
        raise ConfigurationError(f"{reference}: the module has no {name!r}.")
    return getattr(found, name)


def installed(group: str) -> dict[str, str]:
    """What installed packages add to a group of entry points: names, and the reference that each stands for."""
    return {entry.name: entry.value for entry in entry_points(group=group)}


def made_by(reference: str, group: str, method: str) -> Any:
    """What the factory gives that a reference, or the name of an entry point, leads to.

    Args:
        reference: to a function or class without arguments, or to a finished object.
        group: of the entry points.
        method: what a finished object has, by which it is told from a factory.

    Raises:
        ConfigurationError: it cannot be imported or called.
    """
    added = installed(group)
    found = imported(added.get(reference, reference), from_here=reference not in added)
    try:
        return found() if isinstance(found, type) or not hasattr(found, method) else found
    except Exception as error:  # whatever a user's factory raises
        raise ConfigurationError(f"{reference}: the factory raised {type(error).__name__}: {error}.") from error


def identity_of(thing: object, reference: str | None) -> str | None:
    """What tells an object's results from others' in the cache.

    Args:
        thing: the object; its ``version`` is any text that changes when its results do.
        reference: what leads to it; None: nothing does.

    Returns:
        A digest of version, reference and the text of its class; None, so that nothing is cached, where it has no
        version, or neither reference nor a class whose text can be read.
    """
    version, kind = getattr(thing, "version", None), type(thing)
    try:
        text = inspect.getsource(kind)
    except (OSError, TypeError):
        text = ""
    if version is None or not (reference or text):
        return None
    told = "\0".join([kind.__module__, kind.__qualname__, str(version), reference or "", text])
    return hashlib.sha256(told.encode()).hexdigest()
