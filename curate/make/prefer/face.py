"""What preferences show of themselves, for `audit.face`."""

from __future__ import annotations

from curate.make.prefer.page import page
from curate.make.prefer.show import card, facts, show

__all__ = ["card", "facts", "page", "show"]
