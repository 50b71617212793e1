//! The report as Markdown: for a pull request or a wiki.

use std::fmt::Write;

use super::{Report, confused_pairs, decision_label, escape::markdown, failures};
use crate::{eval::measure::Metric, faq::EntryId};

/// So many confused pairs are listed.
pub(super) const PAIRS: usize = 20;

impl Report {
    /// The report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_markdown(&mut out);
        out
    }

    fn write_markdown(&self, out: &mut String) -> std::fmt::Result {
        let summary = &self.summary;
        writeln!(out, "# dayi evaluation\n")?;
        writeln!(
            out,
            "{} questions over {} entries · model {} · index {}\n",
            summary.queries,
            summary.entries,
            markdown(&summary.model),
            markdown(&summary.index)
        )?;
        writeln!(out, "| metric | value | 95 % interval | dense alone | words alone | |")?;
        writeln!(out, "|---|---:|---|---:|---:|---|")?;
        for metric in Metric::ALL {
            let value = summary.value(metric).map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
            let interval = summary
                .ci
                .get(&metric)
                .map_or_else(String::new, |ci| format!("{:.3} – {:.3}", ci.low, ci.high));
            let [dense, words] = [summary.alone.dense, summary.alone.lexical]
                .map(|order| order.value(metric).map_or_else(String::new, |value| format!("{value:.3}")));
            writeln!(
                out,
                "| {} | {value} | {interval} | {dense} | {words} | {} |",
                metric.label(),
                metric.meaning()
            )?;
        }
        if let Some(ece) = summary.calibration.ece_by_chance {
            let meaning = "ECE of honest confidences on as many questions";
            writeln!(out, "| ECE by chance alone | {ece:.3} | | | | {meaning} |")?;
        }
        let latency = summary.latency_ms;
        for (name, value) in [("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99)] {
            if let Some(value) = value {
                writeln!(out, "| latency {name} | {value:.2} ms | | | | from question to verdict |")?;
            }
        }
        writeln!(out, "\n## Decisions\n")?;
        writeln!(out, "| group | questions | answer right | answer wrong | clarify | no answer |")?;
        writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
        for (group, counts) in &summary.decisions {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                group.label(),
                counts.total(),
                counts.answer_right,
                counts.answer_wrong,
                counts.clarify,
                counts.no_answer
            )?;
        }
        self.write_pairs(out)?;
        self.write_failures_markdown(out)
    }

    fn write_pairs(&self, out: &mut String) -> std::fmt::Result {
        let pairs = confused_pairs(self);
        if pairs.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n## Confused pairs\n\n| entry | lost to the other | entry | lost to the other |")?;
        writeln!(out, "|---|---:|---|---:|")?;
        for pair in pairs.iter().take(PAIRS) {
            let (a, b) = (self.entry_cell(&pair.a), self.entry_cell(&pair.b));
            writeln!(out, "| {a} | {} | {b} | {} |", pair.a_lost, pair.b_lost)?;
        }
        if pairs.len() > PAIRS {
            writeln!(out, "\n… and {} more pairs", pairs.len() - PAIRS)?;
        }
        Ok(())
    }

    fn write_failures_markdown(&self, out: &mut String) -> std::fmt::Result {
        let failures = failures(self);
        for failed in failures.chunk_by(|a, b| a.kind == b.kind) {
            let kind = failed.first().map_or("", |failure| failure.kind.label());
            writeln!(out, "\n## {kind} ({})\n", failed.len())?;
            writeln!(
                out,
                "| question | group | decision | first | confidence | right entry | its confidence |"
            )?;
            writeln!(out, "|---|---|---|---|---:|---|---:|")?;
            for failure in failed {
                let question = failure.question;
                let confidence =
                    |value: Option<f32>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
                let won = question.ranked.first();
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    markdown(&question.query),
                    question.group.label(),
                    decision_label(question.decision),
                    won.map_or_else(|| "–".to_owned(), |won| self.entry_cell(&won.id)),
                    confidence(won.map(|won| won.confidence)),
                    failure.expected().map_or_else(|| "–".to_owned(), |id| self.entry_cell(id)),
                    confidence(failure.expected_confidence()),
                )?;
            }
        }
        Ok(())
    }

    /// The standard question and the id, or the id alone.
    fn entry_cell(&self, id: &EntryId) -> String {
        match self.entry_questions.get(id) {
            Some(question) => format!("{} `{id}`", markdown(question)),
            None => format!("`{id}`"),
        }
    }
}
