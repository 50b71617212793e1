//! A reply in Chinese, made of the FAQ's own answers. It says where each comes from, and never that anything was done.

use std::fmt::Write;

use super::{Found, Reason, ReasonCode, Suggestion, outcome::Band};

/// Entries that are offered when none is sure.
const OFFERED: usize = 3;

/// A question is shown back at most this long, in characters.
const QUOTED_CHARS: usize = 40;

/// The reply; `None` when the FAQ has nothing to say to any of the questions.
pub(super) fn reply(questions: &[Found], reasons: &[Reason]) -> Option<String> {
    if questions.iter().all(|question| question.band == Band::Low) {
        return None;
    }
    let has = |code: ReasonCode| reasons.iter().any(|reason| reason.code == code);
    let mut reply = String::from("您好，");
    reply.push_str(if has(ReasonCode::Complaint) {
        "给您带来不便，非常抱歉。"
    } else {
        "感谢您的来信。"
    });
    for (nth, question) in questions.iter().enumerate() {
        reply.push_str("\n\n");
        if questions.len() > 1 {
            let _ = write!(reply, "{}. ", nth + 1);
        }
        let _ = write!(reply, "关于“{}”", shortened(&question.text));
        match (question.band, question.matches.first()) {
            (Band::High, Some(best)) if !best.answer.is_empty() => answer(best, &mut reply),
            (Band::High | Band::Medium, Some(_)) => offer(&question.matches, &mut reply),
            (Band::High | Band::Medium | Band::Low, _) => reply.push_str("：这个问题需要人工为您确认。"),
        }
    }
    if has(ReasonCode::AsksForPerson) {
        reply.push_str("\n\n您希望由人工处理，以上内容供您先行参考。");
    }
    Some(reply)
}

fn answer(best: &Suggestion, reply: &mut String) {
    let _ = write!(reply, "：\n\n{}\n\n（来源：{}）", best.answer, source(best));
}

fn offer(matches: &[Suggestion], reply: &mut String) {
    reply.push_str("，您是不是想问：\n");
    for offered in matches.iter().take(OFFERED) {
        let _ = write!(reply, "\n- {}（{}）", offered.question, offered.id);
    }
}

fn source(found: &Suggestion) -> String {
    let Suggestion { id, question, source, .. } = found;
    match source {
        Some(source) => format!("《{source}》{question}，{id}"),
        None => format!("{question}，{id}"),
    }
}

fn shortened(question: &str) -> String {
    match question.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &question[..end]),
        None => question.to_owned(),
    }
}
