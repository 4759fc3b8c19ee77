// Batch norm of a batch, rectified, then the largest of each 2x2 square of pixels or the sum with what a residual pair began with: one pass
// over the numbers where libtorch makes three or four, forward and backward. What bounds a GPU here is the traffic to its memory.
//
// Numbers lie as [rows, channels], a row for each pixel of each image, in float32 (KIND 0), bf16 (1) or fp16 (2); all arithmetic is float32.
// A thread always has the same channels, one after the other in 16 bytes. THREADS is a multiple of `channels / EACH`, a power of two.
//
// forward:   sums -> finish_sums -> forward
// backward:  backward_sums -> finish_backward -> backward

#define THREADS 256
#if KIND == 0
#define EACH 4
#else
#define EACH 8
#endif

typedef unsigned int word;
typedef unsigned short half_word;

struct alignas(16) Pack {
  word words[4];
};

#ifdef __CUDACC_RTC__
__device__ inline float from_fp16(half_word bits) {
  float number;
  asm("cvt.f32.f16 %0, %1;" : "=f"(number) : "h"(bits));
  return number;
}
__device__ inline half_word to_fp16(float number) {
  half_word bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(number));
  return bits;
}
#endif

__device__ inline void unpack(const Pack& pack, float* numbers) {
#if KIND == 0
  for (int at = 0; at < 4; at++) numbers[at] = __uint_as_float(pack.words[at]);
#elif KIND == 1
  for (int at = 0; at < 4; at++) {
    numbers[2 * at] = __uint_as_float(pack.words[at] << 16);
    numbers[2 * at + 1] = __uint_as_float(pack.words[at] & 0xffff0000u);
  }
#else
  for (int at = 0; at < 4; at++) {
    numbers[2 * at] = from_fp16((half_word)(pack.words[at] & 0xffffu));
    numbers[2 * at + 1] = from_fp16((half_word)(pack.words[at] >> 16));
  }
#endif
}

