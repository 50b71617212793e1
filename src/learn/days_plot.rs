//! The questions of each day as stacked columns.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::statistics::DayCounts;
use crate::plot::{
    Axes, Fault, Language, TICK_TEXT, plot, text,
    theme::{self, ACCENT, GOOD, INK, SOFT},
};

/// Width and height, in pixels.
const SIZE: (u32, u32) = (1000, 260);

/// Fewer days are drawn as if there were so many: a single column does not fill the page.
const FEWEST: usize = 7;

/// With more days than this, the numbers over the columns would run into each other.
const MOST_NUMBERED: usize = 31;

/// Answered, asked back and unanswered questions on top of each other, the number of all of them above.
pub(super) fn days_plot(days: &[DayCounts], language: Language) -> Result<String, Fault> {
    let highest = days.iter().map(|day| day.questions.total).max().unwrap_or(0).max(1);
    let questions = match language {
        Language::Zh => "问题数",
        Language::En => "questions",
    };
    let axes = Axes {
        x: -0.5..days.len().max(FEWEST) as f64 - 0.5,
        y: 0.0..highest as f64 * 1.15,
        x_name: "",
        y_name: questions,
    };
    let date = |x: f64| {
        let day = (x.fract() == 0.0 && x >= 0.0).then(|| days.get(x as usize)).flatten();
        day.map_or_else(String::new, |day| day.day.strftime("%m-%d").to_string())
    };
    let count = |y: f64| if y.fract() == 0.0 { format!("{y:.0}") } else { String::new() };
    let svg = plot(SIZE, &axes, &date, &count, |chart| {
        for (x, day) in days.iter().enumerate().map(|(nth, day)| (nth as f64, day.questions)) {
            let mut below = 0.0;
            let kinds = [(day.answered, &GOOD), (day.clarified, &ACCENT), (day.unanswered, &SOFT)];
            for (questions, tone) in kinds.into_iter().filter(|(questions, _)| *questions > 0) {
                let above = below + questions as f64;
                let bar = Rectangle::new([(x - 0.36, below), (x + 0.36, above)], tone.color().filled());
                chart.draw_series([bar])?;
                below = above;
            }
            if days.len() <= MOST_NUMBERED {
                let style = text(TICK_TEXT, &INK).pos(Pos::new(HPos::Center, VPos::Bottom));
                let total = Text::new(day.total.to_string(), (0, -2), style);
                chart.draw_series([EmptyElement::at((x, below)) + total])?;
            }
        }
        Ok(())
    })?;
    Ok(theme::follow(&svg))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::learn::QuestionCounts;

    #[test]
    fn every_day_has_its_date_and_its_number() {
        let counts = |total| QuestionCounts { total, answered: total, ..QuestionCounts::default() };
        let days: Vec<DayCounts> = [(1, 17), (2, 4), (4, 39)]
            .map(|(day, total)| DayCounts { day: date(2026, 3, day), questions: counts(total) })
            .into();
        let svg = days_plot(&days, Language::En).unwrap();
        for word in ["03-01", "03-02", "03-04", "17", "4", "39", "questions"] {
            assert!(svg.contains(&format!("\n{word}\n")), "{word} is missing in {svg}");
        }
        assert!(days_plot(&[], Language::Zh).unwrap().contains("问题数"));
    }
}
