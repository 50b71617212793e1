use proptest::prelude::*;

use super::*;
use crate::import::{ImportReport, Options, Severity, import_bytes};

fn import(name: &str, text: &str) -> Import {
    import_as(name, text, None).unwrap()
}

fn import_as(name: &str, text: &str, preset: Option<Preset>) -> Result<Import, ImportError> {
    import_bytes(name, text.as_bytes(), &Options { preset, ..Options::default() })
}

fn codes(report: &ImportReport) -> Vec<(usize, &'static str)> {
    report.issues.iter().map(|issue| (issue.line.unwrap(), issue.kind.code())).collect()
}

/// Question, similar questions and answer of each entry.
fn texts(import: &Import) -> Vec<(&str, Vec<&str>, &str)> {
    import
        .entries
        .iter()
        .map(|it| {
            (it.question.as_str(), it.similar.iter().map(String::as_str).collect(), it.answer.markdown())
        })
        .collect()
}

#[test]
fn a_native_sheet_gives_every_field() {
    let import = import(
        "faq.csv",
        "企业微信常见问题\n编号,标准问（必填）,相似问,反例,答案,一级分类,二级分类,标签,状态,生效,失效\n\
         a-1,怎么退群,\"退群,在哪|如何退出群；离开群\",\"怎么解散群\n怎么踢人\",点右上角,企微,群聊,常用;群,停用,2026/1/2,2026年12月31日\n",
    );
    assert_eq!(import.report.issues, []);
    let entry = &import.entries[0];
    assert_eq!(
        (entry.id.as_str(), entry.question.as_str(), entry.answer.markdown()),
        ("a-1", "怎么退群", "点右上角")
    );
    assert_eq!(
        entry.similar,
        ["退群,在哪", "如何退出群；离开群"],
        "the first kind of mark that occurs parts the texts"
    );
    assert_eq!(entry.negative, ["怎么解散群", "怎么踢人"]);
    assert_eq!(
        (&entry.category[..], &entry.tags[..]),
        (&["企微".into(), "群聊".into()][..], &["常用".into(), "群".into()][..])
    );
    assert!(!entry.enabled);
    assert_eq!(
        (entry.valid_from.unwrap().to_string(), entry.valid_until.unwrap().to_string()),
        ("2026-01-02".into(), "2026-12-31".into())
    );
    assert_eq!(entry.source.as_ref().unwrap().line, Some(3));
}

#[test]
fn the_templates_of_other_products_are_told_by_their_headers() {
    /// Question, similar questions and answer.
    type Read<'a> = (&'a str, &'a [&'a str], &'a str);
    let cases: [(&str, Preset, &str, Read<'_>); 10] = [
        (
            "分段标题（选填）,分段内容（必填，问题答案））,问题（选填，单元格内一行一个）\n退群,点右上角;再确认,\"怎么退群\n退群|离开\"\n",
            Preset::MaxKb,
            "a.csv",
            ("退群", &["怎么退群", "退群|离开"], "点右上角;再确认"),
        ),
        (
            "Section title (optional), Section content (required，question answer), Question (optional，one per line in the cell)\n,ok,\"how\nwhy\"\n",
            Preset::MaxKb,
            "a.csv",
            ("how", &["why"], "ok"),
        ),
        ("q,a,index,metadata\n甲,乙,丙,\"{\"\"k\"\":1}\"\n", Preset::FastGpt, "a.csv", ("甲", &["丙"], "乙")),
        ("q,a,indexes,\n甲,乙,丙,\n", Preset::FastGpt, "a.csv", ("甲", &["丙"], "乙")),
        ("question,answer\n甲;乙,丙\n", Preset::Dify, "a.csv", ("甲;乙", &[], "丙")),
        ("问题,答案\n甲,丙\n", Preset::Dify, "a.csv", ("甲", &[], "丙")),
        (
            "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n\
             甲\t一\\n二\ted\tk:v | w:x\t[]\tFalse\t[]\t7\n乙\t一\\n二\ted\t\t[]\tFalse\t[]\t7\n",
            Preset::QnaMaker,
            "a.tsv",
            ("甲", &["乙"], "一\n二"),
        ),
        (
            "qid,question1,question2,question3,Answer,markdown,topic\nw.1,甲,乙,,丙,**丙**,t\n",
            Preset::QnaBot,
            "a.csv",
            ("甲", &["乙"], "**丙**"),
        ),
        (
            "标签(必填)\t问题(必填)\t相似问题(选填-多个用##分隔)\t反例问题(选填-多个用##分隔)\t机器人回答(必填-多个用##分隔)\t\
             是否全部回复(选填-默认FALSE)\t是否停用(选填-默认FALSE)\t是否禁止被推荐(选填-默认False 可被推荐)\n\
             使用\t甲\t乙##丙；丁\t\t一##二\tFALSE\tFALSE\tFALSE\n",
            Preset::WeKnora,
            "a.csv",
            ("甲", &["乙", "丙；丁"], "一\n\n二"),
        ),
        (
            "标准问,相似问,反例,答案,分类\n甲,乙|丙,,丁,类\n",
            Preset::Native,
            "a.csv",
            ("甲", &["乙", "丙"], "丁"),
        ),
    ];
    for (text, preset, name, (question, similar, answer)) in cases {
        let import = import(name, text);
        assert_eq!(texts(&import), [(question, similar.to_vec(), answer)], "{text}");
        assert!(
            import.report.issues.iter().all(|it| it.severity == Severity::Warning),
            "{:?}",
            import.report
        );
        let forced = import_as(name, text, Some(preset)).unwrap();
        assert_eq!(forced.entries, import.entries, "{}", preset.name());
    }
}

