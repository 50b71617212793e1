//! The lexical leg: BM25 over the grams ([`crate::text::grams`]) of phrasings and answers.
//!
//! Owns which texts form a field and how an entry's scores come together; `field` owns the arithmetic. Knows
//! nothing of entries but their positions. Texts and queries must be normalised (and have their synonyms
//! canonicalised) alike.

mod field;

use std::cmp::Ordering;

pub use field::{FieldScore, Parameters};

use self::field::{Field, FieldScores};

/// The normalised texts of one entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LexicalDocument<'a> {
    /// The standard question.
    pub question: &'a str,
    /// The similar questions.
    pub similar: Vec<&'a str>,
    /// The words of the answer; empty when there is none.
    pub answer: &'a str,
}

/// Why a lexical index cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LexicalError {
    /// A parameter makes no sense.
    #[error("BM25 {name} must be a number from {least} to {most}, got {value}")]
    Parameter {
        /// `k1` or `b`.
        name: &'static str,
        /// Smallest useful value.
        least: f32,
        /// Largest useful value.
        most: f32,
        /// What was asked for.
        value: f32,
    },
    /// Positions are 32-bit numbers.
    #[error("{count} phrasings are more than the {most} that one index can hold; split the FAQ")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The most there may be.
        most: usize,
    },
}

/// BM25 over two fields: the phrasings (standard question first, then the similar ones) and the answers.
///
/// Rarity (IDF) is counted over entries, not phrasings: an entry with fifty similar questions does not make its own
/// words common.
#[derive(Debug)]
pub struct LexicalIndex {
    phrasings: Field,
    answers: Field,
}

/// An entry found by its words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalHit {
    /// Position of the entry in the order of building, from 0.
    pub entry: u32,
    /// Normalised score, see [`LexicalScores::top`]; above 0.
    pub score: f32,
}

/// What one entry scores for a query. Everything is 0 where no token is shared or the text is missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EntryScores {
    /// The standard question.
    pub question: FieldScore,
    /// The best of the similar questions, each number for itself.
    pub similar: FieldScore,
    /// The answer.
    pub answer: FieldScore,
}

impl EntryScores {
    /// The best of all phrasings, each number for itself.
    #[must_use]
    pub fn phrasing(&self) -> FieldScore {
        self.question.max(self.similar)
    }
}

impl LexicalIndex {
    /// Indexes `documents`; the position of each is the entry position of every later call.
    ///
    /// # Errors
    /// When a parameter is out of range or there are more phrasings than 32-bit positions.
    pub fn build(documents: &[LexicalDocument<'_>], parameters: Parameters) -> Result<Self, LexicalError> {
        let empty = Self { phrasings: Field::empty(parameters)?, answers: Field::empty(parameters)? };
        empty.updated(documents, &vec![None; documents.len()])
    }

    /// The index of `documents`, equal to one that is built of them. `known` says for each which position of this
    /// index has the very same texts; only the others are taken apart.
    ///
    /// # Errors
    /// When there are more phrasings than 32-bit positions.
    pub fn updated(
        &self,
        documents: &[LexicalDocument<'_>],
        known: &[Option<u32>],
    ) -> Result<Self, LexicalError> {
        let phrasings =
            documents.iter().map(|d| std::iter::once(d.question).chain(d.similar.iter().copied()));
        let answers = documents.iter().map(|d| std::iter::once(d.answer));
        Ok(Self {
            phrasings: self.phrasings.updated(phrasings, known)?,
            answers: self.answers.updated(answers, known)?,
        })
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.phrasings.entries()
    }

    /// Whether nothing is indexed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rarity of a token among the phrasings: its IDF, highest for a token that occurs nowhere.
    #[must_use]
    pub fn rarity(&self, token: &str) -> f32 {
        self.phrasings.rarity(token)
    }

    /// Scores every entry for a normalised query.
    #[must_use]
    pub fn search(&self, query: &str) -> LexicalScores<'_> {
        LexicalScores { phrasings: self.phrasings.score(query), answers: self.answers.score(query) }
    }
}

/// The scores of all entries for one query.
#[derive(Debug)]
pub struct LexicalScores<'a> {
    phrasings: FieldScores<'a>,
    answers: FieldScores<'a>,
}

