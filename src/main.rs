//! The `dayi` command.

fn main() {}
