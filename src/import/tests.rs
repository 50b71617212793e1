use super::*;

fn bytes(name: &str, bytes: &[u8]) -> Result<Import, ImportError> {
    import_bytes(name, bytes, &Options::default())
}

#[test]
fn an_unknown_kind_is_refused_with_the_list_of_known_ones() {
    for (name, found) in [
        ("faq.doc", "kind .doc (open it and save it as .docx)"),
        ("faq.pdf", "kind .pdf"),
        ("faq", "without an extension"),
        ("a.md/faq", "without"),
    ] {
        let text = bytes(name, b"").unwrap_err().to_string();
        assert!(text.contains(found) && text.contains(".md, .markdown, .jsonl, .ndjson"), "{text}");
    }
    assert!(bytes("FAQ.MD", b"").is_ok(), "the case of the extension does not matter");
}

#[test]
fn a_missing_file_is_named() {
    let error = import_file(Path::new("no-such-folder/faq.md"), &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read no-such-folder/faq.md");
}

#[test]
fn the_encodings_of_chinese_offices_are_understood() {
    let text = "**1、怎么退群？**\n\n答：点击右上角。\n";
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let gb18030 = encoding_rs::GB18030.encode(text).0.into_owned();
    let marked = format!("\u{feff}{text}").into_bytes();
    let expected = bytes("faq.md", text.as_bytes()).unwrap();
    assert_eq!(expected.entries[0].question, "怎么退群？");
    let unmarked = utf16[2..].to_vec();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for encoded in [utf16, unmarked, big, gb18030, marked] {
        assert_eq!(bytes("faq.md", &encoded).unwrap(), expected);
    }
}

#[test]
fn a_damaged_file_is_reported_with_its_line_and_what_to_do() {
    let text =
        bytes("faq.md", "怎么退群\n怎么\u{7fa4}\n".as_bytes()).map(|_| ()).map_err(|it| it.to_string());
    assert_eq!(text, Ok(()));
    let damaged = ["怎么解散群？\n怎么".as_bytes(), b"\xE7\n", "退群".as_bytes()].concat();
    let text = bytes("faq.md", &damaged).unwrap_err().to_string();
    assert!(text.contains("line 2") && text.contains("save the file as UTF-8"), "{text}");
    let text = bytes("faq.csv", &[0xff, 0xff, 0x20, 0x80]).unwrap_err().to_string();
    assert!(text.contains("GB18030"), "{text}");
}

#[test]
fn a_damaged_file_says_once_what_is_wrong_with_it() {
    for (name, expected) in [
        ("faq.xlsx", "is damaged"),
        ("faq.docx", "is damaged"),
        ("faq.zip", "is damaged"),
        ("faq.json", "JSON"),
    ] {
        let error = bytes(name, b"PK\x03\x04 broken").unwrap_err();
        let first: &dyn std::error::Error = &error;
        let causes = std::iter::successors(Some(first), |error| error.source());
        let texts: Vec<String> = causes.map(ToString::to_string).collect();
        assert!(texts[0].contains(name) && texts[0].contains(expected), "{texts:?}");
        assert!(texts.windows(2).all(|pair| !pair[0].contains(&pair[1])), "{texts:?}");
    }
}

#[test]
fn an_empty_file_is_reported_in_every_format() {
    for (name, _) in format::EXTENSIONS {
        for content in [&b""[..], b"\xEF\xBB\xBF", b" \r\n\n"] {
            let import = bytes(&format!("faq.{name}"), content).unwrap();
            let kinds: Vec<_> = import.report.issues.iter().map(|issue| &issue.kind).collect();
            assert_eq!((kinds, import.entries.len()), (vec![&IssueKind::EmptyFile], 0), "{name} {content:?}");
        }
    }
}

#[test]
fn what_stands_there_twice_is_left_out_or_named() {
    let import = bytes(
        "faq.csv",
        "标准问,答案\n怎么退群,点右上角\n怎么退群？,点右上角\n怎么退群,点左上角\n怎么入群,扫码\n".as_bytes(),
    )
    .unwrap();
    let found: Vec<_> = import.report.issues.iter().map(|it| (it.line.unwrap(), it.kind.code())).collect();
    assert_eq!(found, [(3, "same_twice"), (4, "question_twice")]);
    assert_eq!((import.report.imported, import.report.skipped, import.report.failed), (3, 1, 0));

    let mut others = OtherFiles::default();
    let mut first = bytes("a.csv", "编号,标准问,答案\nx,怎么退群,甲\n".as_bytes()).unwrap();
    first.leave_out_taken(&mut others);
    let mut second = bytes("b.csv", "编号,标准问,答案\nx,怎么入群,乙\ny,怎么退群？,丙\n".as_bytes()).unwrap();
    second.leave_out_taken(&mut others);
    let found: Vec<_> = second.report.issues.iter().map(|it| (it.line.unwrap(), it.kind.code())).collect();
    assert_eq!(found, [(2, "id_in_other_file"), (3, "question_in_other_file")]);
    assert_eq!((second.report.imported, second.report.skipped), (1, 1));
    let text = second.report.issues[0].to_string();
    assert!(text.ends_with("the id x is already used in a.csv; this one was left out"), "{text}");
    let twice = bytes("c.csv", "编号,标准问,答案\nx,甲,一\nx,乙,二\n".as_bytes()).unwrap();
    let text = twice.report.issues[0].to_string();
    assert!(text.ends_with("the id x is already used on line 2; this one was left out"), "{text}");
}

#[test]
fn texts_that_no_person_wrote_are_left_out() {
    let long = "长".repeat(crate::faq::MAX_ANSWER_CHARS + 1);
    let text = format!("标准问,答案\n甲,{long}\n{long},乙\n丙,好\n");
    let import = bytes("faq.csv", text.as_bytes()).unwrap();
    let codes: Vec<_> = import.report.issues.iter().map(|issue| issue.kind.code()).collect();
    assert_eq!((codes, import.entries.len()), (vec!["too_long", "too_long"], 1));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    for (name, text) in [
        ("faq.md", "\u{feff}**1、问题？**\n\n答：答案。"),
        ("faq.jsonl", "\u{feff}{\"id\":\"faq-1\",\"question\":\"问题？\"}"),
    ] {
        let import = bytes(name, text.as_bytes()).unwrap();
        assert_eq!(import.report.issues, []);
        assert_eq!((import.entries[0].id.as_str(), import.entries[0].question.as_str()), ("faq-1", "问题？"));
    }
}