impl LexicalScores<'_> {
    /// The query's own score among the phrasings: the summed rarity of its distinct tokens, about what a phrasing of
    /// average length with the same tokens scores. Dividing by it makes scores of different queries comparable.
    #[must_use]
    pub fn self_score(&self) -> f32 {
        self.phrasings.self_score()
    }

    /// The same among the answers.
    #[must_use]
    pub fn answer_self_score(&self) -> f32 {
        self.answers.self_score()
    }

    /// The scores of one entry; zeros for a position that does not exist.
    #[must_use]
    pub fn entry(&self, entry: u32) -> EntryScores {
        let (question, similar) = self.phrasings.first_and_rest(entry);
        let (answer, _) = self.answers.first_and_rest(entry);
        EntryScores { question, similar, answer }
    }

    /// The score of one phrasing of an entry: 0 is the standard question, 1 the first similar one.
    #[must_use]
    pub fn phrasing(&self, entry: u32, phrasing: usize) -> FieldScore {
        self.phrasings.document(entry, phrasing)
    }

    /// The best BM25 score that any entry's phrasings reach; 0 when nothing matches.
    #[must_use]
    pub fn best_phrasing_score(&self) -> f32 {
        self.phrasings.best_of_all()
    }

    /// The best BM25 score that any answer reaches; 0 when nothing matches.
    #[must_use]
    pub fn best_answer_score(&self) -> f32 {
        self.answers.best_of_all()
    }

    /// The `n` best entries, best first, equal scores by position. The score of an entry is that of its best phrasing
    /// plus `answer_weight` times that of its answer, each divided by the query's own score. Entries that share
    /// nothing with the query are left out.
    #[must_use]
    pub fn top(&self, n: usize, answer_weight: f32) -> Vec<LexicalHit> {
        let phrasing_scale = 1.0 / self.self_score().max(f32::MIN_POSITIVE);
        let answer_scale = answer_weight / self.answer_self_score().max(f32::MIN_POSITIVE);
        let mut hits: Vec<LexicalHit> = (0..)
            .zip(self.phrasings.entry_bests().zip(self.answers.entry_bests()))
            .map(|(entry, (phrasing, answer))| LexicalHit {
                entry,
                score: phrasing * phrasing_scale + answer * answer_scale,
            })
            .filter(|hit| hit.score > 0.0)
            .collect();
        if n == 0 {
            return Vec::new();
        }
        if hits.len() > n {
            hits.select_nth_unstable_by(n - 1, |a, b| better(*a, *b));
            hits.truncate(n);
        }
        hits.sort_unstable_by(|a, b| better(*a, *b));
        hits
    }
}

