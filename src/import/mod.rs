//! Files of any supported kind to entries and a report. One file per format.
//!
//! An importer never stops at a bad entry: it reports the entry with its line and brings the rest.
