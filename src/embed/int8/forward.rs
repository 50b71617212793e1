//! The forward pass: embeddings, then layer by layer, over the token rows of some texts laid end to end.
//!
//! A pass is a row of phases (see [`super::crew`]); every member of the crew walks through the same phases. In each
//! phase a task has its own part of the buffer that is written, and reads only buffers that earlier phases wrote.
//! All results are independent of how rows are split, so a text has the same vectors alone and in a batch, on one
//! thread and on many.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::attention::{self, Attend};
use super::buffer::{Aligned, Shared};
use super::crew::Course;
use super::kernel::{PANEL, Processor};
use super::level::{Inputs, Level};
use super::linear::{Linear, Quantized, Then};
use super::model::{Layer, Model};
use super::pack::Packed;
use super::rows::{Norm, Normalize, Quantize, QuantizedMut};
use super::source::LINEARS;
use crate::embed::model_dir::Activation;

/// Phases of one layer, and the one before the first layer.
const PHASES_PER_LAYER: usize = 8;

/// Number of phases of a pass.
pub(super) fn phase_count(model: &Model) -> usize {
    1 + model.layers.len() * PHASES_PER_LAYER
}

/// Buffers of a block, reused from pass to pass. Row-major; padding columns are zero from the start and stay so.
pub(super) struct Workspace {
    rows: usize,
    /// Token vectors between layers.
    hidden: Aligned<f32>,
    /// Sums that are about to be normalised.
    mixed: Aligned<f32>,
    /// Results of attention.
    context: Aligned<f32>,
    /// The feed-forward layer.
    wide: Aligned<f32>,
    /// Input of the next linear layer, of whatever depth.
    bytes: Aligned<u8>,
    scales: Aligned<f32>,
    offsets: Aligned<f32>,
}

impl Workspace {
    /// Empty; grows at the first pass.
    pub(super) fn new() -> Self {
        Self {
            rows: 0,
            hidden: Aligned::zeroed(0),
            mixed: Aligned::zeroed(0),
            context: Aligned::zeroed(0),
            wide: Aligned::zeroed(0),
            bytes: Aligned::zeroed(0),
            scales: Aligned::zeroed(0),
            offsets: Aligned::zeroed(0),
        }
    }

    fn grow(&mut self, model: &Model, rows: usize) {
        if rows <= self.rows {
            return;
        }
        let layout = &model.layout;
        self.rows = rows;
        self.hidden.grow(rows * layout.hidden);
        self.mixed.grow(rows * layout.hidden);
        self.context.grow(rows * layout.context);
        self.wide.grow(rows * layout.intermediate);
        self.bytes.grow(rows * layout.hidden.max(layout.context).max(layout.intermediate));
        self.scales.grow(rows);
        self.offsets.grow(rows);
    }

    /// Gives the memory of an unusually large pass back.
    pub(super) fn trim(&mut self, rows: usize) {
        if self.rows > rows {
            *self = Self::new();
        }
    }
}

/// One pass over some texts.
pub(super) struct Pass<'a> {
    model: &'a Model,
    processor: Processor,
    texts: Vec<&'a [u32]>,
    /// First row of each text, and the number of rows at the end.
    starts: Vec<usize>,
    members: usize,
    hidden: Shared<'a, f32>,
    mixed: Shared<'a, f32>,
    context: Shared<'a, f32>,
    wide: Shared<'a, f32>,
    bytes: Shared<'a, u8>,
    scales: Shared<'a, f32>,
    offsets: Shared<'a, f32>,
}

impl<'a> Pass<'a> {
    /// Prepares a pass that `members` threads will go through.
    pub(super) fn new(
        model: &'a Model,
        processor: Processor,
        texts: Vec<&'a [u32]>,
        workspace: &'a mut Workspace,
        members: usize,
    ) -> Self {
        let mut starts = vec![0];
        let mut rows = 0;
        for text in &texts {
            rows += text.len();
            starts.push(rows);
        }
        workspace.grow(model, rows);
        Self {
            model,
            processor,
            texts,
            starts,
            members,
            hidden: Shared::new(workspace.hidden.as_mut_slice()),
            mixed: Shared::new(workspace.mixed.as_mut_slice()),
            context: Shared::new(workspace.context.as_mut_slice()),
            wide: Shared::new(workspace.wide.as_mut_slice()),
            bytes: Shared::new(workspace.bytes.as_mut_slice()),
            scales: Shared::new(workspace.scales.as_mut_slice()),
            offsets: Shared::new(workspace.offsets.as_mut_slice()),
        }
    }

