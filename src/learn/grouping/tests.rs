use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::{
    embed::HashedEmbedder,
    faq::Entry,
    index::IndexParams,
    matcher::{Builder, find_ranker},
    store::{
        Feedback, FeedbackVerdict, GroupCounts, GroupDecision, GroupFilter, GroupState, LoggedQuery,
        UnansweredReason,
    },
};

/// A store, the snapshot of its FAQ, and a clock that ticks with every question.
struct Scene {
    store: Store,
    snapshot: Snapshot,
    embedder: HashedEmbedder,
    asked: u32,
}

const WEATHER: [&str; 4] = ["今天天气怎么样", "今天天气怎么样呢", "今天天气怎么样啊", "请问今天天气怎么样"];
const CANTEEN: [&str; 2] = ["食堂几点开门", "食堂几点开门啊"];

fn at(minutes: u32) -> Timestamp {
    "2026-01-05T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(i64::from(minutes))
}

impl Scene {
    fn new(dimension: usize) -> Self {
        let embedder = HashedEmbedder::new(dimension);
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[Entry::new("a".parse().unwrap(), "群能解散吗", "能")]).unwrap();
        let builder = Builder {
            embedder: &embedder,
            ranker: Arc::new(find_ranker(embedder.model(), None).unwrap()),
            synonyms: Arc::default(),
            params: &IndexParams::default(),
            folder: None,
            progress: &(),
        };
        let (snapshot, _) = builder.build(&mut store).unwrap();
        Self { store, snapshot, embedder, asked: 0 }
    }

    /// Logs a question; its id.
    fn ask(&mut self, text: &str, reason: Option<UnansweredReason>) -> Uuid {
        self.asked += 1;
        let id = Uuid::from_u128(self.asked.into());
        let query = LoggedQuery {
            id,
            asked_at: at(self.asked),
            channel: "http",
            text: text.to_owned(),
            decision: "no_answer",
            candidates: vec![("a".parse().unwrap(), 0.2)],
            index_version: 1,
            took: std::time::Duration::ZERO,
            reason,
        };
        self.store.write_journal(&[query], &[], at(self.asked), true).unwrap();
        id
    }

    fn ask_in_vain(&mut self, text: &str) -> Uuid {
        self.ask(text, Some(UnansweredReason::NoAnswer))
    }

    fn say(&mut self, query_id: Uuid, verdict: FeedbackVerdict) {
        let feedback = Feedback { query_id, entry_id: None, verdict, chosen: None, comment: None };
        self.store.write_journal(&[], &[feedback], at(self.asked), true).unwrap();
    }

    fn decide(&mut self, group: i64, state: GroupState) {
        let decision = GroupDecision { group, state, entry: None, by: "test".into() };
        assert!(self.store.decide_group(&decision, at(self.asked)).unwrap());
    }

    fn group(&mut self) {
        let (embedder, snapshot) = (&self.embedder, &self.snapshot);
        let grouping = Grouping { embedder, snapshot, similarity: 0.6 };
        while grouping.step(&mut self.store).unwrap() {}
    }

    fn groups(&self, state: GroupState) -> Vec<GroupCounts> {
        let filter = GroupFilter { state, since: None, offset: 0, limit: 100 };
        let page = self.store.groups(&filter).unwrap();
        assert_eq!((page.waiting, page.total as usize), (0, page.groups.len()));
        page.groups
    }

    /// The texts of each open group.
    fn texts(&self) -> Vec<(i64, Vec<(String, u32)>)> {
        let texts = |group: &GroupCounts| {
            let wordings = self.store.wordings(group.id).unwrap();
            (group.id, wordings.into_iter().map(|wording| (wording.text, wording.asked)).collect())
        };
        self.groups(GroupState::Open).iter().map(texts).collect()
    }
}

#[test]
fn questions_of_one_meaning_are_one_group_and_the_same_wording_is_one_wording() {
    let mut scene = Scene::new(64);
    for text in
        ["今天天气怎么样", "食堂几点开门", "今天天气怎么样？？", " 今天天氣怎麼樣", "今天天气怎么样呢"]
    {
        scene.ask_in_vain(text);
    }
    scene.ask("群能解散吗", None);
    scene.group();
    let weather = vec![("今天天气怎么样".to_owned(), 3), ("今天天气怎么样呢".to_owned(), 1)];
    assert_eq!(scene.texts(), [(1, weather), (2, vec![("食堂几点开门".to_owned(), 1)])]);
    let counts = &scene.groups(GroupState::Open)[0];
    assert_eq!((counts.asked, counts.no_answer, counts.near_tie, counts.rejected), (4, 4, 0, 0));
    assert_eq!((counts.first_asked, counts.last_asked), (at(1), at(5)));
}

