//! Tickets that came in, as ids and vectors, so that one that comes twice is told across restarts. Never their words.

use rusqlite::{TransactionBehavior, params};

use super::{
    Error, Store,
    vectors::{decode, encode},
};

impl Store {
    /// Remembers that ticket `id` says what `vector` says, by `model`, as the newest of at most `most`. A ticket that
    /// is known already is replaced.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn remember_ticket(
        &mut self,
        model: &str,
        id: &str,
        vector: &[f32],
        most: usize,
    ) -> Result<(), Error> {
        let failed = self.failed("write");
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(
                "INSERT OR REPLACE INTO tickets (id, model, vector) VALUES (?1, ?2, ?3)",
                params![id, model, encode(vector)],
            )?;
            transaction.execute(
                "DELETE FROM tickets WHERE ordinal <= (SELECT max(ordinal) FROM tickets) - ?1",
                params![i64::try_from(most).unwrap_or(i64::MAX)],
            )?;
            transaction.commit()
        };
        write().map_err(failed)
    }

    /// The tickets that are remembered under `model`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tickets(&self, model: &str, dimension: usize) -> Result<Vec<(String, Vec<f32>)>, Error> {
        let read = || -> rusqlite::Result<Vec<(String, Vec<f32>)>> {
            let mut statement = self
                .connection
                .prepare("SELECT id, vector FROM tickets WHERE model = ?1 ORDER BY ordinal")?;
            let rows = statement.query_map([model], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            let decoded = rows.map(|row| row.map(|(id, vector)| Some((id, decode(&vector, dimension)?))));
            decoded.filter_map(Result::transpose).collect()
        };
        read().map_err(self.failed("read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_there_again_after_a_restart_and_the_oldest_go_first() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open_or_create(directory.path()).unwrap();
        for (id, x) in [("1", 1.0), ("2", 2.0), ("3", 3.0), ("2", 4.0)] {
            store.remember_ticket("m", id, &[x, 0.5], 3).unwrap();
        }
        store.remember_ticket("other", "9", &[9.0, 9.0], 3).unwrap();
        drop(store);
        let store = Store::open(directory.path()).unwrap();
        assert_eq!(
            store.tickets("m", 2).unwrap(),
            [("3".into(), vec![3.0, 0.5]), ("2".into(), vec![4.0, 0.5])]
        );
        assert_eq!(store.tickets("m", 3).unwrap(), [], "a vector of another length is of no use");
    }
}
