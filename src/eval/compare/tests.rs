use super::*;
use crate::{
    eval::{
        fixture::{asked, outcome, run},
        outcome::Run,
        report::Setup,
    },
    rank::policy::Decision,
};

fn report_of(run: &Run) -> Report {
    Report::new(run, Setup { entries: &[], model: "zh-small", index: "exact" })
}

/// The fixture after a change: one question won, one lost, one near miss no longer answered, one decided otherwise,
/// one gone and one new.
fn changed() -> Run {
    let mut run = run();
    run.answerable[1] = asked("群不想要了", outcome("dissolve quit", "dissolve", 0.86));
    run.answerable[2] = asked("怎么退出群聊", outcome("dissolve quit", "quit", 0.85));
    run.answerable[3].decision = Decision::Answer;
    run.near_miss[0] = asked("怎么解散公司", outcome("dissolve quit", "", 0.5));
    run.out_of_scope[0] = asked("明天天气怎么样", outcome("reply", "", 0.02));
    run
}

#[test]
fn a_report_compared_with_itself_shows_no_change_and_no_regression() {
    let report = report_of(&run());
    let comparison = Comparison::new(&report, &report);
    assert!(comparison.questions.is_empty());
    assert!(comparison.regressions(0.0).is_empty());
    assert_eq!((comparison.added, comparison.removed), (0, 0));
}

#[test]
fn a_baseline_that_went_through_a_file_is_no_regression() {
    let folder = tempfile::tempdir().unwrap();
    let report = report_of(&run());
    report.write(folder.path()).unwrap();
    let baseline = Report::read(&folder.path().join("report.json")).unwrap();
    let comparison = Comparison::new(&baseline, &report);
    assert!(comparison.regressions(0.0).is_empty());
    assert!(!comparison.text(0.0).contains("worse"));
}

#[test]
fn questions_are_told_apart_by_what_became_of_them() {
    let (before, after) = (report_of(&run()), report_of(&changed()));
    let comparison = Comparison::new(&before, &after);
    let found: Vec<(ChangeKind, &str)> =
        comparison.questions.iter().map(|change| (change.kind, change.after.query.as_str())).collect();
    assert_eq!(
        found,
        [
            (ChangeKind::NewlyWrong, "怎么退出群聊"),
            (ChangeKind::NewlyRight, "群不想要了"),
            (ChangeKind::NewlyRight, "怎么解散公司"),
            (ChangeKind::DecisionChanged, "快捷回复在哪"),
        ]
    );
    assert_eq!((comparison.removed, comparison.added), (1, 1));
}

#[test]
fn a_regression_is_what_got_worse_beyond_the_tolerance_in_its_own_direction() {
    let good = Run { answerable: vec![outcome("a", "a", 0.9); 10], ..Run::default() };
    let mut bad = good.clone();
    bad.answerable[0] = outcome("b a", "a", 0.9);
    let (good, bad) = (report_of(&good), report_of(&bad));
    let worse = Comparison::new(&good, &bad);
    let names = |tolerance| -> Vec<Metric> {
        worse.regressions(tolerance).into_iter().map(|change| change.metric).collect()
    };
    assert!(names(0.02).contains(&Metric::HitAt1) && names(0.02).contains(&Metric::WrongAnswerRate));
    // Hit@1 falls by exactly 0.1; ECE gets better, as 90 % sure is now 90 % right.
    assert!(!names(0.1).contains(&Metric::HitAt1));
    assert!(!names(0.0).contains(&Metric::Ece));
    assert!(Comparison::new(&bad, &good).regressions(0.0).iter().all(|change| change.metric == Metric::Ece));
}

#[test]
fn a_metric_that_is_no_longer_measured_is_a_regression() {
    let fewer = Run { near_miss: Vec::new(), ..run() };
    let (before, after) = (report_of(&run()), report_of(&fewer));
    let missing: Vec<Metric> =
        Comparison::new(&before, &after).regressions(1.0).into_iter().map(|change| change.metric).collect();
    assert_eq!(missing, [Metric::NearMissAuc]);
    let gained = Comparison::new(&after, &before);
    assert!(gained.regressions(1.0).is_empty());
}

#[test]
fn a_question_asked_twice_is_compared_in_order() {
    let twice = |first: &str, second: &str| {
        report_of(&Run {
            answerable: vec![asked("同", outcome(first, "a", 0.9)), asked("同", outcome(second, "a", 0.9))],
            ..Run::default()
        })
    };
    let (before, after) = (twice("a", "b"), twice("a", "a"));
    let comparison = Comparison::new(&before, &after);
    assert_eq!(comparison.questions.len(), 1);
    assert_eq!(comparison.questions[0].kind, ChangeKind::NewlyRight);
}

#[test]
fn another_model_is_named_above_the_numbers() {
    let mut after = report_of(&run());
    after.summary.model = "bge-small\u{1b}[2J".to_owned();
    let before = report_of(&run());
    let text = Comparison::new(&before, &after).text(0.01);
    assert!(text.starts_with("zh-small on exact -> bge-small\u{fffd}[2J on exact\n"), "{text}");
}

#[test]
fn text_of_a_comparison() {
    let (before, after) = (report_of(&run()), report_of(&changed()));
    insta::assert_snapshot!(Comparison::new(&before, &after).text(0.01));
}
