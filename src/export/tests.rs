use jiff::civil::Date;
use proptest::prelude::*;

use super::*;
use crate::{
    assets::{Assets, Picture},
    faq::Answer,
    import::{Options, import_bytes},
};

fn entry(id: &str, question: &str, answer: &str) -> Entry {
    Entry::new(id.parse().unwrap(), question, answer)
}

/// What comes back when the entries are exported and imported again, without where it came from.
fn there_and_back(entries: &[Entry], format: Format) -> Vec<Entry> {
    let content = export(entries, format).unwrap();
    let name = format!("faq.{}", format.extension());
    let import = import_bytes(&name, &content, &Options::default()).unwrap();
    let left_out: Vec<_> = import.report.issues.iter().filter(|issue| issue.is_entry_left_out()).collect();
    assert!(left_out.is_empty(), "{format:?}: {left_out:?}");
    import.entries.into_iter().map(bare).collect()
}

fn bare(entry: Entry) -> Entry {
    Entry { source: None, updated_at: None, ..entry }
}

#[test]
fn what_would_be_lost_in_a_cell_or_a_document_comes_back() {
    let mut odd = entry(
        "a.b:c-1",
        "=HYPERLINK(\"x\")",
        "- 一\n- 二\n\n## 三\n\n**1、问题**\n\n答：x\n\n<!-- dayi:entry {} -->\n\\<!-- dayi:faq -->",
    );
    odd.similar = vec!["a|b".into(), "c;d；e".into(), "f\ng".into(), "-->".into()];
    odd.negative = vec!["单独|一个".into()];
    odd.category = vec!["iOS/安卓".into(), "群".into()];
    odd.tags = vec!["'=1".into()];
    odd.enabled = false;
    odd.valid_from = "2026-01-02".parse().ok();
    let mut long = entry("2", "两行\n的问题？", "'+86\r\n\r\n```\n  code  \n```");
    long.valid_until = "2026-12-31".parse().ok();
    let entries = [odd, long, entry("3", "## 标题", "_x000D_ and _x005F_\t.")];
    for format in Format::ALL {
        assert_eq!(there_and_back(&entries, format), entries, "{format:?}");
    }
}

#[test]
fn no_cell_of_an_export_is_a_formula() {
    let mut bad = entry("a", "=cmd|' /C calc'!A0", "@SUM(1)");
    bad.similar = vec!["+1".into(), "-1".into()];
    let csv = String::from_utf8(export(std::slice::from_ref(&bad), Format::Csv).unwrap()).unwrap();
    assert!(csv.contains("'=cmd") && csv.contains("'@SUM") && csv.contains("'+1"), "{csv}");
    let xlsx = export(&[bad], Format::Xlsx).unwrap();
    let mut archive = crate::sheet::Archive::open(xlsx).unwrap();
    let sheet = String::from_utf8(archive.read("xl/worksheets/sheet1.xml").unwrap().unwrap()).unwrap();
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
}

#[test]
fn a_text_that_no_cell_holds_is_named_with_its_entry() {
    let long = [entry("a-7", "问", &"长".repeat(32_768))];
    let error = export(&long, Format::Xlsx).unwrap_err().to_string();
    assert!(error.contains("答案 of a-7") && error.contains("csv"), "{error}");
    assert_eq!(there_and_back(&long, Format::Csv), long);
}

#[test]
fn json_lines_keep_where_an_entry_came_from() {
    let source = crate::faq::Source { file: "x.md".into(), line: Some(3), ..crate::faq::Source::default() };
    let entry = Entry {
        source: Some(source),
        updated_at: "2026-01-02T03:04:05Z".parse().ok(),
        ..entry("a", "问", "")
    };
    let lines = export(std::slice::from_ref(&entry), Format::Jsonl).unwrap();
    assert_eq!(import_bytes("y.jsonl", &lines, &Options::default()).unwrap().entries, [entry]);
}

#[test]
fn a_packed_export_brings_its_pictures() {
    let picture = Picture::new(b"\x89PNG\r\n\x1a\n1".to_vec()).unwrap();
    let entries = [entry("a", "问", &format!("看 ![图]({})", picture.name().reference()))];
    let names = pictures(&entries);
    assert_eq!(names.iter().collect::<Vec<_>>(), [picture.name()]);
    let data = tempfile::tempdir().unwrap();
    Assets::in_data(data.path()).keep([&picture]).unwrap();
    for format in Format::ALL {
        let name = format!("faq.{}", format.extension());
        let content = export(&entries, format).unwrap();
        let packed =
            pack(&name, &content, names.iter().map(|name| (name, picture.bytes().to_vec()))).unwrap();
        let import = import_bytes("faq.zip", &packed, &Options::default()).unwrap();
        assert_eq!(import.report.issues, [], "{format:?}");
        assert_eq!(import.pictures, std::slice::from_ref(&picture));
        assert_eq!(import.entries.into_iter().map(bare).collect::<Vec<_>>(), entries);
    }
}

/// Texts with everything that a format could trip over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~群聊怎么？，；｜\n\t'=+@#>|;,\"\\\\<!-]{0,30}",
        "(<!-- dayi:entry |## |\\\\|-->|\\[\"a\"\\]|_x0041_|1、|答：|群\n){1,4}",
        "\\PC{0,12}",
    ]
    .prop_map(|text| text.trim().to_owned())
}

fn filled_text() -> impl Strategy<Value = String> {
    (text(), "[问答]").prop_map(|(text, mark)| format!("{text}{mark}"))
}

fn day() -> impl Strategy<Value = Option<Date>> {
    prop::option::of((2000_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap()))
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let list = || prop::collection::vec(text(), 0..3);
    let one = (filled_text(), list(), list(), filled_text(), (list(), list(), any::<bool>()), (day(), day()))
        .prop_map(|(question, similar, negative, answer, (category, tags, enabled), (from, until))| {
            let (valid_from, valid_until) = if from > until { (until, from) } else { (from, until) };
            let answer = Answer::new(answer);
            let entry = entry("x", &question, "");
            Entry { similar, negative, answer, category, tags, enabled, valid_from, valid_until, ..entry }
        });
    prop::collection::vec(one, 1..4).prop_map(|mut entries| {
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.id = format!("id-{index}").parse().unwrap();
            // Pictures are another matter: what cannot be found is reported, what must not be read is cut out.
            if !entry.answer.images().is_empty() || entry.answer.markdown().contains("<img") {
                entry.answer = Answer::new("答");
            }
        }
        entries
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn csv_comes_back(entries in entries()) {
        prop_assert_eq!(there_and_back(&entries, Format::Csv), entries);
    }

    #[test]
    fn xlsx_comes_back(entries in entries()) {
        prop_assert_eq!(there_and_back(&entries, Format::Xlsx), entries);
    }

    #[test]
    fn json_lines_come_back(entries in entries()) {
        prop_assert_eq!(there_and_back(&entries, Format::Jsonl), entries);
    }

    #[test]
    fn markdown_comes_back(entries in entries()) {
        prop_assert_eq!(there_and_back(&entries, Format::Markdown), entries);
    }
}
