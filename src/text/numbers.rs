//! The numbers in a text, in digits (30, 8.5, 1,000) and in Chinese (三十, 两个, 百分之五).
//!
//! Says which numbers there are, not what they count. A numeral inside an idiom (一下, 万一, 十分) is no number.

/// A number in thousandths, so that 8.5 and 八点五 can be compared exactly.
pub type Milli = u64;

/// What may follow a single Chinese numeral for it to be a number: 三天 is one, 三 in 三方 is not.
const MEASURES: &str = "个天日月年次人条张台小分秒元块号级位种倍折岁周页遍部班寸类项份名家层点千万亿步套件";

/// Words with numerals that count nothing. Checked before anything else, longest first at each place.
const IDIOMS: &[&str] = &[
    "一下",
    "一些",
    "一样",
    "一起",
    "一直",
    "一般",
    "一定",
    "一键",
    "一切",
    "一致",
    "一个",
    "一种",
    "一点",
    "一旦",
    "一律",
    "一边",
    "一并",
    "一会",
    "一共",
    "一方",
    "一部分",
    "一系列",
    "进一步",
    "下一步",
    "上一步",
    "统一",
    "唯一",
    "万一",
    "十分",
    "千万别",
    "千万不",
    "千万要",
    "三方",
    "双十一",
    "一二三",
];

/// All numbers of a normalised text, sorted, each once.
///
/// ```
/// use dayi::text::numbers::numbers;
/// assert_eq!(numbers("三十天内打8.5折"), [8_500, 30_000]);
/// ```
#[must_use]
pub fn numbers(normalized: &str) -> Vec<Milli> {
    let mut found = Vec::new();
    let mut rest = normalized;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            digits(rest, &mut found)
        } else if first == '半' {
            half(rest, &mut found)
        } else if is_numeral(first) || IDIOMS.iter().any(|idiom| idiom.starts_with(first)) {
            chinese(rest, &mut found)
        } else {
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Reads the digits at the start of `text`; says how many bytes they take.
fn digits(text: &str, found: &mut Vec<Milli>) -> usize {
    let mut whole: u64 = 0;
    let mut end = 0;
    let bytes = text.as_bytes();
    while let Some(&b) = bytes.get(end) {
        let thousands =
            b == b',' && bytes.get(end + 1..end + 4).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
        if b.is_ascii_digit() {
            whole = whole.saturating_mul(10).saturating_add(u64::from(b - b'0'));
        } else if !thousands {
            break;
        }
        end += 1;
    }
    let mut value = whole.saturating_mul(1000);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1;
        let mut unit = 100;
        while let Some(b) = bytes.get(end).filter(|b| b.is_ascii_digit()) {
            value = value.saturating_add(u64::from(b - b'0') * unit);
            unit /= 10;
            end += 1;
        }
    }
    // 3万, 5千 and 2百 are one number.
    while let Some(unit) = text[end..].chars().next().and_then(unit_of) {
        value = value.saturating_mul(unit);
        end += '万'.len_utf8();
    }
    found.push(value);
    end
}

/// 半年, 半天, 半小时 and 半个 are a half; 半 in 一半 or 半路 is left alone.
fn half(text: &str, found: &mut Vec<Milli>) -> usize {
    let length = '半'.len_utf8();
    if text[length..].starts_with(['年', '天', '小', '个', '价', '月']) {
        found.push(500);
    }
    length
}

