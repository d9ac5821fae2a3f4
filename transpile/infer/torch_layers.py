"""Layers of torch.nn: what each does to a tensor's layout and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from transpile.infer.apply import Operand, constant, image_result, with_indices
from transpile.infer.broadcasting import broadcast
from transpile.infer.channel_layers import CHANNEL_LAYERS, channel_layer, say_flattened
from transpile.infer.dims import Dim, product
from transpile.infer.facts import UNKNOWN, Fact, Layer, Python, Sequence, Tensor, Var, resolve
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open
from transpile.infer.operators import dim_of
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__ = ["is_elementwise", "torch_layer", "weight_rank"]
SPATIAL = re.compile(r"torch\.nn\.(?:Lazy)?(?:Conv|ConvTranspose|MaxPool|AvgPool|LPPool|FractionalMaxPool|MaxUnpool|"
                     r"Adaptive(?:Avg|Max)Pool|ZeroPad|ReflectionPad|ReplicationPad|CircularPad|ConstantPad|"
                     r"Dropout|InstanceNorm|BatchNorm)([123])d$")  # fmt: skip
SAME_SHAPE = ("BatchNorm", "InstanceNorm", "Dropout")
# Layers of torch's order, and those of images beside the SPATIAL ones.
PLAIN_LAYERS = frozenset(
    {
        "MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerDecoder",
        "TransformerEncoderLayer", "TransformerDecoderLayer", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell",
        "RNNCell", "Bilinear", "Embedding", "EmbeddingBag", "CosineSimilarity", "PairwiseDistance",
    }
)  # fmt: skip
AXIS_LAYERS = frozenset(
    {
        "Linear", "LazyLinear", "LayerNorm", "RMSNorm", "GroupNorm", "SyncBatchNorm", "PReLU", "CrossMapLRN2d",
        "Flatten", "Unflatten", "Softmax", "LogSoftmax", "Softmin", "GLU", "Sequential", "ModuleList", "ModuleDict",
        "Module", "LocalResponseNorm",
    }
)  # fmt: skip
IMAGE_LAYERS = frozenset(
    {
        "Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "PixelShuffle", "PixelUnshuffle",
        "ChannelShuffle", "Unfold", "Fold", "Softmax2d",
    }
)  # fmt: skip


def weight_rank(names: Iterable[str]) -> int | None:
    """The rank of the attribute `weight` of a layer, which is in torch's order; from the names of its classes."""
    for name in names:
        short = name.removeprefix("torch.nn.").removeprefix("Lazy")
        if short.startswith("Conv") and short[-2:-1].isdigit():
            return int(short[-2]) + 2
        if short in ("Linear", "Embedding", "EmbeddingBag"):
            return 2
        if short == "Bilinear":
            return 3
        if "Norm" in short and short not in ("LayerNorm", "RMSNorm"):
            return 1
    return None


def torch_layer(
    run: Run,
    node: cst.Call | None,
    layer: Layer,
    operand: Operand,
    positional: list[Operand],
    keywords: dict[str, Operand],
) -> Fact:
    """A layer of torch.nn: how it treats the layout, and the dims of what comes out."""
    short = layer.name.rpartition(".")[2].removeprefix("Lazy")
    site: cst.CSTNode = node if node is not None else run.unwritten_call()
    plan = run.plans.get(id(node)) if node is not None else None
    plan = plan if plan is not None else Plan("layer_call", layer=layer)
    if short.endswith("Loss"):
        plain_layer(run, layer, short, positional, keywords)
        single = constant(layer.arguments.get("reduction", Python("str", "mean"))) in ("mean", "sum")
        return Tensor(0 if single else None, () if single else None, None, PLAIN)
    if short in PLAIN_LAYERS:
        return plain_layer(run, layer, short, positional, keywords)
    tensor = run.as_tensor(operand[1])
    spatial = SPATIAL.match(layer.name)
    if tensor is None:
        if short == "Flatten" and operand[0] is not None and run.channels_last:
            run.convert[id(operand[0])] = (Tensor(None, None, None, BY_RANK), PLAIN)
            say_flattened(run, operand[0] if run.function is None else run.function.node)
        if spatial is None or short.startswith(("BatchNorm1", "Dropout1")):
            return UNKNOWN
        layout = IMAGE if run.channels_last else PLAIN  # whatever it is given, an image comes out
        image = Tensor(int(spatial.group(1)) + 2, None, None, layout)
        return image_dims(short, layer, Tensor(image.rank, None, None, layout), image)
    if spatial is not None:
        count = int(spatial.group(1))
        if short.startswith(("BatchNorm1", "Dropout1")):
            return channel_layer(run, operand, tensor, site, layer)
        result = image_dims(
            short, layer, tensor, image_result(run, operand[0], tensor, count + 2, site, plan)
        )
        return (
            with_indices(result)
            if constant(layer.arguments.get("return_indices", UNKNOWN)) is True
            else result
        )
    if short in IMAGE_LAYERS:
        rank = 4 if short not in ("Upsample", "Fold") else None
        if short == "Unfold":
            run.want(operand[0], tensor, IMAGE)
            return Tensor(3, None, tensor.dtype, PLAIN)
        return image_result(run, operand[0], tensor, rank, site, plan)
    if short in CHANNEL_LAYERS:
        return channel_layer(run, operand, tensor, site, layer)
    if short in ("Linear", "LayerNorm", "RMSNorm", "CrossMapLRN2d"):
        return last_axis_layer(run, site, operand, tensor, layer, short)
    if short in ("Flatten", "Unflatten"):
        return flatten_layer(run, layer, operand, site, tensor)
    if short in ("Softmax", "LogSoftmax", "Softmin", "GLU"):
        return axis_layer(run, site, operand, tensor)
    return broadcast(run, site, [operand])


