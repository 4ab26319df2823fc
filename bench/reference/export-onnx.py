"""Networks of PyTorch as ONNX files, with random weights that a seed fixes.

    python export-onnx.py small <folder>   a few channels each: the files in plugins/format-onnx/test/models
    python export-onnx.py real <folder>    the networks of torchvision in full size, by both exporters: bench/onnx/real.ts reads them
    python export-onnx.py timm <folder>    those of timm, likewise; files that are there already are kept

Versions are in requirements-onnx.txt beside this file. Names, shapes and the order of nodes are the exporters' own.
"""
import contextlib
import io
import sys
import warnings
from functools import partial
from pathlib import Path

import onnx
import timm
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import convnext, densenet, mobilenetv2, mobilenetv3, regnet, resnet, shufflenetv2

warnings.filterwarnings("ignore")


class UNet(nn.Module):
    """Down and up again: transposed convolution, bilinear and nearest resizing, skips along the channels."""

    def __init__(self, width=8, classes=3):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1),
                nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
            )

        self.first, self.second, self.third, self.last = (
            block(3, width), block(width, 2 * width), block(2 * width, 4 * width), block(4 * width, 4 * width))
        self.grow = nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2)
        self.join3, self.join2, self.join1 = block(8 * width, 2 * width), block(4 * width, width), block(2 * width, width)
        self.narrow = nn.Conv2d(2 * width, 2 * width, 1)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        one = self.first(x)
        two = self.second(F.max_pool2d(one, 2))
        three = self.third(F.max_pool2d(two, 2))
        low = self.last(F.avg_pool2d(three, 3, stride=2, padding=1))
        up = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        up = self.join3(torch.cat([up, three], 1))
        up = self.join2(torch.cat([self.grow(torch.cat([up, up], 1)), two], 1))
        up = F.interpolate(up, size=x.shape[2:], mode="nearest")
        return torch.softmax(self.head(self.join1(torch.cat([up, one], 1))), 1)


class Detector(nn.Module):
    """A head as detectors have it: two scales as grids of anchors, and all boxes of both in one tensor."""

    def __init__(self, width=8, anchors=3, classes=4, bins=4):
        super().__init__()

        def conv(inputs, outputs, size=3, stride=1):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, bias=False), nn.BatchNorm2d(outputs), nn.SiLU())

        self.anchors, self.classes, self.bins = anchors, classes, bins
        self.stem, self.down = conv(3, width, 6, 2), conv(width, 2 * width, 3, 2)
        self.left, self.right = conv(width, width, 3), conv(width, width, 3)
        self.fine, self.coarse = conv(2 * width, 2 * width), conv(2 * width, 4 * width, 3, 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.spread, self.merge = conv(4 * width * 2, 2 * width, 1), conv(4 * width, 2 * width)
        self.grid = nn.Conv2d(2 * width, anchors * (5 + classes), 1)
        self.boxes = nn.ModuleList([nn.Conv2d(2 * width, 4 * bins + classes, 1) for _ in range(2)])
        self.expect = nn.Conv2d(bins, 1, 1, bias=False)
        self.expect.weight.data[:] = torch.arange(bins, dtype=torch.float).view(1, bins, 1, 1)

    def forward(self, x):
        x = self.down(self.stem(x))
        left, right = x.chunk(2, 1)
        fine = self.fine(torch.cat([self.left(left) + left, self.right(right)], 1))
        coarse = self.coarse(fine)
        coarse = self.spread(torch.cat([coarse, self.pool(coarse)], 1))
        fine = self.merge(torch.cat([F.interpolate(coarse, scale_factor=2.0, mode="nearest"), fine], 1))
        n, _, h, w = fine.shape
        grid = self.grid(fine).view(n, self.anchors, 5 + self.classes, h, w).permute(0, 1, 3, 4, 2).contiguous().sigmoid()
        flat = torch.cat([box(each).flatten(2) for box, each in zip(self.boxes, (fine, coarse))], 2)
        box, score = flat.split((4 * self.bins, self.classes), 1)
        box = box.view(n, 4, self.bins, -1).transpose(2, 1).softmax(1)
        box = self.expect(box).view(n, 4, -1)
        return grid, torch.cat([box * 8.0, score.sigmoid()], 1)


def small():
    """Name, network, exporter, version of the operators, whether the batch is left open."""
    block = partial(mobilenetv3.InvertedResidualConfig, dilation=1, width_mult=1)
    yield "resnet", resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], num_classes=10), False, 17, True, narrow_resnet
    yield "mobilenet-v2", mobilenetv2.MobileNetV2(10, 0.25, [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 2]]), False, 13, True, None
    yield "mobilenet-v3", mobilenetv3.MobileNetV3(
        [block(8, 3, 16, 8, True, "RE", stride=2), block(8, 3, 24, 16, False, "RE", stride=2),
         block(16, 5, 32, 16, True, "HS", stride=1)], 64, 10), True, 18, True, None
    yield "shufflenet-v2", shufflenetv2.ShuffleNetV2([2, 2, 2], [8, 16, 32, 64, 64], 10), False, 17, True, None
    yield "regnet-y", regnet.RegNet(
        regnet.BlockParams.from_init_params(depth=4, w_0=16, w_a=8.0, w_m=2.0, group_width=8, se_ratio=0.25), 10), False, 17, True, None
    yield "densenet", densenet.DenseNet(4, (2, 2), 8, num_classes=10), False, 9, False, None
    yield "convnext", convnext.ConvNeXt(
        [convnext.CNBlockConfig(8, 16, 1), convnext.CNBlockConfig(16, None, 1)], num_classes=10), True, 20, False, None
    yield "unet", UNet(4), False, 11, False, None
    yield "detector", Detector(), True, 18, True, None


