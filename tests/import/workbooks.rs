//! XLSX: the templates that products give out, dates and numbers, several sheets, merged cells.

use dayi::import::{ImportError, IssueKind};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::files::{codes, import, workbook};

#[test]
fn the_workbooks_of_other_products_arrive() {
    let maxkb = workbook(&[(
        "Sheet1",
        &[
            &["分段标题（选填）", "分段内容（必填，问题答案）", "问题（选填，单元格内一行一个）"],
            &["", "点右上角", "怎么退群\n如何离开群"],
        ],
    )]);
    let qnabot = workbook(&[(
        "qna",
        &[
            &["qid", "question1", "question2", "Answer", "markdown"],
            &["Q.1", "怎么退群", "如何离开群", "点右上角", ""],
        ],
    )]);
    let fastgpt = workbook(&[(
        "Sheet1",
        &[&["q", "a", "index", "metadata"], &["怎么退群", "点右上角", "如何离开群", "{}"]],
    )]);
    let weknora = workbook(&[(
        "FAQ",
        &[
            &[
                "标签(必填)",
                "问题(必填)",
                "相似问题(选填-多个用##分隔)",
                "反例问题(选填-多个用##分隔)",
                "机器人回答(必填-多个用##分隔)",
                "是否全部回复(选填-默认FALSE)",
                "是否停用(选填-默认FALSE)",
                "是否禁止被推荐(选填-默认False 可被推荐)",
            ],
            &["群", "怎么退群", "如何离开群", "怎么解散群", "点右上角", "FALSE", "FALSE", "FALSE"],
        ],
    )]);
    for bytes in [maxkb, qnabot, fastgpt, weknora] {
        let import = import("faq.xlsx", &bytes).unwrap();
        assert_eq!(codes(&import), []);
        let entry = &import.entries[0];
        assert_eq!((entry.question.as_str(), entry.answer.markdown()), ("怎么退群", "点右上角"));
        assert_eq!(entry.similar, ["如何离开群"]);
    }
}

#[test]
fn numbers_days_and_sheets_are_read_as_their_author_sees_them() {
    let mut book = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for name in ["群聊", "客户", "说明"] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        if name == "说明" {
            sheet.write_string(0, 0, "如何填写本表").unwrap();
            continue;
        }
        sheet.merge_range(0, 0, 0, 3, "常见问题", &Format::new()).unwrap();
        for (column, cell) in ["编号", "标准问", "答案", "生效"].into_iter().enumerate() {
            sheet.write_string(1, column as u16, cell).unwrap();
        }
        if name == "群聊" {
            sheet.write_number(2, 0, 12).unwrap();
        }
        sheet.write_string(2, 1, format!("{name}怎么用")).unwrap();
        sheet.write_boolean(2, 2, true).unwrap();
        sheet.write_with_format(2, 3, ExcelDateTime::parse_from_str("2026-02-03").unwrap(), &day).unwrap();
        sheet.write_string(3, 1, "没有答案").unwrap();
    }
    let import = import("faq.xlsx", &book.save_to_buffer().unwrap()).unwrap();
    let entries: Vec<_> = import
        .entries
        .iter()
        .map(|it| {
            (it.id.as_str(), it.question.as_str(), it.answer.markdown(), it.valid_from.unwrap().to_string())
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("12", "群聊怎么用", "true", "2026-02-03".to_owned()),
            ("faq-s2-3", "客户怎么用", "true", "2026-02-03".to_owned()),
        ]
    );
    assert_eq!(import.entries[1].source.as_ref().unwrap().heading.as_deref(), Some("客户"));
    let issues: Vec<String> = import.report.issues.iter().map(ToString::to_string).collect();
    assert_eq!(
        issues,
        [
            "the sheet \"说明\" was left out: no row of it names the columns",
            "sheet 群聊, line 4: the question \"没有答案\" has no answer and was left out",
            "sheet 客户, line 4: the question \"没有答案\" has no answer and was left out",
        ]
    );
    assert!(matches!(import.report.issues[0].kind, IssueKind::SheetWithoutHeader { .. }));
}

#[test]
fn hidden_sheets_are_left_out_and_named() {
    let mut book = Workbook::new();
    for name in ["群聊", "旧版", "草稿", "客户"] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        if name == "旧版" {
            sheet.set_hidden(true);
        }
        if name == "草稿" {
            sheet.set_very_hidden(true);
        }
        for (column, cell) in ["标准问", "答案"].into_iter().enumerate() {
            sheet.write_string(0, column as u16, cell).unwrap();
            sheet.write_string(1, column as u16, format!("{name}{cell}")).unwrap();
        }
    }
    let import = import("faq.xlsx", &book.save_to_buffer().unwrap()).unwrap();
    let entries: Vec<_> = import.entries.iter().map(|it| (it.id.as_str(), it.question.as_str())).collect();
    assert_eq!(entries, [("faq-2", "群聊标准问"), ("faq-s4-2", "客户标准问")]);
    let issues: Vec<String> = import.report.issues.iter().map(ToString::to_string).collect();
    assert_eq!(
        issues,
        [
            "the hidden sheet \"旧版\" was left out; unhide it to import it",
            "the hidden sheet \"草稿\" was left out; unhide it to import it",
        ]
    );
    assert_eq!(import.report.failed, 0);
}

#[test]
fn a_row_of_a_sheet_with_more_cells_than_the_header_is_left_out() {
    let bytes = workbook(&[("FAQ", &[&["标准问", "答案"][..], &["甲", "乙", "丙"][..], &["丁", "戊"][..]])]);
    let import = import("faq.xlsx", &bytes).unwrap();
    assert_eq!(codes(&import), [(Some(2), "cells_beyond_header")]);
    assert_eq!(import.entries.len(), 1);
}

#[test]
fn merged_cells_are_refused_with_their_place() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("FAQ").unwrap();
    for (row, cells) in
        [["标准问", "答案", "分类"], ["甲", "一", ""], ["乙", "二", ""]].into_iter().enumerate()
    {
        for (column, cell) in cells.into_iter().enumerate() {
            sheet.write_string(row as u32, column as u16, cell).unwrap();
        }
    }
    sheet.merge_range(1, 2, 2, 2, "群聊", &Format::new()).unwrap();
    let error = import("faq.xlsx", &book.save_to_buffer().unwrap()).unwrap_err();
    assert!(matches!(error, ImportError::MergedCells { .. }));
    let text = error.to_string();
    assert!(text.contains("faq.xlsx") && text.contains("sheet \"FAQ\"") && text.contains("C2:C3"), "{text}");
}
