//! The engine: a network, its momentum, and the threads that train it.
//!
//! *Invariant:* the numbers depend on state, batches and [`Isa`] only, never on the number of threads.

use crate::block::scratch::Scratch;
use crate::block::shape::BlockShape;
use crate::block::state::BlockState;
use crate::error::EngineError;
use crate::parameters::Parameters;
use crate::simd::head;
use crate::simd::isa::{Isa, Processor};
use crate::simd::patches::IMAGE;
use crate::step::batch::Batch;
use crate::step::evaluation;
use crate::step::state::{Phase, Step};
use crate::workers::Workers;
use ndarray::{Array2, ArrayD};
use network::schedule::LearningRates;
use network::{Architecture, Counts, Filter, WeightDecay};
use std::collections::BTreeMap;

/// A network and its momentum.
#[derive(Debug)]
pub struct Engine {
    processor: Processor,
    workers: Workers<Scratch>,
    shapes: Vec<BlockShape>,
    blocks: Vec<BlockState>,
    parameters: Parameters,
    classes: usize,
    batch: Batch,
    phases: Vec<Phase>,
    /// This is true while the decoders hold the running statistics of the present parameters.
    folded: bool,
}

/// Sums over a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchSums {
    /// The sum of the images' cross-entropies, in nats.
    pub loss: f64,
    /// The number of images whose largest logit is their label's.
    pub correct: usize,
}

/// The network's answers for some images, one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictions {
    /// The class with the largest logit of each image.
    pub classes: Vec<u8>,
    /// The cross-entropy with the label of each image, in nats.
    pub losses: Vec<f32>,
}

impl Engine {
    /// Makes an engine of parameters, running statistics and, where the state has it, momentum
    /// (`velocity.*`), on the best instructions that the processor has.
    ///
    /// # Errors
    /// The network is dense, a tensor is missing or has another shape, or the system gives no threads.
    pub fn new(
        architecture: Architecture,
        state: &BTreeMap<String, ArrayD<f32>>,
        threads: usize,
    ) -> Result<Self, EngineError> {
        Self::with_isa(architecture, state, threads, Isa::best())
    }

    /// Makes an engine on instructions of one's choice.
    ///
    /// # Errors
    /// What is an error for [`Engine::new`] is one here, and so are instructions that the processor lacks.
    pub fn with_isa(
        architecture: Architecture,
        state: &BTreeMap<String, ArrayD<f32>>,
        threads: usize,
        isa: Isa,
    ) -> Result<Self, EngineError> {
        let described = architecture.blocks();
        if let Some(block) = described[1..].iter().find(|block| block.filter == Filter::Dense) {
            return Err(EngineError::Dense(block.name));
        }
        let processor = Processor::new(isa).ok_or(EngineError::Isa(isa))?;
        let parameters = Parameters::new(&architecture, state)?;
        let blocks: Vec<_> = described.iter().map(|block| BlockState::new(block, &parameters)).collect();
        let shapes: Vec<_> = blocks.iter().map(|block| block.shape.clone()).collect();
        Ok(Self {
            processor,
            workers: Workers::new(threads, || Scratch::new(processor, &shapes))?,
            parameters,
            shapes,
            blocks,
            classes: architecture.classes,
            batch: Batch::default(),
            phases: Vec::new(),
            folded: false,
        })
    }

    /// Computes one update (forward, backward, Nesterov's step) on normalised images `[n, 32, 32, 3]` with
    /// labels `[n]`.
    ///
    /// # Panics
    /// It panics where there is no image, the lengths do not fit each other, or a label is not below the
    /// number of classes.
    pub fn step(
        &mut self,
        images: &[f32],
        labels: &[u8],
        rates: LearningRates,
        decay: WeightDecay,
    ) -> BatchSums {
        self.check(images, labels);
        assert!(!labels.is_empty(), "a batch has images");
        if self.batch.capacity < labels.len() {
            // The old one goes first: both at once might not fit.
            self.batch = Batch::default();
            self.batch = Batch::new(&self.shapes, labels.len());
        }
        self.folded = false;
        Step {
            processor: self.processor,
            workers: &self.workers,
            blocks: &mut self.blocks,
            parameters: &mut self.parameters,
            batch: &mut self.batch,
            images,
            labels,
            phases: &mut self.phases,
        }
        .run();
        self.parameters.update(rates, decay);
        let classes = self.batch.classes.iter().zip(labels);
        BatchSums {
            loss: self.batch.losses[..labels.len()].iter().sum(),
            correct: classes.filter(|(class, label)| class == label).count(),
        }
    }

