"""The reference in PyTorch: the network, the decay arms, the update and the augmentation, written to be readable and not
to be fast.

Both engines of the trainer are tested against what it computes in float64. No program of this project imports it.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from counts import FULL_CHANNELS, rank

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)
MOMENTUM = 0.9


class LowRankConv(nn.Module):
    """A depthwise 3x3 convolution, a 1x1 to `rank` channels, and a 1x1 to `c_out`; no bias, and nothing in between."""

    def __init__(self, c_in, c_out, rank):
        super().__init__()
        self.depthwise = nn.Conv2d(c_in, c_in, 3, padding=1, groups=c_in, bias=False)
        self.contract = nn.Conv2d(c_in, rank, 1, bias=False)
        self.expand = nn.Conv2d(rank, c_out, 1, bias=False)

    def forward(self, x):
        return self.expand(self.contract(self.depthwise(x)))


class ConvBn(nn.Module):
    """Convolution, batch norm, ReLU. The convolution is a dense 3x3 at rankscale 0, and also where the input has three
    channels."""

    def __init__(self, c_in, c_out, rankscale):
        super().__init__()
        dense = c_in == 3 or rankscale == 0
        self.conv = (nn.Conv2d(c_in, c_out, 3, padding=1, bias=False) if dense
                     else LowRankConv(c_in, c_out, rank(c_out, rankscale)))
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Stage(nn.Module):
    """A ConvBn, a 2x2 max pool, and, if requested, a residual pair."""

    def __init__(self, c_in, c_out, rankscale, residual):
        super().__init__()
        block = ConvBn(c_in, c_out, rankscale)
        self.conv, self.bn = block.conv, block.bn
        self.res1 = ConvBn(c_out, c_out, rankscale) if residual else None
        self.res2 = ConvBn(c_out, c_out, rankscale) if residual else None

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv(x))), 2)
        return x if self.res1 is None else x + self.res2(self.res1(x))


class ResNet9(nn.Module):
    """The whole network; its logits are scaled by 1/8."""

    def __init__(self, rankscale, channels=FULL_CHANNELS):
        super().__init__()
        c0, c1, c2, c3 = channels
        self.prep = ConvBn(3, c0, rankscale)
        self.layer1 = Stage(c0, c1, rankscale, residual=True)
        self.layer2 = Stage(c1, c2, rankscale, residual=False)
        self.layer3 = Stage(c2, c3, rankscale, residual=True)
        self.linear = nn.Linear(c3, 10, bias=False)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.prep(x))))
        return self.linear(F.max_pool2d(x, 4).flatten(1)) * 0.125


def learning_rates(arm, peak, update, steps_per_epoch, epochs):
    """The learning rates of (low-rank factors, everything else) at update 1, 2, ...; only the published code keeps the
    second constant."""
    cosine = peak * 0.5 * (math.cos(math.pi * (update / steps_per_epoch) / epochs) + 1.0)
    return cosine, (peak if arm == "published-appropriate" else cosine)


# Each arm's strength of decay on (low-rank factors, everything else), in units of the mean loss.
ARMS = {
    "original": lambda strength, ratios, batch: (strength, strength),
    "none": lambda strength, ratios, batch: (0.0, 0.0),
    "original-scaled": lambda strength, ratios, batch: (strength * ratios["ratio_full"],) * 2,
    "appropriate": lambda strength, ratios, batch: (strength * ratios["ratio_full"], strength),
    "appropriate-separable": lambda strength, ratios, batch: (strength * ratios["ratio_separable"], strength),
    # The factors decay through their product, see `product_decay`.
    "frobenius": lambda strength, ratios, batch: (0.0, strength),
    "published-original": lambda strength, ratios, batch: (strength / batch, strength / batch),
    "published-appropriate": lambda strength, ratios, batch: (strength / batch, strength / batch),
}


def product_decay(parameters, strength):
    """The gradient of strength / 2 times the squared Frobenius norm of each product expand . contract, by parameter."""
    gradients = {}
    for name in parameters:
        if name.endswith("contract.weight"):
            other = name.replace("contract", "expand")
            contract, expand = parameters[name].flatten(1), parameters[other].flatten(1)
            gradients[name] = strength * (expand.t() @ expand @ contract).view_as(parameters[name])
            gradients[other] = strength * (expand @ contract @ contract.t()).view_as(parameters[other])
    return gradients


def train(net, images, labels, arm, strength, peak, steps_per_epoch, epochs, ratios):
    """Trains with Nesterov momentum on the mean cross-entropy, one update per batch; returns the losses."""
    parameters = dict(net.named_parameters())
    velocity = {name: torch.zeros_like(value) for name, value in parameters.items()}
    losses = []
    for update, (x, y) in enumerate(zip(images, labels), start=1):
        loss = F.cross_entropy(net(x), y)
        net.zero_grad()
        loss.backward()
        losses.append(loss.item())
        factor_rate, other_rate = learning_rates(arm, peak, update, steps_per_epoch, epochs)
        factor_decay, other_decay = ARMS[arm](strength, ratios, x.size(0))
        with torch.no_grad():
            products = product_decay(parameters, strength) if arm == "frobenius" else {}
            for name, value in parameters.items():
                factor = "contract" in name or "expand" in name
                gradient = value.grad + (factor_decay if factor else other_decay) * value + products.get(name, 0.0)
                speed = velocity[name].mul_(MOMENTUM).add_(gradient)
                value.sub_((factor_rate if factor else other_rate) * (gradient + MOMENTUM * speed))
    return losses


def augment(image, crop_x, crop_y, flip, cut_x, cut_y):
    """Turns bytes into normalised numbers, channels first: reflected padding of 4, a 32x32 crop, a flip, an 8x8 cutout, in
    this order."""
    mean, std = (torch.tensor(values).double().view(3, 1, 1) for values in (MEAN, STD))
    x = (image.double() / 255 - mean) / std
    x = F.pad(x[None], (4, 4, 4, 4), mode="reflect")[0][:, crop_y:crop_y + 32, crop_x:crop_x + 32]
    x = (x.flip(2) if flip else x).clone()
    x[:, cut_y:cut_y + 8, cut_x:cut_x + 8] = 0
    return x
