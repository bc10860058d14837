"""The reward bench's texts: alignments with the target, rewards side by side, probe results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.terminal_text import pad, plain, terminal_text
from pgplay.errors import PgplayError
from pgplay.locale.catalog import evidence_sentences, verdict_words
from pgplay.locale.quoting import percent
from pgplay.rewards.alignment import align
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.probe.verdict import Verdict
from pgplay.rewards.records import Scores, Triple

Styles = Mapping[str, Style]

BLOCKS = "▁▂▃▄▅▆▇█"
LONGEST_ALIGNED = 2000
WIDEST = 16
"""Maximum number of bars, as in the histogram."""
_CELL, _WIDEST_NAME, _WIDEST_TEXT = 7, 20, 60


def alignments(triples: Sequence[Triple], styles: Styles) -> Text:
    """Return each text aligned with the target, with its number and its edit distance."""
    pairs = [(triple.text, triple.target) for triple in triples]
    aligned = [coloured(text, target, styles) if text or target else Text() for text, target in pairs]
    widest = min(_WIDEST_TEXT, max((alignment.cell_len for alignment in aligned), default=0))
    lines = []
    for number, (alignment, (text, target)) in enumerate(zip(aligned, pairs, strict=True), 1):
        line = Text(f"{number:>3}  ", styles["muted"]).append_text(alignment)
        if target and max(len(text), len(target)) <= LONGEST_ALIGNED:
            edits = align(text, target).distance
            line.append(" " * max(0, widest - alignment.cell_len))
            line.append(f"  {edits:>2} edit{'' if edits == 1 else 's'}" if edits else "   the target", styles["muted"])
        lines.append(line)
    return Text("\n", no_wrap=True).join(lines)


def table(specs: Sequence[str], outcomes: Sequence[Scores | PgplayError], styles: Styles) -> Text:
    """Return one row per reward and per part of it, with one column per text."""
    if not specs:
        return Text("Select a reward with the space bar, or type one.", styles["muted"])
    scored = [outcome for outcome in outcomes if isinstance(outcome, Scores)]
    columns = max((len(scores.values) for scores in scored), default=0)
    parts = [f"  {plain(part)}" for scores in scored for part in scores.parts]
    width = min(_WIDEST_NAME, max(map(cell_len, [*map(plain, specs), *parts])))
    lines = [Text(" " * width + "".join(f"{number:>{_CELL}}" for number in range(1, columns + 1)), styles["muted"])]
    for spec, outcome in zip(specs, outcomes, strict=True):
        name = Text(pad(plain(spec), width), styles["role"])
        if isinstance(outcome, PgplayError):
            lines.append(name.append("  ").append_text(terminal_text(f"✗ {outcome}", styles["worse"], lines=True)))
            continue
        lines.append(_row(name, outcome.values, styles))
        for part, values in outcome.parts.items():
            if part != spec:
                lines.append(_row(Text(pad(f"  {plain(part)}", width), styles["muted"]), values, None))
    return Text("\n", no_wrap=True).join(lines)


def _row(name: Text, values: Sequence[float], styles: Styles | None) -> Text:
    """Return a row of numbers; with `styles`, the highest is highlighted if the values differ."""
    best = max(values) if styles and len(set(values)) > 1 else None
    for value in values:
        style = styles["better"] if styles and value == best else styles["now"] if styles else Style(dim=True)
        name.append(f"{number_format.reward(value).strip():>{_CELL}}", style)
    return name


def findings(probe: Probe, verdict: Verdict, styles: Styles) -> Text:
    """Return the verdict, the histogram, the mean reward by edits, and the evidence."""
    good = verdict.kind in ("learnable", "local-optima", "many-best")
    style = styles["better" if good else "worse"] + Style(bold=True)
    lines = [Text(f"{'✓' if good else '✗'} {verdict_words(verdict.kind)}", style)]
    edges, counts = probe.histogram.edges, probe.histogram.counts
    lines.append(_picture(f"{probe.completions} completions", edges[0], bars(counts), edges[-1], styles))
    means = [point.mean for point in probe.path[:: 1 + (len(probe.path) - 1) // WIDEST]]
    lines.append(_picture(f"0 to {probe.path[-1].edits} edits", means[0], bars(means), means[-1], styles))
    facts = f"{percent(probe.tied_groups)} of groups tied · {probe.microseconds:,.1f} µs per completion"
    lines.append(Text(facts))
    lines += [terminal_text(f"· {sentence}", styles["muted"]) for sentence in evidence_sentences(verdict.evidence)]
    return Text("\n").join(lines)


def _picture(name: str, left: float, drawn: str, right: float, styles: Styles) -> Text:
    text = Text(f"{name:<17}").append(number_format.reward(left), styles["muted"]).append(" ")
    return text.append(drawn, styles["bar"]).append(" ").append(number_format.reward(right).strip(), styles["muted"])


def bars(values: Sequence[float]) -> str:
    """Return one bar character per value, scaled from 0 (or the lowest, if negative) to the highest."""
    low = min(0.0, min(values))
    high = max(values)
    if high <= low:
        return BLOCKS[0] * len(values)
    top = len(BLOCKS) - 1
    return "".join(" " if value <= low else BLOCKS[round(top * (value - low) / (high - low))] for value in values)
