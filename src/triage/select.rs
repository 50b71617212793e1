//! Which clauses, alone or together, are the questions of a ticket.
//!
//! A question may be one clause, or a symptom, its circumstances and the question itself in three. Every run of
//! neighbouring clauses that may be one question is asked; the cover of the ticket with the most confidence in it
//! wins, where a longer run has to be clearly better than its parts. Pure: clauses and confidences in, runs out.

use std::ops::Range;

use super::{
    cues::Cue,
    split::{Clause, Joint},
};

/// Longest run, in clauses.
const LONGEST_RUN: usize = 3;

/// Longest run of more than one clause, in characters: more is a story, not a question.
const LONGEST_RUN_CHARS: usize = 80;

/// Clauses of which runs are asked; of a longer ticket the rest is asked clause by clause.
const MERGED_CLAUSES: usize = 24;

/// Clauses that are asked at all.
pub(super) const MOST_CLAUSES: usize = 60;

/// What a run that may be a question has to offer: confidence above this counts for it.
const WORTH: f32 = 0.3;

/// The same, for a problem that is only told.
const WORTH_OF_PROBLEM: f32 = 0.4;

/// The same, for a problem in a ticket that also asks: it mostly leads up to what is asked.
const WORTH_BESIDE_QUESTIONS: f32 = 0.75;

/// From this confidence on words that neither ask nor tell a problem are what a ticket is about.
const WORTH_OF_STATEMENT: f32 = 0.72;

/// What each further clause costs, so that a run is merged only when it matches clearly better than its parts.
const MERGE_COST: f32 = 0.08;

/// What a question that nothing answers is worth: just more than leaving it out.
const UNANSWERED: f32 = 0.01;

/// A run as it was answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scored<E> {
    /// Confidence in its best entry.
    pub(super) confidence: f32,
    /// Its best entry, if it has any.
    pub(super) entry: Option<E>,
}

/// A question: a run of clauses, and which of the runs that were asked answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The clauses.
    pub(super) clauses: Range<usize>,
    /// Position in the list of runs.
    pub(super) run: usize,
}

/// The runs of clauses that are worth asking.
pub(super) fn runs(clauses: &[Clause]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    for start in 0..clauses.len().min(MOST_CLAUSES) {
        let mut chars = 0;
        for end in start + 1..=(start + LONGEST_RUN).min(clauses.len()) {
            let last = &clauses[end - 1];
            chars += last.text.chars().count();
            let merged = end - start > 1;
            if merged && (last.joint == Joint::Apart || chars > LONGEST_RUN_CHARS || end > MERGED_CLAUSES) {
                break;
            }
            let asks = clauses[start..end].iter().any(|clause| clause.cue != Cue::Statement);
            if !merged || asks {
                runs.push(start..end);
            }
        }
    }
    runs
}

/// The text of a run as it is asked.
pub(super) fn text(clauses: &[Clause], run: &Range<usize>) -> String {
    let words: Vec<&str> = clauses[run.clone()].iter().map(|clause| clause.text.as_str()).collect();
    words.join("，")
}

/// Chooses the questions among `runs`, of which `scored` tells how each was answered.
pub(super) fn choose<E: Copy + PartialEq>(
    clauses: &[Clause],
    runs: &[Range<usize>],
    scored: &[Scored<E>],
) -> Vec<Chosen> {
    let asks = clauses.iter().any(|clause| clause.cue == Cue::Question);
    let worth_of_problem = if asks { WORTH_BESIDE_QUESTIONS } else { WORTH_OF_PROBLEM };
    // best[i]: the most that the clauses before i can be worth, and the last step on the way there.
    let mut best: Vec<(f32, Option<usize>)> = vec![(f32::NEG_INFINITY, None); clauses.len() + 1];
    best[0] = (0.0, None);
    for at in 0..clauses.len() {
        let so_far = best[at].0;
        let skipped = so_far + value_of_skipping(&clauses[at]);
        if skipped > best[at + 1].0 {
            best[at + 1] = (skipped, None);
        }
        for (nth, run) in runs.iter().enumerate().filter(|(_, run)| run.start == at) {
            let value = so_far + value(&clauses[run.clone()], scored[nth].confidence, worth_of_problem);
            if value > best[run.end].0 {
                best[run.end] = (value, Some(nth));
            }
        }
    }
    let mut chosen = Vec::new();
    let mut at = clauses.len();
    while at > 0 {
        match best[at].1 {
            Some(run) => {
                chosen.push(Chosen { clauses: runs[run].clone(), run });
                at = runs[run].start;
            }
            None => at -= 1,
        }
    }
    chosen.reverse();
    without_background(clauses, scored, join_same(clauses, scored, chosen))
}