    /// Walks one member through all phases. `scratch` is this member's alone.
    pub(super) fn run(&self, course: &mut Course<'_>, scratch: &Mutex<Aligned<f32>>) {
        self.run_observed(course, scratch, |_| ());
    }

    /// Runs alone and describes the inputs of every linear layer, in the order of computation.
    pub(super) fn inputs(&self, scratch: &Mutex<Aligned<f32>>) -> Vec<Inputs> {
        let mut inputs = Vec::with_capacity(self.model.layers.len() * LINEARS);
        self.run_observed(&mut Course::alone(), scratch, |depth| {
            inputs.push(self.quantized(depth).describe(depth));
        });
        inputs
    }

    /// Calls `observe` with the depth of each linear layer when its input is ready.
    fn run_observed(
        &self,
        course: &mut Course<'_>,
        scratch: &Mutex<Aligned<f32>>,
        mut observe: impl FnMut(usize),
    ) {
        let layout = &self.model.layout;
        let mut scratch = scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let (projected, attention) = self.scratch_lens();
        scratch.grow(projected + attention);
        let chunks = self.row_chunks();
        course.phase(chunks, |chunk| self.embed(self.rows_of(chunk, chunks)));
        let mut layers = self.model.layers.iter().peekable();
        while let Some(layer) = layers.next() {
            let next = layers.peek().map(|next| &next.projection.level);
            observe(layout.hidden);
            course.phase(layout.groups, |group| self.attend(layer, group, scratch.as_mut_slice()));
            course.phase(chunks, |chunk| {
                self.quantize(self.context, &layer.output.level, layout.context, self.rows_of(chunk, chunks));
            });
            observe(layout.context);
            self.linear(course, &layer.output, Then::Add(self.hidden), self.mixed);
            course.phase(chunks, |chunk| {
                self.normalize(&layer.attention_norm, Some(&layer.up.level), self.rows_of(chunk, chunks));
            });
            observe(layout.hidden);
            self.linear(course, &layer.up, self.activation(), self.wide);
            course.phase(chunks, |chunk| {
                self.quantize(self.wide, &layer.down.level, layout.intermediate, self.rows_of(chunk, chunks));
            });
            observe(layout.intermediate);
            self.linear(course, &layer.down, Then::Add(self.hidden), self.mixed);
            course.phase(chunks, |chunk| self.normalize(&layer.norm, next, self.rows_of(chunk, chunks)));
        }
    }

    /// The token vectors of a text, without padding. Only after every member is through with [`Self::run`].
    pub(super) fn output(&self, text: usize) -> Vec<f32> {
        let (stride, width) = (self.model.layout.hidden, self.model.config.hidden_size);
        // SAFETY: the pass is over, nobody writes.
        let rows = unsafe { self.hidden.read(self.starts[text] * stride..self.starts[text + 1] * stride) };
        let mut values = Vec::with_capacity(self.texts[text].len() * width);
        for row in rows.chunks_exact(stride) {
            values.extend_from_slice(&row[..width]);
        }
        values
    }

    fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Tasks of the phases that work on whole rows.
    fn row_chunks(&self) -> usize {
        if self.members == 1 { 1 } else { self.rows().min(2 * self.members) }
    }

    fn rows_of(&self, chunk: usize, chunks: usize) -> Range<usize> {
        part(chunk, chunks, self.rows())
    }

    /// Floats that projections and attention need.
    fn scratch_lens(&self) -> (usize, usize) {
        let layout = &self.model.layout;
        let longest = self.texts.iter().map(|text| text.len()).max().unwrap_or(0);
        (self.rows() * 3 * layout.group_stride, attention::scratch_len(longest, layout.head_stride))
    }

