"""A policy as a function from prompts to texts, without tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pgplay.config.run_config import make_config
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair
from pgplay.worker.session.saved_policies import load_saved_policy, write_texts


class TextPolicy:
    """A trained policy that writes text and says how likely it finds one.

    `density` is the one that it was trained with: its temperature and truncation.
    """

    def __init__(self, policy: Policy, density: Density) -> None:
        self._policy = policy
        self.density = density

    @classmethod
    def load(cls, name: str, device: str = "auto") -> Self:
        """Return the saved policy called `name`; nothing that came with it is run.

        Raises InputError for an unknown name or device, PgplayError for a damaged policy.
        """
        saved = load_saved_policy(name, device)
        return cls(saved.policy, saved.density)

    def sample(
        self,
        prompt: str = "",
        n: int = 1,
        *,
        greedy: bool = False,
        temperature: float | None = None,
        seed: int | None = None,
    ) -> list[str]:
        """Return `n` completions of `prompt`, at most 1,000; the same `seed` gives the same ones, None new ones.

        Raises InputError for a prompt that the policy cannot read, and for a temperature that is not positive.
        """
        density = self.density
        if temperature is not None:
            density = density._replace(temperature=make_config({"temperature": temperature}).temperature)
        written = write_texts(self._policy, [prompt] * n, density, greedy=greedy, seed=seed)
        return [completion.text for completion in written]

    def log_probabilities(self, texts: Sequence[str], prompt: str = "") -> list[float]:
        """Return the log-probability, in nats, of each of `texts` as a whole completion of `prompt`, its end included.

        They are the network's own: at temperature 1, without truncation. A text that fills the length limit needs no
        end. Raises InputError for a text or prompt that the policy cannot read.
        """
        return self._policy.text_log_probabilities([Pair(prompt, text) for text in texts])
