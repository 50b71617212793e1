//! [`Pattern`]: a regular expression that is a constant of this room.

use std::sync::OnceLock;

use regex::{Match, Regex};

/// Compiled at its first use. One that does not compile matches nothing, which a test excludes.
pub(super) struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(self.source).ok()).as_ref()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }

    pub(super) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.get()?.find(text)
    }

    pub(super) fn find_iter<'p, 't>(
        &'p self,
        text: &'t str,
    ) -> impl Iterator<Item = Match<'t>> + use<'p, 't> {
        self.get().into_iter().flat_map(|regex| regex.find_iter(text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{clean, cues, html, split};

    #[test]
    fn every_pattern_compiles() {
        let all =
            html::PATTERNS.into_iter().chain(clean::PATTERNS).chain(cues::PATTERNS).chain(split::PATTERNS);
        for pattern in all {
            assert!(pattern.get().is_some(), "{}", pattern.source);
        }
    }
}
