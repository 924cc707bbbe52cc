"""Strategies of searches with a population: the scores and objectives that genomes are ranked by.

Each strategy has a file; `evolution.registry` lists them. They import only records of rollouts and the config.
"""
