#!/usr/bin/env bash
# The searches of docs/results.md (b), for each seed: discover with six short replicates, refine their champions together at
# random shared weights, then refine that champion at its one best weight, under more pressure to be small.
# Usage: benchmarks/best_swingup.sh FIRST_SEED LAST_SEED [--set KEY=VALUE ...]
# Runs go to runs/random-SEED/{discover,refine,one}; a stopped run goes on, a finished one is not run again.
set -euo pipefail
cd "$(dirname "$0")/.."
first=$1 last=$2
shift 2
extra=("$@")

search() { # directory, arguments
    if [ -f "$1/config.yaml" ]; then
        .venv/bin/python run_search.py --resume "$1"
    else
        .venv/bin/python run_search.py configs/cartpole_swingup.yaml --run-dir "$1" "${@:2}" "${extra[@]}"
    fi
}

best_weight() { # champion file
    .venv/bin/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["returns"]["best_shared_weight"]["weight"])' "$1"
}

for seed in $(seq "$first" "$last"); do
    run=runs/random-$seed
    search "$run/discover" --seed $((seed * 1000)) --set replicates=6 --set generations=400
    champions=$(ls "$run"/discover/replicate-*/champion.json | paste -sd,)
    search "$run/refine" --seed $((seed * 1000 + 500)) --set "initial=[$champions]" --set search.age_generations=1 \
        --set generations=1200
    search "$run/one" --seed $((seed * 1000 + 600)) --set "initial=[$run/refine/champion.json]" \
        --set search.age_generations=1 --set search.complexity_probability=0.7 --set evaluation.sampled_weights=null \
        --set "evaluation.weights=[$(best_weight "$run/refine/champion.json")]" --set evaluation.rollouts=16 \
        --set generations=1500 --set champion.max_connections=40
done
