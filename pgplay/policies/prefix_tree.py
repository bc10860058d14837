"""Texts as the prefixes that they are made of, each of which a network reads once.

The next token's distribution depends on the prefix alone. Completions of one prompt share their first tokens, and the
more of them the more the policy has learnt, so a batch of B completions over T columns has far fewer prefixes than
B x T: on the way to 30 characters about half, and once they are learnt one for each column. All that a network and the
vocabulary take is computed for the prefixes; what belongs to a completion is looked up by its places.
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

    tokens, columns, texts (P,): the last token of each, its column, and one text that begins so. parents (P,): the
    number, within the column before, of the prefix that each goes on from; it says nothing in the first column. widths:
    how many each column has. places (N, T): the prefix at each place of each text, anything beyond a text's end. paths
    (L, T or some more): the places of so many texts that every prefix is in one of them; ends (P,): where in `paths`,
    flat.
    """

    tokens: Tensor
    columns: Tensor
    texts: Tensor
    parents: Tensor
    widths: tuple[int, ...]
    places: Tensor
    paths: Tensor
    ends: Tensor

    @classmethod
    def apart(cls, tokens: Tensor) -> Prefixes:
        """Return the prefixes of `tokens` (N, T), all N x T of them, whether they are the same or not."""
        texts, columns = tokens.shape
        numbers = torch.arange(texts * columns, device=tokens.device)
        rows, places = numbers % texts, numbers.view(columns, texts).t()
        paths = _widened(places)
        ends = rows * paths.shape[1] + numbers // texts
        return cls(tokens.t().flatten(), numbers // texts, rows, rows, (texts,) * columns, places, paths, ends)

    @classmethod
    def shared(cls, tokens: Tensor, lengths: Sequence[int], kinds: Sequence[Hashable]) -> Prefixes:
        """Return the different prefixes of `tokens` (N, T), of which a text has the first of its `lengths` (N,).

        Only texts of one of the `kinds` (N,) share a prefix. Needs the tokens on the host.
        """
        count, columns = tokens.shape
        rows = [row[:length] for row, length in zip(tokens.tolist(), lengths, strict=True)]
        _, numbered = different(kinds)
        order = torch.tensor(sorted(range(count), key=lambda number: (numbered[number], rows[number])))
        # Sorted, texts with a prefix in common stand together: each differs from the one before it from some column on.
        ordered = torch.cat([torch.tensor(numbered)[:, None], tokens], 1)[order]
        own = torch.arange(columns) < torch.tensor(lengths)[order, None]
        ordered[:, 1:].masked_fill_(~own, -1)
        fresh = torch.ones(count + 1, columns, dtype=torch.bool)
        fresh[1:count] = (ordered[1:] != ordered[:-1]).cummax(1).values[:, 1:]
        is_first = fresh[:count] & own
        numbers = is_first.t().flatten().cumsum(0).view(columns, count).t() - 1
        places = torch.empty_like(numbers).index_copy_(0, order, numbers.masked_fill(~own, 0))
        widths = is_first.sum(0).tolist()
        # A prefix is told by the last of the texts that have it; a text that is the last to have one is a path.
        last = fresh[1:] & own
        found_columns, found_rows = last.t().nonzero(as_tuple=True)
        is_path = last.any(1)
        paths = _widened(places[order[is_path]])
        ends = (is_path.cumsum(0) - 1)[found_rows] * paths.shape[1] + found_columns
        before = (found_columns - 1).clamp_min(0)
        starts = torch.tensor([0, *itertools.accumulate(widths)])
        parents = torch.where(found_columns > 0, numbers[found_rows, before] - starts[before], 0)
        return cls(
            tokens=ordered[found_rows, found_columns + 1],
            columns=found_columns,
            texts=order[found_rows],
            parents=parents,
            widths=tuple(widths),
            places=places,
            paths=paths,
            ends=ends,
        )

    def by_column(self) -> Iterator[slice]:
        """Go through the columns: where the prefixes of each stand."""
        ends = itertools.accumulate(self.widths)
        return (slice(end - width, end) for end, width in zip(ends, self.widths, strict=True))

    def along_paths(self, values: Tensor) -> Tensor:
        """Return (L, T, ...) what each place of each path has of `values` (P, ...)."""
        return spread(values, self.paths)

    def from_paths(self, values: Tensor) -> Tensor:
        """Return (P, ...) what each prefix has of `values` (L, T, ...) along the paths."""
        return values.flatten(0, 1).index_select(0, self.ends)


def different(values: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Return where each different one of `values` stands first, and for each of `values` which one of those it is."""
    first: dict[Hashable, int] = {}
    for number, value in enumerate(values):
        first.setdefault(value, number)
    order = {value: number for number, value in enumerate(first)}
    return list(first.values()), [order[value] for value in values]


def _widened(paths: Tensor) -> Tensor:
    """Return `paths` (L, T) with so many columns more that attention along them is fast."""
    return nn.functional.pad(paths, (0, -paths.shape[1] % PATH_MULTIPLE))


def spread(values: Tensor, places: Tensor) -> Tensor:
    """Return (N, T, ...) what each of `places` (N, T) has of `values` (P, ...)."""
    return values.index_select(0, places.flatten()).view(*places.shape, *values.shape[1:])


def of_actions_at(values: Tensor, places: Tensor, actions: Tensor) -> Tensor:
    """Return, of every token's `values` (P, V) at each of `places` (N, T), those of `actions` (N, T)."""
    chosen = places * values.shape[1] + actions
    return values.flatten().index_select(0, chosen.flatten()).view(actions.shape)
