import pytest

from pgplay.config import make_config
from pgplay.learning.objective import learn
from pgplay.learning.optimiser import Adam
from pgplay.learning.plan import make_plan
from tests.learning.enumeration import WITHOUT_EXTRAS, world
from tests.policies.helpers import PLAIN


@pytest.mark.parametrize("scale", ["none", "batch-std"])
@pytest.mark.parametrize("credit", ["terminal", "gae"])
def test_the_critic_is_judged_and_taught_by_the_rewards_themselves(credit: str, scale: str) -> None:
    """However the advantages are scaled for the policy: what is left of a token's reward is the reward."""
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=False)
    settings = {"algorithm": "ppo", "scale": scale, "credit": credit, "gae_lambda": 1.0, "clip_gradient": 0.0}
    plan = make_plan(make_config({**WITHOUT_EXTRAS, **settings, "critic": 1.0, "updates_per_step": 1}))
    optimiser = Adam(here.modules.trained(plan))
    told = learn(here.batch, plan, here.modules, optimiser, PLAIN, 0.0, 0.0, update=True, diagnose=False)
    mask = here.batch.rollout.mask
    returns = here.batch.rewards.expand_as(mask)[mask]
    values = here.seen.values.detach()[mask]
    expected = 1 - (returns - values).var() / returns.var()
    assert told["explained_variance"] == pytest.approx(expected.item(), rel=1e-5)
    slope = 2 * (values - returns).mean().item()
    assert here.modules.critic.bias.grad.item() == pytest.approx(slope, rel=1e-5)
