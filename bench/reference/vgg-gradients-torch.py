"""PyTorch's side of bench/backends/gradients.ts: the gradients of one training step of VGG-19, in double and in single precision.

Reads from the folder that is given: weights.f32 (all weights in the order of the layers, kernels as tfjs has them: HWIO and input x output), images.f32
(NHWC) and labels.i32. Writes float64.f64 and float32.f64 there: the gradients of all trained weights in the same order and layout, as doubles.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from vgg import network

EPSILON = 1e-3  # tfjs's default of batch norm

folder = Path(sys.argv[1])
torch.set_num_threads(2)
weights = np.fromfile(folder / "weights.f32", dtype="<f4")
images = torch.from_numpy(np.fromfile(folder / "images.f32", dtype="<f4").reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2)
labels = torch.from_numpy(np.fromfile(folder / "labels.i32", dtype="<i4").astype(np.int64))


def gradients(dtype):
    model = network(EPSILON).to(dtype)
    model.train()
    at = 0

    def take(count):
        nonlocal at
        at += count
        return torch.from_numpy(weights[at - count : at].copy())

    trained = []
    for module in model:
        if isinstance(module, nn.Conv2d):
            o, i, h, w = module.weight.shape
            module.weight.data = take(o * i * h * w).reshape(h, w, i, o).permute(3, 2, 0, 1).to(dtype).contiguous()
            trained.append((module.weight, (2, 3, 1, 0)))
        elif isinstance(module, nn.BatchNorm2d):
            count = len(module.weight)
            module.weight.data, module.bias.data = take(count).to(dtype), take(count).to(dtype)
            take(2 * count)  # moving statistics
            trained += [(module.weight, (0,)), (module.bias, (0,))]
        elif isinstance(module, nn.Linear):
            o, i = module.weight.shape
            module.weight.data = take(o * i).reshape(i, o).T.to(dtype).contiguous()
            module.bias.data = take(o).to(dtype)
            trained += [(module.weight, (1, 0)), (module.bias, (0,))]
    assert at == len(weights)
    loss = nn.functional.cross_entropy(model(images.to(dtype)), labels)
    loss.backward()
    return loss.item(), np.concatenate([parameter.grad.double().permute(*order).contiguous().numpy().ravel() for parameter, order in trained])


for name, dtype in [("float64", torch.float64), ("float32", torch.float32)]:
    loss, values = gradients(dtype)
    values.astype("<f8").tofile(folder / f"{name}.f64")
    print(name, loss, flush=True)
