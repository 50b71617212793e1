//! The part of the HTML report that names questions and entries: confused pairs and failures.

use std::fmt::{Result, Write};

use super::{
    Failure, FailureKind, Report, confused_pairs, decision_label, escape::html, failures, markdown::PAIRS,
};
use crate::{eval::outcome::Group, faq::EntryId, rank::policy::Decision};

/// A longer list of failures starts folded up.
const OPEN_LIMIT: usize = 60;

/// Appends both parts.
pub(super) fn write(report: &Report, out: &mut String) -> Result {
    write_pairs(report, out)?;
    write_failures(report, out)
}

fn write_pairs(report: &Report, out: &mut String) -> Result {
    let pairs = confused_pairs(report);
    if pairs.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Entries taken for each other</h2>\n<div class=\"panel\">\n<table class=\"stack\">\n<thead><tr>\
         <th>entry</th><th class=\"n\">lost</th><th>entry</th><th class=\"n\">lost</th></tr></thead>\n<tbody>"
    )?;
    for pair in pairs.iter().take(PAIRS) {
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\" data-name=\"lost\">{}</td><td>{}</td>\
             <td class=\"n\" data-name=\"lost\">{}</td></tr>",
            entry(report, &pair.a),
            pair.a_lost,
            entry(report, &pair.b),
            pair.b_lost
        )?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    if pairs.len() > PAIRS {
        writeln!(out, "<p class=\"note\">… and {} more pairs</p>", pairs.len() - PAIRS)?;
    }
    writeln!(
        out,
        "<p class=\"note\">Lost: questions of this entry for which the other one came first. A negative question \
         (反例) on either entry, or a similar question (相似问) on the one that loses, tells them apart.</p>\n</div>"
    )
}

fn write_failures(report: &Report, out: &mut String) -> Result {
    let failures = failures(report);
    writeln!(out, "<h2>Failed questions</h2>\n<div class=\"panel\">")?;
    if failures.is_empty() {
        writeln!(out, "<p>None.</p>")?;
    }
    for failed in failures.chunk_by(|a, b| a.kind == b.kind) {
        let Some(first) = failed.first() else { continue };
        let open =
            if failed.len() <= OPEN_LIMIT && first.kind != FailureKind::HeldBack { " open" } else { "" };
        writeln!(
            out,
            "<details{open}><summary>{} <span>({})</span></summary>\n<table class=\"stack\">\n<thead><tr>\
             <th>question</th><th>first</th><th class=\"n\">confidence</th><th>right entry</th>\
             <th class=\"n\">confidence</th></tr></thead>\n<tbody>",
            first.kind.label(),
            failed.len()
        )?;
        for failure in failed {
            write_failure(report, failure, out)?;
        }
        writeln!(out, "</tbody>\n</table>\n</details>")?;
    }
    writeln!(out, "</div>")
}

fn write_failure(report: &Report, failure: &Failure<'_>, out: &mut String) -> Result {
    let question = failure.question;
    let percent = |confidence: Option<f32>| {
        confidence.map_or_else(|| "–".to_owned(), |confidence| format!("{:.0} %", confidence * 100.0))
    };
    let won = question.ranked.first();
    // Only an answer does harm; a wrong entry in a list of suggestions is seen before it is believed.
    let class = if question.decision == Decision::Answer { "chip wrong" } else { "chip" };
    let right = failure.expected().map_or_else(
        || "<span class=\"note\">nothing</span>".to_owned(),
        |id| {
            let place = match question.rank {
                Some(rank) => format!("rank {rank}"),
                None if question.group == Group::HeldOut => "taken out of the FAQ".to_owned(),
                None => "not found".to_owned(),
            };
            format!("{} <span class=\"note\">{place}</span>", entry(report, id))
        },
    );
    writeln!(
        out,
        "<tr><td><bdi class=\"q\" lang=\"zh\">{}</bdi><br><span class=\"{class}\">{}</span> \
         <span class=\"note\">{}</span></td><td data-name=\"first\">{}</td><td class=\"n\" data-name=\"confidence\">{}</td>\
         <td data-name=\"right\">{right}</td><td class=\"n\" data-name=\"confidence\">{}</td></tr>",
        html(&question.query),
        decision_label(question.decision),
        question.group.label(),
        won.map_or_else(|| "nothing".to_owned(), |won| entry(report, &won.id)),
        percent(won.map(|won| won.confidence)),
        percent(failure.expected_confidence()),
    )
}

/// The standard question with the id below it, or the id alone.
fn entry(report: &Report, id: &EntryId) -> String {
    let name = html(id.as_str());
    match report.entry_questions.get(id) {
        Some(question) => {
            format!("<bdi lang=\"zh\">{}</bdi><br><span class=\"id\">{name}</span>", html(question))
        }
        None => format!("<span class=\"id\">{name}</span>"),
    }
}