#[test]
fn tags_and_states_of_other_products_arrive() {
    let import =
        import("a.tsv", "Question\tAnswer\tMetadata\tQnaId\n甲\t一\tk:v | w:x\t7\n乙\t另一个\t\t7\n");
    assert_eq!(
        (import.entries[0].tags.clone(), import.entries[0].id.as_str()),
        (vec!["k:v".into(), "w:x".into()], "7")
    );
    assert_eq!(codes(&import.report), [(3, "id_twice")], "an id with two answers is no group");
    let import = import_bytes(
        "a.csv",
        "分类(必填),问题(必填),机器人回答(必填-多个用##分隔),是否停用(选填-默认FALSE)\n群,甲,乙,TRUE\n"
            .as_bytes(),
        &Options::default(),
    )
    .unwrap();
    assert_eq!((import.entries[0].enabled, &import.entries[0].category[..]), (false, &["群".to_owned()][..]));
}

#[test]
fn a_header_that_fits_two_products_asks() {
    for (text, presets) in [
        ("分段内容,问题,答案\n甲,乙,丙\n", "--preset maxkb, dify"),
        ("标准问,问题,答案\n甲,乙,丙\n", "--preset dify"),
    ] {
        let error = import_as("a.csv", text, None).unwrap_err();
        assert!(matches!(error, ImportError::Ambiguous { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains(presets) || error.contains(&presets.replace("--preset ", "(")), "{error}");
    }
    let import = import_as("a.csv", "分段内容,问题,答案\n甲,乙,丙\n", Some(Preset::MaxKb)).unwrap();
    assert_eq!(texts(&import), [("乙", vec![], "甲")]);
    assert_eq!(codes(&import.report), [(1, "unknown_field")]);
    let import = import_as("a.csv", "分段内容,问题,答案\n甲,乙,丙\n", Some(Preset::Dify)).unwrap();
    assert_eq!(texts(&import), [("乙", vec![], "丙")]);
}

#[test]
fn a_table_without_a_header_or_of_another_product_says_what_is_expected() {
    let error = import_as("a.csv", "怎么退群,点右上角\n", None).unwrap_err().to_string();
    assert!(error.contains("标准问 and 答案") && error.contains("怎么退群, 点右上角"), "{error}");
    let error = import_as("a.csv", "问题,答案\n甲,乙\n", Some(Preset::MaxKb)).unwrap_err().to_string();
    assert!(error.contains("分段内容 or sectioncontent"), "{error}");
    let error = import_as("a.csv", "问题,答案\n甲,乙\n", Some(Preset::Wechat)).unwrap_err().to_string();
    assert!(error.contains("wechat is for JSON files, this is a CSV file"), "{error}");
}

#[test]
fn a_bad_row_is_reported_kept_as_it_came_and_costs_no_other() {
    let text = "标准问,答案,状态,生效,失效,备注\n\
                甲,乙,启用,,,x\n\
                丙,,,,,y\n\
                ,丁,,,,\n\
                戊,己,也许,,,\n\
                庚,辛,,2026-13-01,,\n\
                壬,癸,,2026-02-01,2026-01-01,\n\
                \n\
                子,丑,,,,\n";
    let import = import("faq.csv", text);
    assert_eq!(
        codes(&import.report),
        [
            (1, "unknown_field"),
            (3, "question_without_answer"),
            (4, "answer_without_question"),
            (5, "invalid_value"),
            (6, "invalid_value"),
            (7, "never_valid"),
        ]
    );
    assert_eq!((import.report.imported, import.report.skipped, import.report.failed), (2, 0, 5));
    let ids: Vec<_> = import.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["faq-2", "faq-9"]);

    let mut csv = Vec::new();
    crate::import::write_failed(std::iter::once(&import), &mut csv).unwrap();
    let written = String::from_utf8(csv).unwrap();
    assert!(
        written.starts_with("\u{feff}标准问,答案,状态,生效,失效,备注,原因,行,文件\n丙,,,,,y,"),
        "{written}"
    );
    assert_eq!(written.lines().count(), 6);

    // Repaired, it can be imported as it is.
    let repaired = written.replacen("丙,,", "丙,寅,", 1);
    let again = import_bytes("rest.csv", repaired.as_bytes(), &Options::default()).unwrap();
    assert_eq!(texts(&again), [("丙", vec![], "寅")]);
}

#[test]
fn a_row_with_more_cells_than_the_header_is_left_out_and_keeps_them() {
    let import = import("faq.csv", "标准问,答案\n怎么发货,当天发,不含周末\n怎么退货,联系客服,,\n");
    assert_eq!(codes(&import.report), [(2, "cells_beyond_header")]);
    assert!(import.report.issues[0].to_string().contains("into quotation marks"));
    assert_eq!(texts(&import), [("怎么退货", vec![], "联系客服")]);
    assert_eq!(import.report.failed, 1);

    let mut csv = Vec::new();
    crate::import::write_failed(std::iter::once(&import), &mut csv).unwrap();
    let written = String::from_utf8(csv).unwrap();
    assert!(written.starts_with("\u{feff}标准问,答案,原因,行,文件\n怎么发货,当天发,"), "{written}");
    assert!(written.ends_with(",2,faq.csv,不含周末\n"), "{written}");

    let again = import_bytes("rest.csv", written.as_bytes(), &Options::default()).unwrap();
    assert_eq!(codes(&again.report), [(2, "cells_beyond_header")], "nobody repaired it");
    let repaired =
        written.replacen("当天发", "\"当天发,不含周末\"", 1).replacen("faq.csv,不含周末", "faq.csv", 1);
    let again = import_bytes("rest.csv", repaired.as_bytes(), &Options::default()).unwrap();
    assert_eq!(texts(&again), [("怎么发货", vec![], "当天发,不含周末")]);
}

#[test]
fn columns_without_a_name_are_no_place_for_a_cut_answer() {
    // The second header is what a spreadsheet makes of the first; `q,a` has no list that could go on.
    for text in ["标准问,答案\n甲,乙,丙\n", "标准问,答案,,\n甲,乙,丙,\n", "q,a\n甲,乙,丙\n"]
    {
        let import = import("a.csv", text);
        assert_eq!(
            (codes(&import.report), import.entries.len()),
            (vec![(2, "cells_beyond_header")], 0),
            "{text}"
        );
    }
    // A running number on the left; a further index in the templates of FastGPT.
    for (text, similar) in [
        (",标准问,答案\n1,甲,乙\n", vec![]),
        ("q,a,indexes\n甲,乙,丙,甲乙\n", vec!["丙"]),
        ("q,a,indexes,\n甲,乙,丙,甲乙\n", vec!["丙"]),
    ] {
        let import = import("a.csv", text);
        assert_eq!((codes(&import.report), texts(&import)), (vec![], vec![("甲", similar, "乙")]), "{text}");
    }
}

#[test]
fn a_header_without_rows_is_named_as_such() {
    for (text, expected) in
        [("标准问,答案\n", vec!["no_rows"]), ("标准问,答案,备注\n,,\n", vec!["no_rows", "unknown_field"])]
    {
        let import = import("faq.csv", text);
        let found: Vec<_> = import.report.issues.iter().map(|issue| issue.kind.code()).collect();
        assert_eq!((found, import.report.failed), (expected, 0), "{text}");
        assert!(import.report.issues[0].to_string().contains("no row below the header"));
    }
}

#[test]
fn a_list_that_marks_could_not_part_is_written_as_json() {
    for list in [
        vec![],
        vec!["a"],
        vec!["a", "b;c"],
        vec!["a|b"],
        vec!["a\nb", "c"],
        vec![" a"],
        vec![""],
        vec!["[\"a\"]"],
        vec!["[\"a\"", "b"],
    ] {
        let list: Vec<String> = list.into_iter().map(str::to_owned).collect();
        assert_eq!(cells::several(&joined(&list)), list);
        assert_eq!(cells::path(&joined_path(&list)), list);
    }
    assert_eq!(joined(&["a".into(), "b|c".into()]), "a\nb|c");
    assert_eq!(joined_path(&["群/聊".into(), "b".into()]), "[\"群/聊\",\"b\"]");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_list_comes_back_from_its_cell(list in prop::collection::vec("[ab|;；\n\"\\[\\] /]{0,5}", 0..4)) {
        prop_assert_eq!(cells::several(&joined(&list)), list.clone());
        prop_assert_eq!(cells::path(&joined_path(&list)), list);
    }

    #[test]
    fn every_row_is_imported_skipped_or_reported(
        rows in prop::collection::vec(("[ 甲乙\"|,?]{0,4}", "[ 丙丁]{0,2}"), 1..20),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["标准问", "答案"]).unwrap();
        for (question, answer) in &rows {
            writer.write_record([question, answer]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let import = import_bytes("q.csv", &bytes, &Options::default()).unwrap();
        let blank = rows.iter().filter(|(q, a)| q.trim().is_empty() && a.trim().is_empty()).count();
        let report = &import.report;
        prop_assert_eq!(report.imported + report.skipped + report.failed + blank, rows.len());
        prop_assert_eq!(import.rejected.iter().map(|it| it.rows.len()).sum::<usize>(), report.failed);
    }

    #[test]
    fn no_bytes_make_the_importer_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0_usize..3) {
        let name = ["q.csv", "q.tsv", "q.xlsx"][kind];
        let _ = import_bytes(name, &bytes, &Options::default());
    }
}
