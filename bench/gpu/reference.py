"""PyTorch's side of bench/gpu: VGG-19 (32x32) and MobileNet v1 at a quarter of its width (224x224) with random weights, on the GPU.

Reads commands from stdin, one a line, and answers each with the seconds that it took:

    forward NETWORK PRECISION COUNT BATCH device|host    all images once; from the device, or from pageable memory of the host
    train NETWORK PRECISION STEPS BATCH                   SGD with Nesterov momentum; images from the host; the median of the steps
    episode NETWORK PRECISION COUNT BATCH RATIO           weakest channels set to zero, the whole network run, weights put back

PRECISION is float32 (no TF32 anywhere) or tf32. Each command is run once untimed when it is new. Results are read back to the host.
"""
import platform
import statistics
import sys
import time

import torch
from torch import nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
VGG = [64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512]
BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]


def vgg():
    layers, channels = [], 3
    for width in VGG:
        if width == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    return nn.Sequential(*layers, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(512, 10))


def mobilenet():
    def block(inputs, outputs, size, stride=1, groups=1):
        convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True)]

    layers, channels = block(3, 8, 3, 2), 8
    for width, stride in BLOCKS:
        layers += block(channels, channels, 3, stride, channels) + block(channels, width // 4, 1)
        channels = width // 4
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 1000))


SHAPES = {"VGG-19": (3, 32, 32), "MobileNet": (3, 224, 224)}
models, pictures, warmed = {}, {}, set()


def model_of(name):
    if name not in models:
        torch.manual_seed(1)
        models[name] = {"VGG-19": vgg, "MobileNet": mobilenet}[name]().to(DEVICE, memory_format=torch.channels_last)
    return models[name]


def images_of(name, count, place):
    key = name, count, place
    if key not in pictures:
        kept = [old for old in pictures if old[0] != name]
        for old in kept:
            del pictures[old]
        images = torch.rand(count, *SHAPES[name]).mul_(2).sub_(1).to(memory_format=torch.channels_last)
        pictures[key] = images.to(DEVICE) if place == "device" else images
    return pictures[key]


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def forward(model, images, batch):
    model.eval()
    with torch.inference_mode():
        outputs = [model(images[start : start + batch].to(DEVICE)) for start in range(0, len(images), batch)]
        return torch.cat(outputs).cpu()


def train(name, steps, batch):
    model, images = model_of(name), images_of(name, steps * batch, "host")
    labels = torch.arange(len(images)) % 10
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    seconds = []
    for start in range(0, len(images), batch):
        begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        scores = model(images[start : start + batch].to(DEVICE))
        loss = nn.functional.cross_entropy(scores, labels[start : start + batch].to(DEVICE))
        loss.backward()
        optimizer.step()
        loss.item()
        wait()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:] or seconds)


def episode(model, images, batch, ratio):
    convolutions = [module for module in model if isinstance(module, nn.Conv2d) and module.groups == 1]
    with torch.no_grad():
        kept = [module.weight.clone() for module in convolutions]
        for module in convolutions:
            norms = module.weight.abs().sum(dim=(1, 2, 3))
            module.weight[norms.argsort()[: round((1 - ratio) * len(norms))]] = 0
    forward(model, images, batch)
    with torch.no_grad():
        for module, weight in zip(convolutions, kept):
            module.weight.copy_(weight)


def answer(line):
    what, name, precision, count, batch, *rest = line.split()
    count, batch = int(count), int(batch)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    if what == "train":
        return train(name, count, batch)
    model = model_of(name)
    images = images_of(name, count, rest[0] if what == "forward" else "device")
    wait()
    begun = time.perf_counter()
    forward(model, images, batch) if what == "forward" else episode(model, images, batch, float(rest[0]))
    wait()
    return time.perf_counter() - begun


torch.backends.cudnn.benchmark = True
card = torch.cuda.get_device_name() if DEVICE == "cuda" else "no GPU"
print(f"ready\t{torch.__version__}\t{torch.version.cuda}\t{torch.backends.cudnn.version()}\t{platform.python_version()}\t{card}", flush=True)
for line in sys.stdin:
    try:
        if line not in warmed:
            answer(line)
            warmed.add(line)
        print(answer(line), flush=True)
    except Exception as error:  # the caller goes on with what else there is to measure
        print("failed", repr(error).replace("\n", " ")[:300], flush=True)
