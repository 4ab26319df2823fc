"""Runs docs/guide/pytorch.md as it is written, in an empty folder: a network of PyTorch, trained on the images of the example, goes
through the page's blocks, and comes back as a smaller ONNX file. Writes pytorch-page.json beside itself.

    npm run tarballs -- out/tarballs
    python bench/onnx/pytorch-page.py <empty folder> out/tarballs

The folder is a project of its own outside of the repository, in which the packed packages are installed.
"""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch import nn

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
SEED, EPOCHS = 1, 2


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.skip = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(self.first(x)) + self.skip(x))


def network():
    stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    blocks = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
    return nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def images(name):
    records = np.fromfile(ROOT / "examples/data/cifar-10-mini" / name, np.uint8).reshape(-1, 3073)
    return records[:, 0], records[:, 1:].reshape(-1, 3, 32, 32)


def write_images(folder, labels, pixels):
    for i, (label, image) in enumerate(zip(labels, pixels)):
        path = folder / CLASSES[label] / f"{i:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.transpose(1, 2, 0)).save(path)


def trained(labels, pixels):
    torch.manual_seed(SEED)
    model = network()
    x, y = torch.from_numpy(pixels).float() / 255, torch.from_numpy(labels.astype(np.int64))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, epochs=EPOCHS, steps_per_epoch=len(x) // 64 + 1)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(64):
            given = torch.where(torch.rand(len(batch), 1, 1, 1) < 0.5, x[batch], x[batch].flip(3))
            loss = nn.functional.cross_entropy(model(given), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model


def accuracy(path, labels, pixels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    scores = [session.run(None, {given: image[None].astype(np.float32) / 255})[0] for image in pixels]
    return float((np.concatenate(scores).argmax(1) == labels).mean())


def install(folder, tarballs):
    """The packed packages, as docs/guide/installing.md has it."""
    files = sorted(str(path) for path in tarballs.resolve().glob("*.tgz"))
    if not files:
        raise SystemExit(f"No tarballs in {tarballs}: npm run tarballs -- {tarballs}")
    if ROOT in folder.resolve().parents:
        raise SystemExit(f"{folder} is in the repository, whose packages would be found there.")
    (folder / "package.json").write_text('{ "private": true }\n')
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *files], cwd=folder, check=True)
    return len(files)


def main(folder, tarballs):
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty.")
    packages = install(folder, tarballs)
    labels, pixels = images("data_batch_1.bin")
    test_labels, test_pixels = images("test_batch.bin")
    write_images(folder / "images/train", labels, pixels)
    write_images(folder / "images/val", test_labels, test_pixels)
    os.chdir(folder)
    commands = []
    page = (ROOT / "docs/guide/pytorch.md").read_text()
    for kind, code in re.findall(r"```(\w+)\n(.*?)```", page, re.S):
        print(code, flush=True)
        if kind == "python":
            exec(code, {"model": trained(labels, pixels)})
        elif kind == "yaml":
            Path("compress.yaml").write_text(code)
        elif kind == "bash":
            start = time.monotonic()
            subprocess.run(["bash", "-ec", code], check=True)
            commands.append({"command": code.strip(), "seconds": round(time.monotonic() - start)})
    files = {"net.onnx": "net.onnx", "out/onnx/model.onnx": "out/onnx/model.onnx"}
    summary = json.loads(Path("out/net/summary.json").read_text())
    report = {
        "onnxruntime": onnxruntime.__version__,
        "torch": torch.__version__,
        "packedPackages": packages,
        "images": {"train": len(labels), "test": len(test_labels)},
        "commands": commands,
        "files": {
            name: {"bytes": Path(path).stat().st_size, "accuracy": accuracy(path, test_labels, test_pixels)}
            for name, path in files.items()
        },
        "summary": summary,
    }
    (HERE / "pytorch-page.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["files"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