def is_elementwise(name: str) -> bool:
    """Whether a layer of torch.nn takes each element for itself, so that no order of axes matters to it."""
    short = name.rpartition(".")[2]
    return (
        name.startswith("torch.nn.")
        and (SPATIAL.match(name) is None or short.startswith("Dropout"))
        and short not in PLAIN_LAYERS | IMAGE_LAYERS | AXIS_LAYERS
        and not short.endswith("Loss")
    )


def keeps_axes(name: str) -> bool:
    """Whether what a layer of torch.nn returns has as many axes as what it is given."""
    short = name.rpartition(".")[2]
    others = ("Flatten", "Unflatten", "Sequential", "ModuleList", "ModuleDict", "Module")
    same = short.startswith(SAME_SHAPE) or (short in AXIS_LAYERS and short not in others)
    return is_elementwise(name) or (name.startswith("torch.nn.") and same)


def image_dims(short: str, layer: Layer, tensor: Tensor, result: Tensor) -> Tensor:
    """Sizes of the result: batch kept, channels by the layer's arguments, space where it is known to stay."""
    if result.rank is None:
        return result
    batch = tensor.dim(0)
    channels: Dim | None = tensor.dim(1)
    space: list[Dim | None] = [None] * (result.rank - 2)
    if short.startswith(SAME_SHAPE):
        return Tensor(None, tensor.dims, tensor.dtype, result.layout) if tensor.dims is not None else result
    if short.startswith("Conv"):
        channels = dim_of(layer.arguments.get("out_channels", UNKNOWN))
    if short.startswith("Adaptive"):
        size = constant(layer.arguments.get("output_size", UNKNOWN))
        if size == 1 or (isinstance(size, tuple) and all(s == 1 for s in size)):
            space = [Dim(1)] * (result.rank - 2)
    return Tensor(None, (batch, channels, *space), tensor.dtype, result.layout)


def last_axis_layer(
    run: Run, site: cst.CSTNode, operand: Operand, tensor: Tensor, layer: Layer, short: str
) -> Fact:
    """Linear and LayerNorm: torch's last axes, so the operand is needed in torch's order."""
    layout = run.ask(tensor, operand[0] or site)
    if run.function is not None and tensor.rank not in (0, 1, 2):
        run.function.on_last_axes = True
    if isinstance(layout, Open):
        if tensor.rank is None or tensor.rank >= 3:
            layout.settle(PLAIN)
            run.learn("layout", operand[0] or site)
    else:
        run.want(operand[0], tensor, PLAIN)
    dims = tensor.dims
    if short.endswith("Linear"):
        out = dim_of(layer.arguments.get("out_features", UNKNOWN))
        if dims is None and tensor.rank is not None:
            dims = tuple([None] * tensor.rank)
        dims = (*dims[:-1], out) if dims else dims
    return Tensor(tensor.rank, dims, tensor.dtype, PLAIN).with_axes_of(tensor)


