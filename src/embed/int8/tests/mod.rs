//! The whole encoder: against candle in f32, against itself, and against wrong input.

mod accuracy;
mod consistency;
mod refusal;

use std::collections::HashMap;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::{Int8Encoder, Int8Options, Kernel};
use crate::embed::model_dir::{Activation, Architecture, TransformerConfig};
use crate::embed::{Encoder, TokenVectors};

/// A random model of any shape: weights as large as in trained ones, some inputs far larger than others.
#[derive(Clone)]
struct RandomModel {
    config: TransformerConfig,
    dtype: Dtype,
    prefix: &'static str,
}

impl RandomModel {
    /// The proportions of multilingual-e5-small: heads of 32, several to a panel.
    fn bert() -> Self {
        Self::new(Architecture::Bert, (96, 3, 3), 384)
    }

    /// The proportions of bge-small-zh: heads of 64.
    fn wide_heads() -> Self {
        Self::new(Architecture::Bert, (128, 2, 2), 512)
    }

    /// Nothing fits panels or vectors.
    fn ragged() -> Self {
        Self { dtype: Dtype::F16, prefix: "bert.", ..Self::new(Architecture::Bert, (78, 3, 2), 90) }
    }

    fn xlm_roberta() -> Self {
        Self {
            dtype: Dtype::BF16,
            prefix: "roberta.",
            ..Self::new(Architecture::XlmRoberta, (64, 4, 3), 256)
        }
    }

    fn new(architecture: Architecture, (hidden, heads, layers): (usize, usize, usize), wide: usize) -> Self {
        let config = TransformerConfig {
            architecture,
            hidden_size: hidden,
            layers,
            heads,
            intermediate_size: wide,
            vocab_size: 50,
            max_position_embeddings: 66,
            type_vocab_size: 2,
            layer_norm_eps: 1e-5,
            pad_token_id: 1,
            activation: Activation::Gelu,
        };
        Self { config, dtype: Dtype::F32, prefix: "" }
    }

    /// The content of its safetensors file.
    fn file(&self) -> Vec<u8> {
        self.file_with(|_, _| ())
    }

    /// The same after `change` was applied to every tensor's name and numbers.
    fn file_with(&self, change: impl Fn(&str, &mut Vec<f32>)) -> Vec<u8> {
        let mut tensors: HashMap<String, (Vec<usize>, Vec<u8>)> = HashMap::new();
        for (name, shape) in self.shapes() {
            let mut values = numbers(&name, &shape);
            change(&name, &mut values);
            tensors.insert(format!("{}{name}", self.prefix), (shape, self.bytes(&values)));
        }
        let views = tensors.iter().map(|(name, (shape, bytes))| {
            (name.as_str(), TensorView::new(self.dtype, shape.clone(), bytes).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn bytes(&self, values: &[f32]) -> Vec<u8> {
        if self.dtype == Dtype::F16 {
            values.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect()
        } else if self.dtype == Dtype::BF16 {
            values.iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect()
        } else {
            values.iter().flat_map(|x| x.to_le_bytes()).collect()
        }
    }

    fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let TransformerConfig { hidden_size: hidden, intermediate_size: wide, .. } = self.config;
        let table = |rows: usize| vec![rows, hidden];
        let mut shapes = vec![
            ("embeddings.word_embeddings.weight".to_owned(), table(self.config.vocab_size)),
            ("embeddings.position_embeddings.weight".to_owned(), table(self.config.max_position_embeddings)),
            ("embeddings.token_type_embeddings.weight".to_owned(), table(self.config.type_vocab_size)),
        ];
        let mut norms = vec!["embeddings.LayerNorm".to_owned()];
        for layer in 0..self.config.layers {
            for (name, rows, columns) in [
                ("attention.self.query", hidden, hidden),
                ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden),
                ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", wide, hidden),
                ("output.dense", hidden, wide),
            ] {
                shapes.push((format!("encoder.layer.{layer}.{name}.weight"), vec![rows, columns]));
                shapes.push((format!("encoder.layer.{layer}.{name}.bias"), vec![rows]));
            }
            norms.push(format!("encoder.layer.{layer}.attention.output.LayerNorm"));
            norms.push(format!("encoder.layer.{layer}.output.LayerNorm"));
        }
        for norm in norms {
            shapes.push((format!("{norm}.weight"), vec![hidden]));
            shapes.push((format!("{norm}.bias"), vec![hidden]));
        }
        shapes
    }

    fn load(&self, options: Int8Options) -> Int8Encoder {
        Int8Encoder::load(&self.config, &self.file(), options).unwrap()
    }
}

/// Numbers that depend on the tensor's name alone.
fn numbers(name: &str, shape: &[usize]) -> Vec<f32> {
    let mut state =
        name.bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    };
    let scale = match (name.ends_with("bias"), shape) {
        (false, &[_, columns]) if name.starts_with("encoder") => 2.0 / (columns as f32).sqrt(),
        (false, &[_, _]) => 0.5,
        _ => 0.1,
    };
    let norm = name.ends_with("LayerNorm.weight");
    let count = shape.iter().product();
    (0..count)
        .map(|i| if norm { if i == 5 { 6.0 } else { 1.0 + 0.3 * next() } } else { scale * next() })
        .collect()
}

/// Texts of the given lengths, of tokens below `vocabulary`.
fn texts(lengths: &[usize], vocabulary: usize) -> Vec<Vec<u32>> {
    let token =
        |text: usize, place: usize| ((text * 37 + place * 11 + place * place) % (vocabulary - 3) + 3) as u32;
    lengths
        .iter()
        .enumerate()
        .map(|(text, &len)| (0..len).map(|place| token(text, place)).collect())
        .collect()
}

/// Options with a kernel and a number of threads.
fn options(kernel: Kernel, threads: usize) -> Int8Options {
    Int8Options { threads: Some(threads), kernel: Some(kernel) }
}

/// The kernels of this machine.
fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_supported())
}

/// Mean of the token vectors.
fn mean(tokens: &TokenVectors) -> Vec<f32> {
    let mut mean = vec![0.0; tokens.dimension];
    for row in tokens.values.chunks_exact(tokens.dimension) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
    }
    mean
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn encode(encoder: &dyn Encoder, batch: &[Vec<u32>]) -> Vec<TokenVectors> {
    encoder.encode(batch).unwrap()
}
