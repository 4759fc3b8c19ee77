#!/usr/bin/env python3
"""Times the same training step in PyTorch, for `just bench`: one variant, one JSON line.

    python3 tools/peer.py --rankscale 8 --threads 2 --variant channels_last [--device cuda:0 --precision bf16]

Variants are contiguous, channels_last, and either with `+compile`, and on a GPU with `+graph` (the step captured once
and replayed as a CUDA graph) or both. A step is the forward and backward pass and the Nesterov update on random images,
with PyTorch's own optimiser at its fastest setting (foreach on a CPU, fused on a GPU); half precision is autocast's,
with gradient scaling for fp16. On a GPU, all updates are launched before the host waits for them. This needs torch;
nothing else here does.
"""

import argparse
import json
import resource
import signal
import statistics
import sys
import time

import outcome
import stop

# A signal ends this program at once, even during an import or an update, and without a traceback.
for number in stop.HEARD:
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

try:
    import torch
    from torch import nn
except ImportError as error:
    outcome.say("peer.py: %s: needs a Python with torch; `just bench PYTHON=...` names one" % error)
    sys.exit(1)

CHANNELS = (64, 128, 256, 512)
EXTRAS = ([], ["compile"], ["graph"], ["compile", "graph"])
# Updates on a GPU that are not counted, in which libraries choose their kernels.
WARM = 10
KINDS = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def convolution(c_in, c_out, rankscale):
    if rankscale == 0 or c_in == 3:
        return nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
    rank = max(1, c_out // rankscale)
    return nn.Sequential(
        nn.Conv2d(c_in, c_in, 3, padding=1, groups=c_in, bias=False),
        nn.Conv2d(c_in, rank, 1, bias=False),
        nn.Conv2d(rank, c_out, 1, bias=False),
    )


def block(c_in, c_out, rankscale):
    return nn.Sequential(convolution(c_in, c_out, rankscale), nn.BatchNorm2d(c_out), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, channels, rankscale):
        super().__init__()
        self.inner = nn.Sequential(block(channels, channels, rankscale), block(channels, channels, rankscale))

    def forward(self, x):
        return x + self.inner(x)


class Logits(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.linear = nn.Linear(channels, 10, bias=False)

    def forward(self, x):
        return 0.125 * self.linear(nn.functional.max_pool2d(x, 4).flatten(1))


def network(rankscale):
    prep, one, two, three = CHANNELS
    return nn.Sequential(
        block(3, prep, rankscale),
        block(prep, one, rankscale), nn.MaxPool2d(2), Residual(one, rankscale),
        block(one, two, rankscale), nn.MaxPool2d(2),
        block(two, three, rankscale), nn.MaxPool2d(2), Residual(three, rankscale),
        Logits(three),
    )


def main():
    arguments = parse()
    outcome.show(json.dumps(measured(arguments, *prepared(arguments))))


def parse():
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--rankscale", type=int, default=8)
    cli.add_argument("--threads", type=int, default=2)
    cli.add_argument("--batch", type=int, default=512)
    cli.add_argument("--steps", type=int, default=5, help="timed; some more come first and are not counted")
    cli.add_argument("--variant", default="channels_last")
    cli.add_argument("--device", default="cpu")
    cli.add_argument("--precision", choices=list(KINDS), default="float32")
    arguments = cli.parse_args()
    layout, *extras = arguments.variant.split("+")
    if layout not in ("contiguous", "channels_last") or extras not in EXTRAS:
        cli.error("variant %s: expected contiguous or channels_last, then nothing, +compile, +graph or +compile+graph" % arguments.variant)
    if "graph" in extras and arguments.device.split(":")[0] != "cuda":
        cli.error("variant %s: only a GPU (--device cuda:0) plays a graph" % arguments.variant)
    return arguments


def prepared(arguments):
    """Compiles, chooses kernels and captures the graph; returns a function that times a number of updates, and the
    number of parameters."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device, kind = torch.device(arguments.device), KINDS[arguments.precision]
    layout, *extras = arguments.variant.split("+")
    on_gpu = device.type == "cuda"
    torch.backends.cudnn.benchmark = True
    net = network(arguments.rankscale).to(device)
    images = torch.randn(arguments.batch, 3, 32, 32, device=device)
    labels = torch.randint(0, 10, (arguments.batch,), device=device)
    if layout == "channels_last":
        net, images = (each.to(memory_format=torch.channels_last) for each in (net, images))
    fastest = {"fused": True} if on_gpu else {"foreach": True}
    optimiser = torch.optim.SGD(net.parameters(), 1e-3, 0.9, weight_decay=5e-4, nesterov=True, **fastest)
    scaler = torch.amp.GradScaler(device.type, enabled=on_gpu and arguments.precision == "fp16")
    call = torch.compile(net) if "compile" in extras else net

    def update():
        with torch.autocast(device.type, dtype=kind, enabled=kind != torch.float32):
            loss = nn.functional.cross_entropy(call(images), labels)
        optimiser.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()

    once = recorded(update, device) if "graph" in extras else update

    def timed(count):
        start = time.perf_counter()
        for _ in range(count):
            once()
        if on_gpu:
            torch.cuda.synchronize(device)
        return (time.perf_counter() - start) / count

    timed(WARM if on_gpu else 2)
    return timed, sum(parameter.numel() for parameter in net.parameters())


def recorded(update, device):
    """An update as one CUDA graph. It is captured on the stream that has run the same update before, so that nothing is
    loaded, chosen or compiled during the capture."""
    stream, graph = torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(WARM):
            update()
    torch.cuda.synchronize(device)
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        update()
    return graph.replay


def measured(arguments, timed, parameters):
    on_gpu = torch.device(arguments.device).type == "cuda"
    step = timed(arguments.steps) if on_gpu else statistics.median(timed(1) for _ in range(arguments.steps))
    return {
        "engine": "pytorch", "version": torch.__version__, "variant": arguments.variant,
        "rankscale": arguments.rankscale, "device": arguments.device, "precision": arguments.precision, "threads": arguments.threads,
        "batch": arguments.batch,
        "steps": arguments.steps, "step_seconds": step, "images_per_second": arguments.batch / step,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "device_memory_mib": torch.cuda.max_memory_reserved(torch.device(arguments.device)) / 2**20 if on_gpu else None,
        "parameters": parameters,
    }


if __name__ == "__main__":
    outcome.of(main)
