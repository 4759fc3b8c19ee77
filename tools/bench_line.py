"""The lines of `just bench`: the fields of each kind, in the order of `artifacts/src/bench.rs`.

Our lines come from `trainer bench --json`, PyTorch's from `tools/peer.py`; `tools/bench.py` adds the round in front,
and to PyTorch's lines whether pages were kept at the end.
"""

OURS = ("engine", "rankscale", "device", "precision", "threads", "batch", "parameters", "steps", "step_seconds", "images_per_second",
        "epoch_updates", "epoch_seconds", "epoch_images_per_second", "epoch_over_steps", "evaluation_images_per_second",
        "product_gflops", "multiply_add_gflops", "limit_images_per_second", "share_of_limit", "peak_memory_mib",
        "device_memory_mib", "planned_memory_mib")
PEER = ("engine", "version", "variant", "rankscale", "device", "precision", "threads", "batch", "steps", "step_seconds",
        "images_per_second",
        "peak_memory_mib", "device_memory_mib", "parameters", "pages_kept")


class LineError(Exception):
    """A line with a field too few or too many; the message names the field."""


def line(turn, measured, pages_kept):
    """The complete line for a program's measurement; only PyTorch's lines say whether pages were kept."""
    fields = OURS
    if "variant" in measured:
        fields, measured = PEER, {**measured, "pages_kept": pages_kept}
    different = sorted(set(fields) ^ set(measured))
    if different:
        raise LineError("a line has a field too few or too many: %s" % ", ".join(different))
    return {"round": turn, **{field: measured[field] for field in fields}}
