"""A detection head: convolutions in a Sequential, a grid, anchors, boxes."""

import torch
import torch.nn as nn


class Head(nn.Module):
    def __init__(self, width=8, classes=3):
        super().__init__()
        self.classes = classes
        self.body = nn.Sequential(
            nn.Conv2d(width, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2 * (5 + classes), 1)
        )
        self.register_buffer("anchors", torch.tensor([[1.0, 2.0], [3.0, 1.5]]))

    def forward(self, x):
        y = self.body(x)
        b, _, h, w = y.shape
        y = y.view(b, 2, 5 + self.classes, h, w).permute(0, 1, 3, 4, 2)
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        grid = torch.stack([columns, rows], dim=-1).float()
        centre = (y[..., :2].sigmoid() * 2 - 0.5 + grid) * 8.0
        size = (y[..., 2:4].sigmoid() * 2) ** 2 * self.anchors[None, :, None, None, :]
        boxes = torch.cat([centre - size / 2, centre + size / 2], dim=-1)
        scores = y[..., 4:5].sigmoid() * y[..., 5:].softmax(-1)
        return boxes.reshape(b, -1, 4), scores.reshape(b, -1, self.classes).max(-1)[0]
