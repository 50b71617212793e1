//! Numbers as Word's numbering writes them: 12, 十二, xii, L, ⑫.

/// How a level is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Bullet,
    None,
    Number(Style),
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Arabic,
    /// `０１２`
    FullWidth,
    /// `01`
    TwoDigits,
    /// `①`
    Circled,
    /// `十二`
    Chinese,
    /// `一二`, digit by digit.
    ChineseDigits,
    Letter {
        upper: bool,
    },
    Roman {
        upper: bool,
    },
}

impl Format {
    /// The format of this name in the file format's standard.
    pub(super) fn of(name: &str) -> Self {
        Self::Number(match name {
            "bullet" => return Self::Bullet,
            "none" => return Self::None,
            "decimalFullWidth" | "decimalFullWidth2" => Style::FullWidth,
            "decimalZero" => Style::TwoDigits,
            "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => Style::Circled,
            "chineseCounting"
            | "chineseCountingThousand"
            | "chineseLegalSimplified"
            | "japaneseCounting"
            | "taiwaneseCounting"
            | "taiwaneseCountingThousand" => Style::Chinese,
            "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital" => Style::ChineseDigits,
            "lowerLetter" => Style::Letter { upper: false },
            "upperLetter" => Style::Letter { upper: true },
            "lowerRoman" => Style::Roman { upper: false },
            "upperRoman" => Style::Roman { upper: true },
            _ => Style::Arabic,
        })
    }
}

/// Writes a number.
pub(super) fn number(style: Style, number: u32) -> String {
    match style {
        Style::Arabic => number.to_string(),
        Style::FullWidth => digits(number, '０'),
        Style::TwoDigits => format!("{number:02}"),
        Style::Circled => match number {
            1..=20 => char::from_u32(0x245F + number).map(String::from),
            21..=35 => char::from_u32(0x3250 + number - 20).map(String::from),
            _ => None,
        }
        .unwrap_or_else(|| number.to_string()),
        Style::Chinese => chinese(number),
        Style::ChineseDigits => {
            number.to_string().bytes().map(|digit| CHINESE[usize::from(digit - b'0')]).collect()
        }
        Style::Letter { upper } => cased(letters(number), upper),
        Style::Roman { upper } => cased(roman(number), upper),
    }
}

const CHINESE: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

fn digits(number: u32, zero: char) -> String {
    let digit = |digit: u8| char::from_u32(u32::from(zero) + u32::from(digit - b'0')).unwrap_or_default();
    number.to_string().bytes().map(digit).collect()
}

fn chinese(number: u32) -> String {
    if number == 0 || number > 999 {
        return number.to_string().bytes().map(|digit| CHINESE[usize::from(digit - b'0')]).collect();
    }
    let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
    let mut out = String::new();
    if hundreds > 0 {
        out.extend([CHINESE[hundreds as usize], '百']);
        if tens == 0 && ones > 0 {
            out.push('零');
        }
    }
    if tens > 0 {
        // 十二, but 一百一十二
        if tens > 1 || hundreds > 0 {
            out.push(CHINESE[tens as usize]);
        }
        out.push('十');
    }
    if ones > 0 {
        out.push(CHINESE[ones as usize]);
    }
    out
}

/// a … z, then aa, bb …
fn letters(number: u32) -> String {
    let Some(index) = number.checked_sub(1).filter(|index| *index < 26 * 30) else {
        return number.to_string();
    };
    let letter = char::from(b'a' + (index % 26) as u8);
    std::iter::repeat_n(letter, index as usize / 26 + 1).collect()
}

fn roman(number: u32) -> String {
    const PARTS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if number > 3999 {
        return number.to_string();
    }
    let mut rest = number;
    let mut out = String::new();
    for (value, part) in PARTS {
        while rest >= value {
            out.push_str(part);
            rest -= value;
        }
    }
    out
}

fn cased(text: String, upper: bool) -> String {
    if upper { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_word_shows_them() {
        for (name, value, expected) in [
            ("decimal", 12, "12"),
            ("decimalFullWidth", 10, "１０"),
            ("decimalZero", 3, "03"),
            ("decimalEnclosedCircle", 12, "⑫"),
            ("decimalEnclosedCircle", 21, "㉑"),
            ("chineseCounting", 3, "三"),
            ("chineseCountingThousand", 10, "十"),
            ("japaneseCounting", 21, "二十一"),
            ("chineseCounting", 112, "一百一十二"),
            ("chineseCounting", 105, "一百零五"),
            ("ideographDigital", 10, "一〇"),
            ("lowerLetter", 28, "bb"),
            ("upperLetter", 3, "C"),
            ("lowerRoman", 4, "iv"),
            ("upperRoman", 1994, "MCMXCIV"),
            ("whatever", 7, "7"),
        ] {
            let Format::Number(style) = Format::of(name) else { panic!("{name}") };
            assert_eq!(number(style, value), expected, "{name}");
        }
    }
}
