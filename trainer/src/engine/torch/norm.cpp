// `norm.cu` as an operation of libtorch with a backward pass of its own. NVRTC compiles it for the GPU that is there: it comes with every
// libtorch for CUDA, where a compiler for CUDA does not. It and the driver are found in the library by which libtorch itself calls them.
#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

// Of ATen/cuda/CUDAContext.h, which wants the headers of libraries that are not used here.
namespace at::cuda {
cudaDeviceProp* getDeviceProperties(c10::DeviceIndex device);
}

namespace {
constexpr int THREADS = 256;
// Enough to fill a GPU several times over; each thread then has several turns.
constexpr int BLOCKS_A_PROCESSOR = 16;

const char* const NAMES[] = {"sums", "finish_sums", "forward", "backward_sums", "finish_backward", "backward"};
enum Name { SUMS, FINISH_SUMS, FORWARD, BACKWARD_SUMS, FINISH_BACKWARD, BACKWARD, COUNT };

// The few functions that are needed of NVRTC and of the driver.
struct Libraries {
  int (*create)(void**, const char*, const char*, int, const char* const*, const char* const*);
  int (*compile)(void*, int, const char* const*);
  int (*log_size)(void*, size_t*);
  int (*log)(void*, char*);
  int (*code_size)(void*, size_t*);
  int (*code)(void*, char*);
  int (*destroy)(void**);
  decltype(&cuModuleLoadData) load;
  decltype(&cuModuleGetFunction) function;
  decltype(&cuLaunchKernel) launch;

  Libraries() {
    void* library = dlopen("libcaffe2_nvrtc.so", RTLD_NOW);
    TORCH_CHECK(library != nullptr, "libcaffe2_nvrtc.so, a part of libtorch, cannot be loaded: ", dlerror());
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      TORCH_CHECK(function != nullptr, name, " is not there: ", dlerror());
    };
    find(create, "nvrtcCreateProgram");
    find(compile, "nvrtcCompileProgram");
    find(log_size, "nvrtcGetProgramLogSize");
    find(log, "nvrtcGetProgramLog");
    find(code_size, "nvrtcGetCUBINSize");
    find(code, "nvrtcGetCUBIN");
    find(destroy, "nvrtcDestroyProgram");
    find(load, "cuModuleLoadData");
    find(function, "cuModuleGetFunction");
    find(launch, "cuLaunchKernel");
  }
};

const Libraries& libraries() {
  static const Libraries found;
  return found;
}

const char* source = nullptr;

struct Kernels {
  CUfunction functions[COUNT];
};

// For this GPU and kind of number, compiled when first asked for.
const Kernels& kernels(int device, int kind) {
  static std::mutex lock;
  static std::map<std::pair<int, int>, Kernels> all;
  const std::lock_guard<std::mutex> guard(lock);
  const auto found = all.find({device, kind});
  if (found != all.end()) return found->second;

  const auto& l = libraries();
  const auto* properties = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device));
  const std::string target = "--gpu-architecture=sm_" + std::to_string(10 * properties->major + properties->minor);
  const std::string which = "-DKIND=" + std::to_string(kind);
  const char* const options[] = {target.c_str(), which.c_str(), "--std=c++17"};
  void* program = nullptr;
  TORCH_CHECK(l.create(&program, source, "norm.cu", 0, nullptr, nullptr) == 0, "NVRTC makes no program");
  if (l.compile(program, 3, options) != 0) {
    size_t size = 0;
    l.log_size(program, &size);
    std::string log(size, ' ');
    l.log(program, log.data());
    TORCH_CHECK(false, "NVRTC does not compile norm.cu: ", log);
  }
  size_t size = 0;
  TORCH_CHECK(l.code_size(program, &size) == 0 && size > 0, "NVRTC has no code for ", target);
  std::vector<char> code(size);
  l.code(program, code.data());
  l.destroy(&program);
  // Stays loaded as long as the process.
  CUmodule module = nullptr;
  TORCH_CHECK(l.load(&module, code.data()) == CUDA_SUCCESS, "the driver does not load norm.cu");
  Kernels made{};
  for (int name = 0; name < COUNT; name++)
    TORCH_CHECK(l.function(&made.functions[name], module, NAMES[name]) == CUDA_SUCCESS, NAMES[name], " is not in norm.cu");
  return all[{device, kind}] = made;
}

// What of a tensor [n, channels, height, width], channels innermost, the kernels need to know.
struct Layout {
  int device, kind, channels, columns, blocks;
  float rows;

