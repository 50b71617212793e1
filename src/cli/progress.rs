//! Progress bars on stderr. Nothing is drawn when stderr is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

use crate::matcher::{Progress, Stage};

/// Shows one bar a stage.
#[derive(Default)]
pub(super) struct Bars(Mutex<Option<(Stage, ProgressBar)>>);

impl Progress for Bars {
    fn at(&self, stage: Stage, done: usize, total: usize) {
        let mut current = self.0.lock();
        if current.as_ref().is_none_or(|(running, _)| *running != stage) {
            if let Some((_, bar)) = current.take() {
                bar.finish_and_clear();
            }
            *current = Some((stage, bar(stage, total)));
        }
        if let Some((_, bar)) = current.as_ref() {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            if done >= total {
                bar.finish_and_clear();
            }
        }
    }
}

fn bar(stage: Stage, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(match stage {
        Stage::Embedding => "embedding",
        Stage::Indexing => "building the index",
    });
    let template = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// One bar for something counted one by one, such as the questions of an evaluation.
pub(super) fn counter(message: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta} left") {
        bar.set_style(style);
    }
    bar
}
