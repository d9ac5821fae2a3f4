"""Layers: what constructing one gives, and what calling one does to a tensor."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.apply import Operand, constant, image_result
from transpile.infer.builtins import SuperOf
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Dict, Fact, Function, Layer, Python, Sequence, Tensor, Var, resolve
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import IMAGE, PLAIN, Open
from transpile.infer.operators import broadcast, dim_of
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__ = ["call_layer", "construct_layer", "construct_unknown_layer", "container_kind", "layer_method"]

CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.ParameterList",
              "torch.nn.ParameterDict")  # fmt: skip
SPATIAL = re.compile(r"torch\.nn\.(?:Lazy)?(?:Conv|ConvTranspose|MaxPool|AvgPool|LPPool|FractionalMaxPool|MaxUnpool|"
                     r"Adaptive(?:Avg|Max)Pool|ZeroPad|ReflectionPad|ReplicationPad|CircularPad|ConstantPad|"
                     r"Dropout|InstanceNorm|BatchNorm)([123])d$")  # fmt: skip
ANY_MODULE = "torch.nn.Module"
SAME_SHAPE = ("BatchNorm", "InstanceNorm", "Dropout")
# Layers of torch's order, and those of images beside the SPATIAL ones.
PLAIN_LAYERS = frozenset(
    {
        "MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerDecoder",
        "TransformerEncoderLayer", "TransformerDecoderLayer", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell",
        "RNNCell", "Bilinear", "Embedding", "EmbeddingBag",
    }
)  # fmt: skip
IMAGE_LAYERS = frozenset(
    {
        "Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "PixelShuffle", "PixelUnshuffle",
        "ChannelShuffle", "LocalResponseNorm", "Unfold", "Fold", "Softmax2d",
    }
)  # fmt: skip


def container_kind(name: str, info: Any = None) -> str | None:
    """The torch container that a class is or derives from."""
    if name in CONTAINERS:
        return name
    if info is not None:
        return next((b for b in info.torch_bases() if b in CONTAINERS), None)
    return None


def construct_layer(
    run: Run,
    node: cst.Call,
    rule: Any,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    name = rule.torch
    run.plans[id(node)] = Plan("layer", rule, starred=starred)
    if name in CONTAINERS:
        container = Layer(name, None, _members(run, node, name, positional, keywords, starred))
        container.site = id(node)
        return container
    if name.endswith(("Parameter", ".Buffer")):
        return _parameter(run, node, name, positional)
    arguments: dict[str, Fact] = {}
    names = [p.name for p in rule.params if p.kind == "positional"]
    if not starred:
        for key, (_, fact) in zip(names, positional, strict=False):
            arguments[key] = fact
    for key, (_, fact) in keywords.items():
        arguments[key] = fact
    layer = Layer(name, None, None, arguments)
    run.plans[id(node)].data["layer"] = layer
    return layer


def construct_unknown_layer(run: Run, node: cst.Call, name: str, positional: list[Operand]) -> Fact:
    run.plans[id(node)] = Plan("left", reason="no rule for this layer")
    return Layer(name)


def _parameter(run: Run, node: cst.Call, name: str, positional: list[Operand]) -> Fact:
    run.plans[id(node)] = Plan("parameter", trainable=name.endswith("Parameter"))
    source = resolve(positional[0][1]) if positional else UNKNOWN
    if isinstance(source, Tensor):
        if positional[0][0] is not None:
            run.want(positional[0][0], source, PLAIN)
        return Tensor(source.rank, source.dims, source.dtype, PLAIN, is_parameter=True)
    return Tensor(None, None, "float32", PLAIN, is_parameter=True)


def _members(
    run: Run,
    node: cst.Call,
    name: str,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Sequence:
    """What a container holds."""
    if name in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        value: Fact = UNKNOWN
        if positional:
            inner = resolve(positional[0][1])
            value = (
                inner.value
                if isinstance(inner, Dict)
                else inner.any() if isinstance(inner, Sequence) else UNKNOWN
            )
        return Sequence("list", None, value)
    if name in ("torch.nn.ModuleList", "torch.nn.ParameterList"):
        inner = resolve(positional[0][1]) if positional else Sequence("list", [])
        if isinstance(inner, Sequence):
            return Sequence("list", inner.items, inner.element)
        return Sequence("list", None, UNKNOWN)
    if starred:
        merged: Fact | None = None
        for arg in node.args:
            fact = resolve(run.facts.get(id(arg.value), UNKNOWN))
            if arg.star:
                if isinstance(fact, Sequence) and len(node.args) == 1 and fact.items is not None:
                    return Sequence("list", list(fact.items), fact.any())
                fact = (
                    fact.any()
                    if isinstance(fact, Sequence)
                    else run.var(("item", id(arg)), f"member{id(arg)}")
                )
            merged = fact if merged is None else join(merged, fact)
        return Sequence("list", None, merged if merged is not None else UNKNOWN)
    if len(positional) == 1:
        inner = resolve(positional[0][1])
        if isinstance(inner, Sequence) and inner.type == "ordered":
            return Sequence("list", inner.items, inner.element)
        if isinstance(inner, Dict):
            return Sequence("list", None, inner.value)
    return Sequence("list", [fact for _, fact in positional])


def layer_method(run: Run, node: cst.Call, func: cst.Attribute, owner: Layer, name: str) -> Fact | None:
    """Methods of nn.Module and of containers on a layer; None for the project's own methods."""
    from transpile.infer.calls import arguments

    info = owner.info
    is_super = isinstance(owner, SuperOf)
    if is_super and info is not None:
        return super_call(run, node, func, owner, name)
    if info is not None and info.find_method(name) is not None:
        return None
    kind = container_kind(owner.name, info)
    if info is not None and not info.is_module:
        return None
    if info is not None and info.find_attribute(name) is not None:
        return None
    if name not in ("eval", "train", "to", "cuda", "forward") and owner.site is not None:
        run.opened.add(owner.site)
    if (
        name in ("append", "add_module", "insert", "extend", "register_module")
        and kind is not None
        and owner.members is not None
    ):
        positional, _, _ = arguments(run, node)
        if positional:
            fact = positional[-1][1]
            if name == "extend":
                resolved = resolve(fact)
                fact = resolved.any() if isinstance(resolved, Sequence) else UNKNOWN
            current = owner.members.any()
            owner.members.element = fact if owner.members.items == [] else join(current, fact)
            owner.members.items = None
            run.version += 0
        run.plans[id(node)] = Plan("module_method", name=name, owner=owner)
        return owner if name == "append" else Python("none")
    if name in ("values", "items", "keys") and kind in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        arguments(run, node)
        element = owner.members.any() if owner.members is not None else UNKNOWN
        if name == "items":
            return Sequence("list", None, Sequence("tuple", [Python("str"), element]))
        return Sequence("list", None, element if name == "values" else Python("str"))
    if name in MODULE_METHODS:
        positional, keywords, _ = arguments(run, node)
        run.plans[id(node)] = Plan("module_method", name=name, owner=owner)
        return module_method(run, node, owner, name, positional, keywords)
    if name == "forward" and info is None:
        positional, keywords, starred = arguments(run, node)
        return call_layer(run, node, owner, positional, keywords, starred)
    return None