    /// Predicts the classes of normalised images `[n, 32, 32, 3]` with labels `[n]`, by the running
    /// statistics.
    ///
    /// # Panics
    /// It panics where the lengths do not fit each other, or a label is not below the number of classes.
    pub fn predict(&mut self, images: &[f32], labels: &[u8]) -> Predictions {
        self.check(images, labels);
        let mut logits = self.evaluate(images);
        let results = logits.chunks_mut(self.classes).zip(labels).map(|(logits, &label)| {
            let (loss, class) = head::cross_entropy(logits, label);
            (class, loss as f32)
        });
        let (classes, losses) = results.unzip();
        Predictions { classes, losses }
    }

    /// Computes the logits `[n, classes]` of normalised images `[n, 32, 32, 3]`, by the running statistics.
    ///
    /// # Panics
    /// It panics where the numbers are not whole images.
    pub fn logits(&mut self, images: &[f32]) -> Array2<f32> {
        assert!(images.len().is_multiple_of(IMAGE), "images are whole");
        let logits: Vec<_> = self.evaluate(images).into_iter().map(|logit| logit as f32).collect();
        Array2::from_shape_vec((images.len() / IMAGE, self.classes), logits).expect("each image has a row")
    }

    fn evaluate(&mut self, images: &[f32]) -> Vec<f64> {
        let lanes = self.processor.lanes();
        if !self.folded {
            for block in &mut self.blocks {
                block.fill_encoder(lanes, &self.parameters);
                block.fold_running(lanes, &self.parameters);
            }
            self.folded = true;
        }
        let classifier = &self.parameters.trainable[self.parameters.classifier];
        evaluation::logits(&self.workers, &self.blocks, &classifier.value, self.classes, images)
    }

    fn check(&self, images: &[f32], labels: &[u8]) {
        assert_eq!(images.len(), labels.len() * IMAGE, "as many images as labels");
        assert!(labels.iter().all(|&label| usize::from(label) < self.classes), "labels are classes");
    }

    /// Returns parameters and running statistics under the reference's names.
    #[must_use]
    pub fn model(&self) -> BTreeMap<String, ArrayD<f32>> {
        self.parameters.model()
    }

    /// Returns all that [`Engine::new`] needs to go on with the same numbers.
    #[must_use]
    pub fn state(&self) -> BTreeMap<String, ArrayD<f32>> {
        let mut state = self.parameters.model();
        state.extend(self.parameters.velocity());
        state
    }

    /// Returns how long each phase of the last step took.
    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }
}

/// Returns the bytes that an engine allocates for steps of this many images, weights and one thread's working
/// memory included.
#[must_use]
pub fn memory_bytes(architecture: Architecture, batch: usize) -> usize {
    let shapes: Vec<_> = architecture.blocks().iter().map(BlockShape::new).collect();
    let weights = Counts::of(&architecture).parameters as usize;
    // Value, velocity, float64 gradient, and about four packed copies, two of them in float64.
    let weights = weights * (4 + 4 + 8 + 32);
    Batch::bytes(&shapes, architecture.classifier().len(), batch) + Scratch::bytes(&shapes) + weights
}

/// Returns the bytes of working memory that each thread behind the first adds to [`memory_bytes`].
#[must_use]
pub fn thread_bytes(architecture: Architecture) -> usize {
    Scratch::bytes(&architecture.blocks().iter().map(BlockShape::new).collect::<Vec<_>>())
}
