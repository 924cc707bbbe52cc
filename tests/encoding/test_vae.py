"""The VAE, its loss and training, and what is written of it."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from encoding import pictures  # noqa: E402
from encoding.collecting import TRUTHS, Frames  # noqa: E402
from encoding.landmarks import BANDS, Landmarks  # noqa: E402
from encoding.quality import probe, reconstruction  # noqa: E402
from encoding.vae import IMAGE_SCALE, VAE, Recipe, encoder_weights, kl_by_latent, losses, to_images, train  # noqa: E402
from envs.box2d.racer.small_encoder import SmallEncoder  # noqa: E402

RECIPE = Recipe(epochs=2, batch=10, warm_up=2)
GRASS, ROAD = (204, 102), (104, 104)


def road_pictures(middle: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Grey roads on green [F, 2, 28, 32]: their middle's column at the car's row, and columns for a row further up."""
    row, column = np.mgrid[:28, :32] + 0.5
    images = np.empty((len(middle), 2, 28, 32), np.uint8)
    for image, place, turn in zip(images, middle, slope, strict=True):
        on_road = abs(column - place - turn * (24 - row)) < 3.5
        image[:] = np.where(on_road, np.array(ROAD)[:, None, None], np.array(GRASS)[:, None, None])
    return images


@pytest.fixture(scope="module")
def seen() -> np.ndarray:
    """Roads of random place and slope."""
    rng = np.random.default_rng(0)
    return road_pictures(rng.uniform(8, 24, 40), rng.uniform(-0.4, 0.4, 40))


@pytest.fixture
def vae(seen) -> VAE:
    vae = VAE(to_images(seen).mean(0))
    vae.initialise(torch.Generator().manual_seed(1))
    return vae


def test_codes_and_pictures_have_their_shapes(vae, seen):
    mu, log_variance = vae.encode(to_images(seen[:3]))
    assert mu.shape == log_variance.shape == (3, 16)
    assert vae.decode(mu).shape == (3, 2, 28, 32)


