//! BERT and XLM-RoBERTa encoders in 8-bit integers: the fast engine.
//!
//! Weights are quantised per output channel when the model is loaded, activations per token row as they come;
//! products are summed in 32-bit integers, everything else is `f32`. Owns the arithmetic, its memory and its
//! threads. Does not tokenize or pool: it is an [`Encoder`] like the candle engine, which is its oracle.
//!
//! - `layout`: sizes in memory; `tensors`, `source`, `level`, `pack`, `model`: from a file to packed weights;
//! - `kernel`: instruction sets; `math`, `rows`, `linear`, `attention`: what is computed with them;
//! - `forward`: the order of it; `crew`, `plan`: on which threads; `buffer`: in which memory.

#![expect(
    clippy::inline_always,
    reason = "code that is generic over the instruction set must merge into the function that switches it on"
)]

mod attention;
mod buffer;
mod crew;
mod forward;
mod kernel;
mod layout;
mod level;
mod linear;
mod math;
mod model;
mod pack;
mod plan;
mod rows;
mod source;
mod tensors;
#[cfg(test)]
mod tests;
mod threads;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub use self::kernel::Kernel;
pub use self::threads::physical_cores;

use self::buffer::Aligned;
use self::crew::{Course, Crew, Phases};
use self::forward::{Pass, Workspace};
use self::kernel::Processor;
use self::level::Inputs;
use self::model::Model;
use self::plan::{BLOCK_ROWS, Plan};
use super::model_dir::TransformerConfig;
use super::{Encoder, Error, Lanes, TokenVectors};

/// Buffers for more token rows than this are given back after the batch that needed them.
const KEPT_ROWS: usize = 1024;

/// How to run the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Int8Options {
    /// Threads that compute, the caller included; `None` takes one a physical core.
    pub threads: Option<usize>,
    /// Instruction set; `None` takes the fastest of this processor.
    pub kernel: Option<Kernel>,
}

