import pytest
import torch

from pgplay.errors import InputError
from pgplay.policies.families.catalogue import FAMILIES, MODELS, model_spec
from pgplay.policies.networks.build import NETWORKS, build_network

MEANT = {"nano": 10_000, "small": 100_000, "medium": 1_000_000, "large": 10_000_000, "xl": 85_000_000}


@pytest.mark.parametrize("name", MODELS)
def test_a_size_has_about_its_nominal_number_of_parameters(name: str) -> None:
    spec = model_spec(name)
    assert spec.parameter_count(28) == pytest.approx(MEANT[spec.size], rel=0.35)


def test_every_family_has_every_size_with_a_network_and_a_description() -> None:
    assert list(MODELS) == [f"{family.name}-{size}" for family in FAMILIES for size in MEANT]
    assert {family.name for family in FAMILIES} == set(NETWORKS)
    assert all(family.description for family in FAMILIES)


def test_an_unknown_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"(?s)no model called 'gru-smal'.*gru-small"):
        model_spec("gru-smal")


@pytest.mark.parametrize("name", ["gru-nano", "gru-small", "transformer-nano", "transformer-small"])
def test_initial_weights_depend_only_on_the_seed(name: str) -> None:
    torch.manual_seed(1)
    one = build_network(model_spec(name), 5, 7).state_dict()
    torch.manual_seed(2)
    same, other = (build_network(model_spec(name), 5, seed).state_dict() for seed in (7, 8))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not any(torch.equal(one[key], other[key]) for key in one if one[key].dim() > 1)


@pytest.mark.parametrize("name", ["gru-small", "transformer-small"])
def test_initial_weights_do_not_depend_on_the_threads(name: str) -> None:
    before = torch.get_num_threads()
    networks = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            networks.append(build_network(model_spec(name), 27, 0).state_dict())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    one = networks[0]
    assert all(torch.equal(one[key], other[key]) for other in networks[1:] for key in one)


def test_small_models_use_one_thread_and_larger_ones_are_measured() -> None:
    assert {spec.threads for spec in MODELS.values() if spec.size in ("nano", "small")} == {1}
    assert {spec.threads for spec in MODELS.values() if spec.size not in ("nano", "small")} == {None}
