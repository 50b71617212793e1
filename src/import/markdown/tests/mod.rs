//! Small documents of the family; `properties` has what any document must satisfy.

mod properties;

use super::super::{Import, Options, import_bytes};
use crate::faq::Entry;

fn import(text: &str) -> Import {
    import_bytes("dir/faq.md", text.as_bytes(), &Options::default()).unwrap()
}

/// Entries as `id|category|question|answer`, with `⏎` for line ends.
fn entries(import: &Import) -> Vec<String> {
    let line = |it: &Entry| {
        let answer = it.answer.markdown().replace('\n', "⏎");
        format!("{}|{}|{}|{answer}", it.id, it.category.join("/"), it.question)
    };
    import.entries.iter().map(line).collect()
}

fn issues(import: &Import) -> Vec<(usize, &'static str)> {
    import.report.issues.iter().map(|it| (it.line.unwrap_or(0), it.kind.code())).collect()
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        let import = import(text);
        assert_eq!(entries(&import), *expected, "{text}\n{:?}", import.report.issues);
        assert_eq!(issues(&import), [], "{text}");
    }
}

/// The one answer of a document with one question.
#[track_caller]
fn answer(body: &str) -> String {
    let import = import(&format!("**1、问题？**\n\n**解决方案：** {body}\n"));
    assert_eq!(import.entries.len(), 1, "{body}\n{import:?}");
    import.entries[0].answer.markdown().to_owned()
}

#[test]
fn every_way_to_write_a_question_is_read() {
    for question in [
        "**12、怎么建群？**",
        "**12.怎么建群？**",
        "**12. 怎么建群？**",
        "**12．怎么建群？**",
        "**（12）怎么建群？**",
        "**(12) 怎么建群？**",
        "**12）怎么建群？**",
        "**12\\. 怎么建群？**",
        "**Q12：怎么建群？**",
        "Q12：怎么建群？",
        "**问12：** 怎么建群？",
        "问题12：怎么建群？",
        "12、怎么建群？",
        "12. **怎么建群？**",
        "12. 怎么建群？",
        "<a name=\"bookmark40\"></a>**12、怎么建群？**",
        "<a name=\"b\">\n**12、怎么建群？**",
        "<a name=\"b\"></a>\n\n**12、怎么建群？**",
        "**12、怎么**\n\n**建群？**",
        "**12、怎么**\n**建群？**",
        "**12、怎么\n建群？**",
        "**12、**\n\n**怎么建群？**",
        "**12、** **怎么建群**？",
        "### 12、怎么建群？",
        "## <a id=\"x\"></a>**12．怎么建群？**",
        "<b>12、怎么建群？</b>",
        "__12、怎么建群？__",
        "**12、怎么&nbsp;&nbsp;建群？**",
        "    **12、怎么建群？**",
        "> **12、怎么建群？**",
        "\u{3000}**１２、怎么建群？**",
        "- **12、怎么建群？**",
    ] {
        let import = import(&format!("{question}\n\n答：点右上角。\n"));
        assert_eq!(entries(&import), ["faq-12||怎么建群？|点右上角。"], "{question}");
        assert_eq!(issues(&import), [], "{question}");
    }
}

#[test]
fn every_way_to_begin_an_answer_is_read() {
    for marker in [
        "**解决方案:** ",
        "**解决方案：** ",
        "**解决方案：**",
        "**解决方案:**",
        "**解决方案**：",
        "**解决方案** : ",
        "解决方案：",
        "解决方案:",
        "**答案：**",
        "答:",
        "**回答：** ",
        "A：",
        "**A:** ",
        "A12：",
        "解答：",
        "处理方法：",
        "解决办法：",
        "**答 案：** ",
        "【解决方案】",
        "**解决方案：**\n\n",
        "**解决方案**\n\n",
        "答：\n",
        "#### 答案\n\n",
        "> 答：",
        "- 答：",
        "<b>答：</b>",
        "__答：__ ",
        "<a name=x></a>**答：**",
    ] {
        let import = import(&format!("**1、怎么建群？**\n\n{marker}去企业微信建群。\n"));
        assert_eq!(entries(&import), ["faq-1||怎么建群？|去企业微信建群。"], "{marker:?}");
        assert_eq!(issues(&import), [], "{marker:?}");
    }
}

