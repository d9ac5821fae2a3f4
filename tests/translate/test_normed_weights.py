"""weight_norm and spectral_norm in every spelling, compiled layers, packed sequences."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NEAR_MISS = """
import torch


def weight_norm(module, name):
    return module, name


def pack_padded_sequence(x):
    return x


def f(config, m):
    return weight_norm(m, "weight"), pack_padded_sequence(config), config.data, config.batch_sizes
"""
SOURCE = """
import torch
from torch import nn
from torch.nn.utils import parametrize, weight_norm, spectral_norm
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = weight_norm(nn.Conv2d(3, 4, 3, padding=1))
        self.b = torch.nn.utils.parametrizations.weight_norm(nn.ConvTranspose2d(4, 4, 2, 2), dim=1)
        self.c = spectral_norm(nn.Conv2d(4, 4, 1))
        self.d = torch.nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 3, groups=2))
        self.e = nn.utils.remove_weight_norm(weight_norm(nn.Conv2d(4, 2, 1)))
        self.f = torch.jit.script(nn.Conv2d(2, 2, 1))

    def forward(self, x):
        with parametrize.cached():
            return self.f(self.e(self.d(self.c(torch.relu(self.b(self.a(x)))))))


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True)
        self.gru = weight_norm(nn.GRU(8, 4), "weight_hh_l0")
        self.fc = weight_norm(nn.Linear(4, 4))
        self.conv = nn.Conv1d(4, 3, 2)

    def forward(self, x, lengths):
        p = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        y, (h, c) = self.lstm(p)
        z, s = self.gru(y)
        if isinstance(z, PackedSequence):
            z = PackedSequence(self.fc(z.data), z.batch_sizes, z.sorted_indices, z.unsorted_indices)
        out, n = pad_packed_sequence(z, batch_first=True)
        return self.conv(out.transpose(1, 2)).mean(2), n, h, c, s
"""


def test_near_misses_stay():
    code = translate(NEAR_MISS).code
    assert (
        'return weight_norm(m, "weight"), pack_padded_sequence(config), config.data, config.batch_sizes'
        in code
    )


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_normed_convolutions(data_format):
    pair = Pair(SOURCE, "Convolutions()", ["image[2,3,6,5]"], data_format=data_format)
    pair.check()
    pair.check_open(transposes=0 if data_format == "channels_last" else None)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_packed_sequences(data_format):
    pair = Pair(
        SOURCE, "Sequences()", ["f32[3,6,3]", "i64[3]:int4"], data_format=data_format, returns="plain"
    )
    pair.inputs[1].array[:] = [2, 6, 3]
    pair.check()
    pair.check_open()


def test_what_changes_is_said():
    said = [d for d in translate(SOURCE).diagnostics if d.code == "API004"]
    assert len(said) == 7 and all("state dict" in d.message for d in said)
