//! Classes of characters: what the normalisation drops, unifies or treats as a word.
//!
//! Only single characters are judged here; everything that needs context is in [`super::normalize`].

/// A Han ideograph of any block, `々` and `〇` included.
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c,
        '\u{4E00}'..='\u{9FFF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2FA1F}'
        | '\u{30000}'..='\u{323AF}'
        | '々' | '〇')
}

/// A character of a script that is written without spaces between words: Han and kana.
#[must_use]
pub fn is_cjk(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー')
}

/// A letter or digit of a script with spaces: what makes up a Latin word, a number or a model name.
#[must_use]
pub fn is_latin_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric() && !is_cjk(c))
}

/// A character that carries meaning by itself: a letter, digit or ideograph of any script.
#[must_use]
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_cjk(c)
}

/// A character that nobody sees: zero-width, directional, variation selectors, tags, soft hyphen, controls.
///
/// White space is not among them, not even `\t` and `\n`.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// A pictograph, its skin tone or its keycap frame.
#[must_use]
pub fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{1F000}'..='\u{1FAFF}'
        | '\u{2600}'..='\u{27BF}'
        | '\u{2B00}'..='\u{2BFF}'
        | '\u{2300}'..='\u{23FF}'
        | '\u{20E3}')
}

/// The one form of a punctuation mark that has many: quotes, dashes, tildes, brackets, bullets.
///
/// Works on text that already went through NFKC, which has unified full and half width.
#[must_use]
pub fn unify_punctuation(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '「' | '」' | '『' | '』' | '《' | '》' | '〈' | '〉' | '«' | '»' | '〝'
        | '〞' | '〟' => '"',
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '`' | '´' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{FE58}' => '-',
        '〜' | '∼' | '〰' => '~',
        '【' | '〔' | '〖' | '〘' => '[',
        '】' | '〕' | '〗' | '〙' => ']',
        '•' | '・' | '‧' | '∙' | '⋅' => '·',
        '。' => '.',
        '、' => ',',
        '⁄' | '∕' => '/',
        _ => c,
    }
}

/// A sign that changes the meaning of the letters or digits beside it: `c++`, `c#`, `50%`, `a&b`, `1>0`.
#[must_use]
pub fn is_meaningful_sign(c: char) -> bool {
    matches!(c, '+' | '#' | '%' | '&' | '@' | '$' | '€' | '£' | '¥' | '‰' | '<' | '>' | '=' | '°' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_falls_into_the_class_a_reader_expects() {
        fn check(name: &str, class: fn(char) -> bool, inside: &str, outside: &str) {
            for c in inside.chars() {
                assert!(class(c), "{name}({c:?}) should hold");
            }
            for c in outside.chars() {
                assert!(!class(c), "{name}({c:?}) should not hold");
            }
        }
        check("is_han", is_han, "群々〇㐀𠮷", "aカ1，。");
        check("is_cjk", is_cjk, "群カひー", "a1，한");
        check("is_latin_word", is_latin_word, "aZ9éж한", "群カ，- ");
        check("is_invisible", is_invisible, "\u{200B}\u{FEFF}\u{FE0F}\u{E0061}\u{0}", "a \t\n群");
        check("is_emoji", is_emoji, "😀👍🏻☎✅⌚", "a群1。±");
    }
}
