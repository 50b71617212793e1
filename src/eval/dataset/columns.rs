//! Under which names a field may stand, in a header or as a JSON key.

use serde_json::{Map, Value};

/// A field and its names, the best first: a sheet may have both 期望条目 and id, and then the former is meant.
pub struct Field {
    /// The name in JSON, used in messages.
    pub name: &'static str,
    aliases: &'static [&'static str],
}

/// What is asked.
pub(super) const QUERY: Field =
    Field { name: "query", aliases: &["query", "问题", "用户问题", "question", "问法"] };

/// The expected entries. Microsoft's batch tests call it "Expected answer ID".
pub(super) const RELEVANT: Field = Field {
    name: "relevant",
    aliases: &[
        "relevant",
        "期望条目",
        "期望答案",
        "期望",
        "expected",
        "expectedanswerid",
        "expectedid",
        "条目",
        "answerid",
        "entryid",
        "id",
    ],
};

/// First text of a pair.
pub(super) const TEXT_A: Field = Field { name: "a", aliases: &["a", "sentence1", "text1", "句子1"] };

/// Second text of a pair.
pub(super) const TEXT_B: Field = Field { name: "b", aliases: &["b", "sentence2", "text2", "句子2"] };

/// How alike the texts of a pair are.
pub(super) const LABEL: Field = Field { name: "label", aliases: &["label", "score", "标签"] };

impl Field {
    /// A field called `name` in messages, which may stand under each of `aliases` (lower case, no spaces or `_`).
    #[must_use]
    pub const fn new(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases }
    }

    /// The field's value under the best of its names.
    pub(super) fn find<'a>(&self, fields: &'a Map<String, Value>) -> Option<&'a Value> {
        self.aliases.iter().find_map(|&alias| fields.get(alias))
    }

    /// Whether one of these (normalised) names is the field's.
    pub(super) fn is_among(&self, names: &[String]) -> bool {
        self.aliases.iter().any(|&alias| names.iter().any(|name| name == alias))
    }

    /// The names, for a message.
    pub(super) fn names(&self) -> String {
        self.aliases.join(", ")
    }
}

/// A name as it is compared: without case, spaces, underscores and hyphens ("Expected answer ID" is `expectedanswerid`).
pub(super) fn normalize(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}
