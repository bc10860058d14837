"""Each distinct prefix of a batch is stored once, found by its index, and read as in its own text."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pgplay.policies.prefix_tree import Prefixes, Stems, of_actions_at, spread
from tests.policies.helpers import FAMILIES, read, small_policy

VOCABULARY = 3

texts_of_kinds = st.lists(
    st.tuples(st.integers(0, 1), st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=5)),
    min_size=1,
    max_size=12,
)
"""Short and similar, so that they share much: a kind, and a text."""


def padded(texts: list[list[int]]) -> Tensor:
    longest = max(map(len, texts)) + 1  # a column that none of them uses
    return torch.tensor([text + [0] * (longest - len(text)) for text in texts])


def shared(given_texts: list[tuple[int, list[int]]]) -> tuple[Prefixes, Tensor]:
    kinds, texts = (list(column) for column in zip(*given_texts, strict=True))
    tokens = padded(texts)
    return Prefixes.deduplicated(tokens, [len(text) for text in texts], kinds), tokens


def written(prefixes: Prefixes, number: int) -> list[int]:
    """Return the tokens of a prefix, following its parents."""
    tokens = [int(prefixes.tokens[number])]
    while prefixes.columns[number]:
        number = int(prefixes.parents[number])
        tokens.insert(0, int(prefixes.tokens[number]))
    return tokens


@given(texts_of_kinds)
def test_every_prefix_is_stored_once_and_found_at_its_places(given_texts: list[tuple[int, list[int]]]) -> None:
    prefixes, _ = shared(given_texts)
    different = {(kind, *text[:count]) for kind, text in given_texts for count in range(1, len(text) + 1)}
    assert len(prefixes.tokens) == sum(prefixes.widths) == len(different)
    found = set()
    for row, (kind, text) in enumerate(given_texts):
        for column in range(len(text)):
            number = int(prefixes.prefix_index[row, column])
            assert written(prefixes, number) == text[: column + 1]
            begun_by = given_texts[int(prefixes.texts[number])]
            assert (begun_by[0], begun_by[1][: column + 1]) == (kind, text[: column + 1])
            found.add(number)
    assert found == set(range(len(prefixes.tokens)))
    assert [here.stop - here.start for here in prefixes.by_column()] == list(prefixes.widths)
    assert prefixes.paths.flatten()[prefixes.ends].tolist() == list(range(len(prefixes.tokens)))
    assert len(prefixes.paths) <= len(different)


@given(texts_of_kinds)
def test_stems_are_the_common_part_of_texts_of_a_kind_and_tails_the_rest(
    given_texts: list[tuple[int, list[int]]],
) -> None:
    prefixes, _ = shared(given_texts)
    parts = Stems.of(prefixes)
    places = torch.cat([parts.stems.flatten(), parts.tails.flatten()])
    assert places[parts.ends].tolist() == list(range(len(prefixes.tokens)))
    own = set(parts.ends.tolist())
    stems = [
        [int(number) for number, place in zip(row, range(index * len(row), (index + 1) * len(row)), strict=True)
         if place in own]
        for index, row in enumerate(parts.stems)
    ]  # fmt: skip
    assert [len(stem) for stem in stems] == parts.lengths.tolist()
    for row, owner in zip(parts.tails, parts.owners.tolist(), strict=True):
        begun = written(prefixes, stems[owner][-1])
        assert written(prefixes, int(row[0]))[: len(begun)] == begun


def test_separate_texts_have_every_place_to_themselves() -> None:
    tokens = torch.tensor([[1, 2, 0], [1, 2, 0]])
    prefixes = Prefixes.from_texts(tokens)
    assert sorted(prefixes.prefix_index.flatten().tolist()) == list(range(6))
    assert spread(prefixes.tokens, prefixes.prefix_index).tolist() == tokens.tolist()
    assert [written(prefixes, number) for number in prefixes.prefix_index[1].tolist()] == [[1], [1, 2], [1, 2, 0]]
    assert prefixes.texts[prefixes.prefix_index].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert prefixes.paths.flatten()[prefixes.ends].tolist() == list(range(6))


def test_equal_texts_cost_as_much_as_one() -> None:
    prefixes, _ = shared([(0, [1, 2, 1, 0])] * 50 + [(0, [1, 2])] * 50)
    assert prefixes.widths == (1, 1, 1, 1, 0)
    assert len(prefixes.paths) == 1


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
@given(texts_of_kinds)
def test_a_shared_prefix_is_read_as_in_each_text_and_collects_the_gradients_of_all(
    model: str, given_texts: list[tuple[int, list[int]]]
) -> None:
    policy = small_policy(model, "ab", 8)
    network = policy.module.double()
    prefixes, tokens = shared(given_texts)
    own = torch.arange(tokens.shape[1]) < torch.tensor([len(text) for _, text in given_texts])[:, None]
    together, alone = spread(policy.network(prefixes), prefixes.prefix_index), read(policy.network, tokens)
    torch.testing.assert_close(together[own], alone[own], rtol=0, atol=1e-12)
    weighing = torch.linspace(-1, 1, together[own].numel(), dtype=torch.float64).view_as(together[own])
    found, expected = (
        torch.autograd.grad((features[own] * weighing).sum(), list(network.parameters()), allow_unused=True)
        for features in (together, alone)
    )
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-11)


def test_values_of_an_action_are_looked_up_by_its_place() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    prefix_index, actions = torch.tensor([[0, 1, 1], [0, 0, 1]]), torch.tensor([[0, 1, 1], [1, 0, 0]])
    found = of_actions_at(values, prefix_index, actions)
    assert found.tolist() == [[1.0, 4.0, 4.0], [2.0, 1.0, 3.0]]
    (gradient,) = torch.autograd.grad(found.sum(), values)
    assert gradient.tolist() == [[2.0, 1.0], [1.0, 2.0]]


@given(texts_of_kinds)
def test_values_of_parents_are_those_of_the_prefix_that_each_extends(given_texts: list[tuple[int, list[int]]]) -> None:
    prefixes, _ = shared(given_texts)
    numbers = torch.arange(1.0, len(prefixes.tokens) + 1)[:, None]
    for number, found in enumerate(prefixes.of_parents(numbers)[:, 0].long().tolist()):
        own = written(prefixes, number)
        assert (written(prefixes, found - 1) if found else []) == own[:-1]