#[test]
fn sections_give_category_and_ordinals() {
    check(&[
        (
            "**（一）客户联系**\n\n**1、甲？**\n\n答：a。\n\n**（二）打卡**\n\n**1、乙？**\n\n答：b。",
            &["faq-1-1|客户联系|甲？|a。", "faq-2-1|打卡|乙？|b。"],
        ),
        (
            "**3. 客户联系**\n\n**1、甲**\n\n答：a。\n\n**4. 打卡**\n\n**1、乙**\n\n答：b。",
            &["faq-3-1|客户联系|甲|a。", "faq-4-1|打卡|乙|b。"],
        ),
        ("**(3) 客户联系**\n\n**1、甲**\n\n答：a。", &["faq-3-1|客户联系|甲|a。"]),
        (
            "**三、客户联系**\n\n**（一）外部群**\n\n**1、甲**\n\n答：a。\n\n**（二）内部群**\n\n**1、乙**\n\n答：b。\n\n**四、打卡**\n\n**1、丙**\n\n答：c。",
            &["faq-3-1-1|客户联系/外部群|甲|a。", "faq-3-2-1|客户联系/内部群|乙|b。", "faq-4-1|打卡|丙|c。"],
        ),
        ("第三章 客户联系\n\n**第一节 建群**\n\n**1、甲**\n\n答：a。", &["faq-3-1-1|客户联系/建群|甲|a。"]),
        (
            "# 企微 FAQ\n\n## （三）客户联系\n\n### 1、甲\n\n答：a。\n\n### 2、乙\n\nb。\n\n## 四、打卡\n\n### 1. 丙\n\nc。",
            &["faq-3-1|客户联系|甲|a。", "faq-3-2|客户联系|乙|b。", "faq-4-1|打卡|丙|c。"],
        ),
        (
            "# 客户联系\n\n**1、甲**\n\n答：a。\n\n# 打卡\n\n**1、乙**\n\n答：b。",
            &["faq-1|客户联系|甲|a。", "faq-s2-1|打卡|乙|b。"],
        ),
        (
            "## 3. 客户联系\n\n### 怎么建群\n\n点右上角。\n\n### 怎么解散\n\n点群管理。",
            &["faq-1|客户联系|怎么建群|点右上角。", "faq-2|客户联系|怎么解散|点群管理。"],
        ),
        (
            "**客户联系**\n\n**Q1：甲**\n\nA1：a。\n\nQ2：乙\n\nA2：b。",
            &["faq-1|客户联系|甲|a。", "faq-2|客户联系|乙|b。"],
        ),
        (
            "## 建群\n\n### 怎么建群\n\n点右上角。\n\n## 怎么打卡\n\n点打卡。",
            &["faq-1|建群|怎么建群|点右上角。", "faq-2||怎么打卡|点打卡。"],
        ),
        (
            "# 企微 FAQ\n\n## 建群\n\n### 怎么建群\n\n点右上角。\n\n## 怎么打卡\n\n点打卡。",
            &["faq-1|建群|怎么建群|点右上角。", "faq-2||怎么打卡|点打卡。"],
        ),
        (
            "## 一、建群\n\n## 怎么建群？\n\n点右上角。\n\n## 怎么解散？\n\n点群管理。",
            &["faq-1|建群|怎么建群？|点右上角。", "faq-2|建群|怎么解散？|点群管理。"],
        ),
        (
            "怎么建群\n=====\n\n点右上角。\n\n怎么解散\n=====\n\n点群管理。",
            &["faq-1||怎么建群|点右上角。", "faq-2||怎么解散|点群管理。"],
        ),
    ]);
}

#[test]
fn unnumbered_questions_get_running_numbers_that_no_numbered_one_has() {
    check(&[
        (
            "**怎么建群？**\n\n答：a。\n\n**怎么解散**\n\n**群聊？**\n\n答：b。",
            &["faq-1||怎么建群？|a。", "faq-2||怎么解散群聊？|b。"],
        ),
        ("Q：甲\nA：a。\nQ：乙\nA：b。", &["faq-1||甲|a。", "faq-2||乙|b。"]),
        ("问：甲\n\n答：a。\n\n**1、乙**\n\n答：b。", &["faq-2||甲|a。", "faq-1||乙|b。"]),
        (
            "怎么建群？\n\n答：a。\n\n怎么解散？\n\n答：b。",
            &["faq-1||怎么建群？|a。", "faq-2||怎么解散？|b。"],
        ),
    ]);
}

#[test]
fn documents_without_blank_lines_or_markers_are_read() {
    check(&[
        ("**1、甲？**\n**答：** a。\n**2、乙？**\n**答：** b。", &["faq-1||甲？|a。", "faq-2||乙？|b。"]),
        ("1、甲\n答：a。\n2、乙\n答：b。", &["faq-1||甲|a。", "faq-2||乙|b。"]),
        ("1. 甲\n   答：a。\n2. 乙\n   答：b。", &["faq-1||甲|a。", "faq-2||乙|b。"]),
        (
            "**1、甲？**\n\n点右上角。\n\n**2、乙？**\n\n点左上角。",
            &["faq-1||甲？|点右上角。", "faq-2||乙？|点左上角。"],
        ),
        ("**1、甲？**\r\n\r\n答：a\r\nb。\r\n", &["faq-1||甲？|a b。"]),
        ("**1、甲？**\r\r答：a。\r", &["faq-1||甲？|a。"]),
        (
            "**1、现在建的群即使都是内部员**\n\n工，显示还是外部群\n\n**答：** a。",
            &["faq-1||现在建的群即使都是内部员工，显示还是外部群|a。"],
        ),
    ]);
}

