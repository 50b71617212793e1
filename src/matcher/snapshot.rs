//! [`Snapshot`]: a FAQ ready to answer, immutable and numbered.
