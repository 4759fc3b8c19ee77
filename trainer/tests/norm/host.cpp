// Runs `norm.cu` without a GPU: each thread of a block is a thread here, and the blocks follow each other. Prints how far each result is
// from the same in float64, as the norm of the difference over the norm of what is expected.
#include <barrier>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

struct Index {
  int x, y, z;
};
thread_local Index threadIdx, blockIdx, gridDim;
std::barrier<>* of_block;
void __syncthreads() { of_block->arrive_and_wait(); }

template <class To, class From>
To as(From from) {
  To to;
  static_assert(sizeof to == sizeof from);
  std::memcpy(&to, &from, sizeof to);
  return to;
}
float __uint_as_float(unsigned bits) { return as<float>(bits); }
unsigned __float_as_uint(float number) { return as<unsigned>(number); }
float from_fp16(unsigned short bits) { return static_cast<float>(as<_Float16>(bits)); }
unsigned short to_fp16(float number) { return as<unsigned short>(static_cast<_Float16>(number)); }

#include "norm.cu"

template <class Kernel>
void launch(int blocks, int width, int height, Kernel kernel) {
  for (int block = 0; block < blocks; block++) {
    std::barrier<> barrier(width * height);
    of_block = &barrier;
    std::vector<std::thread> threads;
    for (int at = 0; at < width * height; at++)
      threads.emplace_back([=, &barrier] {
        threadIdx = {at % width, at / width, 0};
        blockIdx = {block, 0, 0};
        gridDim = {blocks, 1, 1};
        kernel();
        barrier.arrive_and_drop();
      });
    for (auto& thread : threads) thread.join();
  }
}

using Numbers = std::vector<double>;

std::vector<Pack> packs_of(const Numbers& numbers) {
  std::vector<float> single(numbers.begin(), numbers.end());
  std::vector<Pack> packs(numbers.size() / EACH);
  for (size_t at = 0; at < packs.size(); at++) packs[at] = packed(&single[at * EACH]);
  return packs;
}

Numbers numbers_of(const std::vector<Pack>& packs) {
  std::vector<float> single(packs.size() * EACH);
  for (size_t at = 0; at < packs.size(); at++) unpack(packs[at], &single[at * EACH]);
  return Numbers(single.begin(), single.end());
}

constexpr int IMAGES = 3, SIDE = 8, BLOCKS = 2;
constexpr double MOMENTUM = 0.1, EPSILON = 1e-5;

