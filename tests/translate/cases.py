"""What is run of every fixture: factory, inputs, and what is expected beyond equal numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One model or function of a fixture (see harness.Pair for factory, inputs and returns)."""

    fixture: str
    factory: str
    inputs: tuple[Any, ...]
    returns: Any = None
    reference: str | None = None  # the torch factory, where it is another
    keywords: dict[str, Any] = field(default_factory=dict)
    is_open: bool = True  # whether it is also traced with unknown batch, height and width
    transposes: int | None = None  # Transpose operations in the channels_last graph, where that is a promise
    tolerance: float = 2e-5
    quick: bool = (
        False  # whether channels_first is checked in every run too, and not only among the slow tests
    )

    @property
    def name(self) -> str:
        return f"{self.fixture}-{self.factory.partition('(')[0]}"


def case(fixture: str, factory: str, *inputs: Any, **rest: Any) -> Case:
    return Case(fixture, factory, inputs, **rest)


PLAIN, SIGNED = "plain", "signed"
CASES = [
    case("channel_shuffle", "shuffle_by_view", "image[2,6,5,4]", 3, transposes=1),
    case("channel_shuffle", "shuffle_by_permute", "image[2,6,5,4]", 3, transposes=1),
    case("channel_shuffle", "shuffle_by_flatten", "image[2,6,5,4]", 2, transposes=1),
    case("channel_shuffle", "ChannelShuffle(2)", "image[2,6,5,4]", transposes=1),
    case("channel_shuffle", "Unit(8)", "image[2,8,5,4]", transposes=1, quick=True),
    case("seed_functions", "last_two_swapped", "f32[3,4]"),
    case("seed_functions", "double_rows", "f32[3,4]"),
    case("seed_functions", "products", "f32[4,4]", "f32[4,4]"),
    case("seed_functions", "batched_products", "f32[3,2,4]", "f32[3,4,5]"),
    case("seed_functions", "inverted", "f32[3,3]", is_open=False),  # torch's inverse wants a static square
    case("seed_functions", "normalized", "f32[3,4]"),
    case("seed_functions", "norms", "f32[3,4]"),
    case("seed_functions", "encoded", "i64[6]:int5"),
    case("seed_functions", "spread", "f32[5,4]"),
    case("seed_functions", "powers", "f32[3,4]"),
    case("seed_functions", "conditions", "f32[3,4]", "i64[3,4]:int4"),
    case("seed_functions", "inverted_bits", "i64[3,4]:int4"),
    case("one_hot_of_old", "encoded", "i64[5]:int6", reference="meant"),
    case("batch_norms", "Untracked(4)", "image[3,4,5,4]", transposes=0),
    case("batch_norms", "Cumulative(4)", "image[3,4,5,4]", transposes=0),
    case("batch_norms", "Plain(4)", "f32[6,4]", "image[3,4,7]", returns=[PLAIN, "image"]),
    case("batch_norms", "Mixed(4)", "image[3,4,5,4]", transposes=0),
    case("sequential", "Positional(4)", "image[2,4,6,5]", transposes=0, quick=True),
    case("sequential", "Starred(4)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Generated(4)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Named(4)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Indexed(4)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Added(4)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Inherited(4, 6)", "image[2,4,6,5]", transposes=0),
    case("sequential", "Head(4, 6)", "image[2,4,6,5]", transposes=0),
    case("sequential", "flat_head(4, 6)", "image[2,4,6,5]", transposes=0),
    case("module_lists", "Pyramid()", ["image[2,4,6,5]", "image[2,8,3,3]"], transposes=0),
    case("module_lists", "Dense(4)", "image[2,4,6,5]", transposes=0),
    case("module_lists", "Choice(4)", "image[2,4,6,5]", transposes=0),
    case("module_lists", "Nested(4)", "image[2,4,6,5]", returns=["image", PLAIN], transposes=0),
    case("inheritance", "Block(4, 4)", "image[2,4,6,5]", transposes=0),
    case("inheritance", "Wide(4, 3)", "image[2,4,6,5]", transposes=0),
    case("inheritance", "Net(Block)", "image[2,3,8,6]", transposes=0),
    case("inheritance", "Net(Wide)", "image[2,3,8,6]", transposes=0, quick=True),
    case("inheritance", "Square(4, 3, stride=2)", "image[2,4,8,6]", transposes=0),
    case("inheritance", "Called(4)", "image[2,4,8,6]", transposes=0),
    case("convolutions", "Padding(4)", "image[2,4,8,6]", transposes=0, quick=True),
    case("convolutions", "Grouped(4)", "image[2,4,8,6]", transposes=0),
    case("convolutions", "Transposed(4)", "image[2,4,5,6]", transposes=0),
    case("convolutions", "Line(4)", "image[2,4,10]", returns="image", transposes=0),
    case("convolutions", "Volume(3)", "image[2,3,4,6,4]", transposes=0),
    case("convolutions", "ByHand(4)", "image[2,4,5,6]"),
    case("pools", "Pools()", "image[2,4,8,7]", transposes=0, quick=True),
    case("pools", "Pyramid(4)", "image[2,4,8,7]", transposes=0),
    case("pools", "Adaptive(4)", "image[2,4,8,7]", transposes=0),
    case("pools", "global_statistics", "image[2,4,8,7]", returns=SIGNED),
    case("resizing", "Upsampled(3)", "image[2,3,5,4]", transposes=0),
    case("resizing", "resized", "image[2,3,5,4]", "image[2,3,14,12]", transposes=0),
    case("resizing", "PixelShuffled(3)", "image[2,3,4,4]", quick=True),
    case("joining", "Joined(6)", "image[2,6,4,4]", transposes=0, quick=True),
    case("joining", "Stacked(4)", "image[2,4,6,5]"),
    case("joining", "UsesConcat(4)", "image[2,4,6,5]", transposes=0),
    case("joining", "plain_joins", "f32[3,4]", "f32[3,4]"),
    case("reshaping", "Flattened(4)", "image[2,3,8,6]", quick=True),
    case("reshaping", "Tokens(4)", "image[2,3,8,6]", returns=[PLAIN, "image", "image"], transposes=0),
    case("reshaping", "Permuted(4)", "image[2,4,8,6]", transposes=0, quick=True),
    case("reshaping", "Grouped(4)", "image[2,4,3,5]", returns=PLAIN),
    case("reshaping", "Windows(4)", "image[2,4,6,4]", transposes=2),
    case("reshaping", "squeezed", "image[2,4,6,5]", returns=SIGNED),
    case("reshaping", "turned", "f32[3,4,5]"),
    case("slicing", "Focus(3, 4)", "image[2,3,8,6]", transposes=0, quick=True),
    case("slicing", "Sliced(4)", "image[2,4,6,5]", returns=SIGNED),
    case("slicing", "Shifted(3)", "f32[2,24,3]", keywords={"H": 6, "W": 4}),
    case("slicing", "picked", "f32[3,3]", "i64[3]:int3"),
    case("stores", "Shift(8)", "image[2,8,4,5]", transposes=0, quick=True),
    case("stores", "InPlace(3)", "image[2,3,4,5]", transposes=0),
    case("stores", "Boxes()", "f32[2,3,7]"),
    case("stores", "masked", "f32[3,4]", "i64[3,4]:int3"),
    case("stores", "xyxy_to_xywh", "f32[3,4]"),
    case("stores", "band", 4),
    case("reserved_names", "Reserved(4)", "image[2,4,5,4]", quick=True),
    case("reserved_names", "Outer(4)", "image[2,3,6,5]"),
    case("layer_arguments", "Net()", "image[2,3,8,6]", quick=True),
    case("pixel_attention", "NonLocal(4)", "image[2,4,3,5]", returns=["image", PLAIN], quick=True),
    case("pixel_attention", "Heads(8)", "image[2,8,3,5]"),
    case("pixel_attention", "Stem(4)", "image[2,3,6,4]"),
    case("pixel_attention", "BatchFirst(4)", "f32[2,5,4]", "bool[5,5]", is_open=False),
    case("pixel_attention", "scaled", "f32[2,3,4,5]", "f32[2,3,6,5]", "f32[2,3,6,5]"),
    case("vit", "VisionTransformer()", "image[2,3,8,8]", quick=True),
    case("unet", "UNet()", "image[2,3,9,10]", transposes=0, quick=True),
    case("unet", "UNet(bilinear=True)", "image[2,3,9,10]", transposes=0),
    case("squeeze_excite", "SqueezeExcite(8)", "image[2,8,4,5]", transposes=0, quick=True),
    case("squeeze_excite", "ConvExcite(4)", "image[2,4,4,5]", transposes=0),
    case("squeeze_excite", "Efficient()", "image[2,6,4,5]"),
    case("squeeze_excite", "Spatial()", "image[2,6,9,8]", transposes=0),
    case("pyramid_dict", "Model()", "image[2,3,8,6]", transposes=0, quick=True),
    case(
        "conv_lstm", "Reader()", "image[2,1,8,12]", returns=PLAIN, quick=True, is_open=False
    ),  # asserts on a size
    case("conv_lstm", "Sequence()", "i64[2,6]:int11"),
    case("conv_lstm", "Frames()", "image[2,3,4,5]", "image[2,3,4,5]", transposes=0),
    case("dynamic", "ensemble(3)", "image[2,3,6,5]", transposes=0),
    case("dynamic", "Measured(4)", "image[2,3,6,5]", transposes=0),
    case("dynamic", "Plumbing(3)", "image[2,3,6,5]", transposes=0),
    case("dynamic", "Gated(3)", "image[2,3,6,5]", transposes=0),
    case("gsconv", "GSBottleneck(8, 16)", "image[2,8,6,5]", transposes=2, quick=True),
    case("yolo_blocks", "C3(8, 8)", "image[2,8,6,5]", transposes=0),
    case("yolo_blocks", "Detector(4, 4)", "image[1,3,64,96]", returns=PLAIN, tolerance=1e-4),
    case("yolo_blocks", "SPPF(8, 8)", "image[2,8,6,5]", transposes=0),
]
# The codes, INFO apart, that a fixture is expected to be warned with; those that do not stand here, with none.
WARNINGS: dict[str, set[str]] = {
    "channel_shuffle": {"LAY002"},  # a function of its own, that nothing says more of than b, c, h, w
    "joining": {"LAY003"},  # functions of tensors of which nothing is known, here and below
    "one_hot_of_old": {"LAY003"},
    "seed_functions": {"LAY003"},
    "stores": {"LAY003"},
}
