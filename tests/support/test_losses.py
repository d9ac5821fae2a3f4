"""The loss layers of torch.nn against torch's: values and gradients, by every reduction and with weights."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import loss_layers

N, C = 4, 5
NUMBERS = np.random.RandomState(0)


def numbers(*sizes):
    return NUMBERS.randn(*sizes).astype("float32")


def unit(*sizes):
    return NUMBERS.rand(*sizes).astype("float32")


CLASSES = NUMBERS.randint(0, C, N)
SIGNS = np.sign(numbers(N)).astype("float32")
# Constructor arguments → what it is called with; the reductions are added.
CASES = {
    "MSELoss": ({}, (numbers(N, C), numbers(N, C))),
    "L1Loss": ({}, (numbers(N, C), numbers(N, C))),
    "SmoothL1Loss": ({"beta": 0.5}, (numbers(N, C), numbers(N, C))),
    "HuberLoss": ({"delta": 0.5}, (numbers(N, C), numbers(N, C))),
    "CrossEntropyLoss": (
        {"weight": unit(C), "label_smoothing": 0.1, "ignore_index": 2},
        (numbers(N, C), CLASSES),
    ),
    "NLLLoss": ({"weight": unit(C)}, (numbers(N, C), CLASSES)),
    "BCELoss": ({"weight": unit(C)}, (unit(N, C), unit(N, C))),
    "BCEWithLogitsLoss": ({"pos_weight": unit(C)}, (numbers(N, C), unit(N, C))),
    "KLDivLoss": ({"log_target": True}, (numbers(N, C), numbers(N, C))),
    "PoissonNLLLoss": ({"full": True}, (numbers(N, C), 3 * unit(N, C))),
    "GaussianNLLLoss": ({"full": True}, (numbers(N, C), numbers(N, C), unit(N, C))),
    "HingeEmbeddingLoss": ({"margin": 0.7}, (numbers(N), SIGNS)),
    "MarginRankingLoss": ({"margin": 0.3}, (numbers(N), numbers(N), SIGNS)),
    "SoftMarginLoss": ({}, (numbers(N), SIGNS)),
    "MultiLabelSoftMarginLoss": ({"weight": unit(C)}, (numbers(N, C), (unit(N, C) > 0.5).astype("float32"))),
    "MultiLabelMarginLoss": ({}, (numbers(N, C), np.array([[3, 0, -1, 1, 2]] * N))),
    "MultiMarginLoss": ({"p": 2, "margin": 0.6, "weight": unit(C)}, (numbers(N, C), CLASSES)),
    "CosineEmbeddingLoss": ({"margin": 0.2}, (numbers(N, C), numbers(N, C), SIGNS)),
    "TripletMarginLoss": ({"p": 1, "swap": True}, (numbers(N, C), numbers(N, C), numbers(N, C))),
    "TripletMarginWithDistanceLoss": ({"swap": True}, (numbers(N, C), numbers(N, C), numbers(N, C))),
    "CTCLoss": (
        {"zero_infinity": True},
        (numbers(8, 2, C), np.array([[1, 2, 2], [3, 1, 4]]), np.array([8, 6]), np.array([3, 2])),
    ),
}


def test_every_loss_layer_has_a_case():
    made = {
        name
        for name, value in vars(loss_layers).items()
        if inspect.isclass(value) and name.endswith("Loss") and name != "Loss"
    }
    assert made == {*CASES, "LinearCrossEntropyLoss"}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", CASES)
def test_loss(against, name, reduction):
    options, inputs = CASES[name]
    theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    ours = {k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    first = torch.tensor(inputs[0], requires_grad=True)
    # torch's gradient of the CTC loss is that of logits, which pass through log_softmax first
    log = name == "CTCLoss"
    given = torch.log_softmax(first, -1) if log else first
    want = getattr(torch.nn, name)(**theirs, reduction=reduction)(given, *map(torch.tensor, inputs[1:]))
    x = tf.constant(inputs[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        layer = getattr(loss_layers, name)(**ours, reduction=reduction)
        got = layer(tf.nn.log_softmax(x) if log else x, *map(tf.constant, inputs[1:]))
    against.same(got, want, name)
    want.sum().backward()
    against.same(tape.gradient(got, x), first.grad, f"gradient of {name}")


def test_older_arguments_choose_the_reduction():
    assert loss_layers.chosen_reduction(None, None, "sum") == "sum"
    assert loss_layers.chosen_reduction(False, None, "mean") == "sum"
    assert loss_layers.chosen_reduction(True, None, "none") == "mean"
    assert loss_layers.chosen_reduction(None, False, "mean") == "none"
    assert loss_layers.MSELoss(size_average=False).reduction == "sum"
    assert isinstance(loss_layers.L1Loss(), loss_layers.Loss)


@pytest.mark.parametrize("options", [{}, {"dim": -1, "eps": 1e-3}])
def test_cosine_similarity(against, options):
    a, b = numbers(2, 3, 4), numbers(2, 3, 4)
    want = torch.nn.CosineSimilarity(**options)(torch.tensor(a), torch.tensor(b))
    against.same(loss_layers.CosineSimilarity(**options)(tf.constant(a), tf.constant(b)), want)


@pytest.mark.parametrize("options", [{}, {"p": 1.0, "keepdim": True}])
def test_pairwise_distance(against, options):
    a, b = numbers(3, 4), numbers(3, 4)
    want = torch.nn.PairwiseDistance(**options)(torch.tensor(a), torch.tensor(b))
    against.same(loss_layers.PairwiseDistance(**options)(tf.constant(a), tf.constant(b)), want)


@pytest.mark.parametrize(("out", "bias"), [((), True), ((3,), False)])
def test_linear_cross_entropy_loss(against, out, bias):
    theirs = torch.nn.LinearCrossEntropyLoss(5, 4, out_features=out, bias=bias, label_smoothing=0.1)
    ours = loss_layers.LinearCrossEntropyLoss(5, 4, out_features=out, bias=bias, label_smoothing=0.1)
    against.copy(theirs, ours)
    x, target = against.random(6, 5), np.random.randint(0, 4, (6, *out))
    against.same(ours(tf.constant(x), tf.constant(target)), theirs(torch.tensor(x), torch.tensor(target)))


def test_bases_of_losses_keep_what_torchs_keep():
    from torch.nn.modules import loss as theirs

    for options in ({}, {"reduction": "sum"}, {"size_average": False}, {"reduce": False}):
        assert loss_layers.LossBase(**options).reduction == theirs._Loss(**options).reduction
    weight = numbers(C)
    layer = loss_layers.WeightedLossBase(tf.constant(weight), reduction="none")
    assert layer.reduction == "none" and not layer.trainable_variables
    np.testing.assert_array_equal(layer.weight, weight)
    assert loss_layers.WeightedLossBase().weight is None