    fn activation(&self) -> Then<'a> {
        match self.model.config.activation {
            Activation::Gelu => Then::Gelu,
            Activation::GeluTanh => Then::GeluTanh,
            Activation::Relu => Then::Relu,
        }
    }

    /// Word, position and token type, normalised.
    fn embed(&self, rows: Range<usize>) {
        let (stride, width) = (self.model.layout.hidden, self.model.config.hidden_size);
        let first = self.starts.partition_point(|&start| start <= rows.start) - 1;
        let mut text = first;
        let mut position = vec![0.0; width];
        for row in rows.clone() {
            while row >= self.starts[text + 1] {
                text += 1;
            }
            let index = row - self.starts[text];
            // SAFETY: this row is this task's alone, and nobody reads it during this phase.
            let sum = unsafe { self.mixed.write(row * stride..(row + 1) * stride) };
            self.model.words.row(self.texts[text][index] as usize, sum);
            self.model.positions.row(index + self.model.layout.first_position, &mut position);
            for ((sum, position), token_type) in sum.iter_mut().zip(&position).zip(&self.model.token_type) {
                *sum += token_type + position;
            }
        }
        let next = self.model.layers.first().map(|layer| &layer.projection.level);
        self.normalize(&self.model.norm, next, rows);
    }

    /// `hidden = norm(mixed)`, and its bytes for the layer that comes next, if any.
    fn normalize(&self, norm: &Norm, next: Option<&Level>, rows: Range<usize>) {
        let stride = self.model.layout.hidden;
        let values = rows.start * stride..rows.end * stride;
        // SAFETY: `mixed` was written by this task or an earlier phase; these rows of `hidden` are this task's alone.
        let (input, output) = unsafe { (self.mixed.read(values.clone()), self.hidden.write(values)) };
        self.processor.run(Normalize { norm, input, output, stride });
        if let Some(level) = next {
            self.quantize(self.hidden, level, stride, rows);
        }
    }

    /// Bytes of `input`, whose rows have `stride` floats.
    fn quantize(&self, input: Shared<'_, f32>, level: &Level, stride: usize, rows: Range<usize>) {
        // SAFETY: this task or an earlier phase wrote these rows of `input`; nobody writes them now.
        let input = unsafe { input.read(rows.start * stride..rows.end * stride) };
        let quantized = self.quantized_mut(stride, rows);
        self.processor.run(Quantize { input, level, quantized, stride });
    }

    fn quantized_mut(&self, stride: usize, rows: Range<usize>) -> QuantizedMut<'_> {
        // SAFETY: in a phase that quantises, each row belongs to one task, and nobody reads the bytes.
        unsafe {
            QuantizedMut {
                values: self.bytes.write(rows.start * stride..rows.end * stride),
                scales: self.scales.write(rows.clone()),
                offsets: self.offsets.write(rows),
            }
        }
    }

    fn quantized(&self, depth: usize) -> Quantized<'_> {
        let rows = self.rows();
        // SAFETY: an earlier phase wrote the bytes; in a phase of linear layers nobody does.
        unsafe {
            Quantized {
                values: self.bytes.read(0..rows * depth),
                scales: self.scales.read(0..rows),
                offsets: self.offsets.read(0..rows),
            }
        }
    }

    /// A linear layer as one phase, the panels split between the members.
    fn linear(&self, course: &mut Course<'_>, weights: &Packed, then: Then<'_>, output: Shared<'_, f32>) {
        let panels = weights.panels();
        // Three tasks a member: large enough to be worth taking, small enough to even out.
        let tasks = if self.members == 1 { 1 } else { panels.min(3 * self.members) };
        course.phase(tasks, |task| {
            let panels = part(task, tasks, panels);
            self.processor.run(Linear {
                weights,
                panels: panels.clone(),
                input: self.quantized(weights.depth),
                then,
                output,
                stride: weights.columns,
                first_column: panels.start * PANEL,
            });
        });
    }

    /// Projects Q, K and V of a group of heads for all rows, then attends text by text.
    fn attend(&self, layer: &Layer, group: usize, scratch: &mut [f32]) {
        let layout = &self.model.layout;
        let stride = 3 * layout.group_stride;
        let panels = stride / PANEL;
        let (projected_len, attention_len) = self.scratch_lens();
        let (projected, room) = scratch.split_at_mut(projected_len);
        let panels = group * panels..(group + 1) * panels;
        self.processor.run(Linear {
            weights: &layer.projection,
            panels,
            input: self.quantized(layout.hidden),
            then: Then::Store,
            output: Shared::new(projected),
            stride,
            first_column: 0,
        });
        for text in 0..self.texts.len() {
            let (start, end) = (self.starts[text], self.starts[text + 1]);
            self.processor.run(Attend {
                projected: &projected[start * stride..end * stride],
                stride,
                heads: layout.heads_in(group),
                head_size: layout.head_stride,
                scratch: &mut room[..attention_len],
                output: self.context,
                output_start: start * layout.context + group * layout.group_stride,
                output_stride: layout.context,
            });
        }
    }
}

/// The part of `0..len` that falls to one of `count` tasks.
fn part(index: usize, count: usize, len: usize) -> Range<usize> {
    len * index / count..len * (index + 1) / count
}
