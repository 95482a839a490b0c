"""What the step shows of itself, for `audit.face`: nothing here loads a matcher."""

from __future__ import annotations

from curate.steps.decontaminate.card import card
from curate.steps.decontaminate.facts import facts
from curate.steps.decontaminate.page import page
from curate.steps.decontaminate.retention import retention
from curate.steps.decontaminate.show import show
from curate.steps.decontaminate.why import why

__all__ = ["card", "facts", "page", "retention", "show", "why"]
