"""Grade-school answers: the last number of a completion, compared as a number (`gsm8k`).

The rule is that of the Tülu 3 verifier, with two differences: numbers are equal if their values are
(42.0 and 42, 1,234 and 1234, 0.5 and 1/2), and a minus between two numbers is no sign. A ground
truth is a number, bare or after `####` at the end of a solution, perhaps with a currency or percent
sign or a unit; anything else is refused. Units are not compared: ground truths of this kind carry
none."""

from __future__ import annotations

from functools import lru_cache

from curate.verify.numbers import Number, all_numbers, last_number
from curate.verify.verdict import BadGroundTruth, Verdict

_NONE = Verdict(0.0, False, "no number in the completion")
_EQUAL = Verdict(1.0, True, "the last number is equal")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The last number of the completion equals the ground truth as a number."""
    wanted = _gold(ground_truth)
    found = last_number(completion)
    if found is None:
        return _NONE
    if found[1] == wanted[1]:
        return _EQUAL
    return Verdict(0.0, True, f"the last number is {found[0][:40]}, not {wanted[0][:40]}")


def golden(ground_truth: str) -> str:
    """The published form of a solution's end."""
    return f"#### {ground_truth.rpartition('####')[2].strip()}"


def perturbed(ground_truth: str) -> list[str]:
    """One more, ten times as much (one less than zero for nothing), and the right number not last."""
    value = _gold(ground_truth)[1]
    return [
        f"#### {value + 1}",
        f"#### {value * 10 or -1}",
        f"{golden(ground_truth)}\nThat is {value + 7}",
    ]


@lru_cache(maxsize=1 << 16)
def _gold(ground_truth: str) -> tuple[str, Number]:
    answer = ground_truth.rpartition("####")[2].strip()
    numbers = all_numbers(answer)
    if len(numbers) != 1:
        what = "no number" if not numbers else f"{len(numbers)} numbers"
        raise BadGroundTruth(
            f"gsm8k: {what} in the ground truth {answer[:60]!r}; give one number, or '... #### 18'"
        )
    return numbers[0]
