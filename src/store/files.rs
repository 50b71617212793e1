//! Which entries came from which file.

use std::collections::HashSet;

use super::{Error, Store};
use crate::faq::EntryId;

impl Store {
    /// The ids of the entries that were imported from `file`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ids_of_file(&self, file: &str) -> Result<HashSet<EntryId>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM entries WHERE file = ?1")
            .map_err(self.failed("read"))?;
        let rows = statement.query_map([file], |row| row.get::<_, String>(0)).map_err(self.failed("read"))?;
        let ids: Result<Vec<String>, _> = rows.collect();
        Ok(ids.map_err(self.failed("read"))?.iter().filter_map(|id| id.parse().ok()).collect())
    }
}
