"""Templates of the report's frame and of the steps' sections: all text from the data is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from curate.audit.words import counted, percent


@cache
def template(package: str, file: str) -> Template:
    """The template in a file of a package; a name that it is not given is an error."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"percent": percent, "counted": counted, "n": lambda n: f"{n:,}"}
    return environment.from_string((files(package) / file).read_text(encoding="utf-8"))
