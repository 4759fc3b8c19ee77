//! Convolutions and max pools, and their gradients.

/// Images, channels, height (and width), and the numbers in this order.
#[derive(Clone)]
pub struct Tensor {
    pub n: usize,
    pub c: usize,
    pub side: usize,
    pub data: Vec<f64>,
}

impl Tensor {
    fn zeros(n: usize, c: usize, side: usize) -> Self {
        Self { n, c, side, data: vec![0.0; n * c * side * side] }
    }

    /// From `[n, side, side, c]`.
    pub fn from_nhwc(images: &[f32], n: usize, c: usize, side: usize) -> Self {
        let mut out = Self::zeros(n, c, side);
        for (at, &value) in images.iter().enumerate() {
            let (pixel, channel) = (at / c, at % c);
            let (image, pixel) = (pixel / (side * side), pixel % (side * side));
            out.data[(image * c + channel) * side * side + pixel] = f64::from(value);
        }
        out
    }

    pub(super) fn plane(&self, image: usize, channel: usize) -> &[f64] {
        let size = self.side * self.side;
        &self.data[(image * self.c + channel) * size..][..size]
    }

    pub(super) fn plane_mut(&mut self, image: usize, channel: usize) -> &mut [f64] {
        let size = self.side * self.side;
        &mut self.data[(image * self.c + channel) * size..][..size]
    }
}

/// Calls `visit(output pixel, input pixel)` for each pixel that tap `(ky, kx)` reaches.
fn taps(side: usize, ky: usize, kx: usize, mut visit: impl FnMut(usize, usize)) {
    for y in 0..side {
        for x in 0..side {
            let (iy, ix) = (y + ky, x + kx);
            if (1..=side).contains(&iy) && (1..=side).contains(&ix) {
                visit(y * side + x, (iy - 1) * side + ix - 1);
            }
        }
    }
}

/// 3x3 (padding 1) or 1x1 convolution; `depthwise` pairs channels, else all inputs meet all outputs.
pub(super) fn convolve(x: &Tensor, weight: &[f64], c_out: usize, kernel: usize, depthwise: bool) -> Tensor {
    let mut out = Tensor::zeros(x.n, c_out, x.side);
    each_tap(x, c_out, kernel, depthwise, |image, o, i, w, ky, kx| {
        let (source, target) = (x.plane(image, i), out.plane_mut(image, o));
        taps(x.side, ky, kx, |to, from| target[to] += weight[w] * source[from]);
    });
    out
}

/// Gradients of the input and the weight.
pub(super) fn convolve_back(
    x: &Tensor,
    weight: &[f64],
    g: &Tensor,
    kernel: usize,
    depthwise: bool,
) -> (Tensor, Vec<f64>) {
    let mut dx = Tensor::zeros(x.n, x.c, x.side);
    let mut dw = vec![0.0; weight.len()];
    each_tap(x, g.c, kernel, depthwise, |image, o, i, w, ky, kx| {
        let (source, gradient, target) = (x.plane(image, i), g.plane(image, o), dx.plane_mut(image, i));
        taps(x.side, ky, kx, |to, from| {
            dw[w] += gradient[to] * source[from];
            target[from] += gradient[to] * weight[w];
        });
    });
    (dx, dw)
}

fn each_tap(
    x: &Tensor,
    c_out: usize,
    kernel: usize,
    depthwise: bool,
    mut visit: impl FnMut(usize, usize, usize, usize, usize, usize),
) {
    let inputs = if depthwise { 1 } else { x.c };
    for image in 0..x.n {
        for o in 0..c_out {
            for i in 0..inputs {
                for k in 0..kernel * kernel {
                    let w = (o * inputs + i) * kernel * kernel + k;
                    let (ky, kx) = if kernel == 1 { (1, 1) } else { (k / 3, k % 3) };
                    visit(image, o, if depthwise { o } else { i }, w, ky, kx);
                }
            }
        }
    }
}

/// The first largest pixel of each window; the pooled tensor and where it came from.
pub(super) fn pool(x: &Tensor, window: usize) -> (Tensor, Vec<usize>) {
    let side = x.side / window;
    let mut out = Tensor::zeros(x.n, x.c, side);
    let mut from = vec![0; out.data.len()];
    for at in 0..out.data.len() {
        let (plane, pixel) = (at / (side * side), at % (side * side));
        let mut best = None;
        for k in 0..window * window {
            let y = pixel / side * window + k / window;
            let source = plane * x.side * x.side + y * x.side + pixel % side * window + k % window;
            if best.is_none_or(|best: usize| x.data[source] > x.data[best]) {
                best = Some(source);
            }
        }
        from[at] = best.unwrap();
        out.data[at] = x.data[from[at]];
    }
    (out, from)
}

pub(super) fn pool_back(shape: &Tensor, from: &[usize], g: &[f64]) -> Tensor {
    let mut dx = Tensor::zeros(shape.n, shape.c, shape.side);
    from.iter().zip(g).for_each(|(&from, g)| dx.data[from] += g);
    dx
}
