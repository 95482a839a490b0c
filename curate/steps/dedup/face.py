"""What the step shows of itself, for `audit.face`: nothing here loads a kernel."""

from __future__ import annotations

from curate.steps.dedup.card import card
from curate.steps.dedup.facts import facts
from curate.steps.dedup.page import page
from curate.steps.dedup.retention import retention
from curate.steps.dedup.show import show
from curate.steps.dedup.why import why

__all__ = ["card", "facts", "page", "retention", "show", "why"]
