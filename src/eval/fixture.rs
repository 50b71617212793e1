//! Small runs for tests.

use std::{collections::BTreeMap, time::Duration};

use super::outcome::{Alone, Outcome, Ranked, Run};
use crate::{faq::EntryId, rank::policy::Decision};

/// An outcome from space-separated ids; the first has `confidence`, each further one a tenth of the one before.
/// Answered from 0.8 on, clarified from 0.4 on.
pub(crate) fn outcome(ranked: &str, relevant: &str, confidence: f32) -> Outcome {
    let ids = |text: &str| text.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<EntryId>>();
    let decision = match confidence {
        c if c >= 0.8 => Decision::Answer,
        c if c >= 0.4 => Decision::Clarify,
        _ => Decision::NoAnswer,
    };
    Outcome {
        query: format!("{relevant}怎么办"),
        relevant: ids(relevant),
        ranked: ids(ranked)
            .into_iter()
            .enumerate()
            .map(|(index, id)| Ranked {
                id,
                confidence: confidence * 0.1_f32.powi(i32::try_from(index).unwrap()),
                scores: BTreeMap::new(),
            })
            .collect(),
        decision,
        alone: Alone::default(),
        took: Duration::from_millis(4),
    }
}

/// The same with another question.
pub(crate) fn asked(query: &str, outcome: Outcome) -> Outcome {
    Outcome { query: query.to_owned(), ..outcome }
}

/// A run with every kind of question and every kind of failure.
pub(crate) fn run() -> Run {
    Run {
        answerable: vec![
            Outcome {
                alone: Alone { dense: Some(2), lexical: Some(1) },
                ..asked("怎么解散群聊", outcome("dissolve quit", "dissolve", 0.97))
            },
            asked("群不想要了", outcome("quit dissolve", "dissolve", 0.86)),
            asked("怎么退出群聊", outcome("quit dissolve", "quit", 0.92)),
            asked("快捷回复在哪", outcome("reply quit", "reply", 0.55)),
            asked("回复太慢了怎么快点", outcome("quit dissolve", "reply", 0.31)),
        ],
        near_miss: vec![
            asked("怎么解散公司", outcome("dissolve quit", "", 0.83)),
            asked("怎么建群", outcome("dissolve", "", 0.42)),
        ],
        out_of_scope: vec![
            asked("今天天气怎么样", outcome("reply", "", 0.02)),
            asked("😀", Outcome { ranked: Vec::new(), ..outcome("", "", 0.0) }),
        ],
        held_out: Vec::new(),
        held_out_control: Vec::new(),
    }
}

/// Sixty scores with a label each that follows them loosely, for comparison with other implementations. In Python:
///
/// ```python
/// score = [(i*37 % 101) / 101 for i in range(1, 61)]
/// label = [(i*i*7 + i) % 13 <= int(s*13) for i, s in zip(range(1, 61), score)]
/// if tied: score = [round(s, 1) for s in score]
/// ```
pub(crate) fn series(tied: bool) -> Vec<(f64, bool)> {
    (1..=60_u32)
        .map(|i| {
            let score = f64::from(i * 37 % 101) / 101.0;
            let label = f64::from((i * i * 7 + i) % 13) <= (score * 13.0).floor();
            (if tied { (score * 10.0).round() / 10.0 } else { score }, label)
        })
        .collect()
}
