"""Parameters, multiply-accumulates and compression ratios of the network, by arithmetic alone.

The network is counted as it is, with depthwise-separable convolutions, and with full 3x3 convolutions.
"""

FULL_CHANNELS = (64, 128, 256, 512)


def rank(c_out, rankscale):
    """The rank of a low-rank convolution."""
    return max(1, c_out // rankscale)


def counts(rankscale, channels=FULL_CHANNELS):
    """The counts of one network; multiply-accumulates are those of one 32x32 image."""
    c0, c1, c2, c3 = channels
    # Channels in and out, and the side of the images that a convolution sees.
    convolutions = [(c0, c1, 32), (c1, c1, 16), (c1, c1, 16), (c1, c2, 16), (c2, c3, 8), (c3, c3, 4), (c3, c3, 4)]

    def weights(c_in, c_out):
        return 9 * c_in + c_in * rank(c_out, rankscale) + rank(c_out, rankscale) * c_out

    # The first convolution, all batch norms and the classifier are the same in all three.
    rest = 27 * c0 + 2 * c0 + sum(2 * c_out for _, c_out, _ in convolutions) + 10 * c3
    parameters = rest + sum(weights(c_in, c_out) for c_in, c_out, _ in convolutions)
    separable = rest + sum(9 * c_in + c_in * c_out for c_in, c_out, _ in convolutions)
    full = rest + sum(9 * c_in * c_out for c_in, c_out, _ in convolutions)
    macs = 27 * c0 * 32 * 32 + 10 * c3 + sum(weights(c_in, c_out) * side * side for c_in, c_out, side in convolutions)
    return {
        "rankscale": rankscale, "parameters": parameters, "separable_parameters": separable, "full_parameters": full,
        "ratio_separable": parameters / separable, "ratio_full": parameters / full, "macs": macs,
    }
