use super::*;
use crate::{
    embed::HashedEmbedder,
    faq::{Entry, EntryId},
    index::IndexParams,
    rank::{
        Features, Ranker, Thresholds,
        fit::Example,
        ranker::{Evidence, Head, VERSION},
    },
};

fn shipped() -> Ranker {
    Ranker {
        version: VERSION,
        model: "test".to_owned(),
        made_by: "a test".to_owned(),
        weights: Features {
            dense: 10.0,
            query_tokens: 5.0,
            overlap: 1.0,
            contrast: 0.5,
            ..Features::default()
        },
        // Twice as bold as it should be: the planted truth below is half of it.
        confidence: Head { bias: -4.0, weights: Evidence { dense: 12.0, ..Evidence::default() } },
        thresholds: Thresholds { answer: 0.8, clarify: 0.4 },
        sentence_mean: Vec::new(),
        token_mean: Vec::new(),
    }
}

fn id(number: usize) -> EntryId {
    format!("e{number}").parse().unwrap()
}

/// `per_entry` questions about each of `entries` entries. Of six candidates the one with the largest `truth` is
/// right, where `luck` is the chance that a question comes out as it should.
fn labels(entries: usize, per_entry: usize, truth: Features, luck: impl Fn(f32) -> f32) -> Vec<Case> {
    let mut draw = fastrand::Rng::with_seed(11);
    let mut case = |entry: usize| {
        let features: Vec<Features> = (0..6)
            .map(|_| Features {
                dense: draw.f32(),
                query_tokens: draw.f32(),
                overlap: draw.f32(),
                ..Features::default()
            })
            .collect();
        let by_truth = |&a: &usize, &b: &usize| truth.dot(features[a]).total_cmp(&truth.dot(features[b]));
        let best = (0..6).max_by(by_truth).unwrap();
        let right = if draw.f32() < luck(features[best].dense) { best } else { (best + 1) % 6 };
        let right = (0..6).map(|at| at == right).collect();
        Case {
            relevant: vec![id(entry)],
            example: Example { features, wordings: vec![crate::rank::Wording::Other; 6], right },
        }
    };
    (0..entries * per_entry).map(|nth| case(nth % entries)).collect()
}

fn honest(dense: f32) -> f32 {
    1.0 / (1.0 + (2.0 - 4.0 * dense).exp())
}

#[test]
fn an_exaggerating_calibration_is_replaced_and_held_out_confidences_get_honest() {
    let cases = labels(60, 10, shipped().weights, honest);
    let (ranker, report) = own::fit(&shipped(), &cases, 0.2, "a test".into()).unwrap();
    let Comparison { before, after } = report.figures;
    assert!(report.calibration.replaced && before.ece > 0.08 && after.ece < 0.05, "{report:?}");
    assert!((before.hit_at_1 - after.hit_at_1).abs() < 1e-9 && !report.order.replaced, "{report:?}");
    assert!(ranker.confidence.weights.dense < shipped().confidence.weights.dense);
    assert_eq!(ranker.weights, shipped().weights);
    assert!(Ranker::from_json(&ranker.to_json().unwrap()).is_ok());
}

#[test]
fn the_order_is_replaced_only_when_that_is_more_than_chance() {
    let truth = Features { dense: 2.0, overlap: 10.0, ..Features::default() };
    let (ranker, report) =
        own::fit(&shipped(), &labels(60, 5, truth, |_| 0.95), 0.05, "a test".into()).unwrap();
    assert!(report.order.replaced && report.figures.after.hit_at_1 > report.figures.before.hit_at_1 + 0.1);
    assert!(ranker.weights.overlap > ranker.weights.dense, "{:?}", ranker.weights);
    assert!((ranker.weights.contrast - 0.5).abs() < 1e-6, "labels have no say in opposites");
}

#[test]
fn the_rate_of_wrong_answers_is_kept_on_held_out_entries() {
    for rate in [0.05, 0.2] {
        let cases = labels(100, 10, shipped().weights, |dense| dense.powf(0.3));
        let (_, report) = own::fit(&shipped(), &cases, rate, "a test".into()).unwrap();
        let after = report.figures.after;
        assert!(after.wrong_answer_rate < rate + 0.03, "{after:?}");
        assert!(after.answered <= after.coverage + 0.1, "{after:?}");
    }
}

#[test]
fn questions_without_an_answer_count_as_wrong() {
    let mut cases = labels(40, 5, shipped().weights, |_| 0.99);
    let (_, without) = own::fit(&shipped(), &cases, 0.05, "a test".into()).unwrap();
    let strangers: Vec<Case> = labels(40, 2, shipped().weights, |_| 0.99)
        .into_iter()
        .map(|mut case| {
            case.relevant.clear();
            case.example.right.fill(false);
            case
        })
        .collect();
    cases.extend(strangers);
    let (ranker, with) = own::fit(&shipped(), &cases, 0.05, "a test".into()).unwrap();
    assert_eq!((with.questions, with.unanswerable), (200, 80));
    assert_eq!(without.figures.after.unanswerable_answered, None);
    assert!(
        with.figures.after.unanswerable_answered.unwrap()
            < with.figures.before.unanswerable_answered.unwrap()
    );
    assert!(ranker.thresholds.answer > without.thresholds.answer, "{with:?}");
}