  explicit Layout(const at::Tensor& y) : device(y.get_device()), channels(static_cast<int>(y.size(1))) {
    kind = y.scalar_type() == at::kFloat ? 0 : y.scalar_type() == at::kBFloat16 ? 1 : 2;
    columns = channels / (kind == 0 ? 4 : 8);
    rows = static_cast<float>(y.numel() / channels);
    const int64_t needed = (packs(y) + THREADS - 1) / THREADS;
    blocks = static_cast<int>(std::min<int64_t>(needed, BLOCKS_A_PROCESSOR * at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device))->multiProcessorCount));
  }
  long long packs(const at::Tensor& tensor) const { return tensor.numel() / channels * columns; }

  template <class... Arguments>
  void launch(Name name, Arguments... arguments) const {
    const bool finishes = name == FINISH_SUMS || name == FINISH_BACKWARD;
    void* all[] = {&arguments...};
    const auto code = libraries().launch(kernels(device, kind).functions[name], finishes ? (channels + 31) / 32 : blocks, 1, 1,
                                         finishes ? 32 : THREADS, finishes ? 32 : 1, 1, 0, c10::cuda::getCurrentCUDAStream(device), all, nullptr);
    TORCH_CHECK(code == CUDA_SUCCESS, "CUDA error: ", NAMES[name], " is not launched, code ", static_cast<int>(code));
  }
};

using at::Tensor;

struct Norm : torch::autograd::Function<Norm> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given, const Tensor& weight, const Tensor& bias,
                        const Tensor& running_mean, const Tensor& running_variance, const std::optional<Tensor>& residual, bool pooled, double momentum,
                        double epsilon) {
    const c10::DeviceGuard guard(given.device());
    const auto y = given.contiguous(at::MemoryFormat::ChannelsLast);
    const Layout layout(y);
    const auto numbers = y.options().dtype(at::kFloat);
    const auto partial = at::empty({layout.blocks, 2, layout.channels}, numbers);
    const auto kept = at::empty({4, layout.channels}, numbers);
    layout.launch(SUMS, y.data_ptr(), layout.packs(y), layout.columns, partial.data_ptr());
    layout.launch(FINISH_SUMS, y.data_ptr(), partial.data_ptr(), layout.blocks, layout.rows, layout.channels, weight.data_ptr(),
                  bias.data_ptr(), running_mean.data_ptr(), running_variance.data_ptr(), static_cast<float>(momentum),
                  static_cast<float>(epsilon), kept.data_ptr());
    const int side = pooled ? static_cast<int>(y.size(3) / 2) : 0;
    const auto out = pooled ? at::empty({y.size(0), y.size(1), y.size(2) / 2, y.size(3) / 2}, y.options(), at::MemoryFormat::ChannelsLast)
                            : at::empty_like(y);
    const auto added = residual ? residual->contiguous(at::MemoryFormat::ChannelsLast) : Tensor();
    layout.launch(FORWARD, y.data_ptr(), kept.data_ptr(), added.defined() ? added.data_ptr() : nullptr, out.data_ptr(), layout.packs(out),
                  layout.columns, side);
    context->save_for_backward({y, kept});
    context->saved_data["side"] = static_cast<int64_t>(side);
    context->saved_data["residual"] = residual.has_value();
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &y = saved[0], &kept = saved[1];
    const c10::DeviceGuard guard(y.device());
    const auto gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const Layout layout(y);
    const int side = static_cast<int>(context->saved_data["side"].toInt());
    const auto partial = at::empty({layout.blocks, 2, layout.channels}, kept.options());
    const auto linear = at::empty({2, layout.channels}, kept.options());
    const auto by_weight = at::empty({layout.channels}, kept.options()), by_bias = at::empty_like(by_weight);
    const auto by_y = at::empty_like(y);
    layout.launch(BACKWARD_SUMS, y.data_ptr(), kept.data_ptr(), gradient.data_ptr(), layout.packs(gradient), layout.columns, side,
                  partial.data_ptr());
    layout.launch(FINISH_BACKWARD, partial.data_ptr(), layout.blocks, layout.rows, layout.channels, kept.data_ptr(), by_weight.data_ptr(),
                  by_bias.data_ptr(), linear.data_ptr());
    layout.launch(BACKWARD, y.data_ptr(), kept.data_ptr(), linear.data_ptr(), gradient.data_ptr(), by_y.data_ptr(), layout.packs(gradient),
                  layout.columns, side);
    const auto by_residual = context->saved_data["residual"].toBool() ? gradient : Tensor();
    return {by_y, by_weight, by_bias, Tensor(), Tensor(), by_residual, Tensor(), Tensor(), Tensor()};
  }
};
}  // namespace

// Defined in cuda.cpp.
const char* rankscale_attempt(void (*work)(void*), void* with);

extern "C" {
// The text of `norm.cu`, which must stay where it is.
void rankscale_norm_source(const char* text) { source = text; }

// Of y [n, channels, height, width] on a GPU; `residual` may be null. Writes a new tensor to `out`.
const char* rankscale_norm(const Tensor* y, const Tensor* weight, const Tensor* bias, const Tensor* running_mean,
                           const Tensor* running_variance, const Tensor* residual, int pooled, double momentum, double epsilon,
                           Tensor** out) {
  auto work = [&] {
    *out = new Tensor(Norm::apply(*y, *weight, *bias, *running_mean, *running_variance, residual ? std::optional<Tensor>(*residual) : std::nullopt, pooled != 0,
                                  momentum, epsilon));
  };
  return rankscale_attempt([](void* with) { (*static_cast<decltype(work)*>(with))(); }, &work);
}
}
