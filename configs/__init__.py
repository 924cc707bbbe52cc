"""Configs: one typed schema, and one YAML per experiment."""

from configs.loading import dump_yaml, load_config
from configs.schema import (
    Config,
    config_hash,
    differing_keys,
    result_keys,
    stage_config,
    stored_config_hash,
    swept_config,
)

__all__ = [
    "Config",
    "config_hash",
    "differing_keys",
    "dump_yaml",
    "load_config",
    "result_keys",
    "stage_config",
    "stored_config_hash",
    "swept_config",
]
