"""Code of the user's own: what ``package.module:name`` leads to, and how it is called so that its errors name it."""

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
    """Run code of the user's own: whatever it raises becomes an error of faceproof's that names it.

    ``sys.exit`` counts as an error too, and so does what is no `Exception`; only Ctrl-C passes as it is.

    Args:
        what: the code, as the subject of a sentence: "the factory of mine:Model".
        failure: the error to raise.
        stop: the end of its message.

    Raises:
        FaceproofError: a ``failure``, with the type and the message of what was raised.
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
    """An attribute of a user's object, which may be a property that runs any code.

    Args:
        thing: the object.
        name: of the attribute.
        owner: what the object is called in an error.
        default: what it is where the object has no such attribute.

    Raises:
        ConfigurationError: reading the attribute raised something.
    """
    with users_code(f"{owner}: its attribute {name}", ConfigurationError):
        try:
            return getattr(thing, name)
        except AttributeError:
            if inspect.getattr_static(thing, name, None) is not None:
                raise  # it is there, and what it calls lacks something
            return default


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
        from_here: whether modules of the current folder count. Installed modules come first, so that no file of
            the folder stands in for a library. A module of the folder with the name of an installed one is refused.

    Raises:
        ConfigurationError: the module cannot be imported, has no such name, or could be one of two.
    """
    if not is_reference(reference):
        raise ConfigurationError(f"{reference!r} leads nowhere. Expected package.module:name.")
    module, _, name = reference.partition(":")
    here = str(Path.cwd())
    if from_here:
        if here not in sys.path:
            sys.path.append(here)
        _refuse_one_of_two(reference, here)
    with users_code(f"{reference}: the module cannot be imported, it", ConfigurationError):
        found = importlib.import_module(module)
        there = hasattr(found, name)
    if not there:
        raise ConfigurationError(f"{reference}: the module has no {name!r}.")
    with users_code(f"{reference}: reading {name!r}", ConfigurationError):
        return getattr(found, name)


def _refuse_one_of_two(reference: str, folder: str) -> None:
    """Raise where the folder has a module of the name that a reference begins with, and an import gives another."""
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
            f"{reference}: {local.origin} has the name of another module, {name} ({place}), so the reference may mean "
            "either. Give the file another name."
        )


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
    with users_code(f"{reference}: the factory", ConfigurationError):
        return found() if isinstance(found, type) or not hasattr(found, method) else found


def identity_of(thing: object, reference: str | None) -> str | None:
    """What tells an object's results from others' in the cache.

    Args:
        thing: the object; its ``version`` is any text that changes when its results do.
        reference: what leads to it; None: nothing does.

    Returns:
        A digest of version, reference and the text of its class; None, so that nothing is cached, where it has no
        version, or neither reference nor a class whose text can be read.

    Raises:
        ConfigurationError: reading the version, or making text of it, raised something.
    """
    kind = type(thing)
    owner = reference or kind.__name__
    version = attribute(thing, "version", owner)
    try:
        text = inspect.getsource(kind)
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        text = ""
    if version is None:
        return None
    with users_code(f"{owner}: making text of its version", ConfigurationError):
        version = str(version)
    if not (reference or text):
        return None
    told = "\0".join([kind.__module__, kind.__qualname__, version, reference or "", text])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
