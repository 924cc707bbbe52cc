"""The VAE, its loss and training, and what is written of it."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from encoding import pictures  # noqa: E402
from encoding.collecting import Frames  # noqa: E402
from encoding.quality import probe, reconstruction  # noqa: E402
from encoding.vae import VAE, Recipe, encoder_weights, kl_by_latent, loss, to_images, train  # noqa: E402
from envs.box2d.racer.encoder import Encoder  # noqa: E402

RECIPE = Recipe(epochs=2, batch=10, warm_up=2)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """A grey road of random place and slope on green, [40, 64, 64, 3]."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:64, :64]
    images = np.full((40, 64, 64, 3), (102, 204, 102), np.uint8)
    for image in images:
        middle = rng.uniform(15, 50) + rng.uniform(-0.5, 0.5) * (row - 48)
        image[abs(column - middle) < 6] = 105
    return images


@pytest.fixture
def vae() -> VAE:
    vae = VAE()
    vae.initialise(torch.Generator().manual_seed(1))
    return vae


def test_it_has_the_published_number_of_parameters(vae):
    assert sum(parameter.numel() for parameter in vae.parameters()) == 4_299_363


def test_codes_and_images_have_their_shapes(vae, pixels):
    mu, log_variance = vae.encode(to_images(pixels[:3]))
    assert mu.shape == log_variance.shape == (3, 16)
    images = vae.decode(mu)
    assert images.shape == (3, 3, 64, 64)
    assert 0 <= images.min() <= images.max() <= 1


def test_an_exported_encoder_gives_the_mean_of_the_code(vae, pixels):
    with torch.inference_mode():
        expected = vae.encode(to_images(pixels[:5]))[0].numpy()
    found = Encoder(encoder_weights(vae)).encode(pixels[:5].astype(np.float32) / np.float32(255))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_kl_is_that_of_two_normal_distributions():
    mu, log_variance = torch.tensor([[0.0, 1.5, -2.0]]), torch.tensor([[0.0, -1.0, 0.7]])
    codes = torch.distributions.Normal(mu, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(codes, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(kl_by_latent(mu, log_variance), expected)


def test_half_a_nat_of_each_latent_is_free(vae, pixels):
    with torch.no_grad():
        for layer in (vae.mu, vae.log_variance):
            layer.weight.zero_()
            layer.bias.zero_()
        images, noise = to_images(pixels), torch.zeros(len(pixels), 16)
        error = ((vae.decode(torch.zeros(len(pixels), 16)) - images) ** 2).sum((1, 2, 3)).mean()
        assert float(loss(vae, images, noise)) == pytest.approx(float(error) + 16 * 0.5, rel=1e-5)
        vae.mu.bias[:2] = 2.0
        error = ((vae.decode(vae.mu.bias.expand(len(pixels), 16)) - images) ** 2).sum((1, 2, 3)).mean()
        assert float(loss(vae, images, noise)) == pytest.approx(float(error) + 14 * 0.5 + 2 * 2, rel=1e-5)
        assert float(loss(vae, images, noise, 0.5)) == pytest.approx(float(error) + 7 / 2 + 2, rel=1e-5)


@pytest.mark.slow
def test_training_learns_and_repeats(pixels):
    before = torch.get_rng_state()
    seen = []
    first = train(pixels, RECIPE, "cpu", lambda epoch, batch, value: seen.append((epoch, batch, value)))
    again = train(pixels, RECIPE, "cpu", lambda *_: None)
    assert [step[:2] for step in seen] == [(epoch, batch) for epoch in (0, 1) for batch in (1, 2, 3, 4)]
    assert seen[-1][2] < seen[0][2]
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before), "no global generator is touched"


def test_fewer_images_than_a_batch_are_refused(pixels):
    with pytest.raises(ValueError, match="expected at least 10 images, found 9"):
        train(pixels[:9], RECIPE, "cpu", lambda *_: None)


def test_a_constant_reconstruction_is_as_wrong_as_it_is(vae, pixels):
    with torch.no_grad():
        vae.dense.weight.zero_()
        constant = vae.decode(torch.zeros(1, 16))
        expected = float(((constant - to_images(pixels)) ** 2).sum((1, 2, 3)).mean())
    found = reconstruction(vae, pixels)
    assert found.error == pytest.approx(expected, rel=1e-4)
    variance = (pixels / 255).var(axis=0).sum()
    assert found.mean_frame_error == pytest.approx(variance, rel=1e-4)
    assert len(found.kl) == 16 and min(found.kl) >= 0


def test_a_probe_reads_what_is_linear_in_the_latents():
    rng = np.random.default_rng(3)
    latents = rng.normal(size=(400, 16))

    class Known:
        def encode(self, images):
            return latents[images[:, 0, 0, 0].round().astype(int)]

    truth = 0.1 + latents @ rng.normal(size=(16, 2)) * 0.1
    # Rows are numbered in their pixels; the probe scales them to [0, 1].
    pixels = np.zeros((400, 64, 64, 3), np.int64)
    pixels[:, 0, 0, 0] = np.arange(400) * 255
    frames = Frames(pixels, np.full(400, 60), np.arange(400) // 40, truth[:, 0], truth[:, 1])
    found = probe(Known(), frames)
    assert found.offset_r2 > 0.999 and found.heading_r2 > 0.999
    assert found.num_fitted + found.num_tested == (abs(truth[:, 0]) <= 2).sum() == 400
    np.testing.assert_allclose(latents @ found.weights[:-1] + found.weights[-1], truth, atol=0.01)


def test_pictures_are_png(tmp_path, vae, pixels):
    image = pytest.importorskip("matplotlib.image")
    sheet = pictures.reconstructions(vae, [pixels[:5], pixels[5:10]])
    assert sheet.shape == (4 * 66 + 2, 5 * 66 + 2, 3)
    np.testing.assert_array_equal(sheet[2:66, 2:66], pixels[0])
    path = tmp_path / "sheet.png"
    path.write_bytes(pictures.png(sheet))
    np.testing.assert_array_equal(np.rint(image.imread(path)[..., :3] * 255), sheet)


def test_every_number_of_a_record_is_json(vae, pixels):
    from encoding.make import Collected, EncoderOptions, Quality, provenance

    frames = Frames(pixels, np.zeros(40, int), np.zeros(40, int), np.zeros(40), np.zeros(40))
    quality = Quality({"envpool": reconstruction(vae, pixels)}, None)
    order = EncoderOptions(out="x", simulators="envpool", champion=None)
    record = provenance(order, Collected({"envpool": frames}, {"envpool": frames}), quality)
    assert json.loads(json.dumps(record)) == record
    assert record["frames"] == {"envpool": 40}
    assert "--out" not in record["command"] and "--seed 0" in record["command"]
