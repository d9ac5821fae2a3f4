"""A small convolutional network with the parts that ports get wrong."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def shuffled(x, groups):
    b, c, h, w = x.shape
    return x.view(b, groups, c // groups, h, w).transpose(1, 2).reshape(b, c, h, w)


class Stem(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width, eps=1e-5, momentum=0.1)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.down = nn.Conv2d(width, width // 2, 1)
        self.up = nn.Conv2d(width // 2, width, 1)

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.up(F.silu(self.down(s))))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 3, padding=2, dilation=2, groups=width)
        self.norm = nn.GroupNorm(2, width, eps=1e-5)
        self.gate = Gate(width)
        self.point = nn.Conv2d(width, width, 1)

    def forward(self, x):
        y = F.leaky_relu(self.norm(self.depthwise(x)), 0.1)
        y = self.gate(shuffled(y, 2))
        return x + self.point(y)


class Net(nn.Module):
    def __init__(self, width=8, classes=5):
        super().__init__()
        self.stem = Stem(width)
        self.block = Block(width)
        self.lateral = nn.Conv2d(width, width, 1)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.stem(x)
        small = F.max_pool2d(self.block(x), 3, stride=2, padding=1)
        soft = F.avg_pool2d(x, 3, stride=2, padding=1)
        big = F.interpolate(small + soft, size=x.shape[2:], mode="nearest")
        fine = F.interpolate(self.lateral(small), size=x.shape[2:], mode="bilinear", align_corners=False)
        x = torch.cat([x + big, F.elu(fine)], dim=1)
        x = x.mean((2, 3)) + x.amax((2, 3))
        return F.log_softmax(self.head(self.drop(x)), dim=-1)
