//! Plots as SVG. Each function takes plain numbers and gives a complete SVG document in the light colours.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    eval::{
        calibration::{Bin, Prediction, Tradeoff},
        outcome::DEPTH,
    },
    plot::{
        Axes, Fault, LABEL_TEXT, Language, TICK_TEXT, dashed, percent, plot, text,
        theme::{ACCENT, BAD, GOOD, INK, MUTED, SOFT, SURFACE},
    },
};

/// Width and height of every plot, in pixels: text stays readable when a phone shows it at 65 %.
const SIZE: (u32, u32) = (500, 370);

/// Bins of the confidence histogram.
const HISTOGRAM_BINS: usize = 20;

/// The words in plots.
pub(super) struct Words {
    confidence: &'static str,
    right: &'static str,
    answered: &'static str,
    wrong: &'static str,
    decided: &'static str,
    rank: &'static str,
    none: &'static str,
    answerable: &'static str,
    questions: &'static str,
}

/// The words of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &Words {
            confidence: "confidence",
            right: "share that is right",
            answered: "questions answered",
            wrong: "answers that are wrong",
            decided: "as decided",
            rank: "rank of the first right entry",
            none: "none",
            answerable: "answerable questions",
            questions: "questions",
        },
        Language::Zh => &Words {
            confidence: "置信度",
            right: "正确的比例",
            answered: "直接回答的比例",
            wrong: "答错的比例",
            decided: "当前设置",
            rank: "正确条目的名次",
            none: "无",
            answerable: "有答案的问题",
            questions: "问题数",
        },
    }
}

/// Accuracy over confidence. The bars are 95 % Wilson intervals; a dot's area grows with its number of questions.
pub(super) fn reliability(words: &Words, bins: &[Bin]) -> Result<String, Fault> {
    let axes = Axes { x: 0.0..1.0, y: 0.0..1.0, x_name: words.confidence, y_name: words.right };
    plot(SIZE, &axes, &percent, &percent, |chart| {
        dashed(chart, [(0.0, 0.0), (1.0, 1.0)], &MUTED)?;
        let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f64;
        for bin in bins {
            let (Some(x), Some(y)) = (bin.confidence, bin.accuracy) else { continue };
            let (low, high) = wilson(y, bin.count as f64);
            chart.draw_series(LineSeries::new([(x, low), (x, high)], SOFT.color().stroke_width(3)))?;
            let radius = 3.5 + 9.0 * (bin.count as f64 / most).sqrt();
            chart.draw_series([Circle::new((x, y), radius as i32, ACCENT.color().mix(0.85).filled())])?;
        }
        Ok(())
    })
}

/// Share of wrong answers over the share of answered questions, the allowed share, and where the policy stands.
pub(super) fn tradeoff(
    words: &Words,
    curve: &[Tradeoff],
    allowed: f64,
    shipped: Option<(f64, f64)>,
) -> Result<String, Fault> {
    let highest = curve.iter().map(|point| point.wrong_rate).chain(shipped.map(|(_, wrong)| wrong));
    let top = (highest.fold(allowed * 2.0, f64::max) * 1.1).min(1.0);
    let axes = Axes { x: 0.0..1.0, y: 0.0..top, x_name: words.answered, y_name: words.wrong };
    plot(SIZE, &axes, &percent, &percent, |chart| {
        // Steps, because a threshold between two questions changes nothing.
        let line: Vec<(f64, f64)> = curve.iter().map(|point| (point.coverage, point.wrong_rate)).collect();
        chart.draw_series(AreaSeries::new(line.iter().copied(), 0.0, ACCENT.color().mix(0.12)))?;
        chart.draw_series(LineSeries::new(line, ACCENT.color().stroke_width(3)))?;
        dashed(chart, [(0.0, allowed), (1.0, allowed)], &BAD)?;
        if let Some(point) = shipped {
            chart.draw_series([Circle::new(point, 8, SURFACE.color().filled())])?;
            chart.draw_series([Circle::new(point, 6, INK.color().filled())])?;
            let right = point.0 > 0.6;
            let style =
                text(LABEL_TEXT, &INK).pos(Pos::new(if right { HPos::Right } else { HPos::Left }, VPos::Top));
            let shift = (if right { -10 } else { 10 }, 8);
            chart.draw_series([EmptyElement::at(point) + Text::new(words.decided, shift, style)])?;
        }
        Ok(())
    })
}

