//! The vector instructions that the kernels use.
//!
//! *Invariant:* the choice is made at run time, once per engine; it changes speed, never layouts. AVX2 and
//! AVX-512 give the same numbers; one number at a time rounds otherwise: its multiply-adds round twice.

use pulp::{Scalar, Simd, WithSimd};

/// An instruction set architecture: a set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// One number at a time, on every processor: what the others are tested against.
    Scalar,
    /// Eight numbers, with fused multiply-add.
    Avx2,
    /// Sixteen numbers.
    Avx512,
    /// Four numbers, on ARM.
    Neon,
}

impl Isa {
    /// All sets, the preferred one first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar];

    /// Returns the best set that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|set| set.is_available()).unwrap_or(Self::Scalar)
    }

    /// Returns whether this processor has the set.
    #[must_use]
    pub fn is_available(self) -> bool {
        Processor::new(self).is_some()
    }

    /// Returns the name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }
}

/// Proof that the processor has a set of instructions, and the door to running with them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Processor {
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Processor {
    pub(crate) fn new(isa: Isa) -> Option<Self> {
        match isa {
            Isa::Scalar => Some(Self::Scalar(Scalar::new())),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => pulp::x86::V3::try_new().map(Self::Avx2),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => pulp::x86::V4::try_new().map(Self::Avx512),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => pulp::aarch64::Neon::try_new().map(Self::Neon),
            _ => None,
        }
    }

    /// Runs a kernel with this processor's instructions.
    pub(crate) fn run<Kernel: WithSimd>(self, kernel: Kernel) -> Kernel::Output {
        match self {
            Self::Scalar(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, kernel),
        }
    }

    /// Returns the processor with instructions whose vectors hold `width` numbers, where longer ones would be
    /// half empty: stores of shorter vectors cost less.
    pub(crate) fn narrowed(self, width: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Self::Avx512(simd) = self
            && width <= 8
        {
            return Self::Avx2(*simd);
        }
        let _ = width;
        self
    }

    /// Returns how many numbers a vector holds.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Scalar(_) => 1,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 8,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 16,
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => 4,
        }
    }
}

/// A kernel that runs on a processor, to be called behind its arguments.
pub(crate) trait Run: WithSimd {
    /// Runs with this processor's instructions.
    fn run(self, processor: Processor) -> Self::Output;
}

impl<Kernel: WithSimd> Run for Kernel {
    fn run(self, processor: Processor) -> Self::Output {
        processor.run(self)
    }
}
