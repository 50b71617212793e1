use super::*;
use crate::import::{Options, import_bytes};

fn import_as(text: &str, preset: Option<Preset>) -> Result<Import, ImportError> {
    import_bytes("faq.json", text.as_bytes(), &Options { preset, ..Options::default() })
}

fn import(text: &str) -> Import {
    import_as(text, None).unwrap()
}

#[test]
fn the_json_of_wechat_arrives() {
    let text = r#"{"mode":0,"data":[
        {"skill":"群聊","intent":"怎么退群","disable":false,"questions":["怎么退群","如何离开群"],"answers":["点右上角","再确认"]},
        {"skill":"群聊","intent":"怎么入群","disable":true,"questions":[],"answers":["扫码"]},
        {"skill":"群聊","intent":"没有答案","questions":["x"],"answers":[]},
        {"skill":1}]}"#;
    let import = import(text);
    let [first, second] = import.entries.as_slice() else { panic!("{import:?}") };
    assert_eq!((first.question.as_str(), first.answer.markdown()), ("怎么退群", "点右上角\n\n再确认"));
    assert_eq!(
        (first.similar.clone(), first.category.clone()),
        (vec!["如何离开群".into()], vec!["群聊".into()])
    );
    assert_eq!((first.enabled, second.enabled, second.id.as_str()), (true, false, "faq-2"));
    let codes: Vec<_> = import.report.issues.iter().map(|it| (it.line.unwrap(), it.kind.code())).collect();
    assert_eq!(codes, [(3, "question_without_answer"), (4, "invalid_line")]);
    assert_eq!(import_as(text, Some(Preset::Wechat)).unwrap().entries, import.entries);
    let error = import_as(text, Some(Preset::QnaBot)).unwrap_err().to_string();
    assert!(error.contains("qnabot") && error.contains("JSON of wechat"), "{error}");
}

#[test]
fn the_json_of_qnabot_arrives() {
    let import = import(
        r#"{"qna":[{"qid":"W.1","type":"qna","q":["甲","乙"],"a":"一","alt":{"markdown":"**一**","ssml":""},
            "t":"话题","r":{"title":"图","imageUrl":"https://example.com/a.png"},"l":"","args":[]}]}"#,
    );
    let entry = &import.entries[0];
    assert_eq!(
        (entry.id.as_str(), entry.question.as_str(), entry.similar.clone()),
        ("W.1", "甲", vec!["乙".into()])
    );
    assert_eq!(entry.answer.markdown(), "**一**\n\n![图](https://example.com/a.png)");
    assert_eq!((entry.category.clone(), import.report.issues), (vec!["话题".to_owned()], vec![]));
}

#[test]
fn the_json_of_weknora_and_of_dayi_arrives() {
    let import_weknora = import(
        r#"[{"standard_question":"甲","similar_questions":["乙"],"negative_questions":["丙"],"answers":["丁"],
            "tag_name":"标","is_enabled":false,"tag_id":3}]"#,
    );
    let entry = &import_weknora.entries[0];
    assert_eq!(
        (entry.negative.clone(), entry.tags.clone(), entry.enabled),
        (vec!["丙".into()], vec!["标".into()], false)
    );
    let native =
        import(r#"[{"id":"a","question":"甲","answer":"乙","similar":["丙"],"x":1},{"question":" "}]"#);
    assert_eq!(
        (native.entries[0].id.as_str(), native.entries[0].similar.clone()),
        ("a", vec!["丙".to_owned()])
    );
    let codes: Vec<_> = native.report.issues.iter().map(|it| (it.line.unwrap(), it.kind.code())).collect();
    assert_eq!(codes, [(1, "unknown_field"), (2, "question_without_text")]);
}

#[test]
fn a_document_that_is_no_faq_says_what_would_be_one() {
    let error = import_as("{\"a\":1}", None).unwrap_err().to_string();
    assert!(error.contains("FAQPage"), "{error}");
    let error = import_as("{\"a\":", None).unwrap_err();
    assert!(matches!(error, ImportError::Json { .. }), "{error}");
    let deep = "[".repeat(100_000);
    assert!(matches!(import_as(&deep, None), Err(ImportError::Json { .. })));
}
