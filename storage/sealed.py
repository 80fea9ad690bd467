"""Texts of JSON that carry their format and a checksum: what is read is what was written."""

import hashlib
import json
from typing import Any, Dict


class OtherFormat(Exception):
    """The text is of another version of the program; says which format it has."""


def seal(form: int, body: Dict[str, Any]) -> str:
    """The text of a body of strict JSON (no nan), in this format."""
    return json.dumps({"format": form, "sha256": _checksum(body), **body}, indent=1) + "\n"


def unseal(form: int, text: str) -> Dict[str, Any]:
    """The body of what `seal` wrote.

    Raises:
      OtherFormat: if it is of another format.
      ValueError: if it is damaged; says how.
    """
    try:
        body = json.loads(text)
        found, checksum = body.pop("format"), body.pop("sha256")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if isinstance(found, int) and found != form:
        raise OtherFormat(f"is of format {found}, this version of the program reads {form}")
    if found != form or checksum != _checksum(body):
        raise ValueError("its checksum does not fit")
    return dict(body)


def _checksum(body: Dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