/// Why a model could not be loaded or a batch not be computed.
#[derive(Debug, thiserror::Error)]
pub enum Int8Error {
    /// The sizes contradict each other.
    #[error("no model has these sizes: {reason}; check config.json")]
    Config {
        /// Which size is wrong.
        reason: String,
    },
    /// The file with the weights cannot be read.
    #[error("not a safetensors file: {reason}; download the model again")]
    Weights {
        /// What the parser said.
        reason: String,
    },
    /// A tensor is missing or of another kind than expected.
    #[error("the tensor {name} {reason}")]
    Tensor {
        /// Name in the file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The processor lacks the instruction set that was asked for.
    #[error("this processor has no {}; leave the kernel open, or choose {}", .wanted.name(), .best.name())]
    Kernel {
        /// What was asked for.
        wanted: Kernel,
        /// The fastest that it has.
        best: Kernel,
    },
    /// The system refused a thread.
    #[error("cannot start the threads of the int8 engine: {reason}; ask for fewer threads")]
    Threads {
        /// What the system said.
        reason: String,
    },
    /// A text that no tokenizer of this model produces.
    #[error("text {text} of the batch {reason}")]
    Text {
        /// Position in the batch, from 0.
        text: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<Int8Error> for Error {
    fn from(error: Int8Error) -> Self {
        Self::Engine { engine: "int8", reason: error.to_string() }
    }
}

/// An encoder with 8-bit weights, and the threads that compute with it.
///
/// [`encode`](Encoder::encode) takes one batch at a time, with all threads; concurrent callers wait for each other.
/// [`encode_alone`](Encoder::encode_alone) lets as many callers as there are threads compute side by side.
pub struct Int8Encoder {
    model: Model,
    kernel: Kernel,
    processor: Processor,
    threads: usize,
    engine: Mutex<Engine>,
    /// Memory for callers who compute alone; as many as ever did so at the same time.
    desks: Mutex<Vec<Desk>>,
}

/// Memory in which one thread computes.
struct Desk {
    workspace: Mutex<Workspace>,
    scratch: Mutex<Aligned<f32>>,
}

impl Desk {
    fn new() -> Self {
        Self { workspace: Mutex::new(Workspace::new()), scratch: Mutex::new(Aligned::zeroed(0)) }
    }

    /// Gives back what only an unusually long text needed.
    fn trim(&mut self) {
        self.workspace.get_mut().unwrap_or_else(PoisonError::into_inner).trim(KEPT_ROWS);
    }
}

/// What a batch needs for itself.
struct Engine {
    crew: Crew,
    phases: Phases,
    desks: Vec<Desk>,
}

impl Int8Encoder {
    /// Packs the weights in `safetensors`, the content of such a file, which is not needed afterwards.
    ///
    /// # Errors
    /// When sizes and tensors do not fit, or the kernel or the threads cannot be had.
    pub fn load(
        config: &TransformerConfig,
        safetensors: &[u8],
        options: Int8Options,
    ) -> Result<Self, Int8Error> {
        let kernel = options.kernel.unwrap_or_else(Kernel::best);
        let processor = Processor::detect(kernel)
            .ok_or_else(|| Int8Error::Kernel { wanted: kernel, best: Kernel::best() })?;
        let threads = options.threads.unwrap_or_else(physical_cores).max(1);
        let mut model = Model::load(config, safetensors, threads)?;
        let inputs = observe_inputs(&model, processor);
        model.level(safetensors, &inputs, threads)?;
        let crew = Crew::new(threads).map_err(|error| Int8Error::Threads { reason: error.to_string() })?;
        let desks = (0..threads).map(|_| Desk::new()).collect();
        let engine = Engine { crew, phases: Phases::new(), desks };
        let desks = Mutex::new(Vec::new());
        Ok(Self { model, kernel, processor, threads, engine: Mutex::new(engine), desks })
    }

    /// The instruction set in use.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Threads that compute, the caller included.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Bytes of weights and embedding tables in memory.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.model.bytes()
    }

    /// Refuses what would reach outside the embedding tables.
    fn check(&self, batch: &[Vec<u32>]) -> Result<(), Int8Error> {
        let (vocabulary, longest) = (self.model.config.vocab_size, self.model.config.max_tokens());
        for (text, tokens) in batch.iter().enumerate() {
            let fail = |reason: String| Err(Int8Error::Text { text, reason });
            if tokens.is_empty() {
                return fail("has no tokens; an empty text still has its special tokens".to_owned());
            }
            if tokens.len() > longest {
                return fail(format!("has {} tokens, the model takes {longest}", tokens.len()));
            }
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= vocabulary) {
                return fail(format!(
                    "has the token {token}, the model knows {vocabulary}; tokenizer and weights are of different models"
                ));
            }
        }
        Ok(())
    }

    /// The texts of a block in a batch.
    fn block<'a>(batch: &'a [Vec<u32>], texts: &[usize]) -> Vec<&'a [u32]> {
        texts.iter().map(|&text| batch[text].as_slice()).collect()
    }

    /// Computes a block on this thread; the numbers of its texts in the batch with their token vectors.
    fn run_alone(&self, batch: &[Vec<u32>], texts: &[usize], desk: &Desk) -> Vec<(usize, Vec<f32>)> {
        let mut workspace = desk.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let pass = Pass::new(&self.model, self.processor, Self::block(batch, texts), &mut workspace, 1);
        pass.run(&mut Course::alone(), &desk.scratch);
        texts.iter().enumerate().map(|(place, &text)| (text, pass.output(place))).collect()
    }

    /// Token vectors in the order of the texts.
    fn in_order(&self, mut results: Vec<(usize, Vec<f32>)>) -> Vec<TokenVectors> {
        let dimension = self.model.config.hidden_size;
        results.sort_unstable_by_key(|&(text, _)| text);
        results.into_iter().map(|(_, values)| TokenVectors { values, dimension }).collect()
    }
}

