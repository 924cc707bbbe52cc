"""Models of sequences, one per file with its object ``BASELINE``; may import torch, `wann`, `envs.sequences` and the
trainer of sequences.
"""