fn chinese(text: &str, found: &mut Vec<Milli>) -> usize {
    if let Some(idiom) =
        IDIOMS.iter().filter(|idiom| text.starts_with(**idiom)).max_by_key(|idiom| idiom.len())
    {
        // 十分钟 is ten minutes.
        if !(*idiom == "十分" && text[idiom.len()..].starts_with(['钟', '之'])) {
            return idiom.len();
        }
    }
    let end = text.find(|c| !is_numeral(c)).unwrap_or(text.len());
    if end == 0 {
        return text.chars().next().map_or(1, char::len_utf8);
    }
    let (run, after) = text.split_at(end);
    let count = run.chars().count();
    let measured = after.chars().next().is_some_and(|c| MEASURES.contains(c));
    let unit_alone = run.chars().all(|c| unit_of(c).is_some());
    if !unit_alone && (count > 1 || measured) || (unit_alone && measured && run.starts_with('十')) {
        let mut value = value_of(run).saturating_mul(1000);
        let mut length = end;
        // 八点五: a point with digits after it.
        if let Some(fraction) = after.strip_prefix('点') {
            let digits = fraction.find(|c| digit_of(c).is_none()).unwrap_or(fraction.len());
            if digits > 0 {
                let mut unit = 100;
                for digit in fraction[..digits].chars().filter_map(digit_of) {
                    value = value.saturating_add(digit * unit);
                    unit /= 10;
                }
                length += '点'.len_utf8() + digits;
            }
        }
        found.push(value);
        return length;
    }
    // 百分之五 is 5 as 5% is: the percent sign is no part of a number here.
    if run == "百"
        && let Some(percent) = after.strip_prefix("分之")
    {
        let digits = percent.find(|c| !is_numeral(c)).unwrap_or(percent.len());
        if digits > 0 {
            found.push(value_of(&percent[..digits]).saturating_mul(1000));
        }
        return end + "分之".len() + digits;
    }
    end
}

/// 一百二十 by place value, 二〇二四 digit by digit.
fn value_of(run: &str) -> u64 {
    if !run.chars().any(|c| unit_of(c).is_some()) {
        return run
            .chars()
            .filter_map(digit_of)
            .fold(0, |value, d| value.saturating_mul(10).saturating_add(d));
    }
    let (mut total, mut section, mut digit): (u64, u64, u64) = (0, 0, 0);
    for c in run.chars() {
        match (digit_of(c), unit_of(c)) {
            (Some(d), _) => digit = d,
            (None, Some(unit)) if unit >= 10_000 => {
                total = total.saturating_add((section + digit).max(1).saturating_mul(unit));
                (section, digit) = (0, 0);
            }
            (None, Some(unit)) => {
                section = section.saturating_add(digit.max(1) * unit);
                digit = 0;
            }
            (None, None) => {}
        }
    }
    total.saturating_add(section).saturating_add(digit)
}

fn is_numeral(c: char) -> bool {
    digit_of(c).is_some() || unit_of(c).is_some()
}

fn digit_of(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn unit_of(c: char) -> Option<u64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_in_digits_and_in_chinese() {
        for (text, wanted) in [
            ("30天", vec![30_000]),
            ("三十天", vec![30_000]),
            ("1,000元和1000元", vec![1_000_000]),
            ("打8.5折", vec![8_500]),
            ("八点五折", vec![8_500]),
            ("两台手机", vec![2_000]),
            ("2台手机", vec![2_000]),
            ("一百二十人", vec![120_000]),
            ("一万二千元", vec![12_000_000]),
            ("3万人", vec![30_000_000]),
            ("十个群", vec![10_000]),
            ("十分钟后", vec![10_000]),
            ("二〇二四年", vec![2_024_000]),
            ("百分之五", vec![5_000]),
            ("5%", vec![5_000]),
            ("半年内", vec![500]),
            ("iphone15", vec![15_000]),
            ("12:30", vec![12_000, 30_000]),
            ("99999999999999999999999", vec![u64::MAX]),
        ] {
            assert_eq!(numbers(text), wanted, "numbers of {text:?}");
        }
    }

    #[test]
    fn numerals_in_idioms_are_no_numbers() {
        for text in [
            "问一下",
            "统一登录",
            "万一丢了",
            "十分感谢",
            "第三方应用",
            "千万别删",
            "一个群",
            "一键登录",
            "下一步",
            "唯一",
            "登陆失败",
            "大陆手机号",
            "一半",
            "百姓",
        ] {
            assert_eq!(numbers(text), Vec::<Milli>::new(), "numbers of {text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(一|十|百|万|亿|点|半|分之|9|,|\\.|个|\\PC){0,30}") {
            let found = numbers(&text);
            prop_assert!(found.is_sorted());
        }
    }
}
