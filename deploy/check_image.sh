#!/bin/sh
# Runs the Dockerfile's commands without Docker: in a fresh virtual environment and a copy of the committed sources.
# Usage: deploy/check_image.sh [PYTHON]   (apt-get lines are the base image's business and are left out)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

"${1:-python3}" -m venv "$scratch/venv"
PATH="$scratch/venv/bin:$PATH"
export PATH
mkdir "$scratch/src" "$scratch/app"
git -C "$root" archive HEAD | tar -x -C "$scratch/src"

cd "$scratch/src"
sed -n 's/^RUN //p' "$root/deploy/Dockerfile" | grep -v '^apt-get' >"$scratch/commands"
while read -r command; do
    echo "RUN $command"
    sh -euc "$command" </dev/null
done <"$scratch/commands"

# As in /app: nothing of the sources but the configs, so that all comes from the installed package.
mkdir "$scratch/app/configs"
cp configs/*.yaml "$scratch/app/configs/"
cd "$scratch/app"
python -m pip check
python -m run_search --help >/dev/null
python -c 'from workers.ray.shipping import runtime_env, versions; assert not runtime_env({}); print(versions())'
python -c 'import aiohttp, grpc, ray; print("Ray", ray.__version__)'
python -m run_search configs/digits.yaml --run-dir run --set workers.evaluator=inline --set generations=1
echo "the image's commands are fine"
