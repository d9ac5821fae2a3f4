"""Distributions in a model: what is drawn and scored keeps torch's order, images around them keep theirs."""

import numpy as np
import pytest
from harness import imported, without_torch

import transpile
from transpile.weights import load_state_dict

SOURCE = """
import torch
from torch import nn
import torch.distributions as D
from torch.distributions import Categorical, Normal, kl_divergence


class Latent(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 8, 3, padding=1)
        self.decoder = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x):
        mean, log_scale = self.encoder(x).chunk(2, 1)
        posterior = Normal(mean, log_scale.exp() * 1e-6)
        prior = D.Normal(torch.zeros_like(mean), torch.ones_like(mean))
        z = posterior.rsample()
        divergence = kl_divergence(posterior, prior).sum(dim=(1, 2, 3))
        return self.decoder(z), divergence, prior.log_prob(mean).mean((2, 3)), posterior.mean.sum(1)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(5, 4)

    def forward(self, x, action):
        choice = Categorical(logits=self.score(x))
        return choice.log_prob(action), choice.entropy(), choice.probs
"""
REFUSED = """
import torch
import torch.distributions as D


def angle(x: torch.Tensor):
    return D.VonMises(x, x).sample()
"""


def pair(name: str, data_format: str):
    import torch

    names = {}
    exec(SOURCE, names)
    torch.manual_seed(0)
    model = names[name]()
    translation = transpile.translate(SOURCE, data_format=data_format)
    assert not [d for d in translation.diagnostics if d.severity is not transpile.Severity.INFO]
    with without_torch():
        net = getattr(imported(translation.code), name)()
        load_state_dict(net, {k: v.numpy() for k, v in model.state_dict().items()})
    return model, net


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_a_distribution_over_images(data_format):
    import tensorflow as tf
    import torch

    model, net = pair("Latent", data_format)
    x = torch.randn(2, 3, 6, 5)
    last = data_format == "channels_last"
    given = np.moveaxis(x.numpy(), 1, -1) if last else x.numpy()
    image, *found = net(tf.constant(given))
    wanted = model(x)
    image = np.moveaxis(image.numpy(), -1, 1) if last else image.numpy()
    for a, b in zip(wanted, [image, *(f.numpy() for f in found)], strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b, rtol=1e-3, atol=1e-3)


def test_a_choice():
    import tensorflow as tf
    import torch

    model, net = pair("Policy", "channels_last")
    x, action = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 0, 1])
    for a, b in zip(model(x, action), net(tf.constant(x.numpy()), tf.constant(action.numpy())), strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.numpy(), rtol=1e-4, atol=1e-5)


def test_a_distribution_without_translation_is_refused_by_its_own_name():
    (found,) = [d for d in transpile.translate(REFUSED).diagnostics if d.code == "API005"]
    assert "VonMises" in found.message and found.help
