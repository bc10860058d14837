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
        "The one text that the policy should write. It never sees it: it only learns the reward of what it writes.",
        "solved when argmax_x π(x), token by token, is the target",
        "Begin with a short one; the effort grows with its length.",
    ),
    "task": Concept(
        "Prompts with a right answer each, instead of one target. The policy then learns a mapping, not a text.",
        "J = mean over prompts q of E[R(x, q)], x ~ π(· | q)",
        "Choose one to see whether a policy generalises to prompts that it has never seen.",
    ),
    "alphabet": Concept(
        "The characters that a character policy can write. Fewer characters mean fewer texts to search.",
        "number of texts of length T: |alphabet|^T",
        "Take target for the smallest one; name characters that the target lacks to make it harder.",
    ),
    "max_length": Concept(
        "Where a completion ends if the policy has not written its stop token by itself.",
        "1 ≤ T ≤ max_length",
        "Raise it if many completions carry ⊣, the sign of one that was cut; lower it to save time.",
    ),
    "held_out": Concept(
        "A share of the prompts that is never trained on, to tell generalisation from memorising.",
        "gap = training reward − held-out reward",
        "Use 0.2 with a task; 0 where all prompts should be learned.",
    ),
    "held_out_every": Concept(
        "How often the held-out prompts are evaluated; each evaluation costs about as much as sampling a step.",
        "",
        "Raise it if evaluations take much of the time; lower it for a finer curve.",
    ),
    "warm_start": Concept(
        "Training by imitation before the rewards begin: the policy first learns how texts look.",
        "minimise −log π(target)",
        "Use it where an untrained policy never earns a reward, so that there is nothing to make more likely.",
    ),
    "warm_text": Concept(
        "The lines that warm_start imitates instead of the targets.",
        "minimise −log π(line)",
        "Use text of the right language and style, without the answers.",
    ),
    # reward
    "reward": Concept(
        "The score of each text, the only thing that the policy learns from. A policy gets what you reward, which may "
        "not be what you meant.",
        "R(x), usually 0 to 1",
        "Change it to see what is learned instead; probe it first: one that is nearly always 0 teaches nothing.",
    ),
    "measure": Concept(
        "Further rewards that are plotted and not trained on: what you meant, beside what you reward.",
        "",
        "Use it to catch reward hacking: the reward rises, the measure falls.",
    ),
    # model
    "model": Concept(
        "The network that is the policy: a GRU reads token by token with a memory, a transformer looks back at all.",
        "π_θ, with the parameters θ",
        "Take a larger one if the entropy falls and the reward stays low; a smaller one to save time.",
    ),
    "tokenizer": Concept(
        "How a text becomes tokens, the units that the policy chooses one by one.",
        "text → x_1 … x_T",
        "Leave it at auto, unless a package of yours adds one.",
    ),
    "lora_rank": Concept(
        "A pretrained model's weights W stay as they are; a product of two thin matrices is trained and added to them.",
        "W + (α / r) B A, with r rows in A",
        "Raise it if the reward stops rising early; 0 trains all weights, with far more memory.",
    ),
    "lora_alpha": Concept(
        "How strongly the adapter acts, which scales its effective learning rate.",
        "W + (α / r) B A",
        "Leave it, and change lr.",
    ),
    "lora_targets": Concept(
        "The layers that get an adapter.",
        "",
        "Name only the attention's (q_proj,v_proj) to train less.",
    ),
    "template": Concept(
        "A chat model expects each turn between its own marks; the template adds them.",
        "",
        "Use chat for a model that was trained on chats, raw for one that continues text.",
    ),
    "system": Concept(
        "The first turn of a chat, which tells the model how to behave; it is the same for every prompt.",
        "",
        "Use it to ask for what the reward wants, and see how much is left to learn.",
    ),
    "device": Concept(
        "The processor that samples and learns. A GPU pays for large models; a small one is faster on the CPU.",
        "",
        "Leave it at auto, which takes the fastest for the model.",
    ),
    "threads": Concept(
        "How many cores a step uses. Threads that wait for each other make a busy machine slower.",
        "",
        "Lower it if other programs compute too.",
    ),
    "seed": Concept(
        "The start of all random numbers: the first weights, the samples, the order of prompts.",
        "same seed and settings → same run",
        "Try several before you believe a difference: one run is one draw.",
    ),
    # algorithm
    "algorithm": Concept(
        "A row of choices: what to subtract from the reward, how to scale it, how far one batch may move the policy.",
        "∇J = E[A ∇ log π(x)]; the algorithms differ in A and in the ratio",
        "Begin with grpo; plain-reinforce is the textbook's; compare with supervised, which sees the target.",
    ),
    "baseline": Concept(
        "What is subtracted from the reward. It changes no mean of the gradient, but a good one lowers its noise.",
        "A = R − b; E[b ∇ log π(x)] = 0",
        "Choose none to see what it is worth: the gradient gets noisy and learning slow.",
    ),
    "scale": Concept(
        "Whether advantages are divided by the standard deviation of their rewards.",
        "A = (R − b) / σ",
        "group-std keeps updates large when rewards are close; none weighs each group by how much its rewards differ.",
    ),
    "credit": Concept(
        "Which tokens a reward belongs to. Terminal gives every token the whole; dense what each one gained or lost.",
        "dense: r_t = Φ(x_1 … x_t) − Φ(x_1 … x_(t−1))",
        "Choose dense for long texts, where one score for all tokens says little about each.",
    ),
    "ratio": Concept(
        "If a batch is used for several updates, the policy has changed since it was sampled; the ratio corrects for "
        "it, and its limit keeps the correction from growing.",
        "ρ = π(x_t) / π_old(x_t)",
        "It has no effect with one update per step, where ρ = 1.",
    ),
    "aggregation": Concept(
        "How the losses of tokens become one number: whether long texts count more than short ones.",
        "token-mean: Σ_i Σ_t ℓ_it / Σ_i T_i; sequence-mean: mean_i (Σ_t ℓ_it / T_i)",
        "Change it if lengths differ much and completions drift longer or shorter.",
    ),
    "control_variate": Concept(
        "A prediction of what each token is worth. The shares of the other tokens are noise for this one, "
        "so they are subtracted.",
        "A_t = A − Σ_(s≠t) q_s, and q_t is averaged over all tokens",
        "Choose none for the plain algorithm of the textbooks.",
    ),
    # learning
    "batch_size": Concept(
        "How many texts are sampled before the weights change. The gradient's noise falls with its square root.",
        "standard error = σ / √batch",
        "Raise it if the two halves of the batch disagree; lower it for more steps in the same time.",
    ),
    "group_size": Concept(
        "How many completions answer the same prompt; they are each other's baseline.",
        "A_i = R_i − mean of the group",
        "Raise it if many groups are tied: with equal rewards there is nothing to compare.",
    ),
    "updates_per_step": Concept(
        "How often one batch is learned from. Later updates learn from texts that the present policy would no longer "
        "write.",
        "ρ ≠ 1 from the second update on",
        "Raise it if sampling takes most of the time; lower it if many tokens are clipped.",
    ),
    "lr": Concept(
        "The size of an update. Too small is slow; too large overshoots, and the policy collapses.",
        "θ ← θ + η g",
        "Divide it by 3 if the reward falls or the KL of an update is large; raise it if nothing moves.",
    ),
    "optimizer": Concept(
        "How a gradient becomes an update: sgd follows it, adam divides each part by its usual size.",
        "sgd: η g; adam: η m / (√v + ε)",
        "Choose sgd to see the plain policy gradient.",
    ),
    "lr_schedule": Concept(
        "Whether the learning rate stays, or follows how much each update changes the policy.",
        "η rises while KL(before || after) < lr_target, and falls above it",
        "Choose kl if no constant rate fits the beginning and the end.",
    ),
    "lr_target": Concept(
        "How much one update should change the policy.",
        "KL(before || after), in nats per token",
        "Lower it for a calmer run; it takes effect only with lr_schedule kl.",
    ),
    "entropy": Concept(
        "A bonus for staying undecided. It keeps the policy trying; too much of it outbids the reward.",
        "J + β H(π)",
        "Raise it if the entropy falls to 0 before the reward is high; lower it if the reward stops below 1.",
    ),
    "entropy_schedule": Concept(
        "Whether the bonus stays, falls with the distance to reward 1, or grows while the entropy is too low.",
        "reward-gap: β (1 − R̄); target: β grows while H < entropy_target",
        "Choose constant to see what the bonus alone does.",
    ),
    "entropy_target": Concept(
        "The entropy that the schedule target keeps the policy from falling below.",
        "H = −Σ_v π(v) log π(v), summed over a completion",
        "Lower it if the last tokens are not learned.",
    ),
    "recovery": Concept(
        "A collapsed policy writes one text only, so no advantage is left to learn from; moving its "
        "weights most of the way back to fresh ones lets it explore again.",
        "θ ← 0.1 θ + 0.9 θ_fresh",
        "Choose none to see that a collapse is for good.",
    ),
    "kl": Concept(
        "A price for leaving the reference. It keeps a policy from forgetting what it could, and from reward hacking.",
        "J − β KL(π || π_ref)",
        "Raise it if texts become strange while the reward rises.",
    ),
    "kl_limit": Concept(
        "How far the policy may go from its reference; the price grows near the limit.",
        "KL(π || π_ref) ≤ kl_limit",
        "Use it instead of kl if you know how far is too far, and not what it should cost.",
    ),
    "kl_in": Concept(
        "Whether the price of the KL is paid in the loss, exactly, or taken from each text's reward.",
        "loss: + β KL; reward: R − β log(π / π_ref)",
        "Choose reward to see it in the advantages, as the first papers did.",
    ),
    "reference": Concept(
        "The policy that the KL is measured from: the one at the start, or a saved one.",
        "π_ref",
        "Name a saved policy to stay near that one.",
    ),
    "replay": Concept(
        "Imitating the best text so far. It is quick, and it is no policy gradient any more: luck decides.",
        "J + w log π(x_best)",
        "Leave it at 0 to study policy gradients.",
    ),
    "clip_gradient": Concept(
        "A longer gradient is shortened to this norm, so that one odd batch cannot throw the policy off.",
        "g ← g min(1, c / ‖g‖)",
        "Lower it if single steps harm the reward.",
    ),
    "clip_low": Concept(
        "How much less likely one batch may make a token.",
        "ρ ≥ 1 − clip_low",
        "Leave it; it takes effect only with a ratio that clips.",
    ),
    "clip_high": Concept(
        "How much more likely one batch may make a token.",
        "ρ ≤ 1 + clip_high",
        "Raise it (DAPO's clip-higher) if rare tokens never get a chance.",
    ),
    "discount": Concept(
        "How much a later reward counts for an earlier token.",
        "G_t = Σ_(s≥t) γ^(s−t) r_s",
        "1 with one reward at the end; 0 where each token has a reward of its own.",
    ),
    "gae_lambda": Concept(
        "How far to trust the critic: 0 trusts its next prediction, 1 only the rewards.",
        "A_t = Σ_k (γλ)^k δ_(t+k), δ_t = r_t + γ V_(t+1) − V_t",
        "Lower it if the advantages are noisy and the critic explains much; it takes effect only with credit gae.",
    ),
    "critic": Concept(
        "The weight of the critic's error beside the policy's loss.",
        "L + c (V − G)²",
        "Raise it if the explained variance stays near 0; it takes effect only with baseline critic.",
    ),
    # sampling
    "temperature": Concept(
        "The divisor of the logits before sampling: below 1 is safer and more repetitive, above 1 more random.",
        "π(v) = exp(z_v / T) / Σ_u exp(z_u / T)",
        "Raise it for more variety; the loss uses the same temperature, so that learning stays on-policy.",
    ),
    "top_k": Concept(
        "Only the k most likely tokens may be sampled.",
        "π(v) = 0 outside the k largest",
        "Use it with large vocabularies; what is cut off can never be learned.",
    ),
    "top_p": Concept(
        "Only the most likely tokens that together reach this probability may be sampled.",
        "smallest set with Σ π(v) ≥ p",
        "Use 0.95 to leave out nonsense of a pretrained model.",
    ),
    "min_p": Concept(
        "Only tokens that are not much less likely than the most likely one may be sampled.",
        "π(v) ≥ p max_u π(u)",
        "Use it instead of top_p at high temperatures.",
    ),
    # regularisation
    "dropout": Concept(
        "Hidden units are switched off at random, so that none is relied on alone.",
        "h ← h m / (1 − p), with a random mask m",
        "Use 0.1 to 0.3 if the training reward runs ahead of the held-out one.",
    ),
    "l1": Concept(
        "A price for every weight's size, which drives most weights to 0.",
        "L + λ Σ |θ|",
        "Use it to get a sparse network.",
    ),
    "l2": Concept(
        "A price for the weights' squares, which keeps all of them small.",
        "L + λ/2 Σ θ²",
        "Use weight_decay instead with adam, which rescales this one.",
    ),
    "weight_decay": Concept(
        "Every update shrinks the weights a little, whatever the gradient says; it undoes what nothing maintains.",
        "θ ← (1 − ηλ) θ",
        "Raise it if the policy overfits or stays certain of something wrong.",
    ),
    # limits
    "steps": Concept("The number of steps after which the run ends.", "", "Set it to compare runs of equal length."),
    "max_seconds": Concept("The training time after which the run ends.", "", "Set it for a demonstration."),
    "until": Concept(
        "What ends the run. Solved asks for the most likely text; a mean reward asks for the samples too.",
        "solved: greedy = target; reward>=0.95: R̄ ≥ 0.95",
        "Set never to watch what happens after it is solved.",
    ),
    "patience": Concept(
        "Early stopping: once the held-out reward no longer rises, the policy mostly memorises.",
        "",
        "Use 5 with held_out; the best policy is kept.",
    ),
}
"""The concepts by field of RunConfig."""