/// Without the problems that only tell more about what is asked elsewhere: those that the same entry answers.
fn without_background<E: Copy + PartialEq>(
    clauses: &[Clause],
    scored: &[Scored<E>],
    mut chosen: Vec<Chosen>,
) -> Vec<Chosen> {
    let asks =
        |chosen: &Chosen| clauses[chosen.clauses.clone()].iter().any(|clause| clause.cue == Cue::Question);
    let asked: Vec<Option<E>> =
        chosen.iter().filter(|chosen| asks(chosen)).map(|chosen| scored[chosen.run].entry).collect();
    chosen.retain(|chosen| asks(chosen) || !asked.contains(&scored[chosen.run].entry));
    chosen
}

/// What a ticket that asks nothing is about, if anything: the problem told in it that matches best, or words that match as
/// well as a question would.
pub(super) fn told<E: Copy + PartialEq>(
    clauses: &[Clause],
    runs: &[Range<usize>],
    scored: &[Scored<E>],
) -> Option<Chosen> {
    let tells = |run: &Range<usize>| clauses[run.clone()].iter().any(|clause| clause.cue == Cue::Problem);
    let told = runs.iter().enumerate();
    let told = told.filter(|&(nth, run)| tells(run) || scored[nth].confidence >= WORTH_OF_STATEMENT);
    let best = told.max_by(|(a, _), (b, _)| scored[*a].confidence.total_cmp(&scored[*b].confidence));
    best.map(|(run, clauses)| Chosen { clauses: clauses.clone(), run })
}

/// A clause that asks, or is a point of its own, cannot be left out.
fn value_of_skipping(clause: &Clause) -> f32 {
    if clause.cue == Cue::Question || clause.listed { -1.0 } else { 0.0 }
}

fn value(run: &[Clause], confidence: f32, worth_of_problem: f32) -> f32 {
    let cost = MERGE_COST * (run.len() - 1) as f32;
    let cue = run.iter().map(|clause| clause.cue).max().unwrap_or(Cue::Statement);
    if cue == Cue::Question || run[0].listed {
        return (confidence - WORTH).max(UNANSWERED) - cost;
    }
    match cue {
        Cue::Question | Cue::Problem => confidence - worth_of_problem - cost,
        // However well it matches: 昨天换了新手机 finds an entry, and only leads up to the question.
        Cue::Statement => f32::NEG_INFINITY,
    }
}

/// Neighbours with the same best entry are one question: a problem and what is asked about it, or two halves of a
/// sentence. Two whole questions stay two: the second may ask what the FAQ lacks.
fn join_same<E: Copy + PartialEq>(
    clauses: &[Clause],
    scored: &[Scored<E>],
    chosen: Vec<Chosen>,
) -> Vec<Chosen> {
    let mut joined: Vec<Chosen> = Vec::with_capacity(chosen.len());
    for next in chosen {
        match joined.last_mut() {
            Some(last)
                if scored[last.run].entry.is_some()
                    && scored[last.run].entry == scored[next.run].entry
                    && last.clauses.end == next.clauses.start
                    && belongs(&clauses[last.clauses.clone()], &clauses[next.clauses.clone()]) =>
            {
                last.clauses.end = next.clauses.end;
                if scored[next.run].confidence > scored[last.run].confidence {
                    last.run = next.run;
                }
            }
            Some(_) | None => joined.push(next),
        }
    }
    joined
}

