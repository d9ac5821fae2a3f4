"""One expression over an image at a time, in both data formats, against torch: eager and with open sizes.

`x` and `y` are images of 6 channels (2, 6, 4, 5), proven to be so by a convolution; `v` is a vector of 6, `w` one
of 5. What comes out has the layout that the translation's own signature says: a wrong one shows as a wrong shape.
"""

from __future__ import annotations

from typing import Any

import pytest
from harness import Pair

EXPRESSIONS = [
    # reductions
    "x.sum(1)",
    "x.sum(dim=1, keepdim=True)",
    "x.sum()",
    "x.mean(dim=[2, 3])",
    "x.mean((-2, -1), keepdim=True)",
    "x.mean(1, True)",
    "x.mean(3).mean(2)",
    "torch.mean(x, dim=(0, 2, 3))",
    "x.max(1)[0]",
    "x.max(dim=1).values",
    "torch.max(x, 1, keepdim=True)[0]",
    "torch.max(x, dim=3)[0]",
    "x.max(1)[1]",
    "torch.max(x, y)",
    "x.min(2).indices",
    "x.amax(dim=(2, 3))",
    "x.amin(1, keepdim=True)",
    "x.argmax(1)",
    "x.argmax(dim=1, keepdim=True)",
    "x.argmax(dim=3)",
    "x.argmax()",
    "x.std(dim=(2, 3), keepdim=True)",
    "x.std(1)",
    "x.var(dim=1, unbiased=False, keepdim=True)",
    "torch.std_mean(x, dim=(2, 3))",
    "x.norm(dim=1, keepdim=True)",
    "x.norm(p=2, dim=1)",
    "torch.norm(x, dim=(2, 3))",
    "torch.linalg.vector_norm(x, dim=1)",
    "x.prod(1)",
    "x.logsumexp(1)",
    "(x > 0).any(1)",
    "(x > 0).all(dim=1, keepdim=True)",
    "x.median(1)[0]",
    "torch.count_nonzero(x > 0, dim=1)",
    # along an axis
    "x.softmax(1)",
    "F.softmax(x, dim=1)",
    "F.softmax(x, dim=-1)",
    "x.log_softmax(dim=1)",
    "F.normalize(x)",
    "F.normalize(x, dim=2)",
    "x.cumsum(1)",
    "x.cumsum(dim=3)",
    "x.flip(1)",
    "x.flip([2, 3])",
    "torch.flip(x, (-1,))",
    "torch.roll(x, shifts=1, dims=1)",
    "torch.roll(x, (1, -1), (2, 3))",
    "x.sort(dim=1)[0]",
    "x.sort(1, descending=True).values",
    "x.argsort(dim=1)",
    "x.topk(2, dim=1)[0]",
    "x.topk(2, 1).indices",
    "torch.cat((x, y), 1)",
    "torch.cat([x, y], dim=-1)",
    "torch.cat((x, y, x), dim=2)",
    "torch.cat((x, y), 0)",
    "torch.cat((x, x.mean(1, keepdim=True)), dim=1)",
    "torch.stack((x, y))",
    "torch.stack((x, y), 1)",
    "torch.stack([x, y], dim=-1)",
    "torch.stack((x, y), dim=2).sum(2)",
    "torch.hstack((x, y))",
    "torch.hstack([x, y]).mean(2)",
    "torch.vstack((x, y)).sum(1)",
    "torch.dstack((x, y))",
    "torch.column_stack((x, y))",
    "x.chunk(2, 1)",
    "x.chunk(2, dim=1)[1]",
    "x.split(2, dim=1)",
    "x.split([1, 5], 1)[1]",
    "torch.split(x, (2, 3), -1)",
    "x.unbind(1)[2]",
    "x.unbind(0)",
    "x.tensor_split(2, dim=1)",
    "x.repeat(1, 2, 1, 1)",
    "x.repeat(1, 1, 2, 3)",
    "x.repeat_interleave(2, dim=1)",
    "x.repeat_interleave(2, 3)",
    "x.expand(2, 6, 4, 5)",
    "x[:, :1].expand(-1, 6, -1, -1)",
    "x.mean((2, 3), keepdim=True).expand_as(x)",
    "torch.index_select(x, 1, torch.tensor([0, 3]))",
    "x.index_select(2, torch.tensor([1]))",
    "x.gather(1, x.argmax(1, keepdim=True))",
    "torch.take_along_dim(x, x.argsort(1), 1)",
    "x.narrow(1, 2, 3)",
    "x.select(1, 0)",
    "x.diff(dim=1)",
    "torch.gradient(x, dim=3)[0]",
    # shapes as values
    "x.shape[1]",
    "x.size(1) * x.size(-1)",
    "x.shape[-2:]",
    "x.shape[2:]",
    "x.size()[2:]",
    "tuple(x.shape)",
    "list(x.size())",
    "x.shape",
    "x.numel()",
    "x.dim()",
    "x.ndim",
    "len(x)",
    "len(x.shape)",
    "x.shape == y.shape",
    "x.new_zeros(x.shape)",
    "torch.zeros(x.shape) + x",
    "torch.zeros(x.size(0), x.size(1), 1, 1) + x",
    "torch.ones_like(x) * x",
    "x.new_ones(1, 6, 1, 1) * x",
    "torch.full_like(x, 2.0) * x",
    "torch.arange(x.shape[3]) + x",
    "torch.arange(x.shape[1]).view(1, -1, 1, 1) * x",
    "torch.linspace(0, 1, x.shape[2])[:, None] * x",
    # broadcasting with what is no image
    "x * v[None, :, None, None]",
    "x * v.view(1, -1, 1, 1)",
    "x * v.reshape(-1, 1, 1)",
    "x + v[:, None, None]",
    "x + v.unsqueeze(-1).unsqueeze(-1)",
    "x * w",
    "x + w[None]",
    "w * x",
    "x * torch.tensor([2.0])",
    "x * torch.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]], [[6.0]]])",
    "x - x.mean(1, keepdim=True)",
    "x - x.mean(dim=(2, 3))[:, :, None, None]",
    "x.mean((2, 3)).unsqueeze(2).unsqueeze(3) * x",
    "x * x.sum(1).unsqueeze(1)",
    "x * x[:, 0].unsqueeze(1)",
    "x * x[:, :1]",
    "x + x[0]",
    "x[0] + x[1]",
    "x[:, 0] * x[:, 1]",
    "torch.where(x > 0, x, y)",
    "torch.where(x > 0, x, torch.tensor(0.0))",
    "torch.where(x.mean(1, keepdim=True) > 0, x, y)",
    "torch.maximum(x, y)",
    "torch.lerp(x, y, 0.3)",
    "torch.addcmul(x, x, y, value=0.5)",
    "x.masked_fill(x > 0, 1.0)",
    "x.masked_fill(x.sum(1, keepdim=True) > 0, 0.0)",
    "x.eq(y).float()",
    "x * (x > 0)",
    # matrices
    "x @ x.transpose(2, 3)",
    "x @ x.transpose(-2, -1)",
    "torch.matmul(x, x.permute(0, 1, 3, 2))",
    "torch.einsum('bchw,bdhw->bcd', x, y)",
    "torch.einsum('bchw->bhwc', x)",
    "torch.einsum('bchw,c->bhw', x, v)",
    "torch.bmm(x.flatten(2), y.flatten(2).transpose(1, 2))",
    "torch.tril(x)",
    "F.linear(x, torch.ones(3, 5))",
    "torch.matmul(x.flatten(2).transpose(1, 2), torch.ones(6, 3))",
    # shapes anew
    "x.view(2, -1)",
    "x.flatten(1)",
    "torch.flatten(x)",
    "x.flatten(2)",
    "x.flatten(1, 2)",
    "x.flatten(2).transpose(1, 2)",
    "x.flatten(2).permute(2, 0, 1)",
    "x.reshape(x.shape[0], x.shape[1], -1)",
    "x.view(x.size(0), 3, 2, x.size(2), x.size(3))",
    "x.view(x.size(0), 3, 2, x.size(2), x.size(3)).sum(2)",
    "x.view(x.size(0), 2, 3, 4, 5).transpose(1, 2).reshape(x.size(0), 6, 4, 5)",
    "x.reshape(x.size(0) * 6, 1, 4, 5)",
    "x.reshape(-1, 2, 6, 4, 5)",
    "x.view(2, 6, 2, 2, 5).mean(3)",
    "x.view(x.size(0), -1, 2, 10)",
    "x.reshape(x.size(0), 12, 2, 5)",
    "x.permute(0, 2, 3, 1)",
    "x.permute(0, 2, 3, 1).reshape(-1, 6)",
    "x.permute(0, 2, 3, 1).contiguous().view(x.size(0), -1, 3)",
    "x.permute(0, 2, 3, 1).permute(0, 3, 1, 2)",
    "x.permute(0, 3, 1, 2)",
    "x.permute(0, 1, 3, 2)",
    "x.permute(1, 0, 2, 3)",
    "x.permute(2, 3, 0, 1)",
    "x.permute([0, 2, 1, 3])",
    "x.transpose(1, 2)",
    "x.transpose(2, 3)",
    "x.transpose(0, 1)",
    "x.transpose(-1, -2)",
    "x.transpose(1, -1)",
    "x.movedim(1, -1)",
    "x.swapaxes(1, 3)",
    "x.mT",
    "x.unsqueeze(1)",
    "x.unsqueeze(0)",
    "x.unsqueeze(-1)",
    "x.unsqueeze(2).squeeze(2)",
    "x.sum(1, keepdim=True).squeeze(1)",
    "x.mean((2, 3), keepdim=True).squeeze()",
    "x.mean((2, 3), keepdim=True).squeeze(-1).squeeze(-1)",
    "x.mean((2, 3), keepdim=True).flatten(1)",
    "x.mean((2, 3), keepdim=True).view(x.size(0), -1)",
    "x.mean(2, keepdim=True).squeeze(2)",
    "x.unflatten(1, (2, 3))",
    "x.unfold(3, 2, 1)",
    "F.unfold(x, 3, padding=1)",
    "F.fold(F.unfold(x, 2, stride=1), (4, 5), 2)",
    "F.pixel_shuffle(torch.cat((x, y), 1), 2)",
    "F.pixel_unshuffle(x[..., :4], 2)",
    "F.channel_shuffle(x, 2)",
    "F.pad(x, (1, 2))",
    "F.pad(x, (0, 0, 1, 0))",
    "F.pad(x, (0, 0, 0, 0, 0, 2))",
    "F.pad(x, [1] * 4, mode='reflect')",
    "F.pad(x, (1, 1, 1, 1), 'constant', 5)",
    "F.interpolate(x, scale_factor=2)",
    "F.interpolate(x, size=(3, 7), mode='bilinear')",
    "F.interpolate(x, (8, 8), mode='bilinear', align_corners=True)",
    "F.interpolate(x, size=x.shape[2:])",
    "F.adaptive_avg_pool2d(x, (2, 5))",
    "F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]",
    "F.avg_pool2d(x, kernel_size=x.size()[2:])",
    "F.max_pool2d(x, (2, 1), stride=(1, 2), padding=(1, 0))",
    "F.conv2d(x, torch.ones(4, 6, 1, 1) / 6)",
    "F.conv2d(x, v.view(-1, 1, 1, 1), groups=6)",
    "F.layer_norm(x, x.shape[1:])",
    "F.layer_norm(x.permute(0, 2, 3, 1), (6,)).permute(0, 3, 1, 2)",
    "F.group_norm(x, 2)",
    "F.instance_norm(x)",
    "F.batch_norm(x, v, v.abs() + 1)",
    "F.dropout(x, 0.5, training=False)",
    "F.grid_sample(x, torch.zeros(x.size(0), 3, 3, 2), align_corners=False)",
    "F.glu(x, dim=1)",
    "F.prelu(x, v)",
    "F.cosine_similarity(x, y, dim=1)",
    "F.cross_entropy(x, y.argmax(1))",
    "F.mse_loss(x, y)",
    # indexing
    "x[:, 0]",
    "x[:, -1]",
    "x[:, 1:3]",
    "x[:, ::2]",
    "x[:, :, 0]",
    "x[:, :, 1:]",
    "x[:, :, :, -1]",
    "x[..., 0]",
    "x[..., 1:3, :]",
    "x[..., ::2, 1::2]",
    "x[0]",
    "x[0, 1]",
    "x[0, :, 1]",
    "x[-1:]",
    "x[:, None]",
    "x[None]",
    "x[..., None]",
    "x[:, :, None]",
    "x[:, 0, None]",
    "x[:, [0, 2]]",
    "x[:, torch.tensor([0, 2])]",
    "x[:, :, [0, 1]]",
    "x[[1, 0]]",
    "x[:, v > 0]",
    "x[x > 0]",
    "x[x[:, 0].mean((1, 2)) > 0]",
    "x[torch.arange(x.size(0)), 0]",
    "x[:, torch.arange(5, -1, -1)]",
    "x[:, 1:, 1:, 1:] - x[:, :-1, :-1, :-1]",
    "x[:, :3] * x[:, 3:]",
    # elementwise, and types
    "x.abs().sqrt() + x.exp() * torch.sigmoid(y)",
    "x.clamp(0, 1)",
    "x.clamp(min=0)",
    "torch.clamp(x, max=0.5)",
    "x.float().double().dtype == torch.float64",
    "x.type_as(y)",
    "x.to(y.device, dtype=torch.float16).float()",
    "x.detach().clone().contiguous()",
    "x.round().long()",
    "x.int() % 3",
    "x.tolist()",
    "x.cpu().numpy()",
    "x.mean().item()",
    "x.reciprocal().sign()",
    "-x ** 2",
    "x.floor() // 2",
    "~(x > 0)",
    "(x > 0) & (y > 0)",
    "x.pow(2).sum(1).sqrt()",
    "torch.atan2(x, y)",
    "x.isnan().any()",
    "x.bool()",
    "(x != y).sum()",
]

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.one = nn.Conv2d(c, c, 1)
        self.two = nn.Conv2d(c, c, 3, padding=1)
        self.v = nn.Parameter(torch.ones(c))
        self.register_buffer("w", torch.ones(5))

    def forward(self, image):
        v, w = self.v, self.w
        x = self.one(image)
        y = self.two(image)
        return {expression}
