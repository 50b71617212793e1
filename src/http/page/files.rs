//! The files of the page, embedded.

use sha2::{Digest, Sha256};

/// A file of the page.
pub(super) struct File {
    /// Under `/page/`, and in this folder.
    pub(super) path: &'static str,
    /// As it is on the disk.
    pub(super) content: &'static [u8],
}

impl File {
    /// What it is, technically.
    pub(super) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some(_) | None => "text/plain; charset=utf-8",
        }
    }

    /// Names the content, in hexadecimal.
    pub(super) fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.content))
    }
}

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(File { path: $path, content: include_bytes!($path) }),*]
    };
}

/// All of them.
pub(super) const FILES: &[File] = embedded![
    "index.html",
    "icon.svg",
    "boot.js",
    "base.css",
    "ask.css",
    "admin.css",
    "app.js",
    "ask.js",
    "answer.js",
    "api.js",
    "device.js",
    "i18n.js",
    "zh.js",
    "en.js",
    "parts.js",
    "places.js",
    "entries.js",
    "entry_form.js",
    "entry_fields.js",
    "entry_answer.js",
    "entry_check.js",
    "history.js",
    "drafts.js",
    "transfer.js",
    "session.js",
    "sign_in.js",
    "unanswered.js",
    "test.js",
    "batch.js",
    "dashboard.js",
    "vendor/preact-htm.js",
    "vendor/LICENSE",
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/page");
        let mut there = BTreeSet::new();
        for part in ["", "vendor/"] {
            for found in fs::read_dir(folder.join(part)).unwrap() {
                let found = found.unwrap();
                let name = found.file_name().into_string().unwrap();
                // Source of the binary, and of the type check.
                let is_served = !matches!(name.rsplit_once('.'), Some((_, "rs" | "ts")));
                if found.file_type().unwrap().is_file() && is_served {
                    there.insert(format!("{part}{name}"));
                }
            }
        }
        let embedded: BTreeSet<String> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(embedded, there);
    }

    #[test]
    fn the_vendored_library_is_the_published_one() {
        let library = FILES.iter().find(|file| file.path == "vendor/preact-htm.js").unwrap();
        // `preact/standalone.module.js` of the npm package htm 3.1.1.
        assert_eq!(library.sha256(), "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7");
    }
}