def narrow_resnet(model):
    """An eighth of the channels of each convolution."""
    for module in model.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                inputs = 3 if child.in_channels == 3 else child.in_channels // 8
                setattr(module, name, nn.Conv2d(inputs, child.out_channels // 8, child.kernel_size, child.stride, child.padding, bias=False))
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.BatchNorm2d(child.num_features // 8))
            if isinstance(child, nn.Linear):
                setattr(module, name, nn.Linear(child.in_features // 8, child.out_features))


REAL = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf", "densenet121",
        "shufflenet_v2_x1_0", "convnext_tiny"]


TIMM = [
    "resnet10t", "resnet18d", "seresnet18", "ecaresnet26t", "resnetblur18", "skresnet18", "resnest14d", "res2net50_26w_4s",
    "mobilenetv2_050", "mobilenetv3_small_100", "mobilenetv4_conv_small", "efficientnet_lite0", "tf_efficientnet_b0", "mixnet_s",
    "lcnet_050", "rexnet_100", "ghostnet_100", "repghostnet_050", "regnetx_002", "regnety_002", "regnety_004", "repvgg_a0",
    "mobileone_s0", "dla34", "ese_vovnet19b_dw", "cs3darknet_s", "dpn48b", "hgnetv2_b0", "hrnet_w18_small", "eca_nfnet_l0",
    "convnext_atto", "convnext_femto", "convmixer_768_32", "inception_next_atto", "inception_v3", "xception41", "edgenext_xx_small",
    "fastvit_t8", "starnet_s1", "mobilevit_xxs", "efficientvit_b0", "levit_conv_128s",
]


def settle(model):
    """Statistics and scales that are not those of a new network, so that a fault in folding them would show."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, convnext.CNBlock):
            nn.init.uniform_(module.layer_scale, 0.2, 0.5)
    for name, scale in model.named_parameters():
        if name.endswith(".gamma") or "layer_scale" in name:
            nn.init.uniform_(scale, 0.2, 0.5)
    return model.eval()


def export(model, path, dynamo, opset, open_batch, size):
    image = torch.randn(2 if open_batch else 1, 3, size, size)
    count = 1 if not isinstance(model, Detector) else 2
    names = ["scores"] if count == 1 else ["grid", "boxes"]
    axes = {}
    if open_batch and dynamo:
        axes = {"dynamic_shapes": ({0: torch.export.Dim("batch", min=1, max=64)},)}
    elif open_batch:
        axes = {"dynamic_axes": {name: {0: "batch"} for name in ["images", *names]}}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        torch.onnx.export(model, (image,), str(path), dynamo=dynamo, opset_version=opset, input_names=["images"], output_names=names,
                          **({"external_data": False} if dynamo else {}), **axes)
    clean(path)


def clean(path):
    """Without the places in Python where each node was made."""
    model = onnx.load(path)
    del model.metadata_props[:]
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output,
                 *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.save(model, path)


def main(kind, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "small":
        for name, model, dynamo, opset, open_batch, change in small():
            torch.manual_seed(1)
            if change:
                change(model)
            for part in model.modules():
                if hasattr(part, "reset_parameters"):
                    part.reset_parameters()
            export(settle(model), folder / f"{name}.onnx", dynamo, opset, open_batch, 32)
            print(name, flush=True)
        return
    networks = [(name, partial(getattr(torchvision.models, name), weights=None)) for name in REAL]
    networks += [("unet", partial(UNet, 16)), ("detector", partial(Detector, 16))]
    if kind == "timm":
        networks = [(name, partial(timm.create_model, name, exportable=True)) for name in TIMM]
    for name, make in networks:
        missing = [each for each in ("torchscript", "dynamo") if not (folder / f"{name}-{each}.onnx").exists()]
        torch.manual_seed(1)
        model = settle(make()) if missing else None
        for exporter in missing:
            path = folder / f"{name}-{exporter}.onnx"
            size = 96 if name == "inception_v3" else 64
            unfinished = folder / "unfinished.onnx.part"
            try:
                export(model, unfinished, exporter == "dynamo", 17 if exporter == "torchscript" else 20, name != "convnext_tiny", size)
                unfinished.rename(path)
                print(path.name, flush=True)
            except Exception as error:
                print(f"{path.name}: not exported: {str(error).splitlines()[0]}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