MODULE_METHODS = frozenset(
    {
        "modules", "named_modules", "children", "named_children", "parameters", "named_parameters", "buffers",
        "named_buffers", "state_dict", "load_state_dict", "register_buffer", "register_parameter",
        "register_module", "add_module", "apply", "train", "eval", "to", "cpu", "cuda", "float", "half",
        "double", "type", "requires_grad_", "zero_grad", "get_submodule", "register_forward_hook",
        "register_forward_pre_hook", "register_full_backward_hook", "extra_repr", "_apply", "share_memory",
        "get_parameter", "bfloat16", "to_empty",
    }
)  # fmt: skip


def module_method(
    run: Run, node: cst.Call, owner: Layer, name: str, positional: list[Operand], keywords: dict[str, Operand]
) -> Fact:
    weight = Tensor(None, None, "float32", PLAIN, is_parameter=True)
    anything = Layer("torch.nn.Module")
    if name in ("modules", "children"):
        return Sequence("generator", None, anything)
    if name in ("named_modules", "named_children"):
        return Sequence("generator", None, Sequence("tuple", [Python("str"), anything]))
    if name in ("parameters", "buffers"):
        return Sequence("generator", None, weight)
    if name in ("named_parameters", "named_buffers"):
        return Sequence("generator", None, Sequence("tuple", [Python("str"), weight]))
    if name in ("register_buffer", "register_parameter", "add_module", "register_module"):
        value = (
            positional[1]
            if len(positional) > 1
            else keywords.get("tensor") or keywords.get("param") or keywords.get("module")
        )
        key = (
            constant(positional[0][1])
            if positional
            else constant(keywords["name"][1]) if "name" in keywords else None
        )
        if value is not None and isinstance(key, str) and owner.info is not None:
            fact = resolve(value[1])
            if isinstance(fact, Tensor):
                if value[0] is not None:
                    run.want(value[0], fact, PLAIN)
                fact = Tensor(fact.rank, fact.dims, fact.dtype, PLAIN, is_parameter=True)
            run.store_attribute(owner.info, key, id(node), fact)
        return Python("none")
    if name in (
        "train",
        "eval",
        "to",
        "cpu",
        "cuda",
        "float",
        "half",
        "double",
        "apply",
        "requires_grad_",
        "bfloat16",
    ):
        return owner
    return UNKNOWN