#[test]
fn too_few_labels_are_refused_with_the_numbers() {
    for (entries, per_entry, text) in [(14, 10, "140 questions"), (49, 1, "about 49 entries")] {
        let cases = labels(entries, per_entry, shipped().weights, honest);
        let error = own::fit(&shipped(), &cases, 0.05, "a test".into()).unwrap_err();
        assert!(matches!(error, Error::TooFewLabels { .. }));
        let error = error.to_string();
        assert!(error.contains(text) && error.contains("at least 50 questions about 15 entries"), "{error}");
    }
    let few = labels(15, 4, shipped().weights, honest);
    assert!(own::fit(&shipped(), &few, 0.05, "a test".into()).is_ok());
}

#[test]
fn a_rate_that_is_no_share_is_refused() {
    let cases = labels(20, 5, shipped().weights, honest);
    for rate in [0.0, 1.0, -0.1, f64::NAN] {
        let error = own::fit(&shipped(), &cases, rate, "a test".into()).unwrap_err();
        assert!(matches!(error, Error::WrongRate { .. }), "{rate}: {error}");
    }
}

#[test]
fn the_same_labels_give_the_same_fit() {
    let fit =
        || own::fit(&shipped(), &labels(30, 4, shipped().weights, honest), 0.1, "a test".into()).unwrap();
    assert_eq!(fit(), fit());
}

#[test]
fn questions_for_which_nothing_was_found_are_wrong_and_no_error() {
    let mut cases = labels(30, 4, shipped().weights, |_| 0.9);
    for case in cases.iter_mut().step_by(5) {
        case.example = Example::default();
    }
    let (_, report) = own::fit(&shipped(), &cases, 0.05, "a test".into()).unwrap();
    assert!(report.figures.after.hit_at_1 <= 0.8);
}

/// `categories` categories of eight entries, three questions about each.
fn faq(categories: usize) -> (Vec<Entry>, Vec<(String, Vec<EntryId>)>) {
    let (things, deeds) =
        (["发票", "订单", "会员", "物流", "退款"], "开具 查询 取消 修改 下载 打印 补办 转让");
    let (mut entries, mut questions) = (Vec::new(), Vec::new());
    for thing in &things[..categories] {
        for deed in deeds.split(' ') {
            let id: EntryId = id(entries.len());
            for text in
                [format!("{thing}{deed}流程"), format!("我想{deed}{thing}"), format!("{deed}{thing}在哪")]
            {
                questions.push((text, vec![id.clone()]));
            }
            let answer = format!("在{thing}页面选择{deed}，按提示操作。");
            let entry = Entry::new(id, format!("怎么{deed}{thing}"), answer);
            entries.push(Entry { category: vec![(*thing).to_owned()], ..entry });
        }
    }
    (entries, questions)
}

fn fit_unseen(categories: usize) -> Result<(Ranker, UnseenReport), Error> {
    let (entries, questions) = faq(categories);
    let (embedder, params) = (HashedEmbedder::new(128), IndexParams::default());
    let asked = embed(&questions, &embedder, &str::to_owned, &|_| ())?;
    let fit = Unseen {
        embedder: &embedder,
        params: &params,
        max_wrong_rate: 0.05,
        made_by: "a test".to_owned(),
        progress: &(),
    };
    fit.fit(&entries, &asked)
}

#[test]
fn a_fit_for_unseen_faqs_beats_similarity_alone_and_repeats_itself() {
    let (ranker, report) = fit_unseen(5).unwrap();
    assert_eq!((report.entries, report.questions, report.views.len()), (40, 120, 3));
    let mean = |of: fn(&ViewReport) -> f64| report.views.iter().map(of).sum::<f64>() / 3.0;
    assert!(mean(|view| view.hit_at_1) >= mean(|view| view.dense_hit_at_1), "{report:?}");
    assert!(ranker.weights.to_array().iter().all(|&weight| weight >= 0.0), "{:?}", ranker.weights);
    assert!(ranker.weights.overlap > 0.0 && ranker.weights.negative > ranker.weights.dense);
    assert_eq!((ranker.sentence_mean.len(), ranker.token_mean.len()), (128, 128));
    assert!(Ranker::from_json(&ranker.to_json().unwrap()).is_ok());
    assert_eq!(fit_unseen(5).unwrap(), (ranker, report));
}

#[test]
fn a_faq_with_too_few_categories_cannot_stand_for_unseen_ones() {
    let error = fit_unseen(3).unwrap_err();
    assert!(matches!(error, Error::TooFewCategories { categories: 3 }), "{error}");
}
