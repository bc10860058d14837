"""The distinct prefixes of a batch of texts, so that a network reads each prefix once.

The next token's distribution depends only on the prefix. Completions of one prompt share their first tokens, more of
them as the policy learns, so a batch of B completions over T columns has far fewer prefixes than B x T: about half
while learning 30 characters, and one per column afterwards. Networks and losses over the vocabulary compute per prefix;
values of a completion are looked up by `prefix_index`.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

PATH_MULTIPLE = 16
"""Columns of paths: torch's attention on a CPU takes three times as long for 31 columns as it does for 32."""


class Prefixes(NamedTuple):
    """The P prefixes of N texts over T columns, ordered by their last token's column.

    tokens, columns, texts (P,): the last token of each, its column, and one text that starts with it. parents (P,): the
    prefix that each extends; 0 in the first column. widths: the number of prefixes in each column. prefix_index (N, T):
    the prefix at each position of each text, undefined after its end. paths (L, at least T): the prefix indices of L
    texts that together contain every prefix; ends (P,): the position of each prefix in the flattened `paths`.
    """

    tokens: Tensor
    columns: Tensor
    texts: Tensor
    parents: Tensor
    widths: tuple[int, ...]
    prefix_index: Tensor
    paths: Tensor
    ends: Tensor

    @classmethod
    def from_texts(cls, tokens: Tensor) -> Prefixes:
        """Return all N x T prefixes of `tokens` (N, T), without merging equal ones."""
        texts, columns = tokens.shape
        numbers = torch.arange(texts * columns, device=tokens.device)
        rows, prefix_index = numbers % texts, numbers.view(columns, texts).t()
        parents = (numbers - texts).clamp_min(0)
        paths = _widened(prefix_index)
        ends = rows * paths.shape[1] + numbers // texts
        return cls(tokens.t().flatten(), numbers // texts, rows, parents, (texts,) * columns, prefix_index, paths, ends)

    @classmethod
    def deduplicated(cls, tokens: Tensor, lengths: Sequence[int], kinds: Sequence[Hashable]) -> Prefixes:
        """Return the distinct prefixes of `tokens` (N, T); each text has its first `lengths` (N,) tokens.

        Only texts of the same kind in `kinds` (N,) share prefixes. Needs the tokens on the host.
        """
        count, columns = tokens.shape
        rows = [row[:length] for row, length in zip(tokens.tolist(), lengths, strict=True)]
        _, numbered = first_occurrences(kinds)
        order = torch.tensor(sorted(range(count), key=lambda number: (numbered[number], rows[number])))
        # Sorted, texts with a common prefix are adjacent: each differs from the previous one from some column on.
        ordered = torch.cat([torch.tensor(numbered)[:, None], tokens], 1)[order]
        own = torch.arange(columns) < torch.tensor(lengths)[order, None]
        ordered[:, 1:].masked_fill_(~own, -1)
        fresh = torch.ones(count + 1, columns, dtype=torch.bool)
        fresh[1:count] = (ordered[1:] != ordered[:-1]).cummax(1).values[:, 1:]
        is_first = fresh[:count] & own
        numbers = is_first.t().flatten().cumsum(0).view(columns, count).t() - 1
        prefix_index = torch.empty_like(numbers).index_copy_(0, order, numbers.masked_fill(~own, 0))
        widths = is_first.sum(0).tolist()
        # A prefix is identified by the last text that has it; a text that identifies any prefix is a path.
        last = fresh[1:] & own
        found_columns, found_rows = last.t().nonzero(as_tuple=True)
        is_path = last.any(1)
        paths = _widened(prefix_index[order[is_path]])
        ends = (is_path.cumsum(0) - 1)[found_rows] * paths.shape[1] + found_columns
        parents = torch.where(found_columns > 0, numbers[found_rows, (found_columns - 1).clamp_min(0)], 0)
        return cls(
            tokens=ordered[found_rows, found_columns + 1],
            columns=found_columns,
            texts=order[found_rows],
            parents=parents,
            widths=tuple(widths),
            prefix_index=prefix_index,
            paths=paths,
            ends=ends,
        )

    def by_column(self) -> Iterator[slice]:
        """Yield the slice of prefixes of each column."""
        ends = itertools.accumulate(self.widths)
        return (slice(end - width, end) for end, width in zip(ends, self.widths, strict=True))

    def of_parents(self, values: Tensor) -> Tensor:
        """Return the `values` (P, W) of each prefix's parent: (P, W), 0 in the first column."""
        return values.index_select(0, self.parents).masked_fill(self.columns[:, None] == 0, 0.0)

    def along_paths(self, values: Tensor) -> Tensor:
        """Return `values` (P, ...) at every position of the paths: (L, T, ...)."""
        return spread(values, self.paths)

    def from_paths(self, values: Tensor) -> Tensor:
        """Return `values` (L, T, ...) along the paths for each prefix: (P, ...)."""
        return values.flatten(0, 1).index_select(0, self.ends)


class Stems(NamedTuple):
    """Prefixes in two parts, for a network that reads what texts have in common once.

    The texts of one prompt form a tree. stems (U, S): the prefixes from each tree's root to its first fork, of these
    `lengths` (U,), at least the prompt's. tails (L, R): the rest of each path that has one; `owners` (L,): its tree.
    Both are padded with arbitrary prefixes. ends (P,): the place of each prefix in the flattened stems, followed by the
    flattened tails.
    """

    stems: Tensor
    lengths: Tensor
    tails: Tensor
    owners: Tensor
    ends: Tensor

    @classmethod
    def of(cls, prefixes: Prefixes) -> Stems:
        """Return the stems and tails of `prefixes`."""
        paths = prefixes.paths
        columns = torch.arange(paths.shape[1], device=paths.device)
        is_own = prefixes.columns[paths] == columns
        roots, trees = paths[:, 0].unique(return_inverse=True)  # type: ignore[no-untyped-call]
        first = torch.full_like(roots, len(paths)).scatter_reduce(
            0, trees, torch.arange(len(paths), device=paths.device), "amin"
        )
        is_shared = (paths == paths[first[trees]]) & is_own & is_own[first[trees]]
        shared = is_shared.long().cummin(1).values.sum(1)
        lengths = torch.full_like(roots, paths.shape[1]).scatter_reduce(0, trees, shared, "amin")
        rest = is_own.sum(1) - lengths[trees]
        forked = rest.nonzero()[:, 0]
        width = int(lengths.max())
        places = lengths[trees[forked], None] + columns[: int(rest.max())]
        tails = paths[forked].gather(1, places.clamp_max(paths.shape[1] - 1))
        rows, positions = prefixes.ends // paths.shape[1], prefixes.ends % paths.shape[1]
        beyond = positions - lengths[trees[rows]]
        numbers = torch.zeros_like(trees).index_copy_(0, forked, torch.arange(len(forked), device=paths.device))
        in_tail = len(roots) * width + numbers[rows] * tails.shape[1] + beyond
        ends = torch.where(beyond < 0, trees[rows] * width + positions, in_tail)
        return cls(paths[first, :width], lengths, tails, trees[forked], ends)


def first_occurrences(values: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Return the index of each distinct value's first occurrence, and for each value the number of its distinct one."""
    first: dict[Hashable, int] = {}
    for number, value in enumerate(values):
        first.setdefault(value, number)
    order = {value: number for number, value in enumerate(first)}
    return list(first.values()), [order[value] for value in values]


def _widened(paths: Tensor) -> Tensor:
    """Return `paths` (L, T) padded to a number of columns for which attention is fast."""
    return nn.functional.pad(paths, (0, -paths.shape[1] % PATH_MULTIPLE))


def spread(values: Tensor, prefix_index: Tensor) -> Tensor:
    """Return `values` (P, ...) at each prefix in `prefix_index` (N, T): (N, T, ...)."""
    return values.index_select(0, prefix_index.flatten()).view(*prefix_index.shape, *values.shape[1:])


def of_actions_at(values: Tensor, prefix_index: Tensor, actions: Tensor) -> Tensor:
    """Return the `values` (P, V) of `actions` (N, T) after the prefixes `prefix_index` (N, T)."""
    chosen = prefix_index * values.shape[1] + actions
    return values.flatten().index_select(0, chosen.flatten()).view(actions.shape)
