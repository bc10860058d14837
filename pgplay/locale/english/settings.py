"""The concept behind each setting, its formula, and when to change it."""

from __future__ import annotations

from typing import NamedTuple


class Concept(NamedTuple):
    """The concept behind a setting, its formula (empty without one), and when to change it."""

    meaning: str
    formula: str
    change: str


SETTINGS: dict[str, Concept] = {
    # task
    "target": Concept(
        "The text that the policy should learn to write. It never sees this text, only the reward of each completion.",
        "solved when argmax_x π(x), token by token, is the target",
        "Start with a short one; longer targets take more completions.",
    ),
    "task": Concept(
        "A set of prompts, each with its right answers, instead of a single target. The policy learns a mapping from "
        "prompts to answers.",
        "J = mean over prompts q of E[R(x, q)], x ~ π(· | q)",
        "Choose one to measure generalisation, on prompts that the policy was never trained on.",
    ),
    "alphabet": Concept(
        "The characters that a character-level policy can write. Fewer characters mean a smaller search space.",
        "number of texts of length T: |alphabet|^T",
        "Choose target for the smallest alphabet; add characters that the target lacks to make the task harder.",
    ),
    "max_length": Concept(
        "The maximum completion length. A completion without a stop token is cut off there.",
        "1 ≤ T ≤ max_length",
        "Raise it if many completions are marked ⊣ (cut off); lower it to save time.",
    ),
    "held_out": Concept(
        "The share of prompts that is never trained on, to tell generalisation from memorisation.",
        "gap = training reward − held-out reward",
        "Use 0.2 with a task; use 0 to train on every prompt.",
    ),
    "prompts": Concept(
        "The number of training prompts, from the first on: what cannot learn one prompt cannot learn a thousand.",
        "", "Use 1 if nothing is learnt: if that one is learnt, the reward and the optimiser work. Else leave it at 0.",
    ),
    "held_out_every": Concept(
        "The number of steps between evaluations on held-out prompts. One evaluation costs about as much as sampling "
        "one step.",
        "",
        "Raise it if evaluation takes too much of the time; lower it for a finer curve.",
    ),
    "warm_start": Concept(
        "Supervised training before the policy gradient starts: the policy first learns from example texts by "
        "cross-entropy. Or the name of a saved policy to start from.",
        "minimise −log π(target)",
        "Use it if an untrained policy never earns a reward: without any reward there is no gradient.",
    ),
    "warm_text": Concept(
        "A text file whose lines warm_start trains on instead of the targets.",
        "minimise −log π(line)",
        "Use text in the right language and style that does not contain the answers.",
    ),
    # reward
    "reward": Concept(
        "The score of each completion, and the only training signal. A policy learns what you reward, which may not be "
        "what you meant.",
        "R(x), usually 0 to 1",
        "Change it to see what is learned instead. Probe it first: a reward that is almost always 0 gives no signal.",
    ),
    "measure": Concept(
        "Extra rewards that are plotted but not trained on, to check whether the reward is a good proxy for your goal.",
        "",
        "Use it to detect reward hacking: the reward rises while the measure falls.",
    ),
    # model
    "model": Concept(
        "The network that represents the policy. A GRU reads one token at a time and keeps a hidden state; a "
        "transformer attends to all earlier tokens.",
        "π_θ, with the parameters θ",
        "Choose a larger one if the entropy falls but the reward stays low; a smaller one to save time.",
    ),
    "tokenizer": Concept(
        "How text is split into tokens, the units that the policy writes one at a time.",
        "text → x_1 … x_T",
        "Leave it at auto, unless a package of yours adds a tokenizer.",
    ),
    "lora_rank": Concept(
        "The rank of the LoRA adapter. The pretrained weights W are frozen; a product of two thin matrices is trained "
        "and added to them.",
        "W + (α / r) B A, with r rows in A",
        "Raise it if the reward plateaus early; 0 trains all weights, which takes far more memory.",
    ),
    "lora_alpha": Concept(
        "The scale of the LoRA adapter, which also scales its effective learning rate.",
        "W + (α / r) B A",
        "Leave it, and tune lr instead.",
    ),
    "lora_targets": Concept(
        "The layers that get a LoRA adapter.",
        "",
        "Choose only the attention projections (q_proj,v_proj) to train fewer parameters.",
    ),
    "template": Concept(
        "A chat model expects special tokens around each turn; the chat template adds them.",
        "",
        "Use chat for instruction-tuned models, raw for base models.",
    ),
    "system": Concept(
        "The system message of the chat, the same for every prompt.",
        "",
        "Use it to ask for what the reward wants, and see how much there is left to learn.",
    ),
    "device": Concept(
        "The device that samples and trains. A GPU pays off for large models; small ones are faster on the CPU.",
        "",
        "Leave it at auto, which chooses the fastest device for the model.",
    ),
    "threads": Concept(
        "The number of CPU threads. Too many make a busy machine slower, because threads wait for each other.",
        "",
        "Lower it if other programs need the CPU too.",
    ),
    "seed": Concept(
        "The seed of all random numbers: initial weights, sampling, the order of prompts.",
        "same seed and settings → same run",
        "Try several before you believe a difference: a single run can be lucky.",
    ),
    # algorithm
    "algorithm": Concept(
        "A combination of choices: which baseline, how advantages are normalised, how far one batch may move the "
        "policy.",
        "∇J = E[A ∇ log π(x)]; the algorithms differ in A and in the ratio",
        "Start with grpo. plain-reinforce is the textbook algorithm; supervised sees the target, for comparison.",
    ),
    "baseline": Concept(
        "The expected reward, subtracted from each reward. It does not change the gradient's expectation, and a good "
        "one lowers its variance.",
        "A = R − b; E[b ∇ log π(x)] = 0",
        "Choose none to see what it is worth: the gradient gets noisier and learning slower.",
    ),
    "scale": Concept(
        "Whether advantages are divided by the standard deviation of the rewards.",
        "A = (R − b) / σ",
        "group-std keeps updates large when rewards are close together; with none, groups whose rewards differ more "
        "weigh more.",
    ),
    "credit": Concept(
        "Credit assignment: how a reward is shared among tokens. terminal gives each token the whole reward, dense the "
        "change that it caused, gae an estimate by the critic.",
        "dense: r_t = Φ(x_1 … x_t) − Φ(x_1 … x_(t−1))",
        "Choose dense for long texts, where one score for the whole text says little about each token.",
    ),
    "ratio": Concept(
        "The importance ratio. After the first update on a batch the policy is no longer the one that sampled it; the "
        "ratio corrects for that, and clipping bounds the correction.",
        "ρ = π(x_t) / π_old(x_t)",
        "It has no effect with one update per step, where ρ = 1.",
    ),
    "aggregation": Concept(
        "How token losses are averaged, which decides whether long completions count more than short ones.",
        "token-mean: Σ_i Σ_t ℓ_it / Σ_i T_i; sequence-mean: mean_i (Σ_t ℓ_it / T_i)",
        "Change it if lengths differ a lot and completions drift longer or shorter.",
    ),
    "control_variate": Concept(
        "A prediction of what each token contributes to the reward. For one token, the contributions of the others are "
        "noise, so they are subtracted.",
        "A_t = A − Σ_(s≠t) q_s, and q_t is averaged over all tokens",
        "Choose none for the plain textbook algorithm.",
    ),
    # learning
    "batch_size": Concept(
        "The number of completions per step. The gradient's noise falls with the square root of the batch size.",
        "standard error = σ / √batch",
        "Raise it if the gradient is mostly noise; lower it for more steps in the same time.",
    ),
    "group_size": Concept(
        "The number of completions per prompt. The completions of a group serve as each other's baseline.",
        "A_i = R_i − mean of the group",
        "Raise it if many groups are tied: equal rewards give no signal.",
    ),
    "updates_per_step": Concept(
        "The number of updates on each batch. From the second one on, training is off-policy: the batch was sampled "
        "from an older policy.",
        "ρ ≠ 1 from the second update on",
        "Raise it if sampling takes most of the time; lower it if many tokens are clipped.",
    ),
    "lr": Concept(
        "The learning rate. Too low is slow; too high overshoots, and the policy may collapse.",
        "θ ← θ + η g",
        "Divide it by 3 if the reward falls or the KL of an update is large; raise it if nothing changes.",
    ),
    "optimizer": Concept(
        "How a gradient becomes an update: sgd follows the gradient, adam divides each component by its typical "
        "magnitude.",
        "sgd: η g; adam: η m / (√v + ε)",
        "Choose sgd to see the plain policy gradient.",
    ),
    "lr_schedule": Concept(
        "Whether the learning rate is constant, or adapts to how much each update changes the policy.",
        "η rises while KL(before || after) < lr_target, and falls above it",
        "Choose kl if no constant rate suits both the beginning and the end of a run.",
    ),
    "lr_target": Concept(
        "How much each update should change the policy.",
        "KL(before || after), in nats per token",
        "Lower it for more stable training; it takes effect only with lr_schedule kl.",
    ),
    "entropy": Concept(
        "The weight of the entropy bonus, which keeps the policy exploring. Too high a weight outbids the reward. "
        "The unit is the reward's range.",
        "J + β H(π)",
        "Raise it if the entropy falls to 0 before the reward is high; lower it if the reward plateaus below 1.",
    ),
    "entropy_schedule": Concept(
        "Whether the entropy bonus is constant, shrinks as the reward approaches 1, or grows while the entropy is too "
        "low.",
        "reward-gap: β (1 − R̄); target: β grows while H < entropy_target",
        "Choose constant to see the effect of the bonus alone.",
    ),
    "entropy_target": Concept(
        "The entropy below which the bonus grows, with entropy_schedule target.",
        "H = −Σ_v π(v) log π(v), summed over a completion",
        "Lower it if the last tokens are not learned.",
    ),
    "recovery": Concept(
        "What to do when the policy has collapsed: it writes only one text, so all advantages are 0 and nothing is "
        "learned. Moving its weights most of the way back to a fresh network lets it explore again.",
        "θ ← 0.1 θ + 0.9 θ_fresh",
        "Choose none to see that a collapsed policy does not recover.",
    ),
    "kl": Concept(
        "The weight of the KL penalty for moving away from the reference policy. It prevents forgetting and reward "
        "hacking.",
        "J − β KL(π || π_ref)",
        "Raise it if the texts become strange while the reward rises.",
    ),
    "kl_limit": Concept(
        "The largest KL to the reference. The weight of the penalty grows near the limit.",
        "KL(π || π_ref) ≤ kl_limit",
        "Use it instead of kl if you know how far the policy may move, but not which weight achieves that.",
    ),
    "kl_in": Concept(
        "Where the KL penalty goes: into the loss, computed exactly, or into each completion's reward, as a sample.",
        "loss: + β KL; reward: R − β log(π / π_ref)",
        "Choose reward to see it in the advantages, as in the first RLHF papers.",
    ),
    "reference": Concept(
        "The policy that the KL is measured against: the initial one, or a saved one.",
        "π_ref",
        "Name a saved policy to stay close to that one.",
    ),
    "replay": Concept(
        "The weight of imitating the best completion so far. It learns fast, but it is no longer a policy gradient and "
        "depends on luck.",
        "J + w log π(x_best)",
        "Leave it at 0 to study policy gradients.",
    ),
    "clip_gradient": Concept(
        "Gradient clipping: a gradient with a larger norm is scaled down to this one, so that a single batch cannot "
        "derail training.",
        "g ← g min(1, c / ‖g‖)",
        "Lower it if single steps hurt the reward.",
    ),
    "clip_low": Concept(
        "The lower clip range: how much less likely one batch may make a token.",
        "ρ ≥ 1 − clip_low",
        "Leave it; it takes effect only with a ratio that clips.",
    ),
    "clip_high": Concept(
        "The upper clip range: how much more likely one batch may make a token.",
        "ρ ≤ 1 + clip_high",
        "Raise it (DAPO's clip-higher) if rare tokens hardly ever become more likely.",
    ),
    "discount": Concept(
        "The discount factor: how much a later reward counts for an earlier token.",
        "G_t = Σ_(s≥t) γ^(s−t) r_s",
        "Use 1 with one reward at the end, 0 if each token has its own reward.",
    ),
    "gae_lambda": Concept(
        "The lambda of generalised advantage estimation: 0 trusts the critic, 1 trusts only the observed rewards.",
        "A_t = Σ_k (γλ)^k δ_(t+k), δ_t = r_t + γ V_(t+1) − V_t",
        "Lower it if the advantages are noisy and the critic explains much of the return; it takes effect only with "
        "credit gae.",
    ),
    "critic": Concept(
        "The weight of the critic's loss relative to the policy's loss.",
        "L + c (V − G)²",
        "Raise it if the explained variance stays near 0; it takes effect only with baseline critic.",
    ),
    # sampling
    "temperature": Concept(
        "The logits are divided by it before the softmax: below 1 is safer and more repetitive, above 1 more random.",
        "π(v) = exp(z_v / T) / Σ_u exp(z_u / T)",
        "Raise it for more variety. The loss uses the same temperature, so training stays on-policy.",
    ),
    "top_k": Concept(
        "Top-k sampling: only the k most likely tokens can be sampled.",
        "π(v) = 0 outside the k largest",
        "Use it with large vocabularies. Tokens that are cut off cannot be learned.",
    ),
    "top_p": Concept(
        "Nucleus sampling: only the most likely tokens that together reach this probability can be sampled.",
        "smallest set with Σ π(v) ≥ p",
        "Use 0.95 to keep a pretrained model from sampling nonsense.",
    ),
    "min_p": Concept(
        "Min-p sampling: only tokens with at least this share of the top token's probability can be sampled.",
        "π(v) ≥ p max_u π(u)",
        "Use it instead of top_p at high temperatures.",
    ),
    # regularisation
    "dropout": Concept(
        "The share of hidden units that are switched off at random in training, so that the network cannot rely on "
        "any single one.",
        "h ← h m / (1 − p), with a random mask m",
        "Use 0.1 to 0.3 if the training reward rises well above the held-out reward.",
    ),
    "l1": Concept(
        "A penalty on the absolute values of the weights, which drives most of them to 0.",
        "L + λ Σ |θ|",
        "Use it to get a sparse network.",
    ),
    "l2": Concept(
        "A penalty on the squared weights, which keeps all of them small.",
        "L + λ/2 Σ θ²",
        "With adam, use weight_decay instead: adam rescales the gradient of this penalty.",
    ),
    "weight_decay": Concept(
        "Every update shrinks all weights a little, independently of the gradient, so weights that the loss does not "
        "need decay to 0.",
        "θ ← (1 − ηλ) θ",
        "Raise it if the policy overfits or stays certain of something wrong.",
    ),
    # limits
    "steps": Concept("The maximum number of steps.", "", "Set it to compare runs of equal length."),
    "max_seconds": Concept("The maximum training time.", "", "Set it for a demonstration."),
    "until": Concept(
        "The goal that ends the run. solved looks only at the greedy completion; a mean reward looks at the samples.",
        "solved: greedy = target; reward>=0.95: R̄ ≥ 0.95",
        "Set never to see what happens after the task is solved.",
    ),
    "patience": Concept(
        "Early stopping: once the held-out reward no longer rises, further training mostly memorises.",
        "",
        "Use 5 with held_out; the best policy is kept.",
    ),
}
"""The concepts by field of RunConfig."""
