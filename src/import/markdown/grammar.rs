//! What a line says about itself: its numbering, and whether an answer begins here.
//!
//! Pure functions on the plain words of one line. What the numbering *means* depends on the neighbours and is the
//! business of `outline`.

/// How a numbering is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `第三章`, `第三部分`
    Chapter,
    /// `第三节`
    Part,
    /// `三、`
    Chinese,
    /// `（三）`
    ChineseInBrackets,
    /// `12、` `12.` `12．`
    Arabic(char),
    /// `12）` `12)`
    ArabicHalfBracket,
    /// `（12）` `【12】`
    ArabicInBrackets,
    /// `Q12：` `问12：` `问题：`
    Question,
}

/// The numbering at the beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbering {
    pub(super) form: Form,
    /// `None` for `Q：`.
    pub(super) number: Option<u32>,
    /// Bytes up to the first word behind it.
    pub(super) len: usize,
}

/// The beginning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnswerMarker {
    pub(super) word: &'static str,
    /// Bytes up to the first word of the answer.
    pub(super) len: usize,
}

/// Longer words first: `答` begins `答案`.
const ANSWER_WORDS: [&str; 14] = [
    "解决方案",
    "解决办法",
    "解决方法",
    "处理方法",
    "处理办法",
    "处理方案",
    "参考答案",
    "标准答案",
    "答案",
    "回答",
    "解答",
    "答复",
    "答",
    "answer",
];

/// Where the parser is in a line; every step skips white space first.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    line: &'a str,
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn new(line: &'a str) -> Self {
        Self { line, rest: line.trim_start() }
    }

    fn position(self) -> usize {
        self.line.len() - self.rest.len()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }

    fn one_of(&mut self, allowed: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| allowed.contains(c))?;
        self.skip(c.len_utf8());
        Some(c)
    }

    /// A word whose letters may be spread out (`答  案`), in any case.
    fn word(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        for expected in word.chars() {
            let Some(c) = ahead.rest.chars().next().filter(|c| c.eq_ignore_ascii_case(&expected)) else {
                return false;
            };
            ahead.skip(c.len_utf8());
        }
        *self = ahead;
        true
    }

    fn digits(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        let mut bytes = 0;
        for (count, c) in self.rest.chars().enumerate() {
            let digit = match c {
                '０'..='９' => u32::from(c) - u32::from('０'),
                _ => match c.to_digit(10) {
                    Some(digit) => digit,
                    None => break,
                },
            };
            // Nobody numbers ten thousand questions; a telephone number is no numbering.
            if count == 4 {
                return None;
            }
            number = number * 10 + digit;
            bytes += c.len_utf8();
        }
        (bytes > 0).then(|| {
            self.skip(bytes);
            number
        })
    }

    fn chinese_number(&mut self) -> Option<u32> {
        let is_numeral = |c: char| "〇零一二三四五六七八九十百两".contains(c);
        let bytes: usize = self.rest.chars().take_while(|&c| is_numeral(c)).map(char::len_utf8).sum();
        let number = chinese_number(&self.rest[..bytes])?;
        self.skip(bytes);
        Some(number)
    }
}

/// The value of `十二` or `一百零三`; `二〇` is read digit by digit.
fn chinese_number(text: &str) -> Option<u32> {
    if text.is_empty() || text.chars().count() > 5 {
        return None;
    }
    let (mut total, mut digit) = (0_u32, None);
    for c in text.chars() {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            _ => {
                let value = "零一二三四五六七八九".chars().position(|it| it == c);
                let value = match c {
                    '〇' => 0,
                    '两' => 2,
                    _ => value? as u32,
                };
                digit = Some(digit.unwrap_or(0) * 10 + value);
                continue;
            }
        };
        total += digit.take().unwrap_or(1) * unit;
    }
    Some(total + digit.unwrap_or(0))
}