def plain_layer(
    run: Run,
    layer: Layer,
    short: str,
    positional: list[Operand],
    keywords: dict[str, Operand],
) -> Fact:
    first: Tensor | None = None
    for operand_node, fact in [*positional, *keywords.values()]:
        resolved = resolve(fact)
        if isinstance(resolved, Tensor) or (
            isinstance(resolved, Var) and (first is None or resolved.tensorlike)
        ):
            tensor = run.as_tensor(fact)
            assert tensor is not None
            if first is None:
                first = tensor
                if short in ("MultiheadAttention", "LSTM", "GRU", "RNN") and tensor.rank is None:
                    tensor.rank = 3
                    run.learn("rank", operand_node, 3)
            layout = run.layout(tensor)
            if isinstance(layout, Open):
                layout.settle(PLAIN)
                run.learn("layout", operand_node)
            else:
                run.want(operand_node, tensor, PLAIN)
    packed = next((f for _, fact in positional if is_packed(f := resolve(fact))), None)
    if packed is not None and short in ("LSTM", "GRU", "RNN"):
        state = Tensor(3, None, "float32", PLAIN)
        outputs = Python("packed", of=Tensor(3, None, "float32", PLAIN))
        return Sequence("tuple", [outputs, Sequence("tuple", [state, state]) if short == "LSTM" else state])
    if first is None:
        return UNKNOWN
    if short == "MultiheadAttention":
        out = Tensor(first.rank, first.dims, first.dtype, PLAIN)
        return Sequence("tuple", [out, Tensor(None, None, first.dtype, PLAIN)])
    if short in ("LSTM", "GRU", "RNN"):
        out = Tensor(first.rank, None, first.dtype, PLAIN)
        state = Tensor(3, None, first.dtype, PLAIN)
        return Sequence("tuple", [out, Sequence("tuple", [state, state]) if short == "LSTM" else state])
    if short == "Embedding":
        dims = None
        if first.rank is not None:
            dims = (
                *(first.dims or [None] * first.rank),
                dim_of(layer.arguments.get("embedding_dim", UNKNOWN)),
            )
        return Tensor(None, dims, "float32", PLAIN)
    if short == "LSTMCell":
        state = Tensor(2, None, first.dtype, PLAIN)
        return Sequence("tuple", [state, state])
    return Tensor(first.rank, None, first.dtype, PLAIN)


def is_packed(fact: Fact) -> bool:
    """Whether this is a torch.nn.utils.rnn.PackedSequence."""
    return isinstance(fact, Python) and fact.type == "packed"


def flatten_layer(run: Run, layer: Layer, operand: Operand, site: cst.CSTNode, tensor: Tensor) -> Fact:
    """nn.Flatten and nn.Unflatten: axes are counted and merged in torch's order, so the operand is needed in it."""
    layout = run.ask(tensor, operand[0] or site)
    start = constant(layer.arguments.get("start_dim", Python("int", 1)))
    end = constant(layer.arguments.get("end_dim", Python("int", -1)))
    flat = layer.name.rpartition(".")[2] == "Flatten"
    whole = flat and start == 1 and end in (-1, (tensor.rank or 0) - 1)
    if isinstance(layout, Open) and tensor.rank is None:
        node = operand[0] if id(operand[0]) in run.facts or run.function is None else run.function.node
        run.flattened[id(operand[0] or site)] = node or site
    # (N, C, 1, 1) has its channels at the same places in memory
    pooled = tensor.dims is not None and sum(d is None or d.value != 1 for d in tensor.dims[1:]) <= 1
    if layout and isinstance(layout, tuple):
        if not (whole and pooled):
            run.want(operand[0], tensor, PLAIN)
        elif operand[0] is not None:
            run.convert.pop(id(operand[0]), None)
    if not flat:
        return _unflattened(layer, tensor)
    if start == 1 and end == -1:
        return Tensor(2, (tensor.dim(0), None), tensor.dtype, PLAIN)
    if not tensor.rank or not isinstance(start, int) or not isinstance(end, int):
        return Tensor(None, None, tensor.dtype, PLAIN)
    first, last = start % tensor.rank, end % tensor.rank
    rank = tensor.rank - (last - first)
    merged = None
    if tensor.dims is not None:
        merged = (*tensor.dims[:first], product(tensor.dims[first : last + 1]), *tensor.dims[last + 1 :])
    after = Open(made_of=layout) if isinstance(layout, Open) and rank > 2 else PLAIN
    return Tensor(rank, merged, tensor.dtype, after)


def _unflattened(layer: Layer, tensor: Tensor) -> Tensor:
    """What Unflatten makes: one axis becomes several."""
    dim = constant(layer.arguments.get("dim", UNKNOWN))
    sizes = constant(layer.arguments.get("unflattened_size", UNKNOWN))
    if tensor.rank is None or not isinstance(dim, int) or not isinstance(sizes, tuple):
        return Tensor(None, None, tensor.dtype, PLAIN)
    at, dims = dim % tensor.rank, tensor.dims or tuple([None] * tensor.rank)
    new = tuple(Dim(size) if isinstance(size, int) and size >= 0 else None for size in sizes)
    return Tensor(None, (*dims[:at], *new, *dims[at + 1 :]), tensor.dtype, PLAIN)


def axis_layer(run: Run, site: cst.CSTNode, operand: Operand, tensor: Tensor) -> Fact:
    """Softmax(dim): the layer keeps torch's axis number, so it must be given torch's order."""
    layout = run.layout(tensor)
    if isinstance(layout, tuple) and layout:
        run.want(operand[0], tensor, PLAIN)
        return Tensor(tensor.rank, tensor.dims, tensor.dtype, PLAIN).with_axes_of(tensor)
    if isinstance(layout, Open):
        layout.asked = True  # a caller's order matters here; where none has one, it is torch's
    return broadcast(run, site, [operand])
