"""What a verifier says of a completion.

*Not parsed* (no answer was found in the completion) and *wrong* (an answer was found, and it is another one) are two
outcomes: a model that never learned the format needs other help than one that cannot count. A
ground truth that cannot be read is neither; it is an error of the data and raises."""

from __future__ import annotations

from dataclasses import dataclass, field

from curate.errors import UserError


class BadGroundTruth(UserError):
    """A ground truth that its verifier cannot read: malformed JSON, an unknown constraint, an empty
    answer.
    """


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one completion: `score` from 0 to 1, whether an answer was found in it, and
    why.
    """

    score: float
    parsed: bool
    reason: str
    isolated: bool = field(default=True, repr=False)
    """Whether the judge was out of reach of what it judged. False only of `code`, where tests reach
    into the process of the program: one that is written to can find them. The reason says so, too.
    """

    @property
    def passed(self) -> bool:
        """Whether the completion is right throughout."""
        return self.score == 1