#[test]
fn a_word_that_begins_answers_elsewhere_is_kept_inside_one() {
    check(&[(
        "**1、甲？**\n\n**解决方案：** 原因不明。\n\n处理方法：重启。\n\n**2、乙？**\n\n**解决方案：** b。",
        &["faq-1||甲？|原因不明。⏎⏎处理方法：重启。", "faq-2||乙？|b。"],
    )]);
}

#[test]
fn sentences_go_on_over_wraps_and_paragraphs_stay() {
    for (body, expected) in [
        (
            "若外部群是在微信创建\n\n的（群主是微信端的，  建群时），  则没有。",
            "若外部群是在微信创建的（群主是微信端的，建群时），则没有。",
        ),
        (
            "可以直接互联。（各事业部自行配置，  审批后由\n\n集团营销配置）",
            "可以直接互联。（各事业部自行配置，审批后由集团营销配置）",
        ),
        ("第一段。\n\n第二段。", "第一段。\n\n第二段。"),
        ("硬换行\n在句中。", "硬换行在句中。"),
        ("使用 MTDS\nAPP 登录", "使用 MTDS APP 登录"),
        ("第一行。\\\n第二行。", "第一行。\\\n第二行。"),
        ("第一行。<br>第二行。", "第一行。\\\n第二行。"),
        ("不要双开，  \n卸载一个。", "不要双开，卸载一个。"),
        ("句子完。\n\n），接着。", "句子完。），接着。"),
        ("**方法一**\n\n点右上角。", "**方法一**\n\n点右上角。"),
        ("**重要的**\n\n**事情**", "**重要的事情**"),
        ("请先 **注意：**再点", "请先 **注意**：再点"),
        ("第一步打开\n\n第二步点击", "第一步打开\n\n第二步点击"),
    ] {
        assert_eq!(answer(body), expected, "{body:?}");
    }
}

#[test]
fn lists_become_markdown_lists() {
    for (body, expected) in [
        (
            "1.首次建群选了客户，\n\n那么就是外部群。\n\n2、在工作台建\n\n的是外部群。",
            "1. 首次建群选了客户，那么就是外部群。\n2. 在工作台建的是外部群。",
        ),
        ("1）邀请人不是成员；  （2）被邀请\n\n人不是客户", "1）邀请人不是成员；（2）被邀请人不是客户"),
        ("步骤如下：\n\n1、打开\n\n2、点击\n\n3、完成", "步骤如下：\n\n1. 打开\n2. 点击\n3. 完成"),
        ("步骤：\n1. 打开\n2. 点击", "步骤：\n\n1. 打开\n2. 点击"),
        ("1）打开；\n2）点击。", "1) 打开；\n2) 点击。"),
        ("- 打开\n- 点击", "- 打开\n- 点击"),
        ("\n\n• 打开\n\n• 点击", "- 打开\n- 点击"),
        (
            "步骤：\n\n1. 打开\n   - 手机\n   - 电脑\n2. 点击",
            "步骤：\n\n1. 打开\n    - 手机\n    - 电脑\n2. 点击",
        ),
        ("1、打开\n\n![](https://a/b.png)\n\n2、点击", "1. 打开\n\n![](https://a/b.png)\n\n2. 点击"),
        ("每月最多\n\n4、每天一条", "每月最多 4、每天一条"),
        ("（1）打开\n\n（2）点击", "（1）打开\n\n（2）点击"),
    ] {
        assert_eq!(answer(body), expected, "{body:?}");
    }
}

#[test]
fn code_tables_and_links_stay_as_they_are() {
    for (body, expected) in [
        ("运行 `a   b` 即可", "运行 `a   b` 即可"),
        (
            "运行：\n\n```sh\na   中  文\n\n  b\n```\n\n完成。",
            "运行：\n\n```sh\na   中  文\n\n  b\n```\n\n完成。",
        ),
        ("如下：\n\n| 甲  | 乙 |\n|---|---|\n| 1 | 2 |", "如下：\n\n| 甲  | 乙 |\n|---|---|\n| 1 | 2 |"),
        ("见[帮  助](https://a/b?c=d \"t\")。", "见[帮助](https://a/b?c=d)。"),
        ("见<https://a.b/c>。", "见<https://a.b/c>。"),
        ("见<a href='https://a.b/c'>这里</a>。", "见[这里](https://a.b/c)。"),
        ("a\\*b\\*c", "a\\*b\\*c"),
        ("如下：\n\n    缩进的中文段落\n    接着", "如下：\n\n缩进的中文段落接着"),
        ("如下：\n\n    a  b\n    c", "如下：\n\n    a  b\n    c"),
        ("看<img src=\"https://a/图 1.png\" alt=\"图\">这里", "看![图](<https://a/图 1.png>)这里"),
        (
            "看：\n\n<p align=\"center\"><img src=\"https://a/b.png\"/></p>\n\n完。",
            "看：\n\n![](https://a/b.png)\n\n完。",
        ),
        ("看 ![图][1] 吧\n\n[1]: https://a/b.png", "看 ![图](https://a/b.png) 吧"),
        ("a。\n\n---\n\n<!-- 注释 -->\n\nb。", "a。\n\nb。"),
    ] {
        assert_eq!(answer(body), expected, "{body:?}");
    }
}

