#!/usr/bin/env bash
# The searches of docs/results/pole.md (b), for each seed: discover with six short replicates, refine their champions together at
# random shared weights, refine that champion at its one best weight under more pressure to be small, and then with at most
# 40 connections.
# Usage: [NAME=random] [REPLICATES=6] [DISCOVER=400] [REFINE=1200] [LIMITS=1] \
#            benchmarks/best_swingup.sh FIRST_SEED LAST_SEED [--set KEY=VALUE ...]
# Runs go to runs/NAME-SEED/{discover,refine,one,limit,limit1,...}; a stopped run goes on, a finished one is not run again.
set -euo pipefail
cd "$(dirname "$0")/.."
first=$1 last=$2
shift 2
extra=("$@")
replicates=${REPLICATES:-6} discover=${DISCOVER:-400} refine=${REFINE:-1200} limits=${LIMITS:-1}

search() { # directory, arguments
    if [ -f "$1/config.yaml" ]; then
        .venv/bin/python run_search.py --resume "$1"
    else
        .venv/bin/python run_search.py configs/cartpole_swingup_age_fitness.yaml --run-dir "$1" "${@:2}" "${extra[@]}"
    fi
}

best_weight() { # champion file
    .venv/bin/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["returns"]["best_shared_weight"]["weight"])' "$1"
}

for seed in $(seq "$first" "$last"); do
    run=runs/${NAME:-random}-$seed
    search "$run/discover" --seed $((seed * 1000)) --set "replicates=$replicates" \
        --set "generations=$discover"
    champions=$(ls "$run"/discover/replicate-*/champion.json | paste -sd,)
    search "$run/refine" --seed $((seed * 1000 + 500)) --set "initial=[$champions]" --set search.age_generations=1 \
        --set "generations=$refine"
    at_one_weight=(--set search.age_generations=1 --set evaluation.sampled_weights=null
        --set "evaluation.weights=[$(best_weight "$run/refine/champion.json")]" --set generations=1500)
    search "$run/one" --seed $((seed * 1000 + 600)) --set "initial=[$run/refine/champion.json]" "${at_one_weight[@]}" \
        --set evaluation.rollouts=16 --set search.complexity_probability=0.7 --set champion.max_connections=40
    for ((limit = 0; limit < limits; limit++)); do
        search "$run/limit${limit#0}" --seed $((seed * 1000 + 700 + limit)) --set "initial=[$run/one/champion.json]" \
            "${at_one_weight[@]}" --set evaluation.rollouts=32 --set search.max_connections=40
    done
done
