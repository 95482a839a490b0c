"""What the step shows of itself, for `audit.face`: nothing here loads a filter."""

from __future__ import annotations

from curate.steps.filters.card import card
from curate.steps.filters.page import page
from curate.steps.filters.pictures import pictures
from curate.steps.filters.retention import retention
from curate.steps.filters.show import show
from curate.steps.filters.why import why

__all__ = ["card", "page", "pictures", "retention", "show", "why"]
