"""Sequences for many networks in lanes: a step of the network, then the judgement of its outputs (numba).

Rules and measures are those of `envs.sequences.scoring`. A lane's bits depend on its sequence and weight only.
"""

import numpy as np

from envs.sequences.rules import TIE
from wann.kernels.jit import elementwise, inner, jit, part
from wann.kernels.lane_forward import TILE
from wann.kernels.maths import f32
from wann.kernels.state_forward import STRIDE, move, needs, step_with_state, unrolled
from wann.kernels.vector_forward import forward_vectors_by_row
from wann.kernels.vector_loops import WIDTH, aligned, on_vectors

# Rows of results.
RIGHT, BEFORE_ERROR, MARGIN = 0, 1, 2
# Rows of a lane's tallies over the episode: those of results, 1 until the first error, the sum of squared outputs.
_CLEAN, _SQUARES, _NUM_TALLIES = 3, 4, 5
# Rows of a step: the output of the right class, the largest of the classes before and after it, the sum of squares;
# of bits, only whether all are right, and the sum of squares.
_OWN, _BEFORE, _AFTER, _SIZE = 0, 1, 2, 3
_TIE, _LOWEST = f32(TIE), f32(-np.inf)


@elementwise
def _same(value):
    return value


@elementwise
def _take_class(value, number, target, own, before, after, size):
    own = value if number == target else own
    before = value if (number < target) & (value > before) else before
    after = value if (number > target) & (value > after) else after
    return own, before, after, size + value * value


@elementwise
def _judge_class(target, own, before, after, size, right, before_error, clean, squares):
    other = before if before > after else after
    least = (own if own > other else other) - _TIE
    # A size that is not itself is NaN.
    is_right = (own >= least) & (before < least) & (size == size)
    is_judged = target >= f32(0)
    clean = clean if is_right | (not is_judged) else f32(0)
    right = right + f32(1) if is_right & is_judged else right
    before_error = before_error + clean if is_judged else before_error
    return own - other, right, before_error, clean, squares + size if is_judged else squares


@elementwise
def _take_bit(value, target, all_right, size, right):
    is_right = ((value > _TIE) == (target > f32(0.5))) & (value == value)
    right = right + f32(1) if is_right & (target >= f32(0)) else right
    return value if target > f32(0.5) else -value, all_right if is_right else f32(0), size + value * value, right


@elementwise
def _judge_bits(target, all_right, size, before_error, clean, squares):
    is_judged = target >= f32(0)
    clean = clean if (all_right > f32(0)) | (not is_judged) else f32(0)
    before_error = before_error + clean if is_judged else before_error
    return before_error, clean, squares + size if is_judged else squares


@elementwise
def _add_margin(margin, target, unit, total):
    part = margin * f32(0) if unit == f32(0) else margin / unit
    part = f32(1) if part > f32(1) else part
    part = part if part >= f32(-1) else f32(-1)  # also if it is NaN
    return total + part if target >= f32(0) else total


_copy, _take_class_rows, _judge_class_rows = (
    on_vectors(_same, 1),
    on_vectors(_take_class, 4),
    on_vectors(_judge_class, 5),
)
_take_bit_rows, _judge_bits_rows, _add_margin_rows = (
    on_vectors(_take_bit, 4), on_vectors(_judge_bits, 3), on_vectors(_add_margin, 1),
)  # fmt: skip


@jit
def run_sequences(programs, states, shape, data, places, settings, weights, individual, found):
    """Run P networks through the sequences of all lanes.

    Args:
        programs: (activations, fan_in, sources, node_offsets, connection_offsets).
        states: (copies, memory_offsets, plastic, plastic_offsets).
        shape: (I, O, T, K, True if answers are bits).
        data: (inputs, targets, judging, steps) of `envs.sequences.tiling.Tiles`.
        places: [n, 3] of the same.
        settings: [L] of the same.
        weights: [1, W] shared, or [sum E, W] by connection.
        individual: True in the second case.
        found: [P, 3, L], written: right answers, judged steps before the first error, summed margins.
    """
    activations, fan_in, sources, node_offsets, edge_offsets = programs
    copies, memory_offsets, plastic, plastic_offsets = states
    special, _, most_held, most_edges = needs(programs, states)
    lane_weights = aligned(most_edges if individual else 1, TILE)
    scale = np.ones((1, TILE), np.float32) if individual else lane_weights
    judgement = (
        aligned(_NUM_TALLIES, TILE), aligned(4, TILE), aligned(shape[2] * shape[3], TILE), _numbers(shape[1])
    )  # fmt: skip
    held, sums = aligned(most_held, TILE), aligned(1, TILE)
    for p in range(len(found)):
        first_edge, num_edges = edge_offsets[p], edge_offsets[p + 1] - edge_offsets[p]
        unrolled_program = unrolled(
            sources[first_edge : first_edge + num_edges],
            copies[memory_offsets[p] : memory_offsets[p + 1]],
            shape[0],
            node_offsets[p + 1] - node_offsets[p],
        )
        values = aligned(unrolled_program[4], STRIDE)
        program = (
            activations, fan_in, node_offsets[p], node_offsets[p + 1], num_edges, special[p] or individual,
            plastic[plastic_offsets[p] : plastic_offsets[p + 1]],
        )  # fmt: skip
        buffers = values, held, sums, lane_weights, scale
        for place in range(len(places)):
            first, count, tile = places[place, 0], places[place, 1], places[place, 2]
            lanes = (count + WIDTH - 1) // WIDTH * WIDTH
            for row in range(num_edges if individual else 1):
                source = first_edge + row if individual else 0
                for l in range(lanes):
                    lane_weights[row, l] = weights[source, settings[first + (l if l < count else 0)]]
            _run_tile(program, unrolled_program, shape, data, tile, individual, buffers, judgement, lanes)
            for result in range(3):
                for l in range(count):
                    found[p, result, first + l] = judgement[0][result, l]


