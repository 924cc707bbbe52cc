"""The config of a search: every key, its meaning, its default and its limits. A file for each kind of section.

The defaults are the published algorithm and budget for the swing-up task (Gaier & Ha 2019, arXiv
1906.04358); a YAML file holds only what differs. `configs.loading.load_config` reads one.
"""

from configs.schema.evaluation_sections import PUBLISHED_WEIGHTS as PUBLISHED_WEIGHTS
from configs.schema.evaluation_sections import ChampionConfig as ChampionConfig
from configs.schema.evaluation_sections import EvaluationConfig as EvaluationConfig
from configs.schema.evaluation_sections import HeatConfig as HeatConfig
from configs.schema.evaluation_sections import SampledWeights as SampledWeights
from configs.schema.evaluation_sections import StopConfig as StopConfig
from configs.schema.evaluation_sections import TaskConfig as TaskConfig
from configs.schema.run_sections import RUNTIME_ENV as RUNTIME_ENV
from configs.schema.run_sections import LoggingConfig as LoggingConfig
from configs.schema.run_sections import WorkersConfig as WorkersConfig
from configs.schema.search_sections import AgeFitnessConfig as AgeFitnessConfig
from configs.schema.search_sections import GradientConfig as GradientConfig
from configs.schema.search_sections import LowerBoundConfig as LowerBoundConfig
from configs.schema.search_sections import MutationConfig as MutationConfig
from configs.schema.search_sections import NewbornConfig as NewbornConfig
from configs.schema.search_sections import SafeMutationConfig as SafeMutationConfig
from configs.schema.search_sections import SearchConfig as SearchConfig
from configs.schema.search_sections import StrategyConfig as StrategyConfig
from configs.schema.search_sections import strategy_sections as strategy_sections
from configs.schema.section import MOST as MOST
from configs.schema.section import Section as Section
from configs.schema.whole_config import KEYS_WITHOUT_EFFECT as KEYS_WITHOUT_EFFECT
from configs.schema.whole_config import STAGE_SECTIONS as STAGE_SECTIONS
from configs.schema.whole_config import Config as Config
from configs.schema.whole_config import StageConfig as StageConfig
