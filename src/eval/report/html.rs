//! The report as one HTML file: no script, nothing loaded from elsewhere, light and dark, wide and narrow.
//!
//! The failed questions and confused pairs are in `html_tables`; foreign text only passes through [`escape::html`].

use std::fmt::Write;

use super::{Decisions, Error, Figure, FigureKind, Report, escape::html, html_tables};
use crate::{
    eval::measure::Metric,
    plot::{Language, theme},
};

const STYLE: &str = include_str!("page.css");

impl Report {
    /// The report as a self-contained page.
    ///
    /// # Errors
    /// When a plot cannot be drawn.
    pub fn html(&self) -> Result<String, Error> {
        let mut body = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_head(&mut body);
        self.write_plots(&mut body)?;
        let _ = self.write_metrics(&mut body);
        let _ = self.write_decisions(&mut body);
        let _ = html_tables::write(self, &mut body);
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">\n\
             <title>dayi evaluation</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
             </body>\n</html>\n",
            theme::css(),
        ))
    }

    fn write_head(&self, out: &mut String) -> std::fmt::Result {
        let summary = &self.summary;
        writeln!(
            out,
            "<h1>dayi evaluation</h1>\n<p class=\"note\">{} answerable questions over {} entries · model \
             <bdi>{}</bdi> · index <bdi>{}</bdi></p>\n<div class=\"tiles\">",
            summary.queries,
            summary.entries,
            html(&summary.model),
            html(&summary.index)
        )?;
        let share = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
        };
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        let calibration = summary.calibration;
        for (value, name) in [
            (share(summary.hit_at_1), "right entry first (Hit@1)"),
            (share(summary.hit_at_3), "among the first three (Hit@3)"),
            (share(calibration.wrong_answer_rate), "of the given answers wrong"),
            (share(calibration.coverage_at_5pct_wrong), "answerable with 5 % wrong"),
            (number(calibration.ece), "calibration error (ECE)"),
            (
                summary.latency_ms.p95.map_or_else(|| "–".to_owned(), |value| format!("{value:.1} ms")),
                "latency, 95th percentile",
            ),
        ] {
            writeln!(out, "<div class=\"panel tile\"><b>{value}</b><span>{name}</span></div>")?;
        }
        writeln!(out, "</div>")
    }

    fn write_plots(&self, out: &mut String) -> Result<(), Error> {
        out.push_str("<h2>How sure, and how right</h2>\n<div class=\"plots\">\n");
        for Figure { kind, svg } in self.figures(Language::En)? {
            let (name, note) = match kind {
                FigureKind::Reliability => (
                    "Reliability",
                    "On the dashed line a confidence of 80 % is right 80 % of the time. Bars: 95 % intervals.",
                ),
                FigureKind::WrongOverCoverage => (
                    "Wrong answers over coverage",
                    "Answer more, from the surest question down, and more answers are wrong. Dashed: 5 %.",
                ),
                FigureKind::Ranks => ("Rank of the right entry", "None: not among the first ten."),
                FigureKind::Confidences => ("Confidence", ""),
            };
            let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{name}\" "), 1);
            let note = if note.is_empty() {
                legend(&[
                    ("good", "right entry first"),
                    ("bad", "wrong entry first"),
                    ("none", "the FAQ has no answer"),
                ])
            } else {
                format!("<p class=\"note\">{note}</p>")
            };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "<figure class=\"panel\"><h3>{name}</h3>{svg}{note}</figure>");
        }
        out.push_str("</div>\n");
        Ok(())
    }

    fn write_metrics(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "<h2>Metrics</h2>\n<div class=\"panel\">\n<table>\n<thead><tr><th>metric</th><th class=\"n\">value</th>\
             <th class=\"n\">95 % interval</th><th class=\"n\">dense alone</th><th class=\"n\">words alone</th>\
             <th class=\"wide\">0 … 1</th><th class=\"wide\">what it tells</th></tr>\
             </thead>\n<tbody>"
        )?;
        for metric in Metric::ALL {
            let Some(value) = self.summary.value(metric) else { continue };
            let (text, range) = self.summary.ci.get(&metric).map_or_else(Default::default, |ci| {
                let (left, width) = (ci.low * 100.0, (ci.high - ci.low) * 100.0);
                (
                    format!("{:.3} – {:.3}", ci.low, ci.high),
                    format!("<i style=\"left:{left:.1}%;width:{width:.1}%\"></i>"),
                )
            });
            let [dense, words] = [self.summary.alone.dense, self.summary.alone.lexical]
                .map(|order| order.value(metric).map_or_else(String::new, |value| format!("{value:.3}")));
            writeln!(
                out,
                "<tr><td>{}</td><td class=\"n\"><b>{value:.3}</b></td><td class=\"n\">{text}</td>\
                 <td class=\"n\">{dense}</td><td class=\"n\">{words}</td><td class=\"wide\"><div class=\"range\">{range}<u style=\"left:{:.1}%\"></u></div></td><td class=\"wide note\">{}</td></tr>",
                metric.label(),
                value * 100.0,
                metric.meaning(),
            )?;
        }
        writeln!(out, "</tbody>\n</table>")?;
        let latency = self.summary.latency_ms;
        if let (Some(p50), Some(p95), Some(p99)) = (latency.p50, latency.p95, latency.p99) {
            writeln!(
                out,
                "<p class=\"note\">From question to verdict: half within {p50:.2} ms, 95 % within {p95:.2} ms, \
                 99 % within {p99:.2} ms.</p>"
            )?;
        }
        if let Some(ece) = self.summary.calibration.ece_by_chance {
            writeln!(
                out,
                "<p class=\"note\">Honest confidences would show an ECE of {ece:.3} on as many questions.</p>"
            )?;
        }
        let pooled: Vec<&str> = self.summary.pooled.iter().map(|group| group.label()).collect();
        writeln!(
            out,
            "<p class=\"note\">Calibration, coverage and wrong answers are taken over: {}.</p>\n</div>",
            pooled.join(", ")
        )
    }

    fn write_decisions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "<h2>Decisions</h2>\n<div class=\"panel\">\n<table>\n<thead><tr><th>questions</th><th class=\"n\"></th>\
             <th>what was decided</th></tr></thead>\n<tbody>"
        )?;
        for (group, counts) in &self.summary.decisions {
            writeln!(
                out,
                "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
                group.label(),
                counts.total(),
                decision_bar(counts)
            )?;
        }
        let key = legend(&[
            ("good", "answered right"),
            ("bad", "answered wrong"),
            ("ask", "asked back"),
            ("none", "handed over"),
        ]);
        writeln!(out, "</tbody>\n</table>\n{key}\n</div>")
    }
}

fn decision_bar(counts: &Decisions) -> String {
    let total = counts.total().max(1) as f64;
    let mut bar = String::from("<div class=\"bar\">");
    let mut words = Vec::new();
    for (class, name, count) in [
        ("good", "right", counts.answer_right),
        ("bad", "wrong", counts.answer_wrong),
        ("ask", "asked back", counts.clarify),
        ("none", "handed over", counts.no_answer),
    ] {
        if count > 0 {
            let share = count as f64 / total * 100.0;
            // Writing to a string cannot fail.
            let _ = write!(bar, "<i class=\"{class}\" style=\"width:{share:.2}%\"></i>");
            words.push(format!("{count} {name}"));
        }
    }
    format!("{bar}</div><span class=\"note\">{}</span>", words.join(" · "))
}

fn legend(items: &[(&str, &str)]) -> String {
    let items: Vec<String> =
        items.iter().map(|(class, name)| format!("<li><i class=\"{class}\"></i>{name}</li>")).collect();
    format!("<ul class=\"key\">{}</ul>", items.concat())
}
