"""Optional columns of the trials: what probes of trained networks leave there. Plain names, no torch, no tables.

All are numbers of one reporting trial; null where the run did not measure them. A probe writes them into the trial's
record, `study.collect` passes them on, and the claims `gates`, `stacking` and `attention` read them.

clamp_drop_G            test accuracy lost when gate G of the trained network is clamped to its own mean
auroc_G                 how well gate G tells key from distractor steps: area under the ROC curve (of mean i, -mean f,
                        mean o)
auroc_ig                AUROC of the norm of i * g, what is written into c; judged by no claim, as the next
auroc_saliency          AUROC of the norm of the answer's gradient with respect to each input; RNN and LSTM alike
selectivity_key_bits    bits about the key that a linear probe reads from the final state
selectivity_noise_bits  the same about the last noise symbol
selectivity             (key bits - noise bits) / log2 K, K the number of symbols; RNN and LSTM alike
distractor_kl           what other distractors change of the answer: KL divergence in nats
distractor_drop         test accuracy lost with other distractors
key_deletion_drop       test accuracy lost where the key is replaced by a distractor
weight_mass             the key's share of the weights with which steps stand in the last c of an LSTM
memorised_bits          bits of random labels memorised per parameter
memorised_bits_whole    the same of the whole table, not divided
score_2t, score_4t      test score at lengths 2 T and 4 T of a network trained at T (built-in tasks)
"""

from __future__ import annotations

GATES = ("i", "f", "o")  # input, forget, output gate of an LSTM; no claim speaks of a GRU's

SELECTIVITY = "selectivity"
MEMORISED_BITS = "memorised_bits"


def clamp_drop(gate: str) -> str:
    """The column of a gate's drop."""
    return f"clamp_drop_{gate}"


def auroc(gate: str) -> str:
    """The column of a gate's AUROC."""
    return f"auroc_{gate}"


LONGER: tuple[str, ...] = ("score_2t", "score_4t")
GATE_PROBE: tuple[str, ...] = (
    *(clamp_drop(gate) for gate in GATES),
    *(auroc(gate) for gate in GATES),
    "selectivity_key_bits",
    "selectivity_noise_bits",
    SELECTIVITY,
)
PROBED: tuple[str, ...] = (
    *GATE_PROBE,
    "auroc_ig",
    "auroc_saliency",
    "distractor_kl",
    "distractor_drop",
    "key_deletion_drop",
    "weight_mass",
    MEMORISED_BITS,
    "memorised_bits_whole",
    *LONGER,
)
