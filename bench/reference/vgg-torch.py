"""PyTorch's side of bench/backends: VGG-19 with batch norm on 32x32 images, random weights, timed on request.

Reads commands from stdin, one a line: "forward float32 N BATCH", "forward bfloat16 N BATCH", "train float32 N BATCH" or "episode float32 N BATCH RATIO";
answers each with the seconds that it took, after one round that is not timed. So the caller can interleave the two sides.
"""
import sys
import time

import torch
from torch import nn

from vgg import network

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 2


def forward(model, images, batch):
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            model(images[start : start + batch])


def train(model, images, labels, batch):
    model.train()
    for start in range(0, len(images), batch):
        model.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(images[start : start + batch]), labels[start : start + batch]).backward()


def episode(model, images, batch, ratio):
    """Sets the channels of least L1 norm to zero in every convolution, runs the whole network, and puts the weights back."""
    convolutions = [module for module in model if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        kept = [module.weight.clone() for module in convolutions]
        for module in convolutions:
            norms = module.weight.abs().sum(dim=(1, 2, 3))
            module.weight[norms.argsort()[: round((1 - ratio) * len(norms))]] = 0
    forward(model, images, batch)
    with torch.no_grad():
        for module, weight in zip(convolutions, kept):
            module.weight.copy_(weight)


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    model = network()
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        what, precision, count, batch, *ratio = line.split()
        count, batch = int(count), int(batch)
        images = torch.randn(count, 3, 32, 32).to(memory_format=torch.channels_last)
        labels = torch.arange(count) % 10
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            run = {
                "forward": lambda: forward(model, images, batch),
                "train": lambda: train(model, images, labels, batch),
                "episode": lambda: episode(model, images, batch, float(ratio[0])),
            }[what]
            run()
            start = time.perf_counter()
            run()
            print(time.perf_counter() - start, flush=True)


main()
