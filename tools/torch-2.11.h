// What tch is made for, libtorch 2.13, has some functions that 2.11 lacks. The binding names each of them once, and the trainer calls none:
// here they throw, so that the binding compiles against an older libtorch too. tools/libtorch.py puts this beside its headers.
#pragma once
#ifdef __cplusplus

namespace torch {
#define ABSENT(result, name)                                    \
  template <class... Arguments>                                 \
  result name(Arguments &&...) {                                \
    TORCH_CHECK(false, #name " is not in libtorch " TORCH_VERSION); \
  }
using Pair = ::std::tuple<at::Tensor, at::Tensor>;
ABSENT(at::Tensor, _flash_attention_forward_no_dropout_inplace)
ABSENT(at::Tensor, _philox_key_fold_in)
ABSENT(at::Tensor, _philox_key_split)
ABSENT(at::Tensor, _philox_normal)
ABSENT(at::Tensor, _philox_normal_)
ABSENT(at::Tensor, _philox_normal_out)
ABSENT(at::Tensor, _philox_uniform)
ABSENT(at::Tensor, _philox_uniform_)
ABSENT(at::Tensor, _philox_uniform_out)
ABSENT(Pair, _scaled_dot_product_attention_math_for_mps)
ABSENT(at::Tensor, _upsample_lanczos2d_aa)
ABSENT(at::Tensor, _upsample_lanczos2d_aa_backward)
ABSENT(at::Tensor, _upsample_lanczos2d_aa_backward_out)
ABSENT(at::Tensor, _upsample_lanczos2d_aa_out)
#undef ABSENT
}  // namespace torch
#endif
