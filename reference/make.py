#!/usr/bin/env python3
"""Makes the reference data of the tests: `make.py counts`, or `make.py parity`, each into this folder or into `--into
FOLDER`.

    pip install -r reference/requirements.txt   # for `parity`
    python3 reference/make.py counts            # counts.json: rankscales 1 to 64
    python3 reference/make.py parity            # parity/: six updates of every arm, in float64

Other cases of the same layout, `make.py parity --into FOLDER --seed 1 --rankscale 5`, are tested with
`PARITY_DIR=FOLDER/parity`.
"""

import argparse
import json
import os

from counts import counts

HERE = os.path.dirname(os.path.abspath(__file__))
UPDATES_PER_EPOCH, EPOCHS, STRENGTH, PEAK = 3, 2, 5e-2, 0.2
UPDATES = UPDATES_PER_EPOCH * EPOCHS
# The last bits of sums depend on the number of threads and on the processor; rounded in this way, a loss is the same on
# all machines that were tried.
LOSS_DECIMALS = 12
AUGMENTED_IMAGES = 8


def main():
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = cli.add_subparsers(dest="verb", required=True)
    for verb in ("counts", "parity"):
        verbs.add_parser(verb).add_argument("--into", default=HERE, metavar="FOLDER")
    parity = verbs.choices["parity"]
    parity.add_argument("--seed", type=int, default=0)
    parity.add_argument("--rankscale", type=int, default=3)
    parity.add_argument("--batch", type=int, default=16)
    parity.add_argument("--channels", type=int, nargs=4, default=(8, 16, 32, 64))
    chosen = cli.parse_args()
    os.makedirs(chosen.into, exist_ok=True)
    if chosen.verb == "counts":
        write_json(os.path.join(chosen.into, "counts.json"), [counts(rankscale) for rankscale in range(1, 65)])
    else:
        write_case(os.path.join(chosen.into, "parity"), chosen.seed, chosen.rankscale, tuple(chosen.channels), chosen.batch)


def write_json(path, value):
    with open(path, "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def write_case(folder, seed, rankscale, channels, batch):
    """Writes initial weights, images and labels that all arms share, each arm's final state, and a few augmented images."""
    import torch
    from safetensors.torch import save_file

    from reference import ARMS, MOMENTUM, ResNet9, train

    def single(state):
        return {name: value.float().contiguous() for name, value in state.items() if "num_batches" not in name}

    def network(state):
        net = ResNet9(rankscale, channels)
        net.load_state_dict({name: value.double() for name, value in state.items()}, strict=False)
        return net

    def save(name, tensors):
        save_file(tensors, os.path.join(folder, name + ".safetensors"))

    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    net = ResNet9(rankscale, channels)
    # Batch norm would otherwise start at ones and zeros, which hide a missing scale or shift.
    for name, value in net.named_parameters():
        if "bn" in name:
            value.data.add_(0.2 * torch.randn_like(value))
    start = single(net.state_dict())
    images = torch.randn(UPDATES, batch, 3, 32, 32).float().double()
    labels = torch.randint(0, 10, (UPDATES, batch))
    logits = network(start).eval()(images[0]).detach().float()
    save("common", {**{"start." + name: value for name, value in start.items()},
                    "images": images.float(), "labels": labels, "eval_logits": logits})

    ratios, losses = counts(rankscale, channels), {}
    for arm in ARMS:
        net = network(start).train()
        found = train(net, images, labels, arm, STRENGTH, PEAK, UPDATES_PER_EPOCH, EPOCHS, ratios)
        losses[arm] = [round(loss, LOSS_DECIMALS) for loss in found]
        net.eval()
        save(arm, {**{"end." + name: value for name, value in single(net.state_dict()).items()},
                   "end_logits": net(images[0]).detach().float()})
    save("augment", augmented(seed))
    write_json(os.path.join(folder, "meta.json"), {
        "rankscale": rankscale, "channels": channels, "batch": batch, "lambda": STRENGTH, "peak_lr": PEAK, "momentum": MOMENTUM,
        "steps_per_epoch": UPDATES_PER_EPOCH, "epochs": EPOCHS, "counts": ratios, "losses": losses,
    })


def augmented(seed):
    """Images, random draws, and the images after augmentation with them; the first draw is at the limits of what is
    allowed."""
    import torch

    from reference import augment

    generator = torch.Generator().manual_seed(seed)

    def draw(below):
        return torch.randint(0, below, (AUGMENTED_IMAGES,), generator=generator)

    images = torch.randint(0, 256, (AUGMENTED_IMAGES, 3, 32, 32), generator=generator).to(torch.uint8)
    draws = {"crop_x": draw(9), "crop_y": draw(9), "flip": draw(2), "cut_x": draw(25), "cut_y": draw(25)}
    for name, value in {"crop_x": 0, "crop_y": 8, "flip": 1, "cut_x": 24, "cut_y": 0}.items():
        draws[name][0] = value
    rows = zip(images, *(values.tolist() for values in draws.values()))
    return {"images": images, **draws, "expected": torch.stack([augment(*row) for row in rows]).float()}


if __name__ == "__main__":
    main()