// Rounded to the nearest, to even between two.
__device__ inline word bf16(float number) {
  word bits = __float_as_uint(number);
  if (number != number) return 0x7fffu;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

__device__ inline Pack packed(const float* numbers) {
  Pack pack;
  for (int at = 0; at < 4; at++) {
#if KIND == 0
    pack.words[at] = __float_as_uint(numbers[at]);
#elif KIND == 1
    pack.words[at] = bf16(numbers[2 * at]) | bf16(numbers[2 * at + 1]) << 16;
#else
    pack.words[at] = (word)to_fp16(numbers[2 * at]) | (word)to_fp16(numbers[2 * at + 1]) << 16;
#endif
  }
  return pack;
}

// Two sums a channel over the rows of a block: partial [blocks, 2, channels].
__device__ inline void add_up(float* first, float* second, int columns, float* partial) {
  __shared__ float sums[2 * EACH][THREADS];
  int thread = threadIdx.x;
  for (int at = 0; at < EACH; at++) {
    sums[at][thread] = first[at];
    sums[EACH + at][thread] = second[at];
  }
  for (int step = THREADS / 2; step >= columns; step /= 2) {
    __syncthreads();
    if (thread < step)
      for (int at = 0; at < 2 * EACH; at++) sums[at][thread] += sums[at][thread + step];
  }
  if (thread < columns) {
    int channels = columns * EACH;
    float* to = partial + 2 * (long long)blockIdx.x * channels + thread * EACH;
    for (int at = 0; at < EACH; at++) {
      to[at] = sums[at][thread];
      to[channels + at] = sums[EACH + at][thread];
    }
  }
}

// Of a channel, both sums over all blocks: to every thread whose threadIdx.y is 0. Blocks of 32 channels by 32 threads.
__device__ inline void add_up_blocks(const float* partial, int blocks, int channels, int channel, float* first, float* second) {
  __shared__ float sums[2][32][32];
  float a = 0, b = 0;
  if (channel < channels)
    for (int block = threadIdx.y; block < blocks; block += 32) {
      a += partial[2 * (long long)block * channels + channel];
      b += partial[(2 * (long long)block + 1) * channels + channel];
    }
  sums[0][threadIdx.y][threadIdx.x] = a;
  sums[1][threadIdx.y][threadIdx.x] = b;
  for (int step = 16; step > 0; step /= 2) {
    __syncthreads();
    if (threadIdx.y < step)
      for (int which = 0; which < 2; which++)
        sums[which][threadIdx.y][threadIdx.x] += sums[which][threadIdx.y + step][threadIdx.x];
  }
  *first = sums[0][threadIdx.y][threadIdx.x];
  *second = sums[1][threadIdx.y][threadIdx.x];
}

// Sums of y and of its square, less the first row: a mean far from zero would cancel.
extern "C" __global__ void sums(const Pack* y, long long packs, int columns, float* partial) {
  float shift[EACH], first[EACH], second[EACH], numbers[EACH];
  unpack(y[threadIdx.x % columns], shift);
  for (int at = 0; at < EACH; at++) first[at] = second[at] = 0;
  for (long long pack = (long long)blockIdx.x * THREADS + threadIdx.x; pack < packs; pack += (long long)gridDim.x * THREADS) {
    unpack(y[pack], numbers);
    for (int at = 0; at < EACH; at++) {
      float off = numbers[at] - shift[at];
      first[at] += off;
      second[at] += off * off;
    }
  }
  add_up(first, second, columns, partial);
}

// kept [4, channels]: mean, 1 / deviation, and the scale and shift that batch norm is. The running statistics follow.
extern "C" __global__ void finish_sums(const Pack* y, const float* partial, int blocks, float rows, int channels, const float* weight,
                                       const float* bias, float* running_mean, float* running_variance, float momentum, float epsilon,
                                       float* kept) {
  int channel = blockIdx.x * 32 + threadIdx.x;
  float first, second;
  add_up_blocks(partial, blocks, channels, channel, &first, &second);
  if (threadIdx.y != 0 || channel >= channels) return;
  float shift[EACH];
  unpack(y[channel / EACH], shift);
  float off = first / rows;
  float variance = second / rows - off * off;
  variance = variance < 0 ? 0 : variance;
  float mean = shift[channel % EACH] + off;
  float inverse = 1.0f / sqrtf(variance + epsilon);
  kept[channel] = mean;
  kept[channels + channel] = inverse;
  kept[2 * channels + channel] = weight[channel] * inverse;
  kept[3 * channels + channel] = bias[channel] - mean * weight[channel] * inverse;
  running_mean[channel] += momentum * (mean - running_mean[channel]);
  running_variance[channel] += momentum * (variance * (rows / (rows - 1)) - running_variance[channel]);
}

// Where the four packs of a square begin; `columns` packs a pixel, `side` pixels a row of the image after pooling.
__device__ inline long long square(long long pack, int columns, int side) {
  long long pixel = pack / columns;
  return (4 * (pixel / side) * side + 2 * (pixel % side)) * columns + pack % columns;
}

// y at its largest in each square by what batch norm makes of it, and which of the four that is; NaN is largest.
__device__ inline void largest(const Pack* y, long long begin, int columns, int side, const float* scale, const float* shift, float* value,
                               float* of, int* which) {
  for (int at = 0; at < 4; at++) {
    float numbers[EACH];
    unpack(y[begin + ((at / 2) * 2 * side + at % 2) * (long long)columns], numbers);
    for (int k = 0; k < EACH; k++) {
      float found = scale[k] * numbers[k] + shift[k];
      if (at == 0 || found > value[k] || found != found) {
        value[k] = found;
        of[k] = numbers[k];
        which[k] = at;
      }
    }
  }
}

// What batch norm makes of a pack, or of the largest of a square, and the y that it is made of.
__device__ inline void normed(const Pack* y, long long pack, int columns, int side, const float* scale, const float* shift, float* value,
                              float* of) {
  if (side > 0) {
    int which[EACH];
    largest(y, square(pack, columns, side), columns, side, scale, shift, value, of, which);
  } else {
    unpack(y[pack], of);
    for (int k = 0; k < EACH; k++) value[k] = scale[k] * of[k] + shift[k];
  }
}

__device__ inline void load(const float* from, int channels, int row, int channel, float* to) {
  for (int k = 0; k < EACH; k++) to[k] = from[row * channels + channel + k];
}

// Packs of `out`; side 0 pools nothing. `residual` may be null.
extern "C" __global__ void forward(const Pack* y, const float* kept, const Pack* residual, Pack* out, long long packs, int columns, int side) {
  int channels = columns * EACH, channel = threadIdx.x % columns * EACH;
  float scale[EACH], shift[EACH], value[EACH], of[EACH];
  load(kept, channels, 2, channel, scale);
  load(kept, channels, 3, channel, shift);
  for (long long pack = (long long)blockIdx.x * THREADS + threadIdx.x; pack < packs; pack += (long long)gridDim.x * THREADS) {
    normed(y, pack, columns, side, scale, shift, value, of);
    // NaN stays.
    for (int k = 0; k < EACH; k++) value[k] = value[k] < 0 ? 0 : value[k];
    if (residual) {
      unpack(residual[pack], of);
      for (int k = 0; k < EACH; k++) value[k] += of[k];
    }
    out[pack] = packed(value);
  }
}

// Sums of the gradient that reaches batch norm's result, and of its product with y less its mean. Packs of `gradient`.
extern "C" __global__ void backward_sums(const Pack* y, const float* kept, const Pack* gradient, long long packs, int columns, int side,
                                         float* partial) {
  int channels = columns * EACH, channel = threadIdx.x % columns * EACH;
  float mean[EACH], scale[EACH], shift[EACH], value[EACH], of[EACH], given[EACH], first[EACH], second[EACH];
  load(kept, channels, 0, channel, mean);
  load(kept, channels, 2, channel, scale);
  load(kept, channels, 3, channel, shift);
  for (int k = 0; k < EACH; k++) first[k] = second[k] = 0;
  for (long long pack = (long long)blockIdx.x * THREADS + threadIdx.x; pack < packs; pack += (long long)gridDim.x * THREADS) {
    unpack(gradient[pack], given);
    normed(y, pack, columns, side, scale, shift, value, of);
    for (int k = 0; k < EACH; k++) {
      float passed = value[k] <= 0 ? 0 : given[k];
      first[k] += passed;
      second[k] += passed * (of[k] - mean[k]);
    }
  }
  add_up(first, second, columns, partial);
}

// Gradients of weight and bias, and `linear` [2, channels]: what a gradient gets besides its own, a constant and a share of y less its mean.
extern "C" __global__ void finish_backward(const float* partial, int blocks, float rows, int channels, const float* kept, float* by_weight,
                                           float* by_bias, float* linear) {
  int channel = blockIdx.x * 32 + threadIdx.x;
  float first, second;
  add_up_blocks(partial, blocks, channels, channel, &first, &second);
  if (threadIdx.y != 0 || channel >= channels) return;
  float inverse = kept[channels + channel], scale = kept[2 * channels + channel];
  by_bias[channel] = first;
  by_weight[channel] = second * inverse;
  linear[channel] = -scale * first / rows;
  linear[channels + channel] = -scale * inverse * inverse * second / rows;
}

// Packs of `gradient`, of which each gives one or, pooled, four of `by_y`.
extern "C" __global__ void backward(const Pack* y, const float* kept, const float* linear, const Pack* gradient, Pack* by_y, long long packs,
                                    int columns, int side) {
  int channels = columns * EACH, channel = threadIdx.x % columns * EACH;
  float mean[EACH], scale[EACH], shift[EACH], constant[EACH], share[EACH], value[EACH], of[EACH], given[EACH];
  int which[EACH];
  load(kept, channels, 0, channel, mean);
  load(kept, channels, 2, channel, scale);
  load(kept, channels, 3, channel, shift);
  load(linear, channels, 0, channel, constant);
  load(linear, channels, 1, channel, share);
  for (long long pack = (long long)blockIdx.x * THREADS + threadIdx.x; pack < packs; pack += (long long)gridDim.x * THREADS) {
    unpack(gradient[pack], given);
    if (side > 0) {
      long long begin = square(pack, columns, side);
      largest(y, begin, columns, side, scale, shift, value, of, which);
      for (int at = 0; at < 4; at++) {
        long long place = begin + ((at / 2) * 2 * side + at % 2) * (long long)columns;
        float numbers[EACH];
        unpack(y[place], numbers);
        for (int k = 0; k < EACH; k++) {
          float passed = which[k] != at || value[k] <= 0 ? 0 : given[k];
          numbers[k] = scale[k] * passed + share[k] * (numbers[k] - mean[k]) + constant[k];
        }
        by_y[place] = packed(numbers);
      }
    } else {
      unpack(y[pack], of);
      for (int k = 0; k < EACH; k++) {
        float passed = scale[k] * of[k] + shift[k] <= 0 ? 0 : given[k];
        of[k] = scale[k] * passed + share[k] * (of[k] - mean[k]) + constant[k];
      }
      by_y[pack] = packed(of);
    }
  }
}
