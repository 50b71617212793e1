//! Ids that the importer made up, kept over a new version of the file.
//!
//! They come from line numbers. A line put in at the top would give every entry behind it the id of its neighbour, and with
//! it the neighbour's history, feedback and labels.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Import, check::question_key};
use crate::faq::{Entry, EntryId};

impl Import {
    /// Gives entries whose ids were made up the ids that entries of the same question have among `stored`, those that
    /// were imported from this file before. An entry whose own id is taken by that gets the next free one.
    pub fn keep_ids(&mut self, stored: &[Entry]) {
        let mut known: HashMap<String, VecDeque<&EntryId>> = HashMap::new();
        for entry in stored {
            known.entry(question_key(entry)).or_default().push_back(&entry.id);
        }
        let mut taken: HashSet<EntryId> = self.named.clone();
        let mut new: HashMap<usize, EntryId> = HashMap::new();
        let made_up = || self.entries.iter().enumerate().filter(|(_, entry)| !self.named.contains(&entry.id));
        let keys: Vec<(usize, String)> = made_up().map(|(nth, entry)| (nth, question_key(entry))).collect();
        // First those that stand where they stood: of two entries with one question, neither takes the other's id.
        for (nth, key) in &keys {
            let id = &self.entries[*nth].id;
            if known.get(key).is_some_and(|ids| ids.contains(&id)) && taken.insert(id.clone()) {
                new.insert(*nth, id.clone());
            }
        }
        for (nth, key) in keys.iter().filter(|(nth, _)| !new.contains_key(nth)).collect::<Vec<_>>() {
            let Some(ids) = known.get_mut(key) else { continue };
            while let Some(id) = ids.pop_front() {
                if taken.insert(id.clone()) {
                    new.insert(*nth, id.clone());
                    break;
                }
            }
        }
        let mut renamed: HashMap<EntryId, EntryId> = HashMap::new();
        let mut next_free: HashMap<String, u32> = HashMap::new();
        for (nth, entry) in self.entries.iter_mut().enumerate() {
            if self.named.contains(&entry.id) {
                continue;
            }
            let id = match new.remove(&nth) {
                Some(id) => id,
                None if taken.insert(entry.id.clone()) => continue,
                None => free_id(&entry.id, &mut taken, &mut next_free),
            };
            let before = std::mem::replace(&mut entry.id, id);
            renamed.insert(before, entry.id.clone());
        }
        let rename = |id: &mut EntryId| {
            if let Some(new) = renamed.get(id) {
                id.clone_from(new);
            }
        };
        self.held_out.iter_mut().for_each(rename);
        self.report.issues.iter_mut().filter_map(|issue| issue.entry.as_mut()).for_each(rename);
    }
}

/// An id like `id`, which ends with a number, that is not taken. `next` remembers for each stem from where on to look.
fn free_id(id: &EntryId, taken: &mut HashSet<EntryId>, next: &mut HashMap<String, u32>) -> EntryId {
    let stem = id.as_str().trim_end_matches(|c: char| c.is_ascii_digit());
    let next = next.entry(stem.to_owned()).or_insert(2);
    (*next..=u32::MAX)
        .inspect(|number| *next = *number)
        .filter_map(|number| format!("{stem}{number}").parse::<EntryId>().ok())
        .find(|id| taken.insert(id.clone()))
        .unwrap_or_else(|| id.clone())
}

#[cfg(test)]
mod tests {
    use crate::import::{Import, Options, import_bytes};

    fn import(rows: &str) -> Import {
        import_bytes("faq.csv", format!("标准问,答案\n{rows}").as_bytes(), &Options::default()).unwrap()
    }

    fn ids(import: &Import) -> Vec<(&str, &str)> {
        import.entries.iter().map(|entry| (entry.question.as_str(), entry.id.as_str())).collect()
    }

    #[test]
    fn a_line_put_in_renames_no_entry_and_gets_an_id_of_its_own() {
        let before = import("怎么开票,打电话\n怎么退款,找客服\n");
        assert_eq!(ids(&before), [("怎么开票", "faq-2"), ("怎么退款", "faq-3")]);
        let mut after = import("怎么注销,写信\n怎么开票？,打电话\n怎么退款,找客服\n");
        after.keep_ids(&before.entries);
        assert_eq!(ids(&after), [("怎么注销", "faq-4"), ("怎么开票？", "faq-2"), ("怎么退款", "faq-3")]);
    }

    #[test]
    fn a_question_that_is_worded_anew_in_its_line_stays_the_same_entry() {
        let before = import("怎么开票,打电话\n怎么退款,找客服\n");
        let mut after = import("如何开发票,打电话\n怎么退款,找客服\n");
        after.keep_ids(&before.entries);
        assert_eq!(ids(&after), [("如何开发票", "faq-2"), ("怎么退款", "faq-3")]);
    }

    #[test]
    fn of_two_entries_with_one_question_neither_takes_the_others_id() {
        let rows = "怎么开票,打电话\n怎么开票,写信\n怎么退款,找客服\n怎么开票,上门\n";
        let before = import(rows);
        let mut same = import(rows);
        same.keep_ids(&before.entries);
        assert_eq!(same.entries, before.entries, "the same file again changes nothing");
        let mut after = import(&format!("怎么注销,写信\n{rows}"));
        after.keep_ids(&before.entries);
        let mut kept: Vec<&str> = after.entries.iter().map(|entry| entry.id.as_str()).collect();
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(kept, ["faq-2", "faq-3", "faq-4", "faq-5", "faq-6"], "every id is there once");
    }

    #[test]
    fn ids_that_stand_in_the_file_are_never_changed() {
        let rows = |rows: &str| {
            let text = format!("编号,标准问,答案\n{rows}");
            import_bytes("faq.csv", text.as_bytes(), &Options::default()).unwrap()
        };
        let before = rows("x,怎么开票,打电话\n");
        let mut after = rows("y,怎么开票,打电话\n");
        after.keep_ids(&before.entries);
        assert_eq!(ids(&after), [("怎么开票", "y")]);
    }
}
