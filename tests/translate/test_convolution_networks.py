"""Networks of convolutions alone, as they are commonly written: no graph of theirs has a transpose."""

import pytest

from tests.harness import Pair

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"

RESIDUAL = HEAD + """
def conv3x3(c1, c2, stride=1):
    return nn.Conv2d(c1, c2, 3, stride, 1, bias=False)


class Block(nn.Module):
    expansion = 2

    def __init__(self, c1, width, stride=1, downsample=None, norm=None):
        super().__init__()
        if norm is None:
            norm = nn.BatchNorm2d
        self.conv1 = nn.Conv2d(c1, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width * self.expansion, stride)
        self.bn2 = norm(width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Net(nn.Module):
    def __init__(self, block, layers, classes=5):
        super().__init__()
        self.inplanes = 4
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(block, 4, layers[0])
        self.layer2 = self._make_layer(block, 6, layers[1], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(6 * block.expansion, classes)

    def _make_layer(self, block, width, blocks, stride=1):
        downsample = None
        if stride != 1 or self.inplanes != width * block.expansion:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, width * block.expansion, 1, stride, bias=False),
                nn.BatchNorm2d(width * block.expansion),
            )
        layers = [block(self.inplanes, width, stride, downsample)]
        self.inplanes = width * block.expansion
        for _ in range(1, blocks):
            layers.append(block(self.inplanes, width))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        x = self.layer2(self.layer1(x))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)
"""

STACKED = HEAD + """
def make_layers(cfg):
    layers = []
    channels = 3
    for v in cfg:
        if v == "M":
            layers += [nn.MaxPool2d(2, 2)]
        else:
            layers += [nn.Conv2d(channels, v, 3, padding=1), nn.ReLU(inplace=True)]
            channels = v
    return nn.Sequential(*layers)


class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.features = make_layers([4, "M", 6, 6, "M"])
        self.avgpool = nn.AdaptiveAvgPool2d((size, size))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(6 * size * size, 5))

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(x.view(x.size(0), -1))
"""

INVERTED = HEAD + """
class ConvNormActivation(nn.Sequential):
    def __init__(self, c1, c2, k=3, stride=1, groups=1):
        super().__init__(
            nn.Conv2d(c1, c2, k, stride, (k - 1) // 2, groups=groups, bias=False), nn.BatchNorm2d(c2), nn.ReLU6(True)
        )


class Inverted(nn.Module):
    def __init__(self, c1, c2, stride, expand):
        super().__init__()
        self.use_shortcut = stride == 1 and c1 == c2
        hidden = c1 * expand
        layers = []
        if expand != 1:
            layers.append(ConvNormActivation(c1, hidden, 1))
        layers.extend([
            ConvNormActivation(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, c2, 1, bias=False),
            nn.BatchNorm2d(c2),
        ])
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.conv(x) if self.use_shortcut else self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        features = [ConvNormActivation(3, 4, stride=2)]
        for expand, c, n, stride in [[1, 4, 1, 1], [2, 6, 2, 2]]:
            for i in range(n):
                features.append(Inverted(4 if i == 0 else c, c, stride if i == 0 else 1, expand))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Linear(6, 5)

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))
"""

DENSE = HEAD + """
class Layer(nn.Module):
    def __init__(self, c, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(c)
        self.conv1 = nn.Conv2d(c, growth, 3, padding=1, bias=False)

    def forward(self, inputs):
        inputs = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        return self.conv1(F.relu(self.norm1(torch.cat(inputs, 1))))


class Block(nn.ModuleDict):
    def __init__(self, n, c, growth):
        super().__init__()
        for i in range(n):
            self.add_module("denselayer%d" % (i + 1), Layer(c + i * growth, growth))

    def forward(self, x):
        features = [x]
        for name, layer in self.items():
            features.append(layer(features))
        return torch.cat(features, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))
        self.features.add_module("block", Block(2, 4, 3))
        self.features.add_module("pool", nn.AvgPool2d(2, 2))
        self.classifier = nn.Linear(10, 5)

    def forward(self, x):
        out = F.relu(self.features(x), inplace=True)
        out = F.adaptive_avg_pool2d(out, (1, 1))
        return self.classifier(torch.flatten(out, 1))
"""

CASES = {
    "residual": (RESIDUAL, "Net(Block, [2, 2])", 0),
    "stacked": (STACKED, 'make_layers([4, "M", 6, 6, "M"])', 0),
    # the features of a map that is flattened come in torch's order: one transpose, and only there
    "stacked and flattened": (STACKED, "Net(2)", 1),
    "inverted": (INVERTED, "Net()", 0),
    "dense": (DENSE, "Net()", 0),
}


@pytest.mark.parametrize("name", CASES)
def test_transposes_of_a_convolution_network(name: str) -> None:
    source, factory, transposes = CASES[name]
    returns = "plain" if factory.startswith("Net") else "image"
    pair = Pair(source, factory, ["image[2,3,24,20]"], data_format="channels_last", returns=returns)
    pair.check_open(1e-4, transposes=transposes)
