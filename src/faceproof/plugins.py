"""Code of the user: import it by ``package.module:name``, and run it so that its errors name it."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from faceproof.errors import ConfigurationError, FaceproofError

_MOST_LETTERS = 500


def described(error: BaseException) -> str:
    r"""The type and the message of an exception in one line of at most 500 characters.

    >>> described(ValueError("two\nlines")), described(KeyError()), described(SystemExit(3))
    ('ValueError: two lines', 'KeyError', 'SystemExit: 3')
    """
    try:
        text = " ".join(str(error).split())
    except Exception:  # the message of a user's own exception may fail too
        text = ""
    name = type(error).__name__
    if not text:
        return name
    return f"{name}: {text}" if len(text) <= _MOST_LETTERS else f"{name}: {text[:_MOST_LETTERS]} ..."


@contextmanager
def users_code(what: str, failure: type[FaceproofError], *, stop: str = ".") -> Iterator[None]:
    """Run code of the user: every exception becomes an error of faceproof that names the code.

    This includes ``sys.exit`` and exceptions that are no `Exception`. Only ``KeyboardInterrupt`` is raised unchanged.

    Args:
        what: description of the code, as the subject of a sentence: "the factory of mine:Model".
        failure: class of the error to raise.
        stop: end of the message.

    Raises:
        FaceproofError: a ``failure``, with the type and the message of the exception.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        raise failure(f"{what} tried to end the process ({described(error)}){stop}") from error
    except BaseException as error:
        raise failure(f"{what} raised {described(error)}{stop}") from error


def attribute(thing: object, name: str, owner: str, default: object = None) -> Any:
    """An attribute of a user's object, which may be a property that runs code.

    Args:
        thing: the object.
        name: name of the attribute.
        owner: name of the object in an error message.
        default: value if the object has no such attribute.

    Returns:
        The value of the attribute.

    Raises:
        ConfigurationError: reading the attribute raised an exception.
    """
    with users_code(f"{owner}: its attribute {name}", ConfigurationError):
        try:
            return getattr(thing, name)
        except AttributeError:
            if inspect.getattr_static(thing, name, None) is not None:
                raise  # the attribute exists; its code raised the AttributeError
            return default


def is_reference(text: str) -> bool:
    """Whether a text has the form ``package.module:name``.

    >>> is_reference("mine.models:best"), is_reference("facenet-vggface2"), is_reference("C:/model.onnx")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text) is not None


def imported(reference: str, *, from_here: bool = True) -> Any:
    """Import the object of a reference.

    Args:
        reference: ``package.module:name``.
        from_here: search the current folder too, after the installed modules. A module of the folder with the name
            of an installed one is refused.

    Raises:
        ConfigurationError: the module cannot be imported, has no such name, or is ambiguous.
    """
    if not is_reference(reference):
        raise ConfigurationError(f"{reference!r} is no reference. Expected package.module:name.")
    module, _, name = reference.partition(":")
    here = str(Path.cwd())
    if from_here:
        if here not in sys.path:
            sys.path.append(here)
        _refuse_ambiguous(reference, here)
    with users_code(f"{reference}: the module cannot be imported, it", ConfigurationError):
        found = importlib.import_module(module)
        exists = hasattr(found, name)
    if not exists:
        raise ConfigurationError(f"{reference}: the module has no {name!r}.")
    with users_code(f"{reference}: reading {name!r}", ConfigurationError):
        return getattr(found, name)


def _refuse_ambiguous(reference: str, folder: str) -> None:
    """Raise ConfigurationError if the folder has a module with the name of another one, which an import would find."""
    name = re.split("[.:]", reference, maxsplit=1)[0]
    local = PathFinder.find_spec(name, [folder])
    if local is None or local.origin is None:
        return
    try:
        other = find_spec(name)
    except ValueError:  # a module that was made without a spec
        return
    place = None if other is None else other.origin or "a folder without __init__.py"
    if place is not None and os.path.realpath(place) != os.path.realpath(local.origin):
        raise ConfigurationError(
            f"{reference}: {local.origin} has the name of another module, {name} ({place}), so the reference is "
            "ambiguous. Give the file another name."
        )


def installed(group: str) -> dict[str, str]:
    """Entry points of a group in the installed packages: references by name."""
    return {entry.name: entry.value for entry in entry_points(group=group)}


def made_by(reference: str, group: str, method: str) -> Any:
    """The object of a reference or of an entry point; a factory is called.

    Args:
        reference: reference or name of a function or class without arguments, or of a finished object.
        group: group of entry points.
        method: name of a method that a finished object has, and a factory has not.

    Returns:
        The finished object, or the result of the factory.

    Raises:
        ConfigurationError: the object cannot be imported, or the factory raised an exception.
    """
    added = installed(group)
    found = imported(added.get(reference, reference), from_here=reference not in added)
    with users_code(f"{reference}: the factory", ConfigurationError):
        return found() if isinstance(found, type) or not hasattr(found, method) else found


def source_digest(thing: object) -> str | None:
    """SHA-256 of the source of the class of a user's object; None where the source cannot be read."""
    text = _source_of(type(thing))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else None


def _source_of(kind: type) -> str:
    """The source of a class; empty where it cannot be read."""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return ""


def identity_of(thing: object, reference: str | None) -> str | None:
    """Identity of a user's object in the cache.

    Args:
        thing: the object; its ``version`` is any value whose text changes when its results change.
        reference: the reference of the object; None if it has none.

    Returns:
        A digest of version, reference and the source of its class. None, so that nothing is cached, if it has no
        version, or neither a reference nor readable source.

    Raises:
        ConfigurationError: reading the version, or converting it to text, raised an exception.
    """
    kind = type(thing)
    owner = reference or kind.__name__
    version = attribute(thing, "version", owner)
    text = _source_of(kind)
    if version is None:
        return None
    with users_code(f"{owner}: making text of its version", ConfigurationError):
        version = str(version)
    if not (reference or text):
        return None
    identity = "\0".join([kind.__module__, kind.__qualname__, version, reference or "", text])
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
