//! Foreign text (questions, entries, names) made harmless for where it is shown.

/// For HTML text and quoted attributes. Characters that no HTML may hold become U+FFFD.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// For a cell of a Markdown table: nothing in it is markup.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text) {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '#' | '!' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// For one line of a terminal: no escape sequence, no line break, no turned direction of writing.
pub(in crate::eval) fn terminal(text: &str) -> String {
    visible(text).collect()
}

/// White space becomes a space, other control characters and marks that turn the writing direction U+FFFD.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|character| match character {
        character if character.is_whitespace() => ' ',
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_quotes_become_text() {
        assert_eq!(
            html("<img src=x onerror=\"alert('1')\">&"),
            "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"
        );
    }

    #[test]
    fn a_table_cell_holds_no_markdown() {
        assert_eq!(markdown("a|b\n[x](y) <b>`"), "a\\|b \\[x\\]\\(y\\) &lt;b&gt;\\`");
    }

    #[test]
    fn escape_sequences_and_turned_writing_do_not_reach_a_terminal() {
        assert_eq!(terminal("红\u{1b}[31m\u{202e}了\r\n"), "红\u{fffd}[31m\u{fffd}了  ");
    }
}
