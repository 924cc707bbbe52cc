"""Tasks of sequences, for networks that remember: episodes of inputs and answers, drawn by keys, time first.

`Episodes` are the data, a `Problem` draws them, `PROBLEMS` are the project's problems by name, and `scores` judges
outputs of any network or trained model. `envs.sequences.tasks` has the tasks of weight-agnostic networks over them.
Imports NumPy, ``wann`` and `envs.task`; numba only where a task runs.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.sequences.episodes import Episodes as Episodes
    from envs.sequences.problem import PARTS as PARTS
    from envs.sequences.problem import Problem as Problem
    from envs.sequences.registry import PROBLEMS as PROBLEMS
    from envs.sequences.registry import make_problem as make_problem
    from envs.sequences.registry import problem_class as problem_class
    from envs.sequences.scoring import Scores as Scores
    from envs.sequences.scoring import scores as scores
    from envs.sequences.task import SequenceTask as SequenceTask

_PLACES = {
    "Episodes": "envs.sequences.episodes",
    "PARTS": "envs.sequences.problem",
    "PROBLEMS": "envs.sequences.registry",
    "Problem": "envs.sequences.problem",
    "Scores": "envs.sequences.scoring",
    "SequenceTask": "envs.sequences.task",
    "make_problem": "envs.sequences.registry",
    "problem_class": "envs.sequences.registry",
    "scores": "envs.sequences.scoring",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
