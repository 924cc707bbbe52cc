"""Look into a champion: ``inspect_champion.py RUN_OR_CHAMPION [--out DIR]``."""
