"""Sequence problems, one file each, named by `envs.sequences.registry`.

Imports NumPy and `envs.sequences.problem`; `envs.images` where its pictures are the sequences.
"""