fn belongs(before: &[Clause], next: &[Clause]) -> bool {
    let asks = |run: &[Clause]| run.iter().any(|clause| clause.cue == Cue::Question);
    match next[0].joint {
        Joint::Apart => false,
        Joint::Sentence => !(asks(before) && asks(next)),
        Joint::Comma => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(text: &str, cue: Cue, joint: Joint) -> Clause {
        Clause { range: 0..text.len(), text: text.to_owned(), joint, cue, listed: false }
    }

    /// Chooses with these confidences in entries; a run that is not named matches nothing.
    fn choose_with(clauses: &[Clause], known: &[(&str, f32, u32)]) -> Vec<String> {
        let runs = runs(clauses);
        let scored: Vec<Scored<u32>> = runs
            .iter()
            .map(|run| {
                let text = text(clauses, run);
                known.iter().find(|(known, ..)| *known == text).map_or(
                    Scored { confidence: 0.05, entry: None },
                    |&(_, confidence, entry)| Scored { confidence, entry: Some(entry) },
                )
            })
            .collect();
        choose(clauses, &runs, &scored).iter().map(|chosen| text(clauses, &chosen.clauses)).collect()
    }

    #[test]
    fn questions_that_match_alone_stay_apart() {
        let clauses = [
            clause("怎么退货", Cue::Question, Joint::Sentence),
            clause("怎么开票", Cue::Question, Joint::Comma),
        ];
        let known = [("怎么退货", 0.9, 1), ("怎么开票", 0.8, 2), ("怎么退货，怎么开票", 0.95, 1)];
        assert_eq!(choose_with(&clauses, &known), ["怎么退货", "怎么开票"]);
    }

    #[test]
    fn a_symptom_and_its_question_are_merged_when_that_matches_clearly_better() {
        let clauses = [
            clause("昨天买的冰箱", Cue::Statement, Joint::Sentence),
            clause("不制冷", Cue::Problem, Joint::Comma),
            clause("可以换新吗", Cue::Question, Joint::Sentence),
        ];
        let known =
            [("昨天买的冰箱，不制冷，可以换新吗", 0.9, 1), ("可以换新吗", 0.5, 1), ("不制冷", 0.3, 2)];
        assert_eq!(choose_with(&clauses, &known), ["昨天买的冰箱，不制冷，可以换新吗"]);
        let hardly_better = [("不制冷，可以换新吗", 0.55, 1), ("可以换新吗", 0.5, 1)];
        assert_eq!(choose_with(&clauses, &hardly_better), ["可以换新吗"]);
    }

    #[test]
    fn a_list_marker_is_never_merged_across() {
        let clauses = [
            clause("怎么退货", Cue::Question, Joint::Apart),
            clause("怎么开票", Cue::Question, Joint::Apart),
        ];
        assert_eq!(runs(&clauses), [0..1, 1..2]);
    }

    #[test]
    fn a_question_that_nothing_answers_is_kept_and_talk_is_not() {
        let clauses = [
            clause("我是小王", Cue::Statement, Joint::Sentence),
            clause("食堂几点开门", Cue::Question, Joint::Sentence),
            clause("最近很忙", Cue::Statement, Joint::Sentence),
        ];
        assert_eq!(choose_with(&clauses, &[]), ["食堂几点开门"]);
    }

    #[test]
    fn a_problem_beside_a_question_must_match_well_and_elsewhere() {
        let clauses = [
            clause("登录失败", Cue::Problem, Joint::Sentence),
            clause("我是小王", Cue::Statement, Joint::Sentence),
            clause("密码怎么重置", Cue::Question, Joint::Sentence),
        ];
        let question = ("密码怎么重置", 0.9, 1);
        let chosen = |confidence, entry| choose_with(&clauses, &[question, ("登录失败", confidence, entry)]);
        assert_eq!(chosen(0.9, 2), ["登录失败", "密码怎么重置"]);
        assert_eq!(chosen(0.6, 2), ["密码怎么重置"], "it only leads up to the question");
        assert_eq!(chosen(0.9, 1), ["密码怎么重置"], "it tells more about the question");
        assert_eq!(
            choose_with(&clauses[..2], &[("登录失败", 0.6, 2)]),
            ["登录失败"],
            "nothing else is asked"
        );
    }

    #[test]
    fn a_question_said_twice_in_a_sentence_is_one_and_two_sentences_are_two() {
        let clauses = |joint| {
            [clause("群怎么解散", Cue::Question, Joint::Sentence), clause("在哪里解散", Cue::Question, joint)]
        };
        let known = [("群怎么解散", 0.9, 1), ("在哪里解散", 0.7, 1)];
        assert_eq!(choose_with(&clauses(Joint::Comma), &known), ["群怎么解散，在哪里解散"]);
        assert_eq!(choose_with(&clauses(Joint::Sentence), &known), ["群怎么解散", "在哪里解散"]);
    }

    #[test]
    fn a_ticket_of_very_many_clauses_asks_a_bounded_number() {
        let clauses: Vec<Clause> =
            (0..500).map(|n| clause(&format!("怎么办理{n}"), Cue::Question, Joint::Sentence)).collect();
        assert!(runs(&clauses).len() < MOST_CLAUSES + LONGEST_RUN * MERGED_CLAUSES);
    }
}