def super_call(run: Run, node: cst.Call, func: cst.Attribute, owner: Layer, name: str) -> Fact:
    """super().method(...): the nearest definition above, or torch's own."""
    from transpile.infer.calls import arguments
    from transpile.infer.functions import call

    positional, keywords, starred = arguments(run, node)
    info = owner.info
    assert info is not None
    for ancestor in info.ancestors()[1:]:
        if name in ancestor.methods:
            method = ancestor.methods[name]
            run.plans[id(node)] = Plan("own_function", info=method, unbound=False)
            run.facts[id(func)] = Function(method, owner)
            return call(run, method, positional, keywords, starred)
    base = next((b for b in info.torch_bases() if b.startswith("torch.nn.")), None)
    run.plans[id(node)] = Plan("super_call", name=name, base=base, info=info)
    if name == "__init__":
        if container_kind(info.name, info) is not None and base is not None:
            members = _members(run, node, base, positional, keywords, starred)
            run.store_attribute(info, "<members>", id(node), Layer(base, None, members))
        return Python("none")
    if name == "forward" and base is not None:
        fact = call_layer(run, node, Layer(base, None, _own_members(owner)), positional, keywords, starred)
        run.plans[id(node)] = Plan("super_call", name=name, base=base, info=info)
        return fact
    if name in MODULE_METHODS:
        run.plans[id(node)] = Plan("module_method", name=name, owner=owner)
        return module_method(run, node, Layer(owner.name, info), name, positional, keywords)
    return UNKNOWN


def _own_members(owner: Layer) -> Sequence | None:
    if owner.members is not None:
        return owner.members
    if owner.info is not None:
        found = owner.info.find_attribute("<members>")
        if isinstance(found, Layer):
            return found.members
    return None


# --- calling -------------------------------------------------------------------------------------------------


