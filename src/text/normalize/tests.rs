use proptest::prelude::*;

use super::*;

/// `(typed, normalised, comparison key)`
const TABLE: &[(&str, &str, &str)] = &[
    ("群怎么解散", "群怎么解散", "群怎么解散"),
    ("羣怎麼解散？", "群怎么解散?", "群怎么解散"),
    ("企業微信帳號無法登錄", "企业微信帐号无法登录", "企业微信帐号无法登录"),
    ("乾淨 和 乾坤", "干净和乾坤", "干净和乾坤"),
    ("ＷｅＣｏｍ　１２３", "wecom 123", "wecom123"),
    ("ｶﾞｲﾄﾞ", "ガイド", "ガイド"),
    ("cafe\u{301}", "café", "café"),
    ("①②㈱", "12(株)", "12株"),
    ("怎\u{200B}么\u{FEFF}退\u{FE0F}款", "怎么退款", "怎么退款"),
    ("怎么退款😭😭！！", "怎么退款😭😭!!", "怎么退款"),
    ("“企微”《手册》「群」", "\"企微\"\"手册\"\"群\"", "企微手册群"),
    ("  iPhone \t 手机\n怎么 用 ", "iphone手机怎么用", "iphone手机怎么用"),
    ("log  in", "log in", "login"),
    ("v1.5 与 v15", "v1.5与v15", "v1.5与v15"),
    ("11 12", "11 12", "11 12"),
    ("C++、C#", "c++,c#", "c++c#"),
    ("打折50％？", "打折50%?", "打折50%"),
    ("能退吗", "能退吗", "能退吗"),
    ("2024年—2025年", "2024年-2025年", "2024年2025年"),
    ("İstanbul ſ", "istanbul s", "istanbuls"),
    ("👨‍👩‍👧", "👨👩👧", ""),
    ("……？？", "......??", ""),
    ("", "", ""),
];

#[test]
fn typed_text_becomes_its_normal_form() {
    for &(typed, text, key) in TABLE {
        let normalized = normalize(typed);
        assert_eq!(normalized.as_str(), text, "normalising {typed:?}");
        assert_eq!(normalized.comparison_key(), key, "comparison key of {typed:?}");
    }
}

#[test]
fn highlights_point_into_the_typed_text() {
    for (typed, wanted, source) in [
        ("請問「羣」怎麼解散", "群", "羣"),
        ("用 ＷｅＣｏｍ 登录", "wecom", "ＷｅＣｏｍ"),
        ("第①章㈱说明", "说明", "说明"),
        ("第①章㈱说明", "(株)", "㈱"),
        ("ｶﾞｲﾄﾞ", "ガ", "ｶﾞ"),
        ("怎\u{200B}么办", "怎么", "怎\u{200B}么"),
        ("a \u{3000} b", " ", " \u{3000} "),
    ] {
        let normalized = normalize(typed);
        let byte = normalized.as_str().find(wanted).unwrap_or_else(|| panic!("{wanted:?} in {typed:?}"));
        let start = normalized.as_str()[..byte].chars().count();
        let range = normalized.source_range(start..start + wanted.chars().count()).unwrap();
        assert_eq!(&typed[range], source, "{wanted:?} in {typed:?}");
    }
}

#[test]
fn ranges_outside_the_text_have_no_source() {
    let normalized = normalize("群");
    assert_eq!(normalized.source_range(0..0), None);
    assert_eq!(normalized.source_range(0..2), None);
    assert_eq!(normalized.source_range(5..6), None);
}

#[test]
fn texts_that_say_nothing_are_blank_and_others_are_not() {
    for text in ["", " \n", "？？？", "😀👍🏻", "。。。🙏", "\u{200B}", "~~", "+", "☎️"] {
        assert!(normalize(text).is_blank(), "{text:?} should be blank");
    }
    for text in ["群", "a", "1?", "①", "😀吗"] {
        assert!(!normalize(text).is_blank(), "{text:?} should not be blank");
    }
}

#[test]
fn texts_that_differ_in_meaning_keep_different_keys() {
    for (a, b) in
        [("c语言", "c++语言"), ("打5折", "打5%折"), ("1.5元", "15元"), ("能退", "能退吗"), ("1:30", "130")]
    {
        assert_ne!(normalize(a).comparison_key(), normalize(b).comparison_key(), "{a:?} and {b:?}");
    }
}

fn tricky_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "羣",
            "薴",
            "幺麼",
            "乾淨",
            "e\u{301}",
            "\u{1100}\u{1161}\u{11A8}",
            "ｶﾞ",
            "ﬃ",
            "㈱",
            "İ",
            "ẞ",
            "Σ",
            "\u{200D}",
            " ",
            "\u{FE0F}",
            "。",
            "《",
            "K",
            "\u{0345}",
            "ΐ",
            "\u{FDFA}",
            "A",
            "\u{FF9E}",
            "+",
            ".",
            "1",
            "9",
        ])
        .prop_map(String::from),
        proptest::char::range('\u{4E00}', '\u{9FFF}').prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(text in tricky_text()) {
        let once = normalize(&text);
        let twice = normalize(once.as_str());
        prop_assert_eq!(once.as_str(), twice.as_str());
    }

    #[test]
    fn spans_are_valid_and_never_run_backwards(text in tricky_text()) {
        let normalized = normalize(&text);
        prop_assert_eq!(normalized.spans().len(), normalized.as_str().chars().count());
        let (mut start, mut end) = (0, 0);
        for span in normalized.spans() {
            prop_assert!(span.start >= start && span.end >= end && span.start < span.end);
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
            (start, end) = (span.start, span.end);
        }
    }

    #[test]
    fn width_and_compatibility_forms_are_those_of_nfkc(text in "[\\PC&&[^\\p{Han}\\p{P}\\p{Z}]]{0,12}") {
        let whole: String = text.nfkc().collect();
        let (typed, composed) = (normalize(&text), normalize(&whole));
        prop_assert_eq!(typed.as_str(), composed.as_str());
    }
}