def test_an_exported_encoder_gives_the_mean_of_the_code(vae, seen):
    with torch.inference_mode():
        expected = vae.encode(to_images(seen[:5]))[0].numpy()
    found = SmallEncoder(encoder_weights(vae)).encode_images(seen[:5].astype(np.float32) / np.float32(255))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_kl_is_that_of_two_normal_distributions():
    mu, log_variance = torch.tensor([[0.0, 1.5, -2.0]]), torch.tensor([[0.0, -1.0, 0.7]])
    codes = torch.distributions.Normal(mu, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(codes, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(kl_by_latent(mu, log_variance), expected)


def test_half_a_nat_of_each_latent_is_free(vae, seen):
    images, noise, landmarks = to_images(seen), torch.zeros(len(seen), 16), Landmarks("cpu")
    with torch.no_grad():
        for layer in (vae.mu, vae.log_variance, vae.read_road, vae.read_coarse):
            layer.weight.zero_()
            layer.bias.zero_()
        vae.mu.bias[:2] = 2.0
        found = losses(vae, landmarks, images, noise)
        error = ((vae.decode(vae.mu.bias.expand(len(seen), 16)) - images) ** 2).sum((1, 2, 3)).mean()
    assert float(found.error) == pytest.approx(float(error) * IMAGE_SCALE, rel=1e-5)
    assert float(found.kl) == pytest.approx(14 * 0.5 + 2 * 2, rel=1e-5)
    places, seen_there = landmarks.road(images)
    assert float(found.road) == pytest.approx(float((seen_there * places**2).sum(1).mean()), rel=1e-5)


def test_landmarks_are_where_the_road_is():
    straight, right, none = road_pictures(np.array([16.0, 20.0, 99.0]), np.array([0.0, 0.5, 0.0]))
    places, seen = Landmarks("cpu").road(to_images(np.stack([straight, right, none])))
    assert (seen[:2, :BANDS] == 1).all() and not seen[2].any()
    assert abs(places[0]).max() < 0.05
    across = 2 * (20 + 0.5 * (24 - (np.arange(BANDS) * 4 + 2)) - 16) / 16
    # At the top it leaves the picture.
    np.testing.assert_allclose(places[1, 1:BANDS], across[1:], atol=0.1)
    bearings = places[1, BANDS:]
    assert (bearings > 0.3).all() and (bearings[1:] <= bearings[:-1] + 0.2).all()


def test_the_coarse_picture_has_the_lengths_of_a_rotation():
    """A picture made of slow waves alone is known by their amounts."""
    images = torch.zeros(1, 2, 28, 32)
    images[0, 0] = 0.5
    coarse = Landmarks("cpu").coarse(images)
    assert float((coarse**2).sum()) == pytest.approx(float((images**2).sum()), rel=1e-5)
    assert float(coarse[0, 0] ** 2) == pytest.approx(float((images**2).sum()), rel=1e-5)


@pytest.mark.slow
def test_training_learns_and_repeats(seen):
    before = torch.get_rng_state()
    told = []
    first = train(seen, RECIPE, "cpu", lambda epoch, batch, value: told.append((epoch, batch, value)))
    again = train(seen, RECIPE, "cpu", lambda *_: None)
    assert [step[:2] for step in told] == [(epoch, batch) for epoch in (0, 1) for batch in (1, 2, 3, 4)]
    assert told[-1][2] < told[0][2]
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before), "no global generator is touched"


def test_fewer_pictures_than_a_batch_are_refused(seen):
    with pytest.raises(ValueError, match="expected at least 10 pictures, found 9"):
        train(seen[:9], RECIPE, "cpu", lambda *_: None)


def test_a_constant_reconstruction_is_as_wrong_as_it_is(vae, seen):
    with torch.no_grad():
        vae.decoder[-1].weight.zero_()
        vae.decoder[-1].bias.fill_(0.1)
    found = reconstruction(vae, seen)
    variance = (seen / 255).var(axis=0).sum() * IMAGE_SCALE
    assert found.mean_frame_error == pytest.approx(variance, rel=1e-4)
    assert found.error == pytest.approx(variance + 64 * 64 * 3 * 0.01, rel=1e-4)
    assert len(found.kl) == 16 and min(found.kl) >= 0


def test_a_probe_reads_what_is_linear_in_the_latents():
    rng = np.random.default_rng(3)
    latents = rng.normal(size=(400, 16))

    class Known:
        shape = (28, 32)

        def encode_frames(self, screens):
            return latents[screens[:, 0, 0, 0]]

    truth = 0.1 + latents @ rng.normal(size=(16, 4)) * 0.1
    truth[:, 3] = latents[:, 0] * latents[:, 1]
    pixels = np.clip(128 + 60 * latents[:, :2, None, None], 0, 255).repeat(28, 2).repeat(32, 3).astype(np.uint8)
    # Frames are numbered in their first pixel.
    screens = np.zeros((400, 1, 1, 1), np.int64)
    screens[:, 0, 0, 0] = np.arange(400)
    found = probe(Known(), Frames(pixels, np.full(400, 60), np.arange(400) // 40, truth, screens))
    assert min(found.r2[name] for name in TRUTHS[:3]) > 0.999 and found.r2["turn"] < 0.2
    assert found.num_frames == ((abs(truth[:, 0]) <= 2) & (abs(truth[:, 1]) <= np.pi / 3)).sum()
    assert found.picture_r2 > 0.95 and found.picture_r2_of_products > 0.95
    np.testing.assert_allclose((latents @ found.weights[:-1] + found.weights[-1])[:, :3], truth[:, :3], atol=0.01)


def test_pictures_are_png(tmp_path, vae, seen):
    image = pytest.importorskip("matplotlib.image")
    sheet = pictures.reconstructions(vae, [seen[:5], seen[5:10]])
    assert sheet.shape == (4 * 85 + 1, 5 * 97 + 1, 3)
    np.testing.assert_array_equal(sheet[1:85:3, 1:97:3], np.moveaxis(seen[0][[1, 0, 1]], 0, -1))
    path = tmp_path / "sheet.png"
    path.write_bytes(pictures.png(sheet))
    np.testing.assert_array_equal(np.rint(image.imread(path)[..., :3] * 255), sheet)


def test_every_number_of_a_record_is_json(vae, seen):
    from encoding.make import Collected, EncoderOptions, Quality, provenance
    from encoding.quality import Probe

    frames = Frames(seen, np.zeros(40, int), np.zeros(40, int), np.zeros((40, 4)), np.zeros((40, 0, 0, 3), np.uint8))
    read = Probe(dict.fromkeys(TRUTHS, 0.5), 0.5, 0.6, 40, np.zeros((17, 4)))
    quality = Quality(reconstruction(vae, seen), read, read)
    record = provenance(EncoderOptions(out="x"), Collected(frames, frames), quality)
    assert json.loads(json.dumps(record)) == record | {"held_out": json.loads(json.dumps(record["held_out"]))}
    assert record["frames"] == 40
    assert "--out" not in record["command"] and "--seed 0" in record["command"]
