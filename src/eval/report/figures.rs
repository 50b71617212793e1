//! The plots of a report, for its own page and for the service's.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, QuestionResult, Report, Summary, plots};
use crate::{
    eval::{
        calibration::{self, Prediction, Tradeoff},
        outcome::Group,
    },
    plot::{Fault, Language, theme},
};

/// A curve with more points than this is thinned: the eye cannot tell, and the file stays small.
const CURVE_POINTS: usize = 400;

/// A plot of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figure {
    /// What it shows.
    pub kind: FigureKind,
    /// The drawing. Its colours are CSS variables with the light colours to fall back on.
    pub svg: String,
}

/// What a plot shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Accuracy over confidence.
    Reliability,
    /// Share of wrong answers over the share of answered questions.
    WrongOverCoverage,
    /// Ranks of the right entries.
    Ranks,
    /// Confidences of right and wrong answers.
    Confidences,
}

impl Report {
    /// Its four plots.
    ///
    /// # Errors
    /// When one cannot be drawn.
    pub fn figures(&self, language: Language) -> Result<Vec<Figure>, Error> {
        let words = plots::words(language);
        let predictions = self.predictions();
        let of = |answerable: bool| {
            self.questions.iter().filter(move |question| (question.group == Group::Answerable) == answerable)
        };
        let answerable: Vec<Prediction> = of(true)
            .map(|question| Prediction { confidence: question.confidence(), right: question.rank == Some(1) })
            .collect();
        let unanswerable: Vec<f64> = of(false).map(QuestionResult::confidence).collect();
        let ranks: Vec<Option<usize>> = of(true).map(|question| question.rank).collect();
        let curve = thinned(calibration::risk_coverage(&predictions));
        let drawn = [
            (FigureKind::Reliability, plots::reliability(words, &calibration::reliability(&predictions))),
            (
                FigureKind::WrongOverCoverage,
                plots::tradeoff(words, &curve, calibration::WRONG_SHARE, shipped(&self.summary)),
            ),
            (FigureKind::Ranks, plots::ranks(words, &ranks)),
            (FigureKind::Confidences, plots::confidences(words, &answerable, &unanswerable)),
        ];
        drawn.into_iter().map(|(kind, svg)| Figure::new(kind, svg)).collect()
    }
}

impl Figure {
    fn new(kind: FigureKind, svg: Result<String, Fault>) -> Result<Self, Error> {
        let svg = svg.map_err(|error| Error::Plot { plot: kind, reason: error.to_string() })?;
        Ok(Self { kind, svg: theme::follow(&svg) })
    }
}

/// Coverage and share of wrong answers at the decisions that were made; `None` when nothing was answered.
fn shipped(summary: &Summary) -> Option<(f64, f64)> {
    let pooled = summary.decisions.iter().filter(|(group, _)| summary.pooled.contains(group));
    let (answered, total) = pooled.fold((0, 0), |(answered, total), (_, counts)| {
        (answered + counts.answer_right + counts.answer_wrong, total + counts.total())
    });
    (total > 0).then_some(answered as f64 / total as f64).zip(summary.calibration.wrong_answer_rate)
}

/// At most [`CURVE_POINTS`] points of a curve, its last one among them.
fn thinned(curve: Vec<Tradeoff>) -> Vec<Tradeoff> {
    let step = curve.len().div_ceil(CURVE_POINTS).max(1);
    let last = curve.len().saturating_sub(1);
    curve
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index % step == 0 || *index == last)
        .map(|(_, point)| point)
        .collect()
}
