//! From candidates to a decision: features, calibrated probability, policy. Pure functions, no I/O.

pub mod policy;
