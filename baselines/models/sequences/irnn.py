"""IRNN: a recurrent network of ReLU that begins at the identity (Le, Jaitly & Hinton 2015, arXiv 1504.00941)."""

from __future__ import annotations

import torch

from baselines.models.model import normal
from baselines.models.sequences.framed import Frame, Framed, num_cell_inputs
from baselines.models.sequences.rnn import SimpleCell
from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape
from baselines.sequence_baseline import SequenceBaseline
from baselines.training.on_sequences import SequenceTrainer

_SIGMA = 0.001  # of all weights but the recurrent ones (section 4)


def make_irnn(shape: SequenceShape, frame: Frame, generator: torch.Generator) -> SequenceModel:
    """Recurrent weights are the identity and biases 0 at the start (section 3)."""
    inputs = normal(generator, _SIGMA, frame.hidden, num_cell_inputs(shape, frame))
    return Framed(shape, frame, SimpleCell(torch.eye(frame.hidden), inputs, rectified=True), generator)


BASELINE = SequenceBaseline(
    "a recurrent network of ReLU that begins at the identity", Frame(), make_irnn, SequenceTrainer(learning_rate=1e-3)
)