def call_layer(
    run: Run,
    node: cst.Call | None,
    layer: Layer,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    """What a layer returns for these arguments."""
    from transpile.infer.functions import call

    if isinstance(layer, AnyLayer):
        result: Fact | None = None
        # a module of which nothing is known is taken to do what those do that may stand in its place
        known = [c for c in layer.choices if c.info is not None or c.name != ANY_MODULE]
        for choice in known or layer.choices:
            fact = call_layer(run, node, choice, positional, keywords, starred)
            joined = fact if result is None else join(result, fact)
            if isinstance(joined, Tensor) and joined.source == "conflict" and joined.rank in (4, 5):
                for other in layer.choices:
                    _return_images(run, other)
                joined = Tensor(joined.rank, joined.dims, joined.dtype, IMAGE)
            result = joined
        if node is not None:
            run.plans[id(node)] = Plan("layer_call", layer=layer)
        return result if result is not None else UNKNOWN
    if node is not None:
        run.plans[id(node)] = Plan("layer_call", layer=layer)
    info = layer.info
    if info is not None:
        forward = info.find_method("forward")
        if forward is None:
            forward = info.find_method("__call__")
        if forward is not None:
            return call(run, forward, positional, keywords, starred)
        base = next((b for b in info.torch_bases() if b.startswith("torch.nn.")), None)
        if base is None or base == "torch.nn.Module":
            return UNKNOWN
        layer = Layer(base, None, _own_members(layer))
    if layer.name == "torch.nn.Sequential":
        return call_sequential(run, node, layer, positional)
    if layer.name == ANY_MODULE and layer.info is None:
        return run.var(("call", id(node)), f"call{id(node)}", tensorlike=True)
    if not positional and not keywords:
        return UNKNOWN
    operand = positional[0] if positional else next(iter(keywords.values()))
    return torch_layer(run, node, layer, operand, positional, keywords)


def _return_images(run: Run, layer: Layer) -> None:
    """Of layers that stand in for one another, those that return a plain map are made to return an image."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    if forward is None:
        return
    returned = resolve(forward.returns)
    if (
        isinstance(returned, Tensor)
        and returned.rank in (4, 5)
        and run.layout(returned) == PLAIN
        and "" not in forward.pins
    ):
        forward.pins[""] = IMAGE
        forward.dirty = True
        run.version += 1


def call_sequential(run: Run, node: cst.Call | None, layer: Layer, positional: list[Operand]) -> Fact:
    if not positional:
        return UNKNOWN
    current = positional[0]
    members = layer.members
    if members is None:
        return run.var(("call", id(node)), f"call{id(node)}", tensorlike=True)
    if members.items is None:
        member = resolve(members.any())
        if not isinstance(member, Layer):
            return run.var(("call", id(node)), f"call{id(node)}", tensorlike=True)
        once = call_layer(run, None, member, [current], {}, False)
        first = resolve(current[1])
        if isinstance(first, Tensor) and isinstance(once, Tensor):
            dims = None
            if once.dims is not None and first.dims is not None and len(once.dims) == len(first.dims):
                dims = tuple(a if a == b else None for a, b in zip(once.dims, first.dims, strict=True))
            return Tensor(once.rank, dims, once.dtype, once.layout)  # no members would hand on the input
        return once
    for item in members.items:
        member = resolve(item)
        if isinstance(member, Layer):
            result = call_layer(run, None, member, [current], {}, False)
        elif isinstance(member, Function):
            from transpile.infer.functions import call

            result = call(run, member.info, [current], {}, False)
        else:
            return run.var(("call", id(node)), f"call{id(node)}", tensorlike=True)
        current = (None, result)
    if len(members.items) == 0:
        return positional[0][1]
    return current[1]


def torch_layer(
    run: Run,
    node: cst.Call | None,
    layer: Layer,
    operand: Operand,
    positional: list[Operand],
    keywords: dict[str, Operand],
) -> Fact:
    """A layer of torch.nn: how it treats the layout, and the dims of what comes out."""
    short = layer.name.rpartition(".")[2]
    site: cst.CSTNode = node if node is not None else cst.Name("_")
    plan = run.plans.get(id(node)) if node is not None else None
    plan = plan if plan is not None else Plan("layer_call", layer=layer)
    if short in PLAIN_LAYERS:
        return plain_layer(run, site, layer, short, positional, keywords)
    tensor = run.as_tensor(operand[1])
    if tensor is None:
        return UNKNOWN
    spatial = SPATIAL.match(layer.name)
    if spatial is not None:
        count = int(spatial.group(1))
        if short.startswith(("BatchNorm1", "Dropout1")):
            return channel_layer(run, operand, tensor, site)
        result = image_result(run, operand[0], tensor, count + 2, site, plan)
        return image_dims(short, layer, tensor, result)
    if short in IMAGE_LAYERS:
        rank = 4 if short not in ("Upsample", "LocalResponseNorm", "Fold") else None
        if short == "Unfold":
            run.want(operand[0], tensor, IMAGE)
            return Tensor(3, None, tensor.dtype, PLAIN)
        return image_result(run, operand[0], tensor, rank, site, plan)
    if short in ("GroupNorm", "SyncBatchNorm", "PReLU"):
        return channel_layer(run, operand, tensor, site, like=True)
    if short in ("Linear", "LazyLinear", "LayerNorm", "RMSNorm", "CrossMapLRN2d"):
        return last_axis_layer(run, site, operand, tensor, layer, short)
    if short in ("Flatten", "Unflatten"):
        return flatten_layer(run, node, layer, operand, tensor, plan)
    if short in ("Softmax", "LogSoftmax", "Softmin", "GLU"):
        return axis_layer(run, node, layer, operand, tensor, plan)
    if short.endswith("Loss"):
        return Tensor(0, (), tensor.dtype, PLAIN)
    return broadcast(run, site, [operand])


def image_dims(short: str, layer: Layer, tensor: Tensor, result: Tensor) -> Tensor:
    """Sizes of the result: batch kept, channels by the layer's arguments, space where it is known to stay."""
    if result.rank is None:
        return result
    batch = tensor.dim(0)
    channels: Dim | None = tensor.dim(1)
    space: list[Dim | None] = [None] * (result.rank - 2)
    if short.startswith(SAME_SHAPE):
        return Tensor(None, tensor.dims, tensor.dtype, result.layout) if tensor.dims is not None else result
    if short.startswith(("Conv", "LazyConv")):
        channels = dim_of(layer.arguments.get("out_channels", UNKNOWN))
    if short.startswith("Adaptive"):
        size = constant(layer.arguments.get("output_size", UNKNOWN))
        if size == 1 or (isinstance(size, tuple) and all(s == 1 for s in size)):
            space = [Dim(1)] * (result.rank - 2)
    return Tensor(None, (batch, channels, *space), tensor.dtype, result.layout)


def channel_layer(
    run: Run, operand: Operand, tensor: Tensor, site: cst.CSTNode, like: bool = False
) -> Tensor:
    """Works along axis 1 at any rank: (N, C), (N, C, L), (N, C, H, W)."""
    if tensor.rank is not None and tensor.rank <= 2:
        return Tensor(tensor.rank, tensor.dims, tensor.dtype, PLAIN)
    layout = run.ask(tensor, operand[0] or site)
    if isinstance(layout, Open):
        if tensor.rank is None:
            return tensor
        layout.value = IMAGE
        run.version += 1
    elif tensor.rank is not None:
        run.want(operand[0], tensor, IMAGE)
    elif layout == PLAIN:
        return tensor
    return Tensor(
        tensor.rank, tensor.dims, tensor.dtype, IMAGE if run.channels_last and tensor.rank else tensor.layout
    )


def last_axis_layer(
    run: Run, site: cst.CSTNode, operand: Operand, tensor: Tensor, layer: Layer, short: str
) -> Fact:
    """Linear and LayerNorm: torch's last axes, so the operand is needed in torch's order."""
    layout = run.ask(tensor, operand[0] or site)
    if isinstance(layout, Open):
        if tensor.rank is None or tensor.rank >= 3:
            layout.value = PLAIN
            run.version += 1
    else:
        run.want(operand[0], tensor, PLAIN)
    dims = tensor.dims
    if short.endswith("Linear"):
        out = dim_of(layer.arguments.get("out_features", UNKNOWN))
        if dims is None and tensor.rank is not None:
            dims = tuple([None] * tensor.rank)
        dims = (*dims[:-1], out) if dims else dims
    if dims is None and tensor.rank is None:
        return Tensor(None, None, tensor.dtype, PLAIN)
    return Tensor(tensor.rank, dims, tensor.dtype, PLAIN)


def plain_layer(
    run: Run,
    site: cst.CSTNode,
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
                    run.version += 1
            layout = run.layout(tensor)
            if isinstance(layout, Open):
                layout.value = PLAIN
                run.version += 1
            else:
                run.want(operand_node, tensor, PLAIN)
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


def flatten_layer(
    run: Run, node: cst.Call | None, layer: Layer, operand: Operand, tensor: Tensor, plan: Plan
) -> Fact:
    """nn.Flatten inside a Sequential runs on what it is given: it must know the layout itself."""
    short = layer.name.rpartition(".")[2]
    if short == "Flatten":
        start = constant(layer.arguments.get("start_dim", Python("int", 1)))
        end = constant(layer.arguments.get("end_dim", Python("int", -1)))
        if isinstance(run.layout(tensor), Open):
            run.want(operand[0], tensor, IMAGE)
        plan.data["flatten"] = (tensor, start, end)
        if start == 1 and end == -1:
            return Tensor(2, (tensor.dim(0), None), tensor.dtype, PLAIN)
        rank = None
        if tensor.rank is not None and isinstance(start, int) and isinstance(end, int):
            rank = tensor.rank - ((end % tensor.rank) - (start % tensor.rank))
        return Tensor(rank, None, tensor.dtype, tensor.layout if rank and rank > 2 else PLAIN)
    return Tensor(None, None, tensor.dtype, PLAIN)


def axis_layer(
    run: Run, node: cst.Call | None, layer: Layer, operand: Operand, tensor: Tensor, plan: Plan
) -> Fact:
    """Softmax(dim): the layer keeps torch's axis number, so it must be given torch's order."""
    layout = run.layout(tensor)
    if isinstance(layout, tuple) and layout:
        run.want(operand[0], tensor, PLAIN)
        return Tensor(tensor.rank, tensor.dims, tensor.dtype, PLAIN)
    return broadcast(run, node if node is not None else cst.Name("_"), [operand])
