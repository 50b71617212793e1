use std::{fs, io::Write};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A file with this name and content; the folder lives as long as the first value.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn questions(name: &str, content: impl AsRef<[u8]>) -> Result<Loaded<Question>, Error> {
    let (_folder, path) = file(name, content);
    read_questions(&path)
}

fn question(row: usize, query: &str, expected: &[&str]) -> Question {
    Question { row, query: query.into(), expected: expected.iter().map(|&id| id.to_owned()).collect() }
}

/// A workbook of one sheet; each cell is put in as inline text or, where it is a number, as a number.
fn workbook(cells: &[(&str, &str)]) -> Vec<u8> {
    let mut rows = std::collections::BTreeMap::<u32, String>::new();
    for (name, text) in cells {
        let row = name.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().unwrap();
        let cell = match text.parse::<f64>() {
            Ok(number) => format!("<c r=\"{name}\"><v>{number}</v></c>"),
            Err(_) => {
                format!("<c r=\"{name}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
            }
        };
        rows.entry(row).or_default().push_str(&cell);
    }
    let rows: Vec<String> =
        rows.into_iter().map(|(row, cells)| format!("<row r=\"{row}\">{cells}</row>")).collect();
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" \
                 Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"测试\" sheetId=\"1\" \
                 r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{}</sheetData></worksheet>", rows.concat()),
        ),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn json_lines_are_read_and_bad_ones_reported_with_their_number() {
    let loaded = questions(
        "q.jsonl",
        "\u{feff}{\"query\": \" 怎么解散群 \", \"relevant\": [\"a-1\", 7], \"split\": \"x\"}\n\
         \n\
         {\"query\": \"坏\n\
         {\"query\": \"没有期望\"}\n\
         {\"query\": \"\", \"relevant\": [\"a\"]}\n\
         [1]\n\
         {\"query\": \"错\", \"relevant\": [{}]}\n\
         {\"query\": \"好\", \"relevant\": \"a|b；c\"}\n",
    )
    .unwrap();
    assert_eq!(loaded.rows, [question(1, "怎么解散群", &["a-1", "7"]), question(8, "好", &["a", "b", "c"])]);
    let rows: Vec<usize> = loaded.issues.iter().map(|issue| issue.row).collect();
    assert_eq!(rows, [3, 4, 5, 6, 7]);
    assert_eq!(loaded.issues[1].to_string(), "row 4: there is no relevant, or it is blank");
}

#[test]
fn questions_that_nothing_answers_need_no_expected_entry_and_extra_fields_are_ignored() {
    let (_folder, path) = file("n.jsonl", "{\"query\":\"今天天气\",\"not_relevant\":[\"a\"],\"kind\":{}}\n");
    assert_eq!(read_unanswerable(&path).unwrap().rows, [question(1, "今天天气", &[])]);
}

#[test]
fn column_names_of_several_tools_are_understood() {
    for (header, row) in [
        ("问题,期望条目", "怎么退群,a-1"),
        ("问题,期望答案", "怎么退群,a-1"),
        ("\u{feff}Query,Relevant", "怎么退群,a-1"),
        ("question,expected", "怎么退群,a-1"),
        ("KBID,Question,Metadata tags,Top,Expected answer ID", "kb,怎么退群,,3,a-1"),
        ("id,问题,期望条目", "99,怎么退群,a-1"),
        ("id,question", "a-1,怎么退群"),
    ] {
        let loaded = questions("q.csv", format!("{header}\n{row}\n")).unwrap();
        assert_eq!(loaded.rows, [question(2, "怎么退群", &["a-1"])], "{header}");
    }
}

#[test]
fn several_ids_in_a_cell_are_split_and_rows_are_numbered_as_in_a_spreadsheet() {
    let text = "问题,期望条目\n甲,\"a\nb\"\n\n乙,c; d\n,e\n丙,f";
    let loaded = questions("q.csv", text).unwrap();
    assert_eq!(
        loaded.rows,
        [question(2, "甲", &["a", "b"]), question(4, "乙", &["c", "d"]), question(6, "丙", &["f"])]
    );
    assert_eq!(loaded.issues, [RowIssue { row: 5, problem: RowProblem::Missing { field: "query" } }]);
}

#[test]
fn chinese_excel_encodings_are_understood() {
    let text = "问题\t期望条目\r\n怎么退群\ta-1\r\n";
    let expected = [question(2, "怎么退群", &["a-1"])];
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let gb18030 = encoding_rs::GB18030.encode(text).0.into_owned();
    for bytes in [text.as_bytes().to_vec(), utf16, gb18030] {
        assert_eq!(questions("q.tsv", bytes).unwrap().rows, expected);
    }
    assert!(matches!(questions("q.csv", [0xff, 0xff, 0x20, 0x80]), Err(Error::Encoding { .. })));
}

