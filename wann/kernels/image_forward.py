"""Logits of many networks on many images, and their cross-entropy: images and weights are the lanes (numba).

A tile of T images at all W weights makes W * T lanes, in segments of T, one for each weight. A node's sum over the bias
and the images' pixels does not depend on the weight and is computed once for all weights. Sums have the order of
`wann.kernels.lane_forward`, and lanes are independent, so a logit's bits depend only on its image, network and weight.
"""

import numpy as np

from wann.activations import ACTIVATIONS
from wann.kernels.cross_entropy import PARTIAL_SUMS, add_up, count_right, cross_entropy, gather_own
from wann.kernels.jit import inner, jit, part
from wann.kernels.lane_forward import activate, sum_sources

FUSED = True
_ODD = tuple(entry.code for entry in ACTIVATIONS.values() if entry.symmetry == "odd")
_EVEN = tuple(entry.code for entry in ACTIVATIONS.values() if entry.symmetry == "even")


@jit
def shared_logits(program, num_slots, images, weights, opposite, logits):
    """Logits of P networks at shared weights.

    Args:
        program: of P networks, from `wann.kernels.node_merging.assign_slots`.
        num_slots: of the program.
        images: [tiles, 1 + I, T] float32, row 0 the bias.
        weights: [W] float32.
        opposite: [W] int64: for a negative weight, the setting of its positive; else the setting itself.
        logits: [P, W, O, B] float32, written; the last tile may hold more than B images.
    """
    tile = images.shape[2]
    room = _room(num_slots, weights, tile)
    for t in range(len(images)):
        for p in range(len(logits)):
            _nodes_of_one(program, p, images[t], opposite, room)
            _write_logits(room[1], program[5][p], t * tile, logits[p])


@part
def _room(num_slots, weights, tile):
    """Buffers for `_nodes_of_one`: values, sums and weights by lane, each also by weight and image."""
    num_weights = len(weights)
    values = np.empty((num_slots, num_weights * tile), np.float32)
    sums = np.empty((1, num_weights * tile), np.float32)
    scale = np.repeat(weights, tile).reshape(1, num_weights * tile)
    return (
        values,
        values.reshape(num_slots * num_weights, tile),
        sums,
        sums.reshape(num_weights, tile),
        scale,
        scale.reshape(num_weights, tile),
        np.empty((1, tile), np.float32),
    )


@inner
def _nodes_of_one(program, p, pixels, opposite, room):
    """Compute the nodes of one network that no earlier network has, on one tile."""
    activations, fan_in, sources, node_offsets, edge_offsets, _, slots = program
    values, by_weight, sums, sums_by_weight, scale, scale_by_weight, of_inputs = room
    num_rows, tile = pixels.shape
    num_weights = len(opposite)
    first_node, num_nodes = node_offsets[p], node_offsets[p + 1] - node_offsets[p]
    edge = edge_offsets[p]
    for k in range(num_nodes):
        code, slot = activations[first_node + k], slots[first_node + k]
        stop = edge + fan_in[first_node + k]
        middle = edge
        while middle < stop and sources[middle] < num_rows:
            middle += 1
        if middle > edge:
            sum_sources(pixels, 0, sources, edge, middle, of_inputs, tile, True)
            if middle == stop:
                _activate_inputs(code, of_inputs, by_weight, slot * num_weights, scale_by_weight, opposite, tile)
            else:
                _spread(of_inputs, sums_by_weight, tile)
                sum_sources(values, num_rows, sources, middle, stop, sums, num_weights * tile, False)
                activate(code, sums, 0, values, slot, scale, 0, num_weights * tile, FUSED)
        elif stop - edge == 1:
            activate(code, values, sources[edge] - num_rows, values, slot, scale, 0, num_weights * tile, FUSED)
        else:
            sum_sources(values, num_rows, sources, edge, stop, sums, num_weights * tile, True)
            activate(code, sums, 0, values, slot, scale, 0, num_weights * tile, FUSED)
        edge = stop


