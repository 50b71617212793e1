//! The places where people already are: other programs that bring questions and take answers.

pub mod mcp;
