//! Input for engines that is the same for all of them.

/// Texts of so many tokens; which tokens does not matter for the time.
pub(crate) fn ids(count: usize, length: usize) -> Vec<Vec<u32>> {
    let token = |text: usize, place: usize| ((text * 7919 + place * 104_729) % 30_000 + 10) as u32;
    (0..count).map(|text| (0..length).map(|place| token(text, place)).collect()).collect()
}