/// How many answerable questions have their first right entry at which rank.
pub(super) fn ranks(words: &Words, ranks: &[Option<usize>]) -> Result<String, Fault> {
    let mut counts = [0_usize; DEPTH + 1];
    for rank in ranks {
        counts[rank.map_or(DEPTH, |rank| rank.clamp(1, DEPTH) - 1)] += 1;
    }
    let total = ranks.len().max(1) as f64;
    let top = counts.iter().map(|&count| count as f64 / total).fold(0.0, f64::max) * 1.12;
    let axes = Axes {
        x: 0.5..DEPTH as f64 + 1.5,
        y: 0.0..top.max(0.01),
        x_name: words.rank,
        y_name: words.answerable,
    };
    let name = |x: f64| if x > DEPTH as f64 + 0.5 { words.none.to_owned() } else { format!("{x:.0}") };
    plot(SIZE, &axes, &name, &percent, |chart| {
        for (index, &count) in counts.iter().enumerate() {
            let (center, share) = ((index + 1) as f64, count as f64 / total);
            let tone = match index {
                0 => &GOOD,
                DEPTH => &BAD,
                _ => &ACCENT,
            };
            let bar = Rectangle::new([(center - 0.36, 0.0), (center + 0.36, share)], tone.color().filled());
            chart.draw_series([bar])?;
            if count > 0 {
                let style = text(TICK_TEXT, &INK).pos(Pos::new(HPos::Center, VPos::Bottom));
                chart.draw_series([
                    EmptyElement::at((center, share)) + Text::new(count.to_string(), (0, -2), style)
                ])?;
            }
        }
        Ok(())
    })
}

/// How sure dayi is, for questions it gets right, gets wrong, and has no answer to (stacked from below).
pub(super) fn confidences(
    words: &Words,
    answerable: &[Prediction],
    unanswerable: &[f64],
) -> Result<String, Fault> {
    let mut stacks = [[0_usize; 3]; HISTOGRAM_BINS];
    let bin = |confidence: f64| ((confidence * HISTOGRAM_BINS as f64) as usize).min(HISTOGRAM_BINS - 1);
    for prediction in answerable {
        stacks[bin(prediction.confidence)][usize::from(!prediction.right)] += 1;
    }
    for &confidence in unanswerable {
        stacks[bin(confidence)][2] += 1;
    }
    let top = stacks.iter().map(|stack| stack.iter().sum::<usize>()).max().unwrap_or(0).max(1) as f64 * 1.05;
    let axes = Axes { x: 0.0..1.0, y: 0.0..top, x_name: words.confidence, y_name: words.questions };
    plot(SIZE, &axes, &percent, &|count| format!("{count:.0}"), |chart| {
        let width = 1.0 / HISTOGRAM_BINS as f64;
        for (index, stack) in stacks.iter().enumerate() {
            let (left, right) = ((index as f64 + 0.08) * width, (index as f64 + 0.92) * width);
            let mut below = 0.0;
            for (&count, tone) in stack.iter().zip([&GOOD, &BAD, &SOFT]) {
                let above = below + count as f64;
                if count > 0 {
                    let bar = Rectangle::new([(left, below), (right, above)], tone.color().filled());
                    chart.draw_series([bar])?;
                }
                below = above;
            }
        }
        Ok(())
    })
}

/// 95 % Wilson score interval of a share seen in `count` trials (Wilson 1927).
fn wilson(share: f64, count: f64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let z2 = Z * Z / count;
    let center = share + z2 / 2.0;
    let spread = Z * (share * (1.0 - share) / count + z2 / (4.0 * count)).sqrt();
    (((center - spread) / (1.0 + z2)).max(0.0), ((center + spread) / (1.0 + z2)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: scipy 1.17, `binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn wilson_intervals_match_scipy() {
        for (hits, count, low, high) in [
            (9.0, 10.0, 0.595_849_97, 0.982_123_79),
            (0.0, 4.0, 0.0, 0.489_890_84),
            (37.0, 60.0, 0.490_175_96, 0.729_117_28),
        ] {
            let interval = wilson(hits / count, count);
            assert!((interval.0 - low).abs() < 1e-6 && (interval.1 - high).abs() < 1e-6, "{interval:?}");
        }
    }

    #[test]
    fn plots_of_nothing_are_still_plots() {
        let words = words(Language::Zh);
        for svg in [
            reliability(words, &[]),
            tradeoff(words, &[], 0.05, None),
            ranks(words, &[]),
            confidences(words, &[], &[]),
        ] {
            let svg = svg.unwrap();
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert!(!svg.contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn the_rank_plot_counts_every_question_once() {
        let svg = ranks(words(Language::En), &[Some(1), Some(1), Some(1), Some(4), None, None]).unwrap();
        for count in ["3", "1", "2"] {
            assert!(svg.contains(&format!("\n{count}\n")), "{count} is missing in {svg}");
        }
    }
}
