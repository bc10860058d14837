"""A sweep's grid: reading its axes and its file, and spanning its rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import InputError
from pgplay.experiments.grid import GridAxis, grid_rows, grid_size, read_axis, read_sweep_file


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("lr=0.01,0.03", GridAxis("lr", (0.01, 0.03))),
        ("batch-size=8, 16", GridAxis("batch_size", (8, 16))),
        ("credit=dense", GridAxis("credit", ("dense",))),
        ('target="hi, you",ho', GridAxis("target", ("hi, you", "ho"))),
        ("target=good morning,hi", GridAxis("target", ("good morning", "hi"))),
        ('reward=ngrams(2, "a"),prefix + lcs', GridAxis("reward", ('ngrams(2, "a")', "prefix + lcs"))),
        ("task=reverse:length=2-3,count=5", None),
    ],
)
def test_an_axis_is_a_setting_with_values_between_commas(text: str, axis: GridAxis | None) -> None:
    if axis is None:
        assert read_axis(text).values == ("reverse:length=2-3", "count=5")  # in quotes it would be one value
        assert read_axis('task="reverse:length=2-3,count=5"').values == ("reverse:length=2-3,count=5",)
    else:
        assert read_axis(text) == axis


@given(st.lists(st.integers(2, 65536), min_size=1, max_size=8))
def test_values_read_back_as_they_are_written(values: list[int]) -> None:
    assert read_axis(f"batch_size={','.join(map(str, values))}").values == tuple(values)


def test_rows_are_all_combinations_and_the_last_axis_varies_fastest() -> None:
    axes = [GridAxis("algorithm", ("grpo", "rloo")), GridAxis("lr", (0.1, 0.2, 0.3))]
    rows = list(grid_rows({"target": "hi", "lr": 0.5}, axes))
    assert len(rows) == grid_size(axes) == 6
    assert [point["lr"] for point, _ in rows] == [0.1, 0.2, 0.3] * 2
    assert rows[4] == ({"algorithm": "rloo", "lr": 0.2}, {"target": "hi", "algorithm": "rloo", "lr": 0.2})


def test_a_file_has_a_grid_and_finds_its_rewards_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def reward(text):\n    return 0.0\n")
    file = tmp_path / "sweep.toml"
    file.write_text('seeds = 12\nrank_by = "lcs"\n[settings]\ntarget = "hi"\n[grid]\nreward = ["mine.py", "lcs"]\n')
    sweep = read_sweep_file(file)
    assert (sweep.settings, sweep.seeds, sweep.rank_by, sweep.until) == ({"target": "hi"}, "12", "lcs", "")
    (axis,) = sweep.axes
    assert axis.values == (str((tmp_path / "mine.py").resolve()), "lcs")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("grids = 1", "There is no key called 'grids'"),
        ("grid = 1", "grid has a value of another kind"),
        ("seeds = true", "seeds has a value of another kind"),
        ("[grid]\nlr = 0.1", "lr in [grid] is not a list"),
        ("[grid]\nlr = []", "lr in [grid] is not a list"),
        ("[grid]\nlrr = [1]", "There is no setting called 'lrr'"),
        ("[settings]\nseed = 1", "The seed is no part of the grid"),
        ("[grid", "sweep.toml:1: this is not valid TOML"),
    ],
)
def test_a_file_with_a_mistake_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        read_sweep_file(file)
    assert problem in str(refused.value)
