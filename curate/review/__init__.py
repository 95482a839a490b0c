"""People judge the matches of a finished build in a terminal; what they say stands in the verdict
file.
"""

from curate.review.cases import Case, Selection, cases
from curate.review.walk import review

__all__ = ["Case", "Selection", "cases", "review"]