@part
def _numbers(count):
    """Rows of the numbers of outputs, [O, TILE]."""
    numbers = aligned(count, TILE)
    for o in range(count):
        numbers[o] = o
    return numbers


@part
def _run_tile(program, unrolled_program, shape, data, tile, individual, buffers, judgement, lanes):
    """Run one network through the sequences of a tile, from a state of 0."""
    activations, fan_in, begin, end, num_edges, has_special, plastic = program
    rows, sources, kept, phases, _ = unrolled_program
    num_inputs, num_outputs, num_steps, _, _ = shape
    inputs, targets, judging, steps = data
    values, held, sums, lane_weights, scale = buffers
    tallies, work, margins, numbers = judgement
    nodes, num_nodes, num_kept, phase = (begin, end), end - begin, len(kept) // phases, 0
    values[0], values[1:], held[:], tallies[:], tallies[_CLEAN] = 1, 0, 0, 0, 1
    for step in range(steps[tile]):
        at = tile * num_steps + step
        for i in range(num_inputs):
            _copy(lanes, ((inputs, at * num_inputs + i),), ((values, 1 + i),))
        if num_kept:
            move(values, kept, phase * num_kept, (phase + 1) * num_kept, lanes)
        if has_special:
            step_with_state(
                activations, fan_in, nodes, rows, phase * num_nodes, sources, phase * num_edges, plastic, values, held,
                sums, lane_weights, scale, individual, lanes,
            )  # fmt: skip
        else:
            forward_vectors_by_row(
                activations, fan_in, nodes, rows, phase * num_nodes, sources, phase * num_edges, values, sums,
                lane_weights, lanes,
            )  # fmt: skip
        phase = phase + 1
        if judging[tile, step]:
            first_output = phase * num_nodes - num_outputs
            _judge(shape, values, rows, first_output, targets, at, step, numbers, work, margins, tallies, lanes)
        phase = phase if phase < phases else 0
    _sum_margins(shape, judging, targets, tile, steps[tile], margins, tallies, work, lanes)


@inner
def _judge(shape, values, rows, first_output, targets, at, step, numbers, work, margins, tallies, num_lanes):
    """Judge the outputs of a step, in the rows ``rows[first_output:]`` of ``values``."""
    _, num_outputs, _, num_answers, is_bits = shape
    if not is_bits:
        _judge_a_class(values, rows, first_output, num_outputs, targets, at, step, numbers, work, margins, tallies,
                       num_lanes)  # fmt: skip
        return
    for l in range(num_lanes):
        work[_OWN, l], work[_SIZE, l] = f32(1), f32(0)
    for o in range(num_outputs):
        target = at * num_answers + o
        _take_bit_rows(
            num_lanes,
            ((values, rows[first_output + o]), (targets, target), (work, _OWN), (work, _SIZE), (tallies, RIGHT)),
            ((margins, step * num_answers + o), (work, _OWN), (work, _SIZE), (tallies, RIGHT)),
        )
    _judge_bits_rows(
        num_lanes,
        (
            (targets, at * num_answers), (work, _OWN), (work, _SIZE), (tallies, BEFORE_ERROR), (tallies, _CLEAN),
            (tallies, _SQUARES),
        ),
        ((tallies, BEFORE_ERROR), (tallies, _CLEAN), (tallies, _SQUARES)),
    )  # fmt: skip


@inner
def _judge_a_class(
    values, rows, first_output, num_outputs, targets, at, step, numbers, work, margins, tallies, num_lanes
):
    for l in range(num_lanes):
        work[_OWN, l], work[_BEFORE, l], work[_AFTER, l], work[_SIZE, l] = _LOWEST, _LOWEST, _LOWEST, f32(0)
    kept = ((work, _OWN), (work, _BEFORE), (work, _AFTER), (work, _SIZE))
    for o in range(num_outputs):
        _take_class_rows(
            num_lanes,
            (
                (values, rows[first_output + o]), (numbers, o), (targets, at), (work, _OWN), (work, _BEFORE),
                (work, _AFTER), (work, _SIZE),
            ),
            kept,
        )  # fmt: skip
    _judge_class_rows(
        num_lanes,
        (
            (targets, at), (work, _OWN), (work, _BEFORE), (work, _AFTER), (work, _SIZE), (tallies, RIGHT),
            (tallies, BEFORE_ERROR), (tallies, _CLEAN), (tallies, _SQUARES),
        ),
        ((margins, step), (tallies, RIGHT), (tallies, BEFORE_ERROR), (tallies, _CLEAN), (tallies, _SQUARES)),
    )  # fmt: skip


@inner
def _sum_margins(shape, judging, targets, tile, num_steps, margins, tallies, work, num_lanes):
    """Sum the margins in units of the root mean square of all outputs at judged steps."""
    _, num_outputs, whole, num_answers, _ = shape
    for l in range(num_lanes):
        work[0, l] = f32(0)
    for step in range(num_steps):
        if judging[tile, step]:
            row = (tile * whole + step) * num_answers
            for l in range(num_lanes):
                work[0, l] += f32(1) if targets[row, l] >= f32(0) else f32(0)
    for l in range(num_lanes):
        work[1, l] = np.sqrt(tallies[_SQUARES, l] / (work[0, l] * f32(num_outputs)))
    for step in range(num_steps):
        if judging[tile, step]:
            for answer in range(num_answers):
                row = (tile * whole + step) * num_answers + answer
                _add_margin_rows(
                    num_lanes,
                    ((margins, step * num_answers + answer), (targets, row), (work, 1), (tallies, MARGIN)),
                    ((tallies, MARGIN),),
                )
