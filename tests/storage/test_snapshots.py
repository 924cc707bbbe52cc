"""Snapshots of a run's best networks."""

import numpy as np
import pytest

from configs import Config
from genomes import grown_genome
from storage.checkpoint import CheckpointError
from storage.files import RunError
from storage.genome_file import save_genomes
from storage.run_directory import RunDirectory
from storage.snapshots import SNAPSHOTS, Snapshot, is_due, load_snapshots, save_snapshot
from wann.population import Population


def test_powers_of_two_are_kept():
    assert [generation for generation in range(70) if is_due(generation)] == [1, 2, 4, 8, 16, 32, 64]


def test_snapshots_come_back_in_order(tmp_path):
    genomes = [grown_genome(np.random.default_rng(seed)) for seed in range(3)]
    with RunDirectory.create(tmp_path, Config()) as run:
        for generation, genome in zip((1024, 2, 16), genomes, strict=True):
            save_snapshot(run, Snapshot(generation, genome, generation / 3))
    found = load_snapshots(tmp_path)
    assert [(s.generation, s.mean_return) for s in found] == [(2, 2 / 3), (16, 16 / 3), (1024, 1024 / 3)]
    for snapshot, genome in zip(found, (genomes[1], genomes[2], genomes[0]), strict=True):
        assert np.array_equal(snapshot.genome.sources, genome.sources)
        assert np.array_equal(snapshot.genome.activations, genome.activations)


def test_a_run_without_snapshots_has_none(tmp_path):
    assert load_snapshots(tmp_path) == []


def test_what_is_no_snapshot_is_said(tmp_path):
    (tmp_path / SNAPSHOTS).mkdir()
    genomes = Population.of([grown_genome(np.random.default_rng(0))] * 2)
    save_genomes(tmp_path / SNAPSHOTS / "0000001", genomes)
    with pytest.raises(CheckpointError, match="expected one genome"):
        load_snapshots(tmp_path)
    (tmp_path / SNAPSHOTS / "0000001").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="0000001: expected a checkpoint"):
        load_snapshots(tmp_path)


def test_a_place_that_cannot_be_written_ends_the_run_clearly(tmp_path):
    genome = grown_genome(np.random.default_rng(0))
    with RunDirectory.create(tmp_path, Config()) as run:
        run.save_checkpoint({}, {"generation": 5})
        (tmp_path / SNAPSHOTS).write_text("a file in the way")
        with pytest.raises(RunError, match="disk error: could not write") as caught:
            save_snapshot(run, Snapshot(1, genome, 0.0))
    assert (caught.value.run, caught.value.generation) == (tmp_path, 5)
