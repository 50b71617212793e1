//! [`Addresses`]: where the stored pictures of a FAQ are to be had over HTTP.

use super::{AssetName, readdressed};
use crate::faq::SpaceName;

/// Turns references to stored pictures into the addresses under which a service shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    before: String,
    after: String,
}

impl Addresses {
    /// Of the pictures of `space`. `service` is how others reach the service, such as `https://faq.example.com`; when it
    /// is empty, addresses are relative to the service.
    #[must_use]
    pub fn new(service: &str, space: &SpaceName) -> Self {
        // A browser that shows an answer asks for the address as it is, and can say nothing else about the space.
        let after = if space.is_default() { String::new() } else { format!("?space={space}") };
        Self { before: format!("{}/v1/", service.trim_end_matches('/')), after }
    }

    fn address(&self, name: &AssetName) -> String {
        format!("{}{}{}", self.before, name.reference(), self.after)
    }

    /// A text with every reference replaced.
    #[must_use]
    pub fn in_markdown(&self, markdown: &str) -> String {
        readdressed(markdown, |name| self.address(name))
    }

    /// One picture's reference replaced; an address stays what it is.
    #[must_use]
    pub fn of(&self, src: &str) -> String {
        AssetName::from_reference(src).map_or_else(|| src.to_owned(), |name| self.address(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_and_a_service_are_part_of_the_address() {
        let reference = format!("assets/{}.png", "0123456789abcdef".repeat(4));
        for (service, space, address) in [
            ("", "default", format!("/v1/{reference}")),
            ("https://faq.example.com/", "it", format!("https://faq.example.com/v1/{reference}?space=it")),
        ] {
            let addresses = Addresses::new(service, &space.parse().unwrap());
            assert_eq!(addresses.of(&reference), address);
            assert_eq!(
                addresses.in_markdown(&format!("看图：![]({reference})")),
                format!("看图：![]({address})")
            );
            assert_eq!(addresses.of("https://a.example/b.png"), "https://a.example/b.png");
        }
    }
}
