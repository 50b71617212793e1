//! [`mask`]: personal data out of a text, before anything of it is stored.
//!
//! Masked are e-mail addresses, Chinese identity card numbers, mobile and landline numbers, and every other long
//! number (bank cards, orders, accounts), in half or full width, with or without spaces and hyphens, and digit by digit
//! in Chinese (一三八零零…). Dates, versions and short numbers stay. Names and addresses are not recognised.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::normalize::{Normalized, normalize};

/// A number with this many digits in a row stands for something or somebody.
const LONG: usize = 8;

/// The same for a number written in groups; two dates beside each other are shorter.
const LONG_IN_GROUPS: usize = 15;

const EMAIL: &str = "[邮箱]";
const IDENTITY: &str = "[证件号]";
const PHONE: &str = "[电话]";
const NUMBER: &str = "[号码]";

/// What may be personal in normalised text. Whether a number is, and what it stands for, [`kind`] decides.
static SUSPICIOUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) [a-z0-9._%+-]+ \x20? @ \x20? [a-z0-9-]+ (?: \. [a-z0-9-]+ )+
             | \+? [0-9] (?: [\x20-]{0,2} [0-9] ){6,} x?
             | [零〇一二两三四五六七八九幺] (?: [\x20-]? [零〇一二两三四五六七八九幺] ){7,}",
    )
    .expect("the pattern is a constant that the tests compile")
});

/// `text` with personal data replaced by what kind of data it was, such as `[电话]`; the rest as it was typed.
///
/// ```
/// use dayi::learn::mask;
/// assert_eq!(mask("我的手机１３８ ００１３ ８０００收不到验证码"), "我的手机[电话]收不到验证码");
/// ```
#[must_use]
pub fn mask(text: &str) -> String {
    let normalized = normalize(text);
    let mut masked = String::with_capacity(text.len());
    let mut kept_to = 0;
    for found in SUSPICIOUS.find_iter(normalized.as_str()) {
        let Some(kind) = kind(found.as_str()) else { continue };
        let Some(range) = typed_range(&normalized, found.range()) else { continue };
        masked.push_str(&text[kept_to..range.start]);
        masked.push_str(kind);
        kept_to = range.end;
    }
    masked.push_str(&text[kept_to..]);
    masked
}

/// Where in the typed text the bytes of the normalised one came from.
fn typed_range(normalized: &Normalized, bytes: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let chars_before = |byte: usize| normalized.as_str()[..byte].chars().count();
    normalized.source_range(chars_before(bytes.start)..chars_before(bytes.end))
}

/// What a suspicious piece of text is; `None` when it may stay.
fn kind(found: &str) -> Option<&'static str> {
    if found.contains('@') {
        return Some(EMAIL);
    }
    let digits: String = found.chars().filter(|&c| c.is_ascii_digit() || c == 'x').collect();
    if digits.is_empty() {
        return Some(NUMBER);
    }
    if is_identity_card(&digits) {
        return Some(IDENTITY);
    }
    let number = digits.trim_end_matches('x');
    if is_phone(number) {
        return Some(PHONE);
    }
    let longest = found.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    let long = longest >= LONG || number.len() >= LONG_IN_GROUPS;
    (long && !is_date(number)).then_some(NUMBER)
}

/// 18 digits, the last perhaps an X, with a date of birth from the seventh on; or the 15 digits of old cards.
fn is_identity_card(digits: &str) -> bool {
    match digits.len() {
        18 => is_date(&digits[6..14]) && !digits[..17].contains('x'),
        15 => is_month_and_day(&digits[8..12]) && !digits.contains('x'),
        _ => false,
    }
}

/// A mobile, landline or 400 number of China, with or without its country code.
fn is_phone(digits: &str) -> bool {
    let local = ["0086", "86"].iter().find_map(|code| digits.strip_prefix(code)).unwrap_or(digits);
    let mobile = |number: &str| {
        number.len() == 11 && number.starts_with('1') && !number[1..].starts_with(['0', '1', '2'])
    };
    let landline = |number: &str| {
        (10..=12).contains(&number.len()) && number.starts_with('0') && !number.starts_with("00")
    };
    let service = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    mobile(local) || mobile(digits) || landline(digits) || service
}

/// Year, month and day of the last, this or the next century, in eight digits.
fn is_date(digits: &str) -> bool {
    digits.len() == 8
        && (digits.starts_with("19") || digits.starts_with("20"))
        && is_month_and_day(&digits[4..])
}

fn is_month_and_day(digits: &str) -> bool {
    let number = |text: &str| text.parse::<u8>().unwrap_or_default();
    (1..=12).contains(&number(&digits[..2])) && (1..=31).contains(&number(&digits[2..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn personal_data_is_masked_and_the_rest_stays_as_it_was_typed() {
        for (typed, masked) in [
            ("手机13800138000收不到验证码", "手机[电话]收不到验证码"),
            ("手机１３８００１３８０００收不到", "手机[电话]收不到"),
            ("138 0013 8000 和 138-0013-8000", "[电话] 和 [电话]"),
            ("+86 13800138000，谢谢！", "[电话]，谢谢！"),
            ("0086-138-0013-8000打不通", "[电话]打不通"),
            ("座机010-82345678、0755 8234 5678", "座机[电话]、[电话]"),
            ("客服400-123-4567没人接", "客服[电话]没人接"),
            ("身份证11010519491231002X实名失败", "身份证[证件号]实名失败"),
            ("身份证１１０１０５ １９４９１２３１ ００２ｘ", "身份证[证件号]"),
            ("老身份证110105491231002", "老身份证[证件号]"),
            ("卡号6222 0212 3456 7890 123退款", "卡号[号码]退款"),
            ("卡号6222021234567890退款", "卡号[号码]退款"),
            ("订单SF1234567890123没到", "订单SF[号码]没到"),
            ("工号20231234567", "工号[号码]"),
            ("邮箱Zhang.San+hr@Example.com.cn。登录不了", "邮箱[邮箱]。登录不了"),
            ("邮箱ｚｓ＠ｅｘａｍｐｌｅ．ｃｏｍ登录不了", "邮箱[邮箱]登录不了"),
            ("一三八零零一三八零零零是我的号", "[号码]是我的号"),
            ("幺三八 零零幺三 八零零零", "[号码]"),
            ("1\u{200B}3800138000", "[电话]"),
            ("WeCom 怎么羣發？", "WeCom 怎么羣發？"),
        ] {
            assert_eq!(mask(typed), masked, "{typed:?}");
        }
    }

    #[test]
    fn dates_amounts_versions_and_short_numbers_stay() {
        for text in [
            "2026-01-02 12:30提交的",
            "20260102到20260131的考勤",
            "2026.01.02 - 2026.01.31",
            "200人的群，500个群",
            "4.1.36.6011版本",
            "192.168.1.100打不开",
            "1,000,000元",
            "错误码60011",
            "一二三四五",
            "三个群里一百二十人",
            "a@b",
            "@所有人 怎么用",
            "",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_long_number_is_left_and_masking_twice_is_masking_once(
            text in "([0-9]{1,12}|[０-９]{1,12}|[ -]|x|@|\\.|a|群|[一二三〇]{1,9}|\\PC){0,16}"
        ) {
            let once = mask(&text);
            prop_assert_eq!(&mask(&once), &once);
            let normal = normalize(&once);
            for run in normal.as_str().split(|c: char| !c.is_ascii_digit()) {
                prop_assert!(run.len() < LONG || is_date(run), "{} in {:?}", run, once);
            }
        }
    }
}
