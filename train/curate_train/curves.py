"""What a run's metrics look like: one picture, drawn from metrics.jsonl alone."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from curate_train.folder import METRICS

# Shown where they were logged, in this order; the second name is drawn into the first one's panel.
_PANELS = (
    ("loss", "eval_loss"),
    ("mean_token_accuracy", "eval_mean_token_accuracy"),
    ("", "eval_accuracy"),
    ("", "eval_margin"),
    ("reward", "eval_reward"),
    ("frac_reward_zero_std", ""),
    ("completions/mean_length", "eval_completions/mean_length"),
    ("kl", ""),
    ("entropy", ""),
    ("grad_norm", ""),
    ("learning_rate", ""),
)
Curve = tuple[list[int], list[float]]


def read_metrics(folder: Path) -> dict[str, Curve]:
    """Name -> steps and values, in the order they were logged."""
    found: dict[str, Curve] = defaultdict(lambda: ([], []))
    path = folder / METRICS
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        values = json.loads(line)
        step = values.pop("step")
        for name, value in values.items():
            found[name][0].append(step)
            found[name][1].append(value)
    return dict(found)


def draw(folder: Path, title: str) -> Path | None:
    """Write curves.png beside the metrics and give its path; None where nothing was logged."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metrics = read_metrics(folder)
    panels = [pair for pair in _PANELS if pair[0] in metrics or pair[1] in metrics]
    passed = sorted(
        name for name in metrics if name.endswith("/passed") and not name.startswith("eval_")
    )
    n = len(panels) + bool(passed)
    if not n:
        return None
    figure = Figure(figsize=(11, 2.6 * ((n + 1) // 2)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots((n + 1) // 2, 2, squeeze=False).ravel()
    for axis, (name, held_out) in zip(axes, panels, strict=False):
        _lines(
            axis,
            name or held_out,
            {"training": metrics.get(name), "held out": metrics.get(held_out)},
        )
    if passed:
        _lines(
            axes[len(panels)],
            "passed",
            {name.removesuffix("/passed"): metrics[name] for name in passed},
        )
    for axis in axes[n:]:
        axis.set_axis_off()
    figure.suptitle(title)
    figure.savefig(folder / "curves.png", dpi=110)
    return folder / "curves.png"


def _lines(axis: Any, title: str, curves: dict[str, Curve | None]) -> None:
    """One panel; a curve of few points shows them."""
    drawn = {name: curve for name, curve in curves.items() if curve}
    for name, (steps, values) in drawn.items():
        axis.plot(
            steps,
            values,
            label=name,
            marker="o" if len(steps) < 20 else None,
            markersize=3,
            linewidth=1.3,
        )
    axis.set_title(title, loc="left", fontsize=10)
    axis.set_xlabel("step", fontsize=8)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.grid(alpha=0.3)
    if len(drawn) > 1:
        axis.legend(fontsize=8, frameon=False)
