//! An explanation on the terminal: `dayi ask --explain`.

use std::io;

use super::output;
use crate::{
    faq::EntryId,
    matcher::{Explanation, Match, MatchExplanation, Verdict, explain::Contender},
    rank::{
        Thresholds,
        explain::{ConfidenceParts, Part},
    },
};

/// Prints why the verdict is what it is; nothing when that was not asked.
pub(super) fn print(verdict: &Verdict) -> io::Result<()> {
    let Some(explanation) = &verdict.explanation else { return Ok(()) };
    decision(explanation)?;
    for (rank, found) in verdict.matches.iter().enumerate() {
        if let Some(explanation) = &found.explanation {
            match_(rank + 1, found, explanation)?;
        }
    }
    Ok(())
}

fn decision(explanation: &Explanation) -> io::Result<()> {
    let Thresholds { answer, clarify } = explanation.thresholds;
    output::line(format_args!("\n为什么：{}", explanation.sentence))?;
    output::line(format_args!("  阈值    回答 >= {answer:.3}，反问 >= {clarify:.3}"))?;
    let contenders = [("最佳  ", &explanation.best), ("第二  ", &explanation.runner_up)];
    for (label, contender) in contenders {
        if let Some(Contender { id, question, confidence, score }) = contender {
            output::line(format_args!("  {label}  {question}  [{id}, {confidence:.2}]  得分 {score:.2}"))?;
        }
    }
    if !explanation.kept_out.is_empty() {
        let ids: Vec<&str> = explanation.kept_out.iter().map(EntryId::as_str).collect();
        output::line(format_args!("  反例排除  {}", ids.join("，")))?;
    }
    if let Some(ConfidenceParts { bias, parts, logit, probability }) = &explanation.confidence {
        output::line(format_args!(
            "  置信度  {probability:.3} = 1 / (1 + e^-({logit:.2}))，其中 {logit:.2} ="
        ))?;
        output::line(format_args!("    {:<28}{bias:>+8.3}", "bias"))?;
        table(parts)?;
    }
    Ok(())
}

fn match_(rank: usize, found: &Match, explanation: &MatchExplanation) -> io::Result<()> {
    let MatchExplanation { score, exact, features, contrasts, query, phrasing } = explanation;
    let (entry, confidence) = (&found.entry, found.confidence);
    let exact = if *exact { "，与问句一致" } else { "" };
    output::line(format_args!("\n{rank}. {}  [{}, {confidence:.2}]{exact}", entry.question, entry.id))?;
    output::line(format_args!("    问句  {}", query.marked))?;
    output::line(format_args!("    问法  {}", phrasing.marked))?;
    if !contrasts.is_empty() {
        output::line(format_args!("    相反  {}", contrasts.join("，")))?;
    }
    output::line(format_args!("    得分  {score:.2} = 各项（值 x 权重）之和"))?;
    table(features)
}

fn table(parts: &[Part]) -> io::Result<()> {
    for Part { name, value, weight, contribution } in parts {
        output::line(format_args!("    {name:<16}{value:>7.3} x {weight:>+7.3}{contribution:>+9.3}"))?;
    }
    Ok(())
}