/// Reads the numbering at the beginning of a line.
pub(super) fn numbering(line: &str) -> Option<Numbering> {
    let start = Cursor::new(line);
    let done = |form, number, cursor: Cursor<'_>| Some(Numbering { form, number, len: cursor.position() });

    let mut cursor = start;
    if cursor.word("第")
        && let Some(number) = cursor.chinese_number().or_else(|| cursor.digits())
    {
        let form =
            ["章", "部分", "篇", "编", "讲"].iter().any(|word| cursor.word(word)).then_some(Form::Chapter);
        if let Some(form) = form.or_else(|| cursor.word("节").then_some(Form::Part)) {
            cursor.one_of(&['：', ':', '、', '.', '．']);
            return done(form, Some(number), cursor);
        }
    }

    let mut cursor = start;
    let prefixed = ["问题", "问", "question", "q"].iter().any(|word| cursor.word(word));
    if prefixed {
        let number = cursor.digits();
        let mark = cursor.one_of(&['：', ':']);
        if mark.is_some() || (number.is_some() && cursor.one_of(&['、', '.', '．', ' ']).is_some()) {
            return done(Form::Question, number, cursor);
        }
    }

    let mut cursor = start;
    if let Some(open) = cursor.one_of(&['（', '(', '【', '[', '〔']) {
        let (form, number) = match cursor.digits() {
            Some(number) => (Form::ArabicInBrackets, number),
            None => (Form::ChineseInBrackets, cursor.chinese_number()?),
        };
        let close = match open {
            '【' => ['】', ']'],
            '[' => [']', '】'],
            '〔' => ['〕', ')'],
            _ => ['）', ')'],
        };
        cursor.one_of(&close)?;
        cursor.one_of(&['、', '：', ':']);
        return done(form, Some(number), cursor);
    }

    let mut cursor = start;
    if let Some(number) = cursor.chinese_number() {
        cursor.one_of(&['、', '．', '.'])?;
        return done(Form::Chinese, Some(number), cursor);
    }
    let number = cursor.digits()?;
    let mark = cursor.one_of(&['、', '.', '．', '）', ')', '：', ':'])?;
    // `2.4G`, `10、20 元`, `9:30`
    if cursor.rest.starts_with(|c: char| c.is_numeric()) {
        return None;
    }
    let form = if matches!(mark, '）' | ')') { Form::ArabicHalfBracket } else { Form::Arabic(mark) };
    done(form, Some(number), cursor)
}

/// Reads the answer marker at the beginning of a line: a word with a colon, or the word alone.
pub(super) fn answer_marker(line: &str) -> Option<AnswerMarker> {
    let mut cursor = Cursor::new(line);
    let bracket = cursor.one_of(&['【', '[']);
    let word = ANSWER_WORDS.into_iter().find(|word| cursor.word(word));
    let word = word.or_else(|| cursor.word("a").then_some("a"))?;
    let number = cursor.digits();
    let closed = bracket.is_some() && cursor.one_of(&['】', ']']).is_some();
    let colon = cursor.one_of(&['：', ':']).is_some();
    let alone = cursor.rest.is_empty() && word.chars().count() > 1;
    // `A1、` and `答1.` are written, but `A.` is an option to choose.
    let numbered = number.is_some() && cursor.one_of(&['、', '.', '．']).is_some();
    (colon || alone || numbered || closed).then_some(AnswerMarker { word, len: cursor.position() })
}

/// Whether a text asks something.
pub(super) fn is_question_like(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "怎么",
        "怎样",
        "如何",
        "为什么",
        "为何",
        "什么",
        "哪",
        "能否",
        "是否",
        "可否",
        "多少",
        "几",
        "谁",
        "吗",
    ];
    text.contains(['？', '?'])
        || WORDS.iter().any(|word| text.contains(word))
        || text.trim_end().ends_with('呢')
}

/// Whether a text ends with a question mark.
pub(super) fn ends_with_question_mark(text: &str) -> bool {
    text.trim_end().trim_end_matches(['”', '"', '）', ')', '*']).ends_with(['？', '?'])
}

/// Whether a sentence (or its introduction, before a colon) is complete at the end of `text`.
pub(super) fn is_sentence_end(text: &str) -> bool {
    let text =
        text.trim_end().trim_end_matches(['”', '’', '"', '）', ')', '】', ']', '》', '」', '*', '_', ' ']);
    text.is_empty() || text.ends_with(['。', '！', '？', '；', '…', '：', '.', '!', '?', ';', ':', '～', '~'])
}

/// Whether `text` can only be the continuation of something.
pub(super) fn starts_with_continuation(text: &str) -> bool {
    text.trim_start().starts_with(['，', '。', '、', '；', '）', '”', '》', '】', '！', '？', ',', ')'])
}

/// Whether a line begins a step of its own although it is no numbered list item: `第一步`, `步骤2`, `方法三`, `①`.
pub(super) fn starts_step(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    if cursor.one_of(&['①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨', '⑩', '※', '★']).is_some()
    {
        return true;
    }
    if cursor.word("第") {
        let number = cursor.chinese_number().or_else(|| cursor.digits());
        return number.is_some() && cursor.word("步");
    }
    ["步骤", "方法", "方式", "情况", "方案"].iter().any(|word| cursor.word(word))
        && (cursor.chinese_number().is_some() || cursor.digits().is_some())
}

/// Length of a bullet that Markdown does not know, or not in this place, with the white space behind it.
pub(super) fn bullet(text: &str) -> Option<usize> {
    let mut cursor = Cursor::new(text);
    if cursor.rest.starts_with("- ") {
        cursor.skip(1);
        return Some(cursor.position());
    }
    cursor.one_of(&[
        '•', '●', '○', '◦', '■', '□', '◆', '◇', '▪', '➢', '➤', '✓', '\u{F06C}', '\u{F0B7}', '\u{F0D8}',
    ])?;
    Some(cursor.position())
}

#[cfg(test)]
mod tests;