#[test]
fn what_is_wrong_is_reported_with_its_line_and_the_rest_is_imported() {
    for (text, expected, ids) in [
        (
            "**1、甲？**\n\n**2、乙？**\n\n答：b。\n\n**3、丙？**",
            vec![(1, "question_without_answer"), (7, "question_without_answer")],
            vec!["faq-2"],
        ),
        (
            "**1、甲？**\n\n答：a。\n\n**1、乙？**\n\n答：b。\n\n**2、丙？**\n\n答：c。",
            vec![(5, "number_twice")],
            vec!["faq-1", "faq-2"],
        ),
        (
            "答：a。\n\n更多。\n\n**1、乙？**\n\n答：b。\n\n答：c。\n\n更多。\n\n**2、丙？**\n\n答：c。",
            vec![(1, "answer_without_question"), (9, "answer_without_question")],
            vec!["faq-1", "faq-2"],
        ),
        ("**1、**\n\n答：a。", vec![(1, "question_without_text")], vec![]),
        ("说明文字。\n\n更多。\n\n**1、甲？**\n\n答：a。", vec![(1, "text_outside_entries")], vec!["faq-1"]),
        ("**1、甲？**\n\n答：a\n\n![](b.png)", vec![(5, "picture_missing")], vec!["faq-1"]),
        ("**1、甲？**\n\n答：a![](../b.png)", vec![(3, "picture_refused")], vec!["faq-1"]),
        (
            "**1、甲？**\n\n答：\n\n![](..%2Fb.png)",
            vec![(1, "question_without_answer"), (5, "picture_refused")],
            vec![],
        ),
        ("# 标题", vec![(0, "no_entries")], vec![]),
    ] {
        let import = import(text);
        assert_eq!(issues(&import), expected, "{text}");
        assert_eq!(import.entries.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ids, "{text}");
        assert_eq!(import.report.imported, ids.len());
    }
}

#[test]
fn a_heading_with_nothing_in_it_is_a_question_without_an_answer_and_no_section() {
    for (text, expected, lines) in [
        (
            "# 产品\n\n## 登录失败\n\n## 忘记密码\n\n点忘记密码。",
            vec!["faq-1|产品|忘记密码|点忘记密码。"],
            vec![3],
        ),
        (
            "# 产品\n\n## 登录失败\n\n# 服务\n\n## 怎么退货\n\n寄回。\n\n## 怎么换货",
            vec!["faq-1|服务|怎么退货|寄回。"],
            vec![3, 11],
        ),
    ] {
        let import = import(text);
        assert_eq!(entries(&import), expected, "{text}");
        let reported: Vec<_> = lines.into_iter().map(|line| (line, "question_without_answer")).collect();
        assert_eq!(issues(&import), reported, "{text}");
    }
}

#[test]
fn an_entry_knows_where_it_came_from() {
    let import = import("\n**（三） 客户  联系**\n\n**2、甲？**\n\n答：a。");
    let source = import.entries[0].source.clone().unwrap();
    assert_eq!(
        (source.file.as_str(), source.heading.as_deref(), source.number, source.line),
        ("faq.md", Some("（三）客户联系"), Some(2), Some(4))
    );
}

#[test]
fn a_picture_in_a_question_moves_to_its_answer() {
    let import = import("**1、甲![](https://a/b.png)？**\n\n答：a。");
    assert_eq!(entries(&import), ["faq-1||甲？|![](https://a/b.png)⏎⏎a。"]);
}

#[test]
fn a_file_name_that_is_no_id_becomes_one() {
    for (name, id) in [("企微 FAQ (v2).md", "企微-FAQ-v2-1"), ("（）.md", "faq-1"), ("C:\\x\\a.md", "a-1")]
    {
        let import = import_bytes(name, "**1、甲**\n\n答：a".as_bytes(), &Options::default()).unwrap();
        assert_eq!(import.entries[0].id.as_str(), id);
    }
    let import = import_bytes(
        &format!("{}.md", "群".repeat(90)),
        "**1、甲**\n\n答：a".as_bytes(),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(import.entries.len(), 1);
}
