"""Networks that keras.applications lacks, built of Keras's layers in full size, as their papers and torchvision have them."""

import keras

layers = keras.layers


def convolution(x, filters, size=1, strides=1, groups=1, name="conv", activation="relu"):
    """A convolution without a bias, batch norm, and an activation."""
    x = layers.Conv2D(filters, size, strides, padding="same", groups=groups, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.Activation(activation, name=f"{name}_{activation}")(x) if activation else x


def resnet18():
    inputs = keras.Input((224, 224, 3), name="images")
    x = layers.ZeroPadding2D(3, name="stem_pad")(inputs)
    x = layers.Conv2D(64, 7, 2, use_bias=False, name="stem")(x)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_norm")(x))
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool")(x)
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in range(2):
            strides, name = (2 if stage > 0 and block == 0 else 1), f"stage{stage}_block{block}"
            y = convolution(x, filters, 3, strides, name=f"{name}_first")
            y = convolution(y, filters, 3, name=f"{name}_second", activation=None)
            if strides > 1:
                x = convolution(x, filters, 1, strides, name=f"{name}_skip", activation=None)
            x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([x, y]))
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(inputs, layers.Dense(1000, name="scores")(x), name="resnet18")


def regnet_y_400mf():
    """Groups of 8 channels, squeeze and excitation."""
    inputs = keras.Input((224, 224, 3), name="images")
    x = convolution(inputs, 32, 3, 2, name="stem")
    before = 32
    for stage, (width, depth) in enumerate(((48, 1), (104, 3), (208, 6), (440, 6))):
        for block in range(depth):
            strides, name = (2 if block == 0 else 1), f"stage{stage}_block{block}"
            y = convolution(x, width, name=f"{name}_a")
            y = convolution(y, width, 3, strides, width // 8, name=f"{name}_b")
            gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(y)
            gate = layers.Conv2D(round(before / 4), 1, activation="relu", name=f"{name}_reduce")(gate)
            gate = layers.Conv2D(width, 1, activation="sigmoid", name=f"{name}_expand")(gate)
            y = layers.Multiply(name=f"{name}_excite")([y, gate])
            y = convolution(y, width, name=f"{name}_c", activation=None)
            if block == 0:
                x = convolution(x, width, 1, strides, name=f"{name}_skip", activation=None)
            x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([x, y]))
            before = width
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(inputs, layers.Dense(1000, name="scores")(x), name="regnet_y_400mf")


