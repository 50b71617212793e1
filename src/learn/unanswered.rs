//! The list of unanswered questions as a person reads it: groups with counts, examples, a draft, and what the FAQ
//! says to them today.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    faq::EntryId,
    matcher::{Query, Verdict},
    rank::Decision,
    store::{self, GroupCounts, GroupFilter, GroupWording, Store},
    vector::dot,
};

/// Examples shown of a group, similar questions in its draft, and entries near it.
const SHOWN: usize = 5;

/// Rounding: a wording must be nearer to the middle than one that was asked more by this much of a cosine.
const NEARER: f32 = 1e-5;

/// A page of groups that [`Unanswered::settle`] turns into the list.
#[derive(Debug)]
pub struct Unanswered {
    groups: Vec<Found>,
    total: u32,
    waiting: u32,
}

/// A group as the store knows it.
#[derive(Debug)]
struct Found {
    counts: GroupCounts,
    wordings: Vec<GroupWording>,
    draft: Draft,
    chosen: Vec<Chosen>,
}

/// A page of the list of unanswered questions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnansweredPage {
    /// Groups on all pages.
    pub total: u32,
    /// Questions that are not grouped yet; they will be within seconds.
    pub waiting: u32,
    /// The groups, those asked most first.
    pub groups: Vec<UnansweredGroup>,
}

/// Questions of one meaning that got no good answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnansweredGroup {
    /// Names the group when it is accepted or ignored.
    pub id: i64,
    /// How often it was asked.
    pub asked: u32,
    /// In how many wordings.
    pub wordings: usize,
    /// Why these questions count as unanswered.
    pub reasons: Reasons,
    /// Whether it was accepted or ignored once, and was asked often since.
    pub came_back: bool,
    /// First time.
    #[schema(value_type = String, format = DateTime)]
    pub first_asked: Timestamp,
    /// Last time.
    #[schema(value_type = String, format = DateTime)]
    pub last_asked: Timestamp,
    /// The wordings that were asked most.
    pub examples: Vec<Example>,
    /// What an entry for the group could begin with.
    pub draft: Draft,
    /// What the FAQ decides about the draft's question now; `answer` means that the gap is closed already.
    pub decision: Decision,
    /// The entries nearest to the draft's question, most probable first.
    pub nearest: Vec<Near>,
    /// Entries that people said were meant, most often first.
    pub chosen: Vec<Chosen>,
    /// The entry to which the draft's question could be added; none: a new entry is wanted.
    #[schema(value_type = Option<String>)]
    pub suggested_entry: Option<EntryId>,
}

/// How many questions of a group count as unanswered for which reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reasons {
    /// No entry fitted.
    pub no_answer: u32,
    /// Two entries fitted about equally well.
    pub near_tie: u32,
    /// Somebody said that the answer was wrong, or none of those that were offered.
    pub rejected: u32,
}

/// A wording that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Example {
    /// As it was first typed, without personal data.
    pub text: String,
    /// How often.
    pub asked: u32,
    /// When last.
    #[schema(value_type = String, format = DateTime)]
    pub last_asked: Timestamp,
}

/// What an entry could begin with; the answer is a person's to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Draft {
    /// The wording nearest to the middle of the group.
    pub question: String,
    /// Other wordings, those asked most first.
    pub similar: Vec<String>,
}

/// An entry near a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Near {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EntryId,
    /// Its standard question.
    pub question: String,
    /// Calibrated probability that it answers the draft's question.
    pub confidence: f32,
}

/// An entry that people said was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chosen {
    /// Its id.
    pub id: String,
    /// How often.
    pub times: u32,
}

impl Unanswered {
    /// Reads the groups that `filter` names.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(store: &Store, filter: &GroupFilter) -> Result<Self, store::Error> {
        let page = store.groups(filter)?;
        let mut groups = Vec::with_capacity(page.groups.len());
        for counts in page.groups {
            let wordings = store.wordings(counts.id)?;
            let draft = draft(&wordings);
            let chosen = store.chosen_for(counts.id)?;
            let chosen = chosen.into_iter().map(|(id, times)| Chosen { id, times }).collect();
            groups.push(Found { counts, wordings, draft, chosen });
        }
        Ok(Self { groups, total: page.total, waiting: page.waiting })
    }

    /// One question for each group, to ask what the FAQ says to it today.
    #[must_use]
    pub fn queries(&self) -> Vec<Query> {
        let query = |text: &str| Query { text: text.to_owned(), top_k: SHOWN, ..Query::default() };
        self.groups.iter().map(|found| query(&found.draft.question)).collect()
    }

    /// The list, with the verdicts on [`queries`](Self::queries).
    #[must_use]
    pub fn settle(self, verdicts: &[Verdict]) -> UnansweredPage {
        let groups = self.groups.into_iter().zip(verdicts).map(|(found, verdict)| found.settle(verdict));
        UnansweredPage { total: self.total, waiting: self.waiting, groups: groups.collect() }
    }
}

impl Found {
    fn settle(self, verdict: &Verdict) -> UnansweredGroup {
        let Self { counts, wordings, draft, chosen } = self;
        let GroupCounts { id, came_back, asked, no_answer, near_tie, rejected, first_asked, last_asked } =
            counts;
        let nearest: Vec<Near> = verdict
            .matches
            .iter()
            .map(|found| Near {
                id: found.entry.id.clone(),
                question: found.entry.question.clone(),
                confidence: found.confidence,
            })
            .collect();
        let told = chosen.iter().find_map(|chosen| chosen.id.parse().ok());
        let offered = nearest.first().filter(|_| verdict.decision != Decision::NoAnswer);
        let example = |wording: &GroupWording| Example {
            text: wording.text.clone(),
            asked: wording.asked,
            last_asked: wording.last_asked,
        };
        UnansweredGroup {
            id,
            asked,
            wordings: wordings.len(),
            reasons: Reasons { no_answer, near_tie, rejected },
            came_back,
            first_asked,
            last_asked,
            examples: wordings.iter().take(SHOWN).map(example).collect(),
            draft,
            decision: verdict.decision,
            suggested_entry: told.or(offered.map(|near| near.id.clone())),
            nearest,
            chosen,
        }
    }
}

/// The wording that is nearest to the middle of all, the one asked most where several are, and the others.
pub(super) fn draft(wordings: &[GroupWording]) -> Draft {
    let mut middle = vec![0.0f32; wordings.first().map_or(0, |wording| wording.vector.len())];
    for wording in wordings {
        middle.iter_mut().zip(&wording.vector).for_each(|(sum, x)| *sum += x);
    }
    let length = dot(&middle, &middle).sqrt().max(f32::MIN_POSITIVE);
    let nearest = wordings
        .iter()
        .map(|wording| dot(&middle, &wording.vector) / length)
        .enumerate()
        .reduce(|best, other| if other.1 > best.1 + NEARER { other } else { best })
        .map_or(0, |(position, _)| position);
    let others = wordings.iter().enumerate().filter(|(position, _)| *position != nearest);
    Draft {
        question: wordings.get(nearest).map(|wording| wording.text.clone()).unwrap_or_default(),
        similar: others.take(SHOWN).map(|(_, wording)| wording.text.clone()).collect(),
    }
}
