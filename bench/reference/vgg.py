"""VGG-19 with batch norm for 32x32 images in PyTorch: the network of bench/backends/vgg19.ts."""
from torch import nn
import torch

WIDTHS = [64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512]


def network(epsilon=1e-5):
    layers, channels = [], 3
    for width in WIDTHS:
        if width == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width, eps=epsilon), nn.ReLU(inplace=True)]
        channels = width
    return nn.Sequential(*layers, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(512, 10)).to(memory_format=torch.channels_last)
