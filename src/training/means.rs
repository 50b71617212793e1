//! What all vectors of a language have in common.

/// A running mean of rows.
pub(super) struct Mean {
    sum: Vec<f64>,
    count: f64,
}

impl Mean {
    pub(super) fn new(dimension: usize) -> Self {
        Self { sum: vec![0.0; dimension], count: 0.0 }
    }

    pub(super) fn add(&mut self, rows: &[f32]) {
        for row in rows.chunks_exact(self.sum.len().max(1)) {
            for (sum, x) in self.sum.iter_mut().zip(row) {
                *sum += f64::from(*x);
            }
            self.count += 1.0;
        }
    }

    /// Rounded to six digits, which is more than the data carry and keeps the file small.
    pub(super) fn finish(self) -> Vec<f32> {
        let count = self.count.max(1.0);
        self.sum.into_iter().map(|sum| ((sum / count * 1e6).round() / 1e6) as f32).collect()
    }
}
