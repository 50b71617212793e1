//! How fast dayi is beside others, as the tables of README's performance section.
//!
//! `benches/compare/run.sh` installs the peers and runs this; by hand, `cargo bench --bench compare -- embed` or
//! `-- http`. `DAYI_BENCH_PYTHON` names a Python that has `requirements.txt`; the load test needs `wrk`.
//!
//! - `embed`: the engines of this crate and onnxruntime on the same tokens;
//! - `http`: the service under load, beside the bare embedding of the same questions.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

mod embed;
mod http;
mod load;
mod tokens;

use std::error::Error;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // Cargo adds `--bench`.
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for part in ["embed", "http"] {
        if parts.is_empty() || parts.iter().any(|wanted| wanted == part) {
            if part == "embed" {
                embed::run()?;
            } else {
                http::run()?;
            }
            println!();
        }
    }
    Ok(())
}

/// The middle of some numbers.
fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The number that a share of `numbers` does not exceed.
fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
