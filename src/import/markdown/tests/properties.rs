//! What any document must satisfy.

use std::{
    fmt::Write as _,
    iter,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{Options, entries, import, import_bytes, issues};

/// Pieces every document of the family is made of, and the markup most likely to upset a parser.
fn tokens() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "**",
        "*",
        "_",
        "`",
        "```\n",
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "\u{3000}",
        "1",
        "12、",
        "１．",
        "（三）",
        "(",
        "）",
        "第",
        "章",
        "三、",
        "Q",
        "问",
        "：",
        ":",
        "解决方案",
        "答",
        "A",
        "<a name=\"b\">",
        "</a>",
        "<",
        ">",
        "<img src=",
        "\"",
        "![",
        "](",
        "a.png",
        "../",
        "%2e",
        "\\",
        "# ",
        "## ",
        "- ",
        "> ",
        "|",
        "---",
        "&nbsp;",
        "<!--",
        "-->",
        "<br>",
        "<b>",
        "群",
        "abc",
        "。",
        "？",
        "，",
        "“",
        "”",
        "\r",
        "\0",
        "[1]: x",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

fn words() -> impl Strategy<Value = String> {
    "[甲乙丙丁群聊天建打开点击]{3,12}"
}

/// What white space a converter might leave between two Chinese characters.
fn noise() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "   ", "\u{3000}", "\n", "\n\n", " \n\n  "])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.md", "a.jsonl"] {
            let _ = import_bytes(name, &bytes, &Options::default());
        }
    }

    #[test]
    fn no_mix_of_the_familys_tokens_makes_it_panic(text in tokens()) {
        let import = import_bytes("a.md", text.as_bytes(), &Options::default()).unwrap();
        let ids: std::collections::HashSet<_> = import.entries.iter().map(|entry| &entry.id).collect();
        prop_assert_eq!(ids.len(), import.entries.len());
        for entry in &import.entries {
            prop_assert!(!entry.question.is_empty() && !entry.answer.is_empty());
        }
    }

    #[test]
    fn a_well_formed_document_is_imported_exactly(
        document in prop::collection::vec(
            (words(), prop::collection::vec((words(), words(), words(), noise(), noise()), 1..5)), 1..4),
        question_form in 0..6_usize,
        marker in prop::sample::select(vec!["**解决方案:** ", "**解决方案：**", "答：", "**答**：", "A："]),
    ) {
        let asked: Vec<&str> =
            document.iter().flat_map(|(_, questions)| questions.iter().map(|(question, ..)| &**question)).collect();
        // A question that stands there twice is reported, and another test's matter.
        prop_assume!(asked.iter().all(|question| asked.iter().filter(|other| *other == question).count() == 1));
        let mut text = String::new();
        let mut expected = Vec::new();
        for (section, (title, questions)) in (1..).zip(&document) {
            let ordinal = ["一", "二", "三"][section - 1];
            let _ = write!(text, "**（{ordinal}）{title}**\n\n");
            for (number, (question, first, second, in_question, in_answer)) in (1..).zip(questions) {
                let split = in_question.contains('\n');
                let (head, tail) = question.split_at('群'.len_utf8());
                let gap = if split { format!("**{in_question}**") } else { (*in_question).to_owned() };
                let words = format!("{head}{gap}{tail}？");
                let line = match question_form {
                    0 => format!("**{number}、{words}**"),
                    1 => format!("**{number}. {words}**"),
                    2 => format!("**（{number}）{words}**"),
                    3 => format!("**Q{number}：{words}**"),
                    4 => format!("<a name=\"bookmark{number}\"></a>**{number}．{words}**"),
                    _ => format!("**{number}）{words}**"),
                };
                let _ = write!(text, "{line}\n\n{marker}{first}{in_answer}{second}。\n\n{second}。\n\n\n");
                expected.push(format!("faq-{section}-{number}|{title}|{question}？|{first}{second}。⏎⏎{second}。"));
            }
        }
        let import = import(&text);
        prop_assert_eq!(entries(&import), expected, "{}", text);
        prop_assert_eq!(issues(&import), []);
    }

    #[test]
    fn an_imported_answer_imports_as_itself(text in "[群聊。，“a1 \u{3000}\n]{1,40}") {
        let first = import(&format!("**1、甲？**\n\n答：{text}好"));
        prop_assume!(first.entries.len() == 1);
        let once = first.entries[0].answer.markdown();
        let second = import(&format!("**1、甲？**\n\n答：{once}"));
        prop_assert_eq!(second.entries[0].answer.markdown(), once);
    }
}

/// Four times the text takes about four times as long; quadratic would be sixteen. The slack is for busy machines.
#[test]
fn large_documents_of_anything_are_read_in_linear_time() {
    let entry = "**1、怎么建群？**\n\n**解决方案：** 点右上角，  然后\n\n完成。\n\n1、打开\n\n2、点击\n\n";
    let units = [
        "**",
        "[",
        "![](",
        "<a>",
        "*群",
        "`",
        "> ",
        "Q：a\n",
        "1. ",
        "群\n\n",
        "**群**\n\n",
        "# 群\n",
        "<",
        "答：\n",
    ];
    let sizes = iter::once((entry, 10_000_000)).chain(units.map(|unit| (unit, 1_000_000)));
    for (unit, bytes) in sizes {
        let time = |bytes: usize| {
            let text = unit.repeat(bytes / unit.len());
            let start = Instant::now();
            import(&text);
            start.elapsed()
        };
        let (short, long) = (time(bytes / 4), time(bytes));
        assert!(long < short * 10 + Duration::from_secs(2), "{unit:?}: {short:?} became {long:?}");
    }
}
