// What libtorch offers on a GPU and its Rust binding has no words for: a stream and a backward pass of the calling thread's own, and a
// recording of a step (a CUDA graph) that is played again without the host's part of it. Errors are messages, as C has no exceptions.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/AutogradState.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <exception>
#include <string>

namespace {
thread_local std::string message;

// Null where `work` succeeds, or what went wrong, which the next call of the same thread overwrites.
template <class Work>
const char* attempt(Work work) {
  try {
    work();
    return nullptr;
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = error.what();
  }
  return message.c_str();
}

// A step's recording, and the pool of memory that libtorch's allocator keeps for it.
struct Recording {
  at::cuda::CUDAGraph graph;
  c10::MempoolId_t pool = at::cuda::graph_pool_handle();
  c10::DeviceIndex device = c10::cuda::current_device();

  // After a failure, whose message it returns: libtorch may leave the pool open, as if the recording went on, and would then give no
  // memory of any GPU back.
  const char* close() const {
    const std::string failure = message;
    attempt([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(device, pool); });
    attempt([&] { c10::cuda::CUDACachingAllocator::releasePool(device, pool); });
    message = failure;
    return message.c_str();
  }
};
}  // namespace

const char* rankscale_attempt(void (*work)(void*), void* with) {
  return attempt([&] { work(with); });
}

extern "C" {
// From now on the calling thread computes on this GPU, on a stream of its own, and runs its backward passes itself. libtorch keeps one
// thread for the backward passes of each GPU, which runs side by side would share. A stream does not choose its GPU, and a recording is
// made on the thread's, which is the first one unless it is set. libtorch has 32 streams a GPU, which it gives out in turn: a thread that
// asked for one with every run would come to share that of another.
const char* rankscale_of_its_own(int device) {
  return attempt([&] {
    c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
    const auto index = static_cast<c10::DeviceIndex>(device);
    if (c10::cuda::getCurrentCUDAStream(index) == c10::cuda::getDefaultCUDAStream(index)) {
      c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(false, index));
    }
    c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  });
}

// Memory that no tensor of this process uses goes back to the GPU, that of recordings which are gone too. It waits for the whole GPU.
const char* rankscale_give_back() {
  return attempt([] { c10::cuda::CUDACachingAllocator::emptyCache(); });
}

void* rankscale_recording_new() { return new Recording(); }

void rankscale_recording_free(void* recording) { delete static_cast<Recording*>(recording); }

// What the calling thread asks of the GPU is kept and not done. Other threads go on, and may allocate memory; whoever waits for the whole
// GPU meanwhile spoils the recording.
const char* rankscale_recording_begin(void* recording) {
  auto* one = static_cast<Recording*>(recording);
  return attempt([&] { one->graph.capture_begin(one->pool, cudaStreamCaptureModeThreadLocal); }) == nullptr ? nullptr : one->close();
}

const char* rankscale_recording_end(void* recording) {
  auto* one = static_cast<Recording*>(recording);
  return attempt([&] { one->graph.capture_end(); }) == nullptr ? nullptr : one->close();
}

const char* rankscale_recording_play(void* recording) {
  return attempt([&] { static_cast<Recording*>(recording)->graph.replay(); });
}
}