"""
INPUTS = ("image[2,6,4,5]",)
SLOW = set(EXPRESSIONS[1::2])  # half of them are enough for a run in passing


def pair(expression: str, data_format: str) -> Pair:
    return Pair(
        HEAD.format(expression=expression), "Net(6)", INPUTS, data_format=data_format, returns="signed"
    )


def parameters(expressions: list[str], *, slow: bool = False) -> list[Any]:
    return [
        pytest.param(e, id=e.replace("::", ":"), marks=[pytest.mark.slow] if slow or e in SLOW else [])
        for e in expressions
    ]


@pytest.mark.parametrize("expression", parameters(EXPRESSIONS))
def test_equal(expression):
    pair(expression, "channels_last").check()


@pytest.mark.parametrize("expression", parameters(EXPRESSIONS, slow=True))
def test_equal_channels_first(expression):
    pair(expression, "channels_first").check()


# what becomes a list, an array or a number needs a value; tf.unstack needs a known count
SYMBOLIC = [e for e in EXPRESSIONS if not e.endswith(("tolist()", "numpy()", "item()", "unbind(0)"))]


@pytest.mark.parametrize("expression", parameters(SYMBOLIC, slow=True))
def test_equal_in_an_open_graph(expression):
    pair(expression, "channels_last").check_open()


def test_no_expression_stands_twice():
    assert len(set(EXPRESSIONS)) == len(EXPRESSIONS)
