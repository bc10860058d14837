"""A run as one self-contained HTML page: curves, samples over time, recipe, events.

It loads nothing and runs nothing: no script, font or picture from elsewhere. All text of policies and people is
escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files

from pgplay.config.recipe import to_command, to_recipe
from pgplay.config.run_config import RunConfig, to_settings
from pgplay.export.figure import changes_of, figure_of, metrics_of
from pgplay.export.printable_text import printable
from pgplay.export.svg import to_svg
from pgplay.learning.reports.metrics import TRADE, USUAL_METRICS
from pgplay.learning.reports.step_report import Sample
from pgplay.rewards.alignment import align
from pgplay.runs.checkpoint_retention import thinned
from pgplay.runs.curves import MetricCurves
from pgplay.runs.reader import RunReader

MOST_MOMENTS = 40
"""Steps whose greedy completion is shown: more densely at the beginning, where it changes fast."""
_LONGEST = 2000
"""Characters of a text that are shown: aligning takes quadratic time."""


def to_html(store: RunReader, curves: MetricCurves) -> str:
    """Return the page of the run in `store`, whose `curves` are given; raises PgplayError where it can't be read."""
    config, progress = store.config, store.progress()
    metrics = metrics_of(curves)
    shown = (*USUAL_METRICS, TRADE)
    usual, others = [name for name in shown if name in metrics], [name for name in metrics if name not in shown]
    changes = changes_of(store.events())
    parent = store.parent
    facts = [
        ("state", store.message if store.message.startswith(store.state) else f"{store.state} {store.message}".strip()),
        ("begun", f"{datetime.fromisoformat(store.created):%Y-%m-%d %H:%M:%S %Z}"),
        ("steps", f"{progress.steps:,}"),
        ("completions", f"{progress.completions:,}"),
        ("seconds of training", f"{progress.seconds:.1f}"),
        ("best mean reward", "" if progress.best_reward is None else f"{progress.best_reward:.3f}"),
        ("trained by", store.trainer),
        ("branch of", f"{parent.run} at step {parent.step}" if parent is not None else ""),
    ]
    parts = [
        f"<h1>{_text(store.name)}</h1>",
        _table([(name, _text(value)) for name, value in facts if value]),
        *([] if store.trainer else _recipe(config)),
        "<h2>Curves</h2>",
        to_svg(figure_of(curves, usual or [*USUAL_METRICS[:1]], changes)),
        *(_folded("All other metrics", to_svg(figure_of(curves, others, changes))) if others else ()),
        "<h2>Greedy completions</h2>",
        "<p>Over time: <b class=right>right</b>, <b class=wrong>wrong</b>, "
        "<b class=extra>extra</b> and <b class=missing>·</b> missing characters.</p>",
        _moments(store),
        "<h3>The samples of the last step</h3>",
        _table([(sample.role, f"{sample.reward:.2f}", _coloured(sample)) for sample in store.samples(progress.steps)]),
        "<h2>Rewards</h2>",
        _scorers(store) or "<p>No step yet.</p>",
        "<h2>Events</h2>",
        _table([(f"{event.step:,}", event.kind, _text(event.words)) for event in store.events()]) or "<p>Nothing.</p>",
        *_folded("Settings that differ from the defaults", _table(_settings(to_settings(config)))),
    ]
    style = (files("pgplay.export") / "html.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(store.name)} · pgplay</title><style>\n{style}</style></head><body>\n"
        + "\n".join(parts)
        + "\n<footer>written by pgplay</footer></body></html>\n"
    )


def _recipe(config: RunConfig) -> list[str]:
    recipe = _text(to_recipe(config)) or "all defaults"
    return ["<h2>Recipe</h2>", f"<pre>{recipe}</pre><pre>{_text(to_command(config))}</pre>"]


def _moments(store: RunReader) -> str:
    """Return the greedy completion at steps along the run."""
    rows = [("step", "mean reward", "its reward", "text")]
    for step in thinned(store.sampled_steps(), MOST_MOMENTS):
        greedy = next((sample for sample in store.samples(step) if sample.role == "greedy"), None)
        if greedy is not None:
            mean = store.row(step).get("reward_mean")
            mean_text = "" if mean is None else f"{mean:.3f}"
            rows.append((f"{step:,}", mean_text, f"{greedy.reward:.2f}", _coloured(greedy)))
    return _table(rows, has_head=True) if len(rows) > 1 else "<p>Nothing yet.</p>"


def _scorers(store: RunReader) -> str:
    """Return the rewards that scored the steps, each from its first step on."""
    rows = [("from step", "reward", "SHA-256")]
    for step, scorer in store.scorers():
        rows.append((f"{step:,}", _text(scorer.text) if scorer else "", _text(scorer.hash) if scorer else "unknown"))
    return _table(rows, has_head=True) if len(rows) > 1 else ""


def _coloured(sample: Sample) -> str:
    """Return a completion with each character marked against its target."""
    text = sample.text[:_LONGEST]
    alignment = align(text, sample.target[:_LONGEST])
    missing = dict(alignment.gaps)
    pieces = [f"<i>{_text(sample.prompt)} → </i>"] if sample.prompt else []
    if not sample.target:
        return f"<code>{''.join(pieces)}{_text(text)}</code>{'' if sample.finished else ' (cut at the length limit)'}"
    for index, character in enumerate(text):
        pieces.append(_missing(missing.get(index, 0)))
        pieces.append(f"<b class={alignment.marks[index]}>{_text(character)}</b>")
    pieces.append(_missing(missing.get(len(text), 0)))
    return f"<code>{''.join(pieces)}</code>{'' if sample.finished else ' (cut at the length limit)'}"


def _missing(count: int) -> str:
    return f"<b class=missing>{'·' * count}</b>" if count else ""


def _settings(settings: dict[str, object]) -> list[tuple[str, str]]:
    return [(name, _text(str(value))) for name, value in settings.items()]


def _table(rows: Iterable[Sequence[str]], *, has_head: bool = False) -> str:
    """Return a table whose cells are HTML already, empty where there are no rows."""
    lines = []
    for number, row in enumerate(rows):
        tag = "th" if has_head and number == 0 else "td"
        lines.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>")
    return f"<table>{''.join(lines)}</table>" if lines else ""


def _folded(title: str, body: str) -> tuple[str, ...]:
    return (f"<details><summary>{title}</summary>{body}</details>",) if body else ()


def _text(text: str) -> str:
    return escape(printable(text))
