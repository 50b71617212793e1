//! [`Answer`]: Markdown with its pictures in order.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer as Markdown. Pictures are ordinary Markdown images and stay where the author put them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answer(String);

/// A picture of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// Path relative to the FAQ's folder, or URL, as written.
    pub src: String,
    /// Text for those who cannot see the picture.
    pub alt: String,
}

impl Answer {
    /// Wraps Markdown; white space around it is dropped.
    #[must_use]
    pub fn new(markdown: impl Into<String>) -> Self {
        let markdown = markdown.into();
        let trimmed = markdown.trim();
        if trimmed.len() == markdown.len() { Self(markdown) } else { Self(trimmed.to_owned()) }
    }

    /// The Markdown text.
    #[must_use]
    pub fn markdown(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing at all, not even a picture.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pictures in reading order.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "of CommonMark's many events only these matter here")]
    pub fn images(&self) -> Vec<Image> {
        let mut images: Vec<Image> = Vec::new();
        // Every answer that is served is asked for its pictures, and few have any: that is seen without parsing.
        if !self.0.contains("![") {
            return images;
        }
        let mut inside = false;
        for event in Parser::new(&self.0) {
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => {
                    inside = true;
                    images.push(Image { src: dest_url.into_string(), alt: String::new() });
                }
                Event::End(TagEnd::Image) => inside = false,
                Event::Text(text) | Event::Code(text) if inside => {
                    if let Some(image) = images.last_mut() {
                        image.alt.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        images
    }

    /// The words alone: no pictures, no markup. What the matcher compares with a question.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "of CommonMark's many events only these matter here")]
    pub fn plain_text(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        let mut in_image = false;
        for event in Parser::new(&self.0) {
            match event {
                Event::Start(Tag::Image { .. }) => in_image = true,
                Event::End(TagEnd::Image) => in_image = false,
                Event::Text(part) | Event::Code(part) if !in_image => text.push_str(&part),
                Event::SoftBreak
                | Event::HardBreak
                | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock)
                    if !text.ends_with('\n') =>
                {
                    text.push('\n');
                }
                _ => {}
            }
        }
        text.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_in_reading_order_and_are_no_part_of_the_plain_text() {
        let answer = Answer::new("点击**右上角**：\n\n![第一步](a.png)\n\n1. 选择 ![](b.png)\n");
        assert_eq!(
            answer.images(),
            [
                Image { src: "a.png".into(), alt: "第一步".into() },
                Image { src: "b.png".into(), alt: String::new() }
            ]
        );
        assert_eq!(answer.plain_text(), "点击右上角：\n选择");
    }
}
