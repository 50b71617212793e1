//! Reads the tensors of a safetensors file as rows of `f32`, whatever float type they are stored in.

use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::Int8Error;

/// Names that checkpoints put in front of the encoder's tensors.
const PREFIXES: [&str; 3] = ["", "bert.", "roberta."];

/// The tensors of a model, found by their names without the prefix that some exports put in front.
pub(super) struct Tensors<'a> {
    file: SafeTensors<'a>,
    prefix: &'static str,
}

impl<'a> Tensors<'a> {
    /// Opens the content of a safetensors file.
    pub(super) fn new(content: &'a [u8]) -> Result<Self, Int8Error> {
        const ANCHOR: &str = "embeddings.word_embeddings.weight";
        let file = SafeTensors::deserialize(content)
            .map_err(|error| Int8Error::Weights { reason: error.to_string() })?;
        let prefix = PREFIXES.into_iter().find(|prefix| file.tensor(&format!("{prefix}{ANCHOR}")).is_ok());
        let Some(prefix) = prefix else {
            return Err(Int8Error::Tensor { name: ANCHOR.to_owned(), reason: "is missing".to_owned() });
        };
        Ok(Self { file, prefix })
    }

    /// A matrix of the given size.
    pub(super) fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Matrix<'a>, Int8Error> {
        self.find(name, &[rows, columns])
    }

    /// A vector of the given length.
    pub(super) fn vector(&self, name: &str, len: usize) -> Result<Vec<f32>, Int8Error> {
        let mut values = vec![0.0; len];
        self.find(name, &[len])?.row(0, &mut values)?;
        Ok(values)
    }

    /// The first row of a matrix with any number of rows.
    pub(super) fn first_row(&self, name: &str, columns: usize) -> Result<Vec<f32>, Int8Error> {
        let rows = self.view(name).map_or(1, |view| view.shape().first().copied().unwrap_or(1)).max(1);
        let mut values = vec![0.0; columns];
        self.find(name, &[rows, columns])?.row(0, &mut values)?;
        Ok(values)
    }

    /// A tensor under its present name or the one of old TensorFlow checkpoints.
    fn view(&self, name: &str) -> Option<TensorView<'a>> {
        let name = format!("{}{name}", self.prefix);
        let old =
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        self.file.tensor(&name).or_else(|_| self.file.tensor(&old)).ok()
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<Matrix<'a>, Int8Error> {
        let fail = |reason: String| Int8Error::Tensor { name: format!("{}{name}", self.prefix), reason };
        let view = self.view(name).ok_or_else(|| fail("is missing".to_owned()))?;
        if view.shape() != shape {
            return Err(fail(format!("has the shape {:?}, config.json says {shape:?}", view.shape())));
        }
        let columns = shape.last().copied().unwrap_or(1);
        let known = [(Dtype::F32, Float::F32), (Dtype::F16, Float::F16), (Dtype::BF16, Float::Bf16)];
        let Some((_, float)) = known.into_iter().find(|(dtype, _)| *dtype == view.dtype()) else {
            let stored = view.dtype();
            return Err(fail(format!("is stored as {stored:?}; the int8 engine reads F32, F16 and BF16")));
        };
        Ok(Matrix { name: format!("{}{name}", self.prefix), bytes: view.data(), float, columns })
    }
}

/// Float types that are read.
#[derive(Clone, Copy)]
enum Float {
    F32,
    F16,
    Bf16,
}

/// A matrix still in the file.
pub(super) struct Matrix<'a> {
    name: String,
    bytes: &'a [u8],
    float: Float,
    columns: usize,
}

impl<'a> Matrix<'a> {
    /// Numbers a row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Copies a row into the first places of `to`.
    pub(super) fn row(&self, row: usize, to: &mut [f32]) -> Result<(), Int8Error> {
        let to = &mut to[..self.columns];
        match self.float {
            Float::F32 => {
                for (place, bytes) in to.iter_mut().zip(self.row_bytes(row, 4).as_chunks().0) {
                    *place = f32::from_le_bytes(*bytes);
                }
            }
            Float::F16 | Float::Bf16 => {
                let bytes = self.row_bytes(row, 2);
                // The file promises no alignment, so the bits go through a small aligned buffer.
                let mut bits = [0_u16; 256];
                for (to, bytes) in to.chunks_mut(256).zip(bytes.chunks(512)) {
                    let bits = &mut bits[..to.len()];
                    for (place, bytes) in bits.iter_mut().zip(bytes.as_chunks().0) {
                        *place = u16::from_le_bytes(*bytes);
                    }
                    match self.float {
                        Float::Bf16 => bits.reinterpret_cast::<bf16>().convert_to_f32_slice(to),
                        Float::F16 | Float::F32 => bits.reinterpret_cast::<f16>().convert_to_f32_slice(to),
                    }
                }
            }
        }
        // A sum is only finite when every term is; overflow of finite weights would be no weights either.
        if to.iter().map(|value| value * 0.0).sum::<f32>() == 0.0 {
            Ok(())
        } else {
            Err(Int8Error::Tensor {
                name: self.name.clone(),
                reason: format!("has a number that is not finite in row {row}"),
            })
        }
    }

    fn row_bytes(&self, row: usize, width: usize) -> &'a [u8] {
        let len = self.columns * width;
        &self.bytes[row * len..][..len]
    }

    /// Copies the whole matrix, as it is stored.
    pub(super) fn to_table(&self) -> Table {
        let bits = |bytes: &[u8]| -> Vec<u16> {
            bytes.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect()
        };
        let rows = match self.float {
            Float::F32 => {
                Rows::F32(self.bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
            }
            Float::F16 => Rows::F16(bits(self.bytes)),
            Float::Bf16 => Rows::Bf16(bits(self.bytes)),
        };
        Table { rows, columns: self.columns }
    }
}

/// An embedding table in memory, in the type it was stored in: by far the largest part of a small model.
pub(super) struct Table {
    rows: Rows,
    columns: usize,
}

enum Rows {
    F32(Vec<f32>),
    F16(Vec<u16>),
    Bf16(Vec<u16>),
}

impl Table {
    /// Copies a row into the first places of `to`.
    pub(super) fn row(&self, row: usize, to: &mut [f32]) {
        let range = row * self.columns..(row + 1) * self.columns;
        let to = &mut to[..self.columns];
        match &self.rows {
            Rows::F32(values) => to.copy_from_slice(&values[range]),
            Rows::F16(bits) => bits[range].reinterpret_cast::<f16>().convert_to_f32_slice(to),
            Rows::Bf16(bits) => bits[range].reinterpret_cast::<bf16>().convert_to_f32_slice(to),
        }
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        match &self.rows {
            Rows::F32(values) => size_of_val(values.as_slice()),
            Rows::F16(bits) | Rows::Bf16(bits) => size_of_val(bits.as_slice()),
        }
    }
}