@inner
def _activate_inputs(code, of_inputs, by_weight, row, scale_by_weight, opposite, tile):
    """Compute a node fed by inputs only. At -w an odd activation is the negative of that at w; an even one is equal."""
    odd = code in _ODD
    even = code in _EVEN
    for w in range(len(opposite)):
        if opposite[w] == w or not (odd or even):
            activate(code, of_inputs, 0, by_weight, row + w, scale_by_weight, w, tile, FUSED)
    for w in range(len(opposite)):
        source, target = row + opposite[w], row + w
        if source != target and odd:
            for l in range(tile):
                by_weight[target, l] = -by_weight[source, l]
        elif source != target and even:
            for l in range(tile):
                by_weight[target, l] = by_weight[source, l]


@inner
def _spread(of_inputs, sums_by_weight, tile):
    for w in range(len(sums_by_weight)):
        for l in range(tile):
            sums_by_weight[w, l] = of_inputs[0, l]


@inner
def _write_logits(by_weight, rows, begin, logits):
    num_weights, num_outputs, num_images = logits.shape
    lanes = min(by_weight.shape[1], num_images - begin)
    for o in range(num_outputs):
        for w in range(num_weights):
            row = rows[o] * num_weights + w
            for l in range(lanes):
                logits[w, o, begin + l] = by_weight[row, l]


@jit
def shared_losses(program, num_slots, images, labels, weights, opposite, losses, correct):
    """Cross-entropy of the softmax, and number of images whose largest logit (the first if equal) is the label's.

    Args:
        program: as in `shared_logits`, of P networks.
        num_slots: of the program.
        images: [tiles, 1 + I, T] float32.
        labels: [B] int64; the last tile may hold more images, which are ignored.
        weights: [W] float32.
        opposite: as in `shared_logits`.
        losses: [P, W] float64, the sum over images in nats, written.
        correct: [P, W] int64, written; [0, W] if it is not wanted.
    """
    num_weights, tile = len(weights), images.shape[2]
    room = _room(num_slots, weights, tile)
    values, by_weight = room[0], room[1]
    largest = np.empty((1, num_weights * tile), np.float32)
    total = np.empty((1, num_weights * tile), np.float32)
    largest_by_weight, total_by_weight = largest.reshape(num_weights, tile), total.reshape(num_weights, tile)
    own = np.empty((num_weights, tile), np.float32)
    beaten = np.empty((num_weights, tile), np.int32)
    partial = np.empty(PARTIAL_SUMS, np.float64)
    losses[:] = 0
    correct[:] = 0
    for t in range(len(images)):
        own_labels = labels[t * tile : (t + 1) * tile]
        for p in range(len(losses)):
            _nodes_of_one(program, p, images[t], opposite, room)
            rows = program[5][p]
            cross_entropy(values, rows, largest, total, num_weights * tile)
            gather_own(by_weight, rows, own_labels, own)
            add_up(largest_by_weight, total_by_weight, own, len(own_labels), partial, losses[p])
            if len(correct):
                count_right(by_weight, rows, own_labels, own, beaten, correct[p])


@jit
def individual_losses(program, p, num_slots, images, labels, weights, scales, losses, correct):
    """Like `shared_losses`, for network ``p`` with a weight for each of its connections.

    Args:
        program: as in `shared_logits`, without merged nodes.
        p: index of the network.
        num_slots: of the program.
        images: [tiles, 1 + I, T] float32, T a multiple of 128.
        labels: [B] int64; the last tile may hold more images, which are ignored.
        weights: [W, E] float32, by live connection of this network.
        scales: [W] float32, factors of all logits.
        losses: [W] float64, the sum over images in nats, written.
        correct: [W] int64, written.
    """
    tile = images.shape[2]
    rows = program[5][p]
    values = np.empty((num_slots, tile), np.float32)
    sums = np.empty((1, tile), np.float32)
    ones = np.ones((1, tile), np.float32)
    largest = np.empty((1, tile), np.float32)
    total = np.empty((1, tile), np.float32)
    own = np.empty((1, tile), np.float32)
    beaten = np.empty((1, tile), np.int32)
    partial = np.empty(PARTIAL_SUMS, np.float64)
    losses[:] = 0
    correct[:] = 0
    for t in range(len(images)):
        own_labels = labels[t * tile : (t + 1) * tile]
        for w in range(len(weights)):
            _weighted_nodes_of_one(program, p, images[t], weights, w, values, sums, ones)
            for o in range(len(rows)):
                row = rows[o]
                for l in range(tile):
                    values[row, l] *= scales[w]
            cross_entropy(values, rows, largest, total, tile)
            gather_own(values, rows, own_labels, own)
            add_up(largest, total, own, len(own_labels), partial, losses[w : w + 1])
            count_right(values, rows, own_labels, own, beaten, correct[w : w + 1])