void check(int channels, bool pooled, bool with_residual) {
  std::mt19937 generator(channels);
  std::normal_distribution<double> normal;
  const auto random = [&](int count, double scale, double mean) {
    Numbers numbers(count);
    for (auto& number : numbers) number = scale * normal(generator) + mean;
    return numbers;
  };
  const int rows = IMAGES * SIDE * SIDE, side = pooled ? SIDE / 2 : SIDE, rows_out = IMAGES * side * side;
  // Rounded to the kind of number; the mean is far from zero.
  const auto packs_y = packs_of(random(rows * channels, 1.5, 3));
  const auto packs_residual = packs_of(random(rows_out * channels, 1, 0)), packs_given = packs_of(random(rows_out * channels, 1, 0));
  const auto y = numbers_of(packs_y), residual = numbers_of(packs_residual), given = numbers_of(packs_given);
  const auto rounded = [&](Numbers numbers) { return std::vector<float>(numbers.begin(), numbers.end()); };
  // Weights of both signs: the largest of a square may be made of its smallest.
  const auto weight = rounded(random(channels, 1, 0)), bias = rounded(random(channels, 1, 0));

  Numbers mean(channels), variance(channels), inverse(channels), normed(y.size()), passed(y.size()), out(rows_out * channels);
  for (int c = 0; c < channels; c++) {
    for (int row = 0; row < rows; row++) mean[c] += y[row * channels + c] / rows;
    for (int row = 0; row < rows; row++) variance[c] += std::pow(y[row * channels + c] - mean[c], 2) / rows;
    inverse[c] = 1 / std::sqrt(variance[c] + EPSILON);
    for (int row = 0; row < rows; row++) {
      const int at = row * channels + c;
      normed[at] = (y[at] - mean[c]) * inverse[c] * weight[c] + bias[c];
    }
    for (int row = 0; row < rows_out; row++) {
      int best = row;
      if (pooled) {
        const int image = row / (side * side), line = row / side % side, column = row % side;
        for (int k = 0; k < 4; k++) {
          const int of = (image * SIDE + 2 * line + k / 2) * SIDE + 2 * column + k % 2;
          if (k == 0 || normed[of * channels + c] > normed[best * channels + c]) best = of;
        }
      }
      const int at = row * channels + c;
      const double largest = normed[best * channels + c];
      out[at] = std::max(largest, 0.0) + (with_residual ? residual[at] : 0);
      if (largest > 0) passed[best * channels + c] = given[at];
    }
  }
  Numbers by_weight(channels), by_bias(channels), by_y(y.size()), running_mean(channels), running_variance(channels);
  for (size_t at = 0; at < y.size(); at++) {
    const int c = at % channels;
    by_bias[c] += passed[at];
    by_weight[c] += passed[at] * (y[at] - mean[c]) * inverse[c];
  }
  for (size_t at = 0; at < y.size(); at++) {
    const int c = at % channels;
    by_y[at] = weight[c] * inverse[c] * (passed[at] - by_bias[c] / rows - (y[at] - mean[c]) * inverse[c] * by_weight[c] / rows);
  }
  for (int c = 0; c < channels; c++) {
    running_mean[c] = (1 - MOMENTUM) * 0.5 + MOMENTUM * mean[c];
    running_variance[c] = (1 - MOMENTUM) * 2 + MOMENTUM * variance[c] * rows / (rows - 1);
  }

  const int columns = channels / EACH, finishing = (channels + 31) / 32, pooled_side = pooled ? side : 0;
  const long long packs = packs_y.size(), packs_out = packs_given.size();
  std::vector<float> partial(BLOCKS * 2 * channels), kept(4 * channels), linear(2 * channels);
  std::vector<float> found_weight(channels), found_bias(channels), found_mean(channels, 0.5F), found_variance(channels, 2);
  std::vector<Pack> found_out(packs_out), found_y(packs);
  launch(BLOCKS, THREADS, 1, [&] { sums(packs_y.data(), packs, columns, partial.data()); });
  launch(finishing, 32, 32, [&] {
    finish_sums(packs_y.data(), partial.data(), BLOCKS, rows, channels, weight.data(), bias.data(), found_mean.data(), found_variance.data(),
                MOMENTUM, EPSILON, kept.data());
  });
  launch(BLOCKS, THREADS, 1, [&] {
    forward(packs_y.data(), kept.data(), with_residual ? packs_residual.data() : nullptr, found_out.data(), packs_out, columns, pooled_side);
  });
  launch(BLOCKS, THREADS, 1,
         [&] { backward_sums(packs_y.data(), kept.data(), packs_given.data(), packs_out, columns, pooled_side, partial.data()); });
  launch(finishing, 32, 32, [&] {
    finish_backward(partial.data(), BLOCKS, rows, channels, kept.data(), found_weight.data(), found_bias.data(), linear.data());
  });
  launch(BLOCKS, THREADS, 1, [&] {
    backward(packs_y.data(), kept.data(), linear.data(), packs_given.data(), found_y.data(), packs_out, columns, pooled_side);
  });

  const auto say = [&](const char* what, const auto& found, const Numbers& expected) {
    double off = 0, all = 0;
    for (size_t at = 0; at < expected.size(); at++) {
      off += std::pow(found[at] - expected[at], 2);
      all += std::pow(expected[at], 2);
    }
    std::printf("%d channels%s%s, %s %.3e\n", channels, pooled ? ", pooled" : "", with_residual ? ", residual" : "", what,
                std::sqrt(off / all));
  };
  say("out", numbers_of(found_out), out);
  say("by y", numbers_of(found_y), by_y);
  say("by weight", found_weight, by_weight);
  say("by bias", found_bias, by_bias);
  say("running mean", found_mean, running_mean);
  say("running variance", found_variance, running_variance);
  say("kept mean", std::vector<float>(kept.begin(), kept.begin() + channels), mean);
}

int main() {
  // A thread for all channels, several, and more threads of a row than a warp's half.
  for (const int channels : {8, 32, 128}) {
    check(channels, false, false);
    check(channels, false, true);
    check(channels, true, false);
  }
}