#[test]
fn a_workbook_is_read_below_its_title_with_numbers_as_ids() {
    let bytes = workbook(&[
        ("A1", "评测问题"),
        ("A3", "问题"),
        ("C3", "期望条目"),
        ("A4", "怎么退群"),
        ("C4", "12"),
        ("C5", "a-1"),
        ("A7", "怎么解散群"),
        ("C7", "a-1\nb-2"),
    ]);
    let loaded = questions("q.xlsx", bytes).unwrap();
    assert_eq!(loaded.rows, [question(4, "怎么退群", &["12"]), question(7, "怎么解散群", &["a-1", "b-2"])]);
    assert_eq!(loaded.issues, [RowIssue { row: 5, problem: RowProblem::Missing { field: "query" } }]);
}

#[test]
fn a_cell_in_the_last_corner_of_a_sheet_costs_no_memory() {
    let bytes =
        workbook(&[("A1", "问题"), ("B1", "期望条目"), ("A2", "甲"), ("B2", "a"), ("XFD1048576", "x")]);
    assert_eq!(questions("q.xlsx", bytes).unwrap().rows, [question(2, "甲", &["a"])]);
}

#[test]
fn a_file_that_is_no_workbook_says_so() {
    assert!(matches!(questions("q.xlsx", "not a zip"), Err(Error::Workbook { .. })));
}

#[test]
fn errors_say_what_to_do() {
    let error = questions("q.csv", "甲,乙\n1,2\n").unwrap_err().to_string();
    assert!(error.contains("query, 问题") && error.contains("甲, 乙"), "{error}");
    let error = questions("q.txt", "x").unwrap_err().to_string();
    assert!(error.contains(".jsonl, .csv, .tsv or .xlsx"), "{error}");
    let error = questions("q.jsonl", "{}\n").unwrap_err().to_string();
    assert!(error.contains("no row") && error.contains("row 1: there is no query"), "{error}");
    let error = questions("q.jsonl", "\n\n").unwrap_err().to_string();
    assert!(error.ends_with("can be used: it is empty"), "{error}");
    let missing = read_questions(Path::new("does/not/exist.jsonl"));
    assert!(matches!(missing, Err(Error::Read { .. })));
}

#[test]
fn pairs_are_read_with_numbers_as_numbers_or_texts() {
    let (_folder, path) = file(
        "p.jsonl",
        "{\"a\":\"甲\",\"b\":\"乙\",\"label\":1}\n{\"a\":\"甲\",\"b\":\"乙\",\"label\":\"0.5\"}\n\
         {\"a\":\"甲\",\"b\":\"乙\",\"label\":\"yes\"}\n{\"a\":\"甲\",\"b\":\"乙\",\"label\":\"NaN\"}\n",
    );
    let loaded = read_pairs(&path).unwrap();
    let labels: Vec<f64> = loaded.rows.iter().map(|pair| pair.label).collect();
    assert_eq!(labels, [1.0, 0.5]);
    assert_eq!(loaded.issues[0].problem, RowProblem::Label { found: "yes".into() });
    assert_eq!(loaded.issues[1].row, 4);
}

#[test]
fn expected_entries_are_found_by_id_or_standard_question_and_unknown_ones_reported() {
    let entry = |id: &str, question: &str| Entry::new(id.parse().unwrap(), question, "");
    let entries = [
        entry("a", "怎么退群？"),
        entry("b", "b2"),
        entry("b2", "x"),
        entry("c", "重复"),
        entry("d", "重复"),
    ];
    let checked = check_ids(
        vec![
            question(1, "甲", &["a", "怎么退群？"]),
            question(2, "乙", &["gone", "a"]),
            question(3, "丙", &["gone"]),
            question(4, "丁", &["b2"]),
            question(5, "戊", &["重复"]),
        ],
        &entries,
    );
    let found: Vec<(usize, Vec<&str>)> = checked
        .rows
        .iter()
        .map(|row| (row.row, row.relevant.iter().map(EntryId::as_str).collect()))
        .collect();
    assert_eq!(found, [(1, vec!["a"]), (2, vec!["a"]), (4, vec!["b2"]), (5, vec!["c", "d"])]);
    let unknown = |row| RowIssue { row, problem: RowProblem::UnknownEntry { expected: "gone".into() } };
    assert_eq!(checked.issues, [unknown(2), unknown(3)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0_usize..4) {
        let name = ["q.jsonl", "q.csv", "q.tsv", "q.xlsx"][kind];
        let (_folder, path) = file(name, bytes);
        let _ = read_questions(&path);
        let _ = read_pairs(&path);
    }

    #[test]
    fn every_row_of_a_table_is_either_used_or_reported(cells in prop::collection::vec("[ 甲a\"|,]{0,6}", 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["问题", "期望条目"]).unwrap();
        for cell in &cells {
            writer.write_record([cell.as_str(), "a"]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        match questions("q.csv", bytes) {
            Ok(loaded) => prop_assert_eq!(loaded.rows.len() + loaded.issues.len(), cells.len()),
            Err(error) => prop_assert!(matches!(error, Error::NoRows { .. }), "{}", error),
        }
    }
}