@inner
def _weighted_nodes_of_one(program, p, pixels, weights, w, values, sums, ones):
    """Compute all nodes of one network on one tile, at setting ``w`` of its connections' weights."""
    activations, fan_in, sources, node_offsets, edge_offsets, _, slots = program
    num_rows, tile = pixels.shape
    first_node, num_nodes = node_offsets[p], node_offsets[p + 1] - node_offsets[p]
    first_edge = edge_offsets[p]
    begin = first_edge
    for k in range(num_nodes):
        stop = begin + fan_in[first_node + k]
        middle = begin
        while middle < stop and sources[middle] < num_rows:
            middle += 1
        if middle > begin:
            _weigh_sources(pixels, 0, sources, first_edge, weights, w, begin, middle, sums, True)
        if middle < stop or stop == begin:
            _weigh_sources(values, num_rows, sources, first_edge, weights, w, middle, stop, sums, middle == begin)
        activate(activations[first_node + k], sums, 0, values, slots[first_node + k], ones, 0, tile, FUSED)
        begin = stop


@inner
def _weigh_sources(values, offset, sources, first_edge, weights, w, begin, end, sums, anew):
    """Like `sum_sources`, with each row times its connection's weight; from 0, to get the bits of `weighted_sum`."""
    num_lanes = sums.shape[1]
    zero = np.float32(0)
    i, left = begin, end - begin
    if anew and left >= 4:
        a, b, c, d = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset, sources[i + 3] - offset
        e = i - first_edge
        wa, wb, wc, wd = weights[w, e], weights[w, e + 1], weights[w, e + 2], weights[w, e + 3]
        for l in range(num_lanes):
            sums[0, l] = zero + wa * values[a, l] + wb * values[b, l] + wc * values[c, l] + wd * values[d, l]
        i += 4
    elif anew and left == 3:
        a, b, c = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset
        e = i - first_edge
        wa, wb, wc = weights[w, e], weights[w, e + 1], weights[w, e + 2]
        for l in range(num_lanes):
            sums[0, l] = zero + wa * values[a, l] + wb * values[b, l] + wc * values[c, l]
        i += 3
    elif anew:
        for l in range(num_lanes):
            sums[0, l] = zero
    while i + 4 <= end:
        a, b, c, d = sources[i] - offset, sources[i + 1] - offset, sources[i + 2] - offset, sources[i + 3] - offset
        e = i - first_edge
        wa, wb, wc, wd = weights[w, e], weights[w, e + 1], weights[w, e + 2], weights[w, e + 3]
        for l in range(num_lanes):
            sums[0, l] = sums[0, l] + wa * values[a, l] + wb * values[b, l] + wc * values[c, l] + wd * values[d, l]
        i += 4
    if i + 2 <= end:
        a, b = sources[i] - offset, sources[i + 1] - offset
        wa, wb = weights[w, i - first_edge], weights[w, i + 1 - first_edge]
        for l in range(num_lanes):
            sums[0, l] = sums[0, l] + wa * values[a, l] + wb * values[b, l]
        i += 2
    if i < end:
        a, wa = sources[i] - offset, weights[w, i - first_edge]
        for l in range(num_lanes):
            sums[0, l] += wa * values[a, l]
