"""The growing cache returns what transformers' own returns, whatever is added and whichever rows are selected."""

import torch
from transformers.cache_utils import DynamicLayer

from pgplay.policies.networks.growing_cache import ROOM, GrowingLayer


def states(rows: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(rows, 2, count, 4), torch.randn(rows, 2, count, 4)


@torch.no_grad()
def test_added_columns_follow_the_old_ones() -> None:
    torch.manual_seed(0)
    layers = DynamicLayer(), GrowingLayer()
    for rows, select, count in ((3, None, 5), (3, None, 1), (3, None, ROOM), (3, [2, 0, 1], 1), (2, [1, 1], 2)):
        added = states(rows, count)
        for layer in layers:
            if select is not None:
                layer.batch_select_indices(torch.tensor(select))
        plain, roomy = (layer.update(*added) for layer in layers)
        assert all(torch.equal(one, other) for one, other in zip(plain, roomy, strict=True))
        assert layers[0].get_seq_length() == layers[1].get_seq_length()


@torch.no_grad()
def test_a_token_is_added_without_copying_those_before_it() -> None:
    layer = GrowingLayer()
    layer.update(*states(3, 5))
    before = layer.keys.data_ptr()
    for _ in range(ROOM):
        layer.update(*states(3, 1))
        assert layer.keys.data_ptr() == before


def test_with_a_gradient_earlier_results_stay_unchanged() -> None:
    layer = GrowingLayer()
    keys, values = states(2, 3)
    keys.requires_grad_()
    read, _ = layer.update(keys, values)
    later, _ = layer.update(*states(2, 1))
    (slope,) = torch.autograd.grad((read.square().sum() + later.sum()), keys)
    torch.testing.assert_close(slope, 2 * keys.detach() + 1)
