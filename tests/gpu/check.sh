#!/usr/bin/env bash
# Checks pgplay on the GPUs of this machine: one command, under 8 minutes, without a network.
#
#     tests/gpu/check.sh [MODEL]
#
# pgplay must be installed. MODEL, or the variable PGPLAY_SMOLLM2, is the folder of a pretrained model, such as
# SmolLM2-135M-Instruct; without one, and without TRL (the extra `compare`), those steps are skipped.
# PGPLAY_CHECK_DEVICE=cpu makes a dry run at the smallest sizes. The exit status is 1 if a step failed, 2 without a GPU.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

device=${PGPLAY_CHECK_DEVICE:-cuda}
model=${1:-${PGPLAY_SMOLLM2:-}}
SKIPPED=77

if [ "$device" = cuda ] && ! python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "torch finds no GPU here. PGPLAY_CHECK_DEVICE=cpu makes a dry run on the CPU." >&2
    exit 2
fi

PGPLAY_HOME=$(mktemp -d)
export PGPLAY_HOME HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1
trap 'rm -rf "$PGPLAY_HOME"' EXIT
summary=""
failures=0

report() { # RESULT NAME
    summary+="$(printf '%-8s %s' "$1" "$2")"$'\n'
    [ "$1" != failed ] || failures=$((failures + 1))
}

step() { # NAME SECONDS COMMAND...: run the command, at most that long
    local name=$1 limit=$2 status
    shift 2
    printf '\n== %s: %s\n' "$name" "$*"
    timeout --kill-after=5 "$limit" "$@"
    status=$?
    case $status in
        0) report passed "$name" ;;
        "$SKIPPED") report skipped "$name" ;;
        124 | 137) report failed "$name: not done in $limit seconds" ;;
        *) report failed "$name: exit status $status" ;;
    esac
}

installed() { # MODULE...
    python -c 'import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))' "$@"
}

bench=(--devices "$device" --models gru-small,transformer-small,transformer-medium) few=()
size=(--size small --seeds 1 --seconds 10)
if [ "$device" = cpu ]; then
    bench=(--devices "$device" --models gru-nano --batch-size 4 --length 4 --seconds 1) few=(--quick)
    size=(--size nano --seeds 1 --seconds 1)
fi

step "CUDA graphs replay what is computed" 70 python -m tests.gpu.agreement replays --device "$device" "${few[@]}"
step "the GPU equals the CPU" 60 python -m tests.gpu.agreement devices --device "$device" "${few[@]}"
step "all GPUs equal one" 60 python -m tests.gpu.agreement ranks --device "$device" "${few[@]}"
step "pgplay bench" 70 python -m pgplay bench "${bench[@]}"
if [ "$device" = cpu ]; then
    # Without TRL's side, which takes longer to load than all the rest.
    step "against TRL, pgplay's side" 60 python -m tests.benchmarks.against_trl --side gru "${size[@]}" --device cpu
elif installed trl peft datasets; then
    step "against TRL, a small model" 110 python -m tests.benchmarks.against_trl "${size[@]}" --device "$device"
else
    report skipped "against TRL, a small model: trl, peft or datasets is not installed"
fi
if [ -z "$model" ]; then
    report skipped "against TRL, a pretrained model: no folder was given"
elif installed trl peft datasets transformers; then
    step "against TRL, a pretrained model" 100 \
        python -m tests.benchmarks.pretrained_against_trl --model "$model" --rounds 1 --device "$device"
else
    report skipped "against TRL, a pretrained model: trl, peft, datasets or transformers is not installed"
fi

printf '\n%s' "$summary"
[ "$failures" = 0 ]
