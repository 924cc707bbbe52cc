"""Strategies of searches with a population: the scores and objectives that genomes are ranked by.

One file each; `evolution.registry` lists them. They import records of rollouts and the config, nothing else.
"""
