"""What `transpile verify` costs of a ResNet18: a multiple of importing both frameworks and running both models.

python benchmarks/verify_cost.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, given, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(given, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.down = None
        if stride != 1 or given != width:
            self.down = nn.Sequential(nn.Conv2d(given, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.down is None else self.down(x)))


class ResNet18(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
"""
# Both frameworks imported, both models built, and each called once eagerly, Keras' also as a tf.function.
PLAIN = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np
import torch, net
import tensorflow as tf, tf_net
x = np.zeros((1, 3, 224, 224), "float32")
with torch.no_grad():
    net.ResNet18().eval()(torch.from_numpy(x))
model, given = tf_net.ResNet18(), tf.constant(np.moveaxis(x, 1, -1))
model(given)
tf.function(model)(given)
"""


def seconds(command: list[str]) -> float:
    """The processor time of a command with its children; raises where it fails."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net.py").write_text(SOURCE)
        transpile = [sys.executable, "-m", "transpile.cli"]
        subprocess.run([*transpile, str(folder / "net.py"), "-o", str(folder / "tf_net.py")], check=True)
        plain = min(seconds([sys.executable, "-c", PLAIN.format(folder=name)]) for _ in range(2))
        whole = min(
            seconds([*transpile, "verify", f"{folder / 'net.py'}:ResNet18()", "--input", "1,3,224,224"])
            for _ in range(2)
        )
    print(
        f"both frameworks and both models: {plain:.1f} s of CPU; verify: {whole:.1f} s, {whole / plain:.2f} times"
    )


if __name__ == "__main__":
    main()
