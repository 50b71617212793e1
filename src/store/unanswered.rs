//! Reading groups of unanswered questions.

use jiff::Timestamp;
use rusqlite::params;

use super::{Error, GroupState, Store, time};

/// A wording of a group with how often it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupWording {
    /// Its group.
    pub group: i64,
    /// As it was first asked.
    pub text: String,
    /// Its vector, as the model made it that grouped it last.
    pub vector: Vec<f32>,
    /// How often it was asked.
    pub asked: u32,
    /// When last.
    pub last_asked: Timestamp,
}

/// Which groups to read, most asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupFilter {
    /// Groups in this state.
    pub state: GroupState,
    /// Only questions asked at or after this time count.
    pub since: Option<Timestamp>,
    /// Groups to leave out at the beginning.
    pub offset: u32,
    /// Groups to read.
    pub limit: u32,
}

/// A group in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCounts {
    /// Its id.
    pub id: i64,
    /// Whether it was settled once and was asked often since.
    pub came_back: bool,
    /// Questions in it.
    pub asked: u32,
    /// Of them: nothing fitted.
    pub no_answer: u32,
    /// Of them: two entries fitted about equally well.
    pub near_tie: u32,
    /// Of them: somebody said that the answer was wrong.
    pub rejected: u32,
    /// First and last time.
    pub first_asked: Timestamp,
    /// Last time.
    pub last_asked: Timestamp,
}

/// A page of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPage {
    /// The groups of this page.
    pub groups: Vec<GroupCounts>,
    /// How many groups there are on all pages.
    pub total: u32,
    /// Questions that wait to be grouped.
    pub waiting: u32,
}

impl Store {
    /// A page of groups, those asked most first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn groups(&self, filter: &GroupFilter) -> Result<GroupPage, Error> {
        let since = filter.since.map_or(i64::MIN, Timestamp::as_millisecond);
        // One view of the data for all three answers: grouping goes on meanwhile. It ends with this function.
        let _reading = self.connection.unchecked_transaction().map_err(self.failed("read"))?;
        let groups = self.list(
            "SELECT g.id, g.decided_at IS NOT NULL, count(*),
                    sum(NOT q.rejected AND q.reason IS 'no_answer'), sum(NOT q.rejected AND q.reason IS 'near_tie'),
                    sum(q.rejected), min(q.asked_at), max(q.asked_at)
                FROM queries q JOIN group_questions w ON q.question = w.id JOIN groups g ON w.grp = g.id
                WHERE g.state = ?1 AND q.asked_at >= ?2
                GROUP BY g.id ORDER BY count(*) DESC, max(q.asked_at) DESC, g.id LIMIT ?3 OFFSET ?4",
            params![filter.state.as_str(), since, filter.limit, filter.offset],
            |row| {
                Ok(GroupCounts {
                    id: row.get(0)?,
                    came_back: filter.state == GroupState::Open && row.get(1)?,
                    asked: row.get(2)?,
                    no_answer: row.get(3)?,
                    near_tie: row.get(4)?,
                    rejected: row.get(5)?,
                    first_asked: time(row.get(6)?),
                    last_asked: time(row.get(7)?),
                })
            },
        )?;
        let count = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| -> Result<u32, Error> {
            self.connection.query_row(sql, parameters, |row| row.get(0)).map_err(self.failed("read"))
        };
        let total = count(
            "SELECT count(DISTINCT g.id)
                FROM queries q JOIN group_questions w ON q.question = w.id JOIN groups g ON w.grp = g.id
                WHERE g.state = ?1 AND q.asked_at >= ?2",
            params![filter.state.as_str(), since],
        )?;
        let waiting = count("SELECT count(*) FROM queries WHERE waiting", &[])?;
        Ok(GroupPage { groups, total, waiting })
    }

    /// The wordings of a group, those asked most first, the oldest of them first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn wordings(&self, group: i64) -> Result<Vec<GroupWording>, Error> {
        self.list(
            "SELECT w.text, w.vector, count(*), max(q.asked_at)
                FROM group_questions w JOIN queries q ON q.question = w.id
                WHERE w.grp = ?1 GROUP BY w.id ORDER BY count(*) DESC, w.id",
            [group],
            |row| {
                let blob: Vec<u8> = row.get(1)?;
                Ok(GroupWording {
                    group,
                    text: row.get(0)?,
                    vector: super::vectors::decode(&blob, blob.len() / size_of::<f32>()).unwrap_or_default(),
                    asked: row.get(2)?,
                    last_asked: time(row.get(3)?),
                })
            },
        )
    }

    /// The entries that people said would have answered a group, with how often, most often first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn chosen_for(&self, group: i64) -> Result<Vec<(String, u32)>, Error> {
        self.list(
            "SELECT entry, count(*) FROM (
                SELECT coalesce(f.chosen, CASE f.verdict WHEN 'helpful' THEN f.entry_id END) AS entry
                    FROM feedback f JOIN queries q ON q.id = f.query_id
                    JOIN group_questions w ON q.question = w.id WHERE w.grp = ?1)
                WHERE entry <> '' GROUP BY entry ORDER BY count(*) DESC, entry",
            [group],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
