"""A pretrained causal language model with a LoRA adapter (Hu et al. 2021, arXiv:2106.09685), as a network.

Its own forward calls with a cache: `generate` of transformers fills unset fields with defaults, such as top_k 50, so
it would sample another density than is trained. Rows are never padded on the left, and positions are given explicitly.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pgplay.errors import InputError
from pgplay.model_places import model_folder
from pgplay.policies.prefix_tree import Prefixes, Stems
from pgplay.policies.ranks import ProcessRanks
from pgplay.policies.shards import shard_layers

PREFIX = "base_model.model."
"""What peft puts before each name in an adapter's file."""


class CachedRows(NamedTuple):
    """What B rows have read: transformers' cache, which grows in place, and which of its first S columns count.

    visible (B, S): prompts of different lengths are padded at their ends; None where every column counts.
    """

    cache: Any
    visible: Tensor | None = None


class PretrainedNetwork(nn.Module):
    """The model `causal`, whose parameters that need a gradient are trained; see `networks.base.Network`.

    A network with `frozen` tensors is a reference: it computes with them in place of the trained ones. The layers are
    sharded over `ranks` if there are any: see `policies.shards`.
    """

    mask_count = 0
    has_large_vocabulary = True

    def __init__(
        self, causal: nn.Module, frozen: Mapping[str, Tensor] | None = None, ranks: ProcessRanks | None = None
    ) -> None:
        super().__init__()
        self._ranks = ranks
        self.is_sharded = ranks is not None
        self.causal: Any = causal
        self.width: int = causal.config.hidden_size  # type: ignore[union-attr, assignment]
        self._context: int = causal.config.max_position_embeddings  # type: ignore[union-attr, assignment]
        self._frozen = frozen
        parameters = sorted(causal.named_parameters())
        self.trained: dict[str, nn.Parameter] = {
            PREFIX + name.replace(".default.", "."): value for name, value in parameters if value.requires_grad
        }
        """The trained parameters by name, in the order of their names."""
        self._dtype = next(iter(self.trained.values())).dtype
        """The type of what is trained, and so of features and logits; a frozen base may have fewer digits."""
        head = causal.get_output_embeddings()  # type: ignore[operator]
        trained_head = sum(parameter.requires_grad for parameter in head.parameters())
        self.has_constant_features = trained_head == len(self.trained)

    def trainable_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that training changes."""
        return list(self.trained.values())

    def saved_state(self) -> dict[str, Tensor]:
        """Return what differs from the base by name: the adapter."""
        if self._frozen is not None:
            return dict(self._frozen)
        return {name: parameter.detach() for name, parameter in self.trained.items()}

    def load_saved_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Load what `saved_state` returned; raises RuntimeError for tensors of another adapter."""
        own = self.trained
        if own.keys() != tensors.keys():
            raise RuntimeError(f"it has {len(tensors)} tensors, not the adapter's {len(own)}")
        with torch.no_grad():
            for name, parameter in own.items():
                if parameter.shape != tensors[name].shape:
                    raise RuntimeError(f"{name} is {tuple(tensors[name].shape)}, not {tuple(parameter.shape)}")
                parameter.copy_(tensors[name])

    def reference(self) -> PretrainedNetwork:
        """Return the network as it is now, constant; it shares the base."""
        return self._with({name: value.clone() for name, value in self.saved_state().items()})

    def base(self) -> PretrainedNetwork | None:
        """Return the network with an adapter of zeros, which adds nothing; None if every weight is trained."""
        state = self.saved_state()
        if not all(".lora_" in name for name in state):
            return None
        return self._with({name: torch.zeros_like(value) for name, value in state.items()})

    def sharded(self, ranks: ProcessRanks, device: torch.device) -> PretrainedNetwork:
        """Return the network with its layers sharded over `ranks`, on this one's `device`, in place of this network."""
        shard_layers(self.causal, ranks, device)
        return PretrainedNetwork(self.causal, ranks=ranks)

    def _with(self, frozen: Mapping[str, Tensor]) -> PretrainedNetwork:
        return PretrainedNetwork(self.causal, frozen, self._ranks)

    @contextmanager
    def _weights(self) -> Iterator[None]:
        """Compute with the frozen tensors of a reference."""
        pairs = [(self.trained[name], value) for name, value in (self._frozen or {}).items()]
        own = [parameter.data for parameter, _ in pairs]
        try:
            for parameter, value in pairs:
                parameter.data = value
            yield
        finally:
            for (parameter, _), data in zip(pairs, own, strict=True):
                parameter.data = data

    def _read(self, tokens: Tensor, state: CachedRows) -> Tensor:
        """Return the features (B, T, W) after the next `tokens` (B, T), and keep their keys and values."""
        first = state.cache.get_seq_length()
        places = torch.arange(first, first + tokens.shape[1], device=tokens.device).expand_as(tokens)
        visible = None
        if state.visible is not None:
            places = places - (~state.visible).sum(1, keepdim=True)
            later = first + tokens.shape[1] - state.visible.shape[1]
            visible = nn.functional.pad(state.visible, (0, later), value=True)
        with self._weights(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # past_key_values gets another name in transformers 5.40
            output = self.causal.base_model(
                input_ids=tokens,
                attention_mask=visible,
                position_ids=places.clamp_max(self._context - 1),
                past_key_values=state.cache,
                use_cache=True,
            )
        features: Tensor = output.last_hidden_state
        return features.to(self._dtype)

    @property
    def reads_together(self) -> bool:
        """Whether other ranks read now, so that this one must read as often, even if only a token for nothing."""
        return self._ranks is not None and self._ranks.is_together

    def read_nothing(self) -> Tensor:
        """Return the features (1, 1, W) of a token that counts for nothing."""
        token = torch.zeros(1, 1, dtype=torch.long, device=self.causal.get_input_embeddings().weight.device)
        return self._read(token, self.start(1, 0))

    def forward(self, prefixes: Prefixes, masks: Tensor | None = None) -> Tensor:
        """Return features (P, W) for `prefixes`; what the texts of a prompt have in common is read once."""
        parts = Stems.of(prefixes)
        state = self.start(len(parts.stems), 0)
        features = self._read(prefixes.tokens[parts.stems], state).flatten(0, 1)
        if len(parts.tails):
            forked = self.select_rows(_hiding(state, parts.lengths, parts.stems.shape[1]), parts.owners)
            features = torch.cat([features, self._read(prefixes.tokens[parts.tails], forked).flatten(0, 1)])
        elif self.reads_together:
            features = features + 0.0 * self.read_nothing().sum()  # backwards it computes as often, too
        return features.index_select(0, parts.ends)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        with self._weights():
            head = self.causal.get_output_embeddings()
            logits: Tensor = head(features.to(head.weight.dtype))
        return logits.to(self._dtype)

    def frozen_logits(self) -> Callable[[Tensor], Tensor]:
        """Return the map from features to logits as it is now, a constant to the gradient and to training."""
        head = self.causal.get_output_embeddings()
        with self._weights():
            tensors = {
                name: parameter.detach().clone() if parameter.requires_grad else parameter.detach()
                for name, parameter in head.named_parameters()
            }
        kind, dtype = head.weight.dtype, self._dtype
        return lambda features: functional_call(head, tensors, (features.detach().to(kind),)).to(dtype)

    def start(self, batch: int, length: int) -> CachedRows:
        """Return the state before the first token."""
        from pgplay.policies.networks.growing_cache import growing_cache  # here, as other families need no transformers

        return CachedRows(growing_cache(self.causal.config))

    @torch.no_grad()
    def prefill(self, tokens: Tensor, state: CachedRows, masks: Tensor | None = None) -> None:
        """Read `tokens` (B, T), the first ones, in one pass."""
        self._read(tokens, state)

    @torch.no_grad()
    def read_prompts(self, tokens: Tensor, lengths: Tensor) -> CachedRows:
        """Return the state after the first `lengths` (B,) of `tokens` (B, T); it is as if T tokens had been read."""
        state = self.start(*tokens.shape)
        if tokens.shape[1]:
            self._read(tokens, state)
        elif self.reads_together:
            self.read_nothing()
        return _hiding(state, lengths, tokens.shape[1])

    @torch.no_grad()
    def step(self, tokens: Tensor, position: int, state: CachedRows, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,), the next ones."""
        return self._read(tokens[:, None], state)[:, 0]

    def select_rows(self, state: CachedRows, rows: Tensor) -> CachedRows:
        """Return the state of those `rows` (b,) of `state`."""
        selected = self.start(len(rows), 0)
        for number, layer in enumerate(state.cache.layers if state.cache.get_seq_length() else ()):
            selected.cache.update(layer.keys[rows], layer.values[rows], number)
        return CachedRows(selected.cache, None if state.visible is None else state.visible[rows])


def _hiding(state: CachedRows, lengths: Tensor, width: int) -> CachedRows:
    """Return `state` with each row's first `lengths` (B,) of `width` columns visible."""
    if bool((lengths == width).all()):
        return state
    return CachedRows(state.cache, torch.arange(width, device=lengths.device) < lengths[:, None])


def load_network(model: str, rank: int, alpha: int, targets: str, seed: int, dtype: torch.dtype) -> PretrainedNetwork:
    """Return the `model` in `dtype`, with a fresh adapter of `rank` in at least float32; 0 trains every weight.

    Nothing of its folder is run or unpickled. Raises InputError for a model that cannot be loaded so.
    """
    try:
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging
    except ImportError as error:
        raise InputError("model.lacks_packages", field="model", reason=str(error)) from error

    logging.disable_progress_bar()
    folder = model_folder(model)
    try:
        causal = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError("model.does_not_load", field="model", folder=str(folder), reason=reason) from error
    causal.eval()
    if rank:
        config = LoraConfig(
            r=rank,
            lora_alpha=alpha,
            target_modules=targets if targets == "all-linear" else targets.split(","),
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        )
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # peft says how it sets fan_in_fan_out for GPT-2
            torch.manual_seed(seed)
            try:
                get_peft_model(causal, config)  # puts the adapter's layers into `causal`
            except ValueError as error:
                reason = str(error).strip().split("\n")[0]
                raise InputError("model.no_target", field="lora_targets", targets=targets, reason=reason) from error
    network = PretrainedNetwork(causal)
    _check_head(network)
    return network


@torch.no_grad()
def _check_head(network: PretrainedNetwork) -> None:
    """Refuse a model whose logits are more than its head's."""
    tokens = torch.arange(4)[None]
    own = network.logits(network._read(tokens, network.start(1, 0)))
    whole = network.causal(input_ids=tokens).logits.to(own.dtype)
    if not torch.allclose(own, whole, atol=1e-3):
        raise InputError("model.other_head", field="model")
