use super::*;

#[test]
fn numberings_of_the_family_are_read() {
    for (line, form, number, rest) in [
        ("（三）客户联系", Form::ChineseInBrackets, 3, "客户联系"),
        ("(3) 客户联系", Form::ArabicInBrackets, 3, "客户联系"),
        ("三、客户联系", Form::Chinese, 3, "客户联系"),
        ("十二、客户", Form::Chinese, 12, "客户"),
        ("第二十三章 客户", Form::Chapter, 23, "客户"),
        ("第 3 章：客户", Form::Chapter, 3, "客户"),
        ("第三节客户", Form::Part, 3, "客户"),
        ("12、问", Form::Arabic('、'), 12, "问"),
        ("12．  问", Form::Arabic('．'), 12, "问"),
        ("１２.问", Form::Arabic('.'), 12, "问"),
        ("（12）问", Form::ArabicInBrackets, 12, "问"),
        ("12）问", Form::ArabicHalfBracket, 12, "问"),
        ("Q12：问", Form::Question, 12, "问"),
        ("q 12: 问", Form::Question, 12, "问"),
        ("问12：问", Form::Question, 12, "问"),
        ("问题 12、问", Form::Question, 12, "问"),
    ] {
        let got = numbering(line).unwrap_or_else(|| panic!("{line:?} is numbered"));
        assert_eq!((got.form, got.number, &line[got.len..]), (form, Some(number), rest), "{line:?}");
    }
    assert_eq!(numbering("Q：问").map(|it| (it.form, it.number)), Some((Form::Question, None)));
}

#[test]
fn what_only_looks_like_a_numbering_is_not_one() {
    for line in [
        "2.4G 网络",
        "10、20 元",
        "9:30 开会",
        "12345、",
        "第三方应用",
        "一个群",
        "问题很多",
        "Q群",
        "（图 1）",
        "十分钟",
        "",
        "12",
        "（一",
        "二维码",
    ] {
        assert_eq!(numbering(line), None, "{line:?}");
    }
}

#[test]
fn answer_markers_of_the_family_are_read() {
    for (line, rest) in [
        ("解决方案:群主", "群主"),
        ("解决方案： 群主", "群主"),
        ("答：好", "好"),
        ("答案:好", "好"),
        ("回答：好", "好"),
        ("A：好", "好"),
        ("A12: 好", "好"),
        ("答  案 ：好", "好"),
        ("解决方案", ""),
        ("【解决方案】好", "好"),
        ("解决办法：好", "好"),
        ("处理方法：好", "好"),
        ("解答：好", "好"),
        ("Answer: ok", "ok"),
        ("答1、好", "好"),
    ] {
        let got = answer_marker(line).unwrap_or_else(|| panic!("{line:?} begins an answer"));
        assert_eq!(&line[got.len..], rest, "{line:?}");
    }
    for line in ["答题卡在哪", "A. 选项", "解决方案很多：", "a", "答", "回答问题：", "", "APP：下载"]
    {
        assert_eq!(answer_marker(line), None, "{line:?}");
    }
}

#[test]
fn chinese_numbers_have_their_values() {
    for (text, value) in
        [("十", 10), ("十一", 11), ("二十", 20), ("二十三", 23), ("一百零三", 103), ("二〇", 20), ("两", 2)]
    {
        assert_eq!(chinese_number(text), Some(value), "{text}");
    }
    assert_eq!(chinese_number("一二三四五六七八九九九"), None);
}

#[test]
fn a_sentence_ends_with_its_punctuation_even_inside_quotes() {
    for text in ["好。", "好！”", "（见图。）", "步骤如下：", "**好。**", "ok."] {
        assert!(is_sentence_end(text), "{text}");
    }
    for text in ["创建", "好，", "（图 1）", "每月 4"] {
        assert!(!is_sentence_end(text), "{text}");
    }
}
