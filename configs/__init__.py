"""Configs: one typed schema, the YAML files of the experiments, and the loading of a config from a file or a mapping.

`configs.schema` declares and documents every key. Imports `wann` only. `experiment.checking` checks names from the
registries of rooms above, such as those of tasks and strategies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from configs.derived import stage_config as stage_config
    from configs.derived import swept_config as swept_config
    from configs.identity import config_hash as config_hash
    from configs.identity import differing_keys as differing_keys
    from configs.identity import result_keys as result_keys
    from configs.identity import stored_config_hash as stored_config_hash
    from configs.loading import dump_yaml as dump_yaml
    from configs.loading import from_mapping as from_mapping
    from configs.loading import load_config as load_config
    from configs.schema import Config as Config

_PLACES = {
    "Config": "configs.schema",
    "config_hash": "configs.identity",
    "differing_keys": "configs.identity",
    "dump_yaml": "configs.loading",
    "from_mapping": "configs.loading",
    "load_config": "configs.loading",
    "result_keys": "configs.identity",
    "stage_config": "configs.derived",
    "stored_config_hash": "configs.identity",
    "swept_config": "configs.derived",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
