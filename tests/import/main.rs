//! Files of every kind on their way in, from outside the crate: templates of other products, pictures, hostile files.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod files;
mod hostile;
mod pictures;
mod workbooks;
