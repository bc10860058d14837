"""The models by name: every family in every size, with exact parameter counts, without torch.

`gru-small` is the family `gru` in the size `small`. A size's numbers are chosen so that its parameter count, with an
alphabet of 27 characters, is near the round number that the size stands for: nano 10k, small 100k, medium 1M,
large 10M, xl 85M.
"""

from __future__ import annotations

from pgplay.errors import UnknownName
from pgplay.model_places import is_pretrained, shipped_models
from pgplay.policies.families.base import ModelFamily, ModelSpec
from pgplay.policies.families.gru import GRU
from pgplay.policies.families.pretrained import pretrained_model
from pgplay.policies.families.transformer import TRANSFORMER

FAMILIES: tuple[ModelFamily, ...] = (GRU, TRANSFORMER)


def models_of(family: ModelFamily) -> dict[str, ModelSpec]:
    """Return the models of `family` by name, from the smallest to the largest."""
    specs = (ModelSpec(family, size, shape) for size, shape in family.sizes.items())
    return {spec.name: spec for spec in specs}


MODELS = {name: spec for family in FAMILIES for name, spec in models_of(family).items()}


def chosen_model(name: str, *, has_prompts: bool) -> str:
    """Return the model `name`; for auto the one that learns fastest on a CPU.

    With prompts that is a transformer, which can attend to any of their characters (tests/benchmarks/generalise.py).
    """
    if name != "auto":
        return name
    return "transformer-small" if has_prompts else "gru-small"


def fresh_model(name: str, *, has_prompts: bool) -> ModelSpec:
    """Return the model of the catalogue called `name`, auto among them; raises InputError as `model_spec` does."""
    return _of_catalogue(chosen_model(name, has_prompts=has_prompts))


def model_spec(name: str) -> ModelSpec:
    """Return the model `name`: of the catalogue, a pretrained one that ships, or the one in the folder of that name.

    Raises InputError with the nearest name for an unknown one.
    """
    return pretrained_model(name) if is_pretrained(name) else _of_catalogue(name)


def _of_catalogue(name: str) -> ModelSpec:
    if name not in MODELS:
        raise UnknownName("model", name, [*MODELS, *shipped_models()], field="model")
    return MODELS[name]