#[test]
fn groups_do_not_depend_on_how_many_questions_wait() {
    let texts: Vec<String> = (0..90)
        .map(|nth| match nth % 3 {
            0 => format!("{}{nth}", WEATHER[nth % 4]),
            1 => format!("{nth}号{}", CANTEEN[nth % 2]),
            _ => format!("完全不同的问题{}", char::from_u32(0x4E00 + nth as u32 * 97).unwrap()),
        })
        .collect();
    let (mut at_once, mut one_by_one) = (Scene::new(64), Scene::new(64));
    for text in &texts {
        at_once.ask_in_vain(text);
        one_by_one.ask_in_vain(text);
        one_by_one.group();
    }
    at_once.group();
    assert_eq!(at_once.texts(), one_by_one.texts());
    assert!(at_once.texts().len() < 60, "most of the 90 belong together: {:?}", at_once.texts());
}

#[test]
fn a_question_without_a_word_is_in_no_group_and_does_not_wait() {
    let mut scene = Scene::new(64);
    scene.ask_in_vain("？？？");
    scene.group();
    assert_eq!(scene.groups(GroupState::Open), []);
}

#[test]
fn another_model_embeds_again_and_changes_no_group() {
    let mut scene = Scene::new(64);
    WEATHER.iter().chain(&CANTEEN).for_each(|text| _ = scene.ask_in_vain(text));
    scene.group();
    let before = scene.texts();
    scene.embedder = HashedEmbedder::new(128);
    scene.ask_in_vain("今天天气怎么样呀");
    scene.group();
    let after = scene.texts();
    assert_eq!(after.len(), before.len());
    assert_eq!(after[0].1.len(), before[0].1.len() + 1);
    let vectors = scene.store.grouped_vectors(&scene.embedder.model().fingerprint, 128).unwrap();
    assert_eq!(vectors.len(), WEATHER.len() + CANTEEN.len() + 1);
}

#[test]
fn what_was_settled_stays_away_until_it_is_asked_as_often_again() {
    let mut scene = Scene::new(64);
    for _ in 0..12 {
        scene.ask_in_vain(WEATHER[0]);
    }
    scene.ask_in_vain(CANTEEN[0]);
    scene.group();
    scene.decide(1, GroupState::Ignored);
    scene.decide(2, GroupState::Accepted);
    for _ in 0..11 {
        scene.ask_in_vain(WEATHER[1]);
    }
    for _ in 0..9 {
        scene.ask_in_vain(CANTEEN[1]);
    }
    scene.group();
    assert_eq!(scene.groups(GroupState::Open), []);
    assert_eq!(scene.groups(GroupState::Ignored)[0].asked, 23);

    scene.ask_in_vain(WEATHER[2]);
    scene.ask_in_vain(CANTEEN[0]);
    scene.group();
    let open = scene.groups(GroupState::Open);
    assert_eq!(
        open.iter().map(|group| (group.id, group.came_back)).collect::<Vec<_>>(),
        [(1, true), (2, true)]
    );

    scene.decide(1, GroupState::Ignored);
    scene.decide(1, GroupState::Open);
    assert!(!scene.groups(GroupState::Open)[0].came_back, "a person put it back");
}

#[test]
fn what_somebody_called_wrong_is_grouped_until_it_is_called_helpful() {
    let mut scene = Scene::new(64);
    let answered = scene.ask(WEATHER[0], None);
    let unanswered = scene.ask_in_vain(CANTEEN[0]);
    scene.say(answered, FeedbackVerdict::Wrong);
    scene.say(unanswered, FeedbackVerdict::NoneOfThese);
    scene.group();
    let rejected: Vec<(u32, u32)> =
        scene.groups(GroupState::Open).iter().map(|group| (group.no_answer, group.rejected)).collect();
    assert_eq!(rejected, [(0, 1), (0, 1)]);
    assert_eq!(scene.store.chosen_for(1).unwrap(), []);

    scene.say(answered, FeedbackVerdict::Helpful);
    scene.group();
    assert_eq!(scene.texts(), [(2, vec![(CANTEEN[0].to_owned(), 1)])]);
}

#[test]
fn groups_go_with_their_last_question() {
    let mut scene = Scene::new(64);
    scene.ask_in_vain(WEATHER[0]);
    scene.ask_in_vain(CANTEEN[0]);
    scene.ask_in_vain(WEATHER[1]);
    scene.group();
    scene.decide(2, GroupState::Ignored);
    scene.store.forget_before(at(3)).unwrap();
    assert_eq!(scene.texts(), [(1, vec![(WEATHER[1].to_owned(), 1)])]);
    assert_eq!(scene.groups(GroupState::Ignored), []);
    let vectors = scene.store.grouped_vectors(&scene.embedder.model().fingerprint, 64).unwrap();
    assert_eq!(vectors.len(), 1);
}

#[test]
fn of_two_groups_that_are_equally_near_the_older_one_takes_a_question() {
    let mut centres = Centres::new(0.5);
    centres.add(Place::Group(7), &[1.0, 0.0]);
    centres.add(Place::Group(8), &[0.0, 1.0]);
    let between = std::f32::consts::FRAC_1_SQRT_2;
    assert_eq!(centres.place(&[between, between]), Place::Group(7));
    assert_eq!(centres.place(&[-1.0, 0.0]), Place::New(0));
    assert_eq!(centres.place(&[-1.0, 0.0]), Place::New(0));
    assert_eq!(centres.place(&[0.0, -1.0]), Place::New(1));
}
