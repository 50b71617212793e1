//! The report for a terminal: plain text without colours.

use std::fmt::Write;

use super::{Failure, Report, escape::terminal, failures};
use crate::eval::measure::Metric;

/// So many failed questions are printed; the files of a report have all of them.
const SHOWN: usize = 10;

impl Report {
    /// The report for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(&mut out);
        out
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let summary = &self.summary;
        let (model, index) = (terminal(&summary.model), terminal(&summary.index));
        writeln!(
            out,
            "{} questions over {} entries · model {model} · index {index}\n",
            summary.queries, summary.entries
        )?;
        writeln!(
            out,
            "{:<24}{:>7}   {:<15}{:>12}{:>12}",
            "metric", "value", "95 % interval", "dense alone", "words alone"
        )?;
        for metric in Metric::ALL {
            let value = summary.value(metric).map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
            let interval = summary
                .ci
                .get(&metric)
                .map_or_else(String::new, |ci| format!("{:.3} – {:.3}", ci.low, ci.high));
            let alone = [summary.alone.dense, summary.alone.lexical]
                .map(|order| order.value(metric).map_or_else(String::new, |value| format!("{value:.3}")));
            let line =
                format!("{:<24}{value:>7}   {interval:<15}{:>12}{:>12}", metric.label(), alone[0], alone[1]);
            writeln!(out, "{}", line.trim_end())?;
        }
        if let Some(ece) = summary.calibration.ece_by_chance {
            writeln!(
                out,
                "{:<24}{ece:>7.3}   what honest confidences would show on as many questions",
                "ECE by chance alone"
            )?;
        }
        let latency = summary.latency_ms;
        if let (Some(p50), Some(p95), Some(p99)) = (latency.p50, latency.p95, latency.p99) {
            writeln!(out, "{:<24}p50 {p50:.2} ms · p95 {p95:.2} ms · p99 {p99:.2} ms", "latency")?;
        }
        writeln!(
            out,
            "\n{:<14}{:>10}{:>14}{:>14}{:>9}{:>11}",
            "decisions", "questions", "answer right", "answer wrong", "clarify", "no answer"
        )?;
        for (group, counts) in &summary.decisions {
            writeln!(
                out,
                "{:<14}{:>10}{:>14}{:>14}{:>9}{:>11}",
                group.label(),
                counts.total(),
                counts.answer_right,
                counts.answer_wrong,
                counts.clarify,
                counts.no_answer
            )?;
        }
        self.write_failures(out)
    }

    fn write_failures(&self, out: &mut String) -> std::fmt::Result {
        let failures = failures(self);
        for failed in failures.chunk_by(|a, b| a.kind == b.kind) {
            let kind = failed.first().map_or("", |failure| failure.kind.label());
            writeln!(out, "\n{kind}: {}", failed.len())?;
            for failure in failed.iter().take(SHOWN) {
                writeln!(out, "  {}", self.failure_line(failure))?;
            }
            if failed.len() > SHOWN {
                writeln!(out, "  … and {} more", failed.len() - SHOWN)?;
            }
        }
        Ok(())
    }

    /// `question -> winner .93 (right: other .41)`.
    fn failure_line(&self, failure: &Failure<'_>) -> String {
        let question = failure.question;
        let mut line = terminal(&question.query);
        match question.ranked.first() {
            // Writing to a string cannot fail.
            Some(won) => {
                let _ = write!(line, " -> {} {:.2}", terminal(self.entry_question(&won.id)), won.confidence);
            }
            None => line.push_str(" -> nothing found"),
        }
        if let Some(expected) = failure.expected().filter(|_| question.rank != Some(1)) {
            let _ = write!(line, " (right: {}", terminal(self.entry_question(expected)));
            if let Some(confidence) = failure.expected_confidence() {
                let _ = write!(line, " {confidence:.2}");
            }
            line.push(')');
        }
        line
    }
}