/// What the inputs of every linear layer are like, over texts of random tokens.
///
/// What matters are the few units with large activations, and these are large for any text: real sentences would
/// serve little better, and every model has random tokens.
fn observe_inputs(model: &Model, processor: Processor) -> Vec<Inputs> {
    const TEXTS: usize = 16;
    let tokens = model.config.max_tokens().min(16);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut token = || {
        // Knuth's linear congruential generator; the high bits are the random ones.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) as usize % model.config.vocab_size) as u32
    };
    let texts: Vec<Vec<u32>> = (0..TEXTS).map(|_| (0..tokens).map(|_| token()).collect()).collect();
    let texts = texts.iter().map(Vec::as_slice).collect();
    let mut workspace = Workspace::new();
    Pass::new(model, processor, texts, &mut workspace, 1).inputs(&Mutex::new(Aligned::zeroed(0)))
}

impl Engine {
    /// Every block by one thread; whoever is free takes the next.
    fn run_apart(
        &mut self,
        encoder: &Int8Encoder,
        batch: &[Vec<u32>],
        blocks: &[Vec<usize>],
    ) -> Vec<(usize, Vec<f32>)> {
        let results = Mutex::new(Vec::with_capacity(batch.len()));
        let next = AtomicUsize::new(0);
        let desks = &self.desks;
        let work = |member: usize| {
            while let Some(texts) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outputs = encoder.run_alone(batch, texts, &desks[member]);
                results.lock().unwrap_or_else(PoisonError::into_inner).extend(outputs);
            }
        };
        self.crew.run(&work);
        results.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Block after block, each by all threads in step.
    fn run_together(
        &mut self,
        encoder: &Int8Encoder,
        batch: &[Vec<u32>],
        blocks: &[Vec<usize>],
    ) -> Vec<(usize, Vec<f32>)> {
        let mut results = Vec::with_capacity(batch.len());
        let members = self.crew.members();
        for texts in blocks {
            let inputs = Int8Encoder::block(batch, texts);
            let mut workspace = self.desks[0].workspace.lock().unwrap_or_else(PoisonError::into_inner);
            let pass = Pass::new(&encoder.model, encoder.processor, inputs, &mut workspace, members);
            self.phases.reset(forward::phase_count(&encoder.model));
            let (phases, desks) = (&self.phases, &self.desks);
            self.crew.run(&|member| pass.run(&mut Course::shared(phases), &desks[member].scratch));
            results.extend(texts.iter().enumerate().map(|(place, &text)| (text, pass.output(place))));
        }
        results
    }
}

impl Encoder for Int8Encoder {
    fn encode(&self, batch: &[Vec<u32>]) -> Result<Vec<TokenVectors>, Error> {
        self.check(batch)?;
        let lengths: Vec<usize> = batch.iter().map(Vec::len).collect();
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let results = match Plan::new(&lengths, self.threads) {
            Plan::Apart(blocks) => engine.run_apart(self, batch, &blocks),
            Plan::Together(blocks) => engine.run_together(self, batch, &blocks),
        };
        engine.desks.iter_mut().for_each(Desk::trim);
        drop(engine);
        Ok(self.in_order(results))
    }

    fn lanes(&self) -> Lanes {
        Lanes { count: self.threads, tokens: BLOCK_ROWS }
    }

    fn encode_alone(&self, batch: &[Vec<u32>]) -> Result<Vec<TokenVectors>, Error> {
        self.check(batch)?;
        let lengths: Vec<usize> = batch.iter().map(Vec::len).collect();
        let free = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut desk = free.unwrap_or_else(Desk::new);
        // For one thread every plan is one of blocks.
        let (Plan::Apart(blocks) | Plan::Together(blocks)) = Plan::new(&lengths, 1);
        let mut results = Vec::with_capacity(batch.len());
        for texts in blocks {
            results.extend(self.run_alone(batch, &texts, &desk));
        }
        desk.trim();
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
        Ok(self.in_order(results))
    }
}