fn better(a: LexicalHit, b: LexicalHit) -> Ordering {
    b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faq() -> LexicalIndex {
        let document = |question, similar: &[&'static str], answer| LexicalDocument {
            question,
            similar: similar.to_vec(),
            answer,
        };
        let documents = [
            document("群怎么解散", &["怎么把群解散掉", "不要这个群了"], "群主在群设置里点击解散"),
            document("怎么添加群成员", &["拉人进群"], "点击右上角的加号"),
            document("怎么导出聊天记录", &[], ""),
            document("wecom登录不了", &["账号无法登录"], "检查网络后重试"),
        ];
        LexicalIndex::build(&documents, Parameters::default()).unwrap()
    }

    fn entries(hits: &[LexicalHit]) -> Vec<u32> {
        hits.iter().map(|hit| hit.entry).collect()
    }

    #[test]
    fn the_entry_with_the_most_telling_words_comes_first() {
        let index = faq();
        for (query, wanted) in [("解散群", 0), ("拉人", 1), ("聊天记录导出", 2), ("wecom", 3), ("重试", 3)]
        {
            let hits = index.search(query).top(3, 0.3);
            assert_eq!(hits.first().map(|hit| hit.entry), Some(wanted), "{query}: {hits:?}");
        }
    }

    #[test]
    fn an_entry_is_found_by_its_best_phrasing_and_says_which_field_it_was() {
        let index = faq();
        let scores = index.search("账号无法登录");
        let entry = scores.entry(3);
        assert!(entry.similar.bm25 > entry.question.bm25 && entry.question.bm25 > 0.0, "{entry:?}");
        assert!((entry.similar.query_coverage - 1.0).abs() < 1e-5, "{entry:?}");
        assert!((entry.similar.document_coverage - 1.0).abs() < 1e-5, "{entry:?}");
        assert_eq!(entry.answer, FieldScore::default());
        assert_eq!(scores.phrasing(3, 1), entry.similar);
        assert_eq!(entry.phrasing(), entry.similar);
        assert!((scores.best_phrasing_score() - entry.similar.bm25).abs() < 1e-6);
    }

    #[test]
    fn nothing_shared_means_no_hit() {
        let index = faq();
        for query in ["xyz", "", "？", "钓鱼"] {
            assert_eq!(index.search(query).top(5, 0.3), [], "{query:?}");
        }
        assert_eq!(index.search("解散").top(0, 0.3), []);
        assert_eq!(index.search("解散").entry(99), EntryScores::default());
    }

    #[test]
    fn unknown_tokens_raise_what_the_query_could_have_scored() {
        let index = faq();
        assert!(index.search("解散钓鱼").self_score() > index.search("解散").self_score());
        assert!(index.rarity("钓") > index.rarity("群"));
    }

    #[test]
    fn repeating_a_word_in_the_query_changes_nothing() {
        let index = faq();
        assert_eq!(index.search("a解散 解散").entry(0), index.search("a解散").entry(0));
    }

    #[test]
    fn similar_questions_do_not_make_their_words_common() {
        let many: Vec<&str> = vec!["解散群"; 50];
        let of = |similar: Vec<&'static str>| {
            let documents = [
                LexicalDocument { question: "解散", similar, answer: "" },
                LexicalDocument { question: "登录", similar: vec![], answer: "" },
            ];
            LexicalIndex::build(&documents, Parameters::default()).unwrap().rarity("解散")
        };
        assert!((of(many) - of(vec![])).abs() < 1e-6);
    }

    #[test]
    fn an_empty_faq_is_searched_without_a_hit() {
        let index = LexicalIndex::build(&[], Parameters::default()).unwrap();
        assert!(index.is_empty());
        assert_eq!(index.search("群").top(5, 1.0), []);
        assert!(index.search("群").best_phrasing_score().abs() < f32::EPSILON);
    }

    #[test]
    fn parameters_out_of_range_are_refused_by_name() {
        for (k1, b, wanted) in
            [(-1.0, 0.75, "k1"), (f32::NAN, 0.75, "k1"), (1.2, 1.5, "b"), (1.2, f32::NAN, "b")]
        {
            let error = LexicalIndex::build(&[], Parameters { k1, b }).unwrap_err();
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    #[test]
    fn scores_are_those_of_the_published_formula() {
        let documents =
            ["ab ab cd", "cd ef"].map(|question| LexicalDocument { question, ..Default::default() });
        let index = LexicalIndex::build(&documents, Parameters::default()).unwrap();
        // Robertson/Sparck Jones with the +1 of Lucene: N = 2, n = 1; f = 2, |D| = 3, avgdl = 2.5.
        let idf = (1.0f32 + 1.5 / 1.5).ln();
        let wanted = idf * 2.0 * 2.2 / (2.0 + 1.2 * (0.25 + 0.75 * 3.0 / 2.5));
        assert!((index.search("ab").entry(0).question.bm25 - wanted).abs() < 1e-5);
        assert!((index.search("ab").self_score() - idf).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn an_updated_index_scores_as_one_built_anew(
            before in prop::collection::vec(("(群|解散|登录|a){0,6}", "(群|b|登){0,9}"), 0..6),
            after in prop::collection::vec((0usize..8, "(群|解散|登录|c){0,6}"), 0..6),
            query in "(群|解散|登录|a|b|c){0,8}",
        ) {
            fn document(text: &(String, String)) -> LexicalDocument<'_> {
                LexicalDocument { question: &text.0, similar: vec![text.1.as_str()], answer: &text.1 }
            }
            let build = |texts: &[(String, String)]| {
                let documents: Vec<_> = texts.iter().map(document).collect();
                LexicalIndex::build(&documents, Parameters::default()).unwrap()
            };
            // Each is one that was there, as far as the number says, or a new one.
            let texts: Vec<(String, String)> = after
                .iter()
                .map(|(old, new)| before.get(*old).cloned().unwrap_or((new.clone(), "b".to_owned())))
                .collect();
            let mut seen = std::collections::HashSet::new();
            let known: Vec<Option<u32>> = after
                .iter()
                .map(|(old, _)| (*old < before.len() && seen.insert(*old)).then_some(*old as u32))
                .collect();
            let documents: Vec<_> = texts.iter().map(document).collect();
            let updated = build(&before).updated(&documents, &known).unwrap();
            let (updated, built) = (updated.search(&query), build(&texts));
            let built = built.search(&query);
            prop_assert_eq!(updated.top(9, 0.3), built.top(9, 0.3));
            for entry in 0..texts.len() as u32 {
                prop_assert_eq!(updated.entry(entry), built.entry(entry));
            }
        }

        #[test]
        fn any_query_scores_finite_and_in_order(query in "(群|解散|wecom|登|\\PC){0,20}", n in 0usize..6) {
            let index = faq();
            let scores = index.search(&query);
            let hits = scores.top(n, 0.3);
            prop_assert!(hits.len() <= n);
            prop_assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
            let all = entries(&scores.top(4, 0.3));
            prop_assert_eq!(entries(&hits), &all[..n.min(all.len())]);
            for entry in 0..4 {
                let best = scores.entry(entry).phrasing();
                prop_assert!(best.bm25.is_finite() && best.query_coverage <= 1.0 + 1e-4);
            }
        }
    }
}