def shuffled(x, name):
    """Channels of two groups dealt out, as Keras spells it."""
    _, height, width, channels = x.shape
    x = layers.Reshape((height, width, 2, channels // 2), name=f"{name}_apart")(x)
    x = layers.Permute((1, 2, 4, 3), name=f"{name}_turned")(x)
    return layers.Reshape((height, width, channels), name=f"{name}_back")(x)


def shufflenet_v2():
    """Halves by `keras.ops.split` in one stage, by ranges in the others."""
    inputs = keras.Input((224, 224, 3), name="images")
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool")(convolution(inputs, 24, 3, 2, name="stem"))

    def branch(x, filters, strides, name):
        x = convolution(x, filters, name=f"{name}_first")
        x = layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        return convolution(x, filters, name=f"{name}_last")

    for stage, (width, depth) in enumerate(((116, 4), (232, 8), (464, 4))):
        half = width // 2
        for block in range(depth):
            name = f"stage{stage}_block{block}"
            if block == 0:
                y = layers.DepthwiseConv2D(3, 2, padding="same", use_bias=False, name=f"{name}_left_depthwise")(x)
                y = layers.BatchNormalization(name=f"{name}_left_depthwise_norm")(y)
                left = convolution(y, half, name=f"{name}_left")
                right = branch(x, half, 2, f"{name}_right")
            else:
                left, y = keras.ops.split(x, 2, axis=-1) if stage == 0 else (x[..., :half], x[..., half:])
                right = branch(y, half, 1, f"{name}_right")
            x = shuffled(layers.Concatenate(name=f"{name}_both")([left, right]), name)
    x = layers.GlobalAveragePooling2D(name="mean")(convolution(x, 1024, name="head"))
    return keras.Model(inputs, layers.Dense(1000, name="scores")(x), name="shufflenet_v2_x1_0")


def unet():
    inputs = keras.Input((128, 128, 3), name="images")
    x, skips = inputs, []
    for level, filters in enumerate((32, 64, 128, 256)):
        for i in range(2):
            x = convolution(x, filters, 3, name=f"down{level}_{i}")
        skips.append(x)
        x = layers.MaxPooling2D(name=f"down{level}_pool")(x)
    for i in range(2):
        x = convolution(x, 512, 3, name=f"bottom_{i}")
    for level, filters in reversed(list(enumerate((32, 64, 128, 256)))):
        x = layers.Conv2DTranspose(filters, 2, 2, name=f"up{level}")(x)
        x = layers.Concatenate(name=f"up{level}_both")([skips[level], x])
        for i in range(2):
            x = convolution(x, filters, 3, name=f"up{level}_{i}")
    return keras.Model(inputs, layers.Conv2D(4, 1, activation="softmax", name="classes")(x), name="unet")


def yolo():
    """Blocks that split and join, a pyramid up and down, and the raw heads of three sizes."""
    inputs = keras.Input((256, 256, 3), name="images")

    def joined(x, filters, depth, name, adds=True):
        x = convolution(x, filters, name=f"{name}_in", activation="silu")
        half = filters // 2
        parts = [x[..., :half], x[..., half:]]
        for i in range(depth):
            y = convolution(parts[-1], half, 3, name=f"{name}_{i}a", activation="silu")
            y = convolution(y, half, 3, name=f"{name}_{i}b", activation="silu")
            parts.append(layers.Add(name=f"{name}_{i}_sum")([parts[-1], y]) if adds else y)
        return convolution(layers.Concatenate(name=f"{name}_both")(parts), filters, name=f"{name}_out", activation="silu")

    x = convolution(inputs, 16, 3, 2, name="stem", activation="silu")
    levels = []
    for level, (filters, depth) in enumerate(((32, 1), (64, 2), (128, 2), (256, 1))):
        x = convolution(x, filters, 3, 2, name=f"level{level}_down", activation="silu")
        x = joined(x, filters, depth, f"level{level}")
        levels.append(x)
    y = convolution(x, 128, name="spp_in", activation="silu")
    pools = [y]
    for i in range(3):
        pools.append(layers.MaxPooling2D(5, 1, padding="same", name=f"spp_{i}")(pools[-1]))
    top = convolution(layers.Concatenate(name="spp_both")(pools), 256, name="spp_out", activation="silu")
    found = [top]
    for level, filters in ((2, 128), (1, 64)):
        up = layers.UpSampling2D(2, name=f"up{level}")(found[0])
        both = layers.Concatenate(name=f"up{level}_both")([up, levels[level]])
        found.insert(0, joined(both, filters, 1, f"up{level}_block", adds=False))
    for i, filters in ((1, 128), (2, 256)):
        down = convolution(found[i - 1], filters // 2, 3, 2, name=f"down{i}", activation="silu")
        both = layers.Concatenate(name=f"down{i}_both")([down, found[i]])
        found[i] = joined(both, filters, 1, f"down{i}_block", adds=False)
    outputs = []
    for i, each in enumerate(found):
        boxes = convolution(each, 64, 3, name=f"boxes{i}_conv", activation="silu")
        scores = convolution(each, 80, 3, name=f"scores{i}_conv", activation="silu")
        outputs.append(layers.Conv2D(64, 1, name=f"boxes{i}")(boxes))
        outputs.append(layers.Conv2D(80, 1, activation="sigmoid", name=f"scores{i}")(scores))
    return keras.Model(inputs, outputs, name="yolo")


BUILT = {
    "ResNet18": resnet18,
    "RegNetY400MF": regnet_y_400mf,
    "ShuffleNetV2": shufflenet_v2,
    "UNet": unet,
    "YOLO": yolo,
}
