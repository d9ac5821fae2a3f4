"""Weights that tell: what a fresh model hides is brought out before anything is compared.

In a fresh model signals die out along the depth, normalizations are identities and biases zero, so that a dropped
layer or a wrong epsilon changes nothing that could be seen. Here every convolution and linear layer is scaled to a
result of unit variance on the input at hand, statistics are taken from data and moved a little, and whatever is
constant (ones, zeros) gets values of its own. Some channels in front of a BatchNorm are made faint: there epsilon
counts.
"""

from __future__ import annotations

from typing import Any

__all__ = ["calibrate", "inputs", "stir"]


def inputs(specs: Any, seed: int, scale: float = 1.0) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call as numpy arrays and plain values: (positional, by name)."""
    import numpy as np

    positional: list[Any] = []
    named: dict[str, Any] = {}
    for place, spec in enumerate(specs):
        value = spec.value
        if spec.is_tensor:
            value = _drawn(spec, np.random.default_rng((seed, place)), scale)
        if spec.name is None:
            positional.append(value)
        else:
            named[spec.name] = value
    return positional, named


def _drawn(spec: Any, random: Any, scale: float) -> Any:
    import numpy as np

    if spec.dtype == "bool":
        return random.random(spec.shape) < 0.5
    if "int" in spec.dtype:
        low, high = (0, 9) if spec.low is None else (int(spec.low), int(spec.high))
        return random.integers(low, high + 1, spec.shape).astype(spec.dtype)
    if spec.low is not None:
        drawn = random.uniform(spec.low, spec.high, spec.shape)
    else:
        drawn = random.standard_normal(spec.shape) * scale
        if spec.dtype.startswith("complex"):
            drawn = drawn + 1j * random.standard_normal(spec.shape) * scale
    # numpy has no bfloat16: the tensor is rounded to it where it is made
    return np.asarray(drawn, "float32" if spec.dtype == "bfloat16" else spec.dtype)


def calibrate(model: Any, call: Any) -> None:
    """Scale convolutions and linear layers to unit variance, and take the statistics of BatchNorm from data."""
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(11)
    done: set[int] = set()

    def hook(module: Any, arguments: Any, result: Any) -> Any:
        if (
            not (torch.is_tensor(result) and result.is_floating_point() and result.numel() > 8)
            or id(module) in done
        ):
            return None
        done.add(id(module))
        if (
            isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear))
            and type(module.weight) is nn.Parameter
        ):
            spread = result.std()
            if 1e-8 < spread < 1e8:
                module.weight.data.div_(spread)
                if module.bias is not None:
                    module.bias.data.div_(spread)
                return result / spread
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_var is not None:
            given = arguments[0]
            if given.numel() // given.shape[1] > 1:
                axes = [axis for axis in range(given.dim()) if axis != 1]
                module.running_mean.copy_(given.mean(axes))
                module.running_var.copy_(given.var(axes) + 1e-2)
                return nn.functional.batch_norm(
                    given,
                    module.running_mean,
                    module.running_var,
                    module.weight,
                    module.bias,
                    False,
                    0.0,
                    module.eps,
                )
        return None

    hooks = [module.register_forward_hook(hook) for module in model.modules()]
    try:
        with torch.no_grad():
            call()
    finally:
        for handle in hooks:
            handle.remove()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_var is not None:
            _faint(module, generator)


def _faint(module: Any, generator: Any) -> None:
    """Some channels of a BatchNorm get a variance near epsilon, and a weight that keeps their result in bounds."""
    import torch

    size = module.running_var.shape[0]
    for channel in torch.randperm(size, generator=generator)[: max(1, size // 8)].tolist():
        before = (module.running_var[channel] + module.eps).sqrt()
        module.running_var[channel] = 20 * module.eps
        if module.weight is not None:
            module.weight.data[channel] *= (21 * module.eps) ** 0.5 / before


def stir(model: Any) -> None:
    """Give every constant weight values of its own, and move running statistics."""
    import torch

    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for _, parameter in model.named_parameters():
            if (
                parameter.is_floating_point()
                and parameter.numel()
                and bool((parameter == parameter.flatten()[0]).all())
            ):
                parameter.add_(torch.randn(parameter.shape, generator=generator).to(parameter.dtype) * 0.1)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(torch.randn(buffer.shape, generator=generator).to(buffer.dtype) * 0.1)
            elif name.endswith("running_var"):
                buffer.mul_(torch.rand(buffer.shape, generator=generator).to(buffer.dtype) * 0.4 + 0.8)
