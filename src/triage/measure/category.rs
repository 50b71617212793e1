//! How good the category by labelled examples is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Counts, share};

/// Accuracy and macro-F1 of categories.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategoryReport {
    /// Tickets.
    pub tickets: usize,
    /// Categories that they have.
    pub categories: usize,
    /// Share of tickets that got their category.
    pub accuracy: f64,
    /// Mean F1 of the categories, each counting the same however rare it is.
    pub macro_f1: f64,
}

impl CategoryReport {
    /// From pairs of the category that a ticket has and the one it got.
    #[must_use]
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
        let (mut tickets, mut right) = (0, 0);
        for (wanted, got) in pairs {
            tickets += 1;
            counts.entry(wanted).or_default().wanted += 1;
            let found = counts.entry(got).or_default();
            found.found += 1;
            if wanted == got {
                found.right += 1;
                right += 1;
            }
        }
        let f1: Vec<f64> =
            counts.values().filter(|counts| counts.wanted > 0).map(|counts| counts.f1()).collect();
        let macro_f1 = if f1.is_empty() { 1.0 } else { f1.iter().sum::<f64>() / f1.len() as f64 };
        Self { tickets, categories: f1.len(), accuracy: share(right, tickets), macro_f1 }
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { tickets, categories, accuracy, macro_f1 } = self;
        format!(
            "{tickets} tickets in {categories} categories\naccuracy {accuracy:.3}\nmacro-F1 {macro_f1:.3}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_category_counts_as_much_as_a_frequent_one() {
        let report = CategoryReport::new([("a", "a"), ("a", "a"), ("a", "a"), ("b", "a")]);
        assert_eq!((report.tickets, report.categories), (4, 2));
        assert!((report.accuracy - 0.75).abs() < 1e-9, "{report:?}");
        // a: 3 of 4 found are right, 3 of 3 wanted; b: none.
        assert!((report.macro_f1 - (6.0 / 7.0) / 2.0).abs() < 1e-9, "{report:?}");
    }
}
