#!/usr/bin/env bash
# Science of docs/results.md (b): discover with six short replicates, then refine their champions together.
# Usage: benchmarks/best_swingup.sh NAME FIRST_SEED LAST_SEED DISCOVER REFINE [--set KEY=VALUE ...]
# Runs go to runs/NAME-SEED/discover and runs/NAME-SEED/refine; a finished run is not run again.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 first=$2 last=$3 discover=$4 refine=$5
shift 5
for seed in $(seq "$first" "$last"); do
    run=runs/$name-$seed
    search() { # directory, arguments
        if [ -f "$1/config.yaml" ]; then
            .venv/bin/python run_search.py --resume "$1"
        else
            .venv/bin/python run_search.py configs/cartpole_swingup.yaml --run-dir "$1" "${@:2}"
        fi
    }
    search "$run/discover" --seed $((seed * 1000)) --set replicates=6 --set generations="$discover" "$@"
    champions=$(ls "$run"/discover/replicate-*/champion.json | paste -sd,)
    search "$run/refine" --seed $((seed * 1000 + 500)) --set "initial=[$champions]" --set search.age_generations=1 \
        --set generations="$refine" "$@"
done
