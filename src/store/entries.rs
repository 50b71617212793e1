//! Reading the entries table: all of it, one entry, or a page of what a filter lets through.

use rusqlite::{OptionalExtension, Row, ToSql, named_params};
use serde::Serialize;

use super::{Error, Store};
use crate::faq::{Entry, EntryId};

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// The entry.
    pub entry: Entry,
    /// Version of the FAQ that last changed it: another content has another revision.
    pub revision: u64,
}

/// All entries at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Version of the FAQ.
    pub version: u64,
    /// Its entries, in the order in which they were first stored.
    pub entries: Vec<Entry>,
}

/// Which entries a page shows; an empty filter lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the id or of a phrasing; letters match whatever their case.
    pub text: Option<String>,
    /// One name of the category path, or the beginning of the path joined by `/`.
    pub category: Option<String>,
    /// A tag it carries.
    pub tag: Option<String>,
    /// Whether it is enabled.
    pub enabled: Option<bool>,
}

/// Where a page ends and the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub i64);

/// A part of the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order in which they were first stored.
    pub entries: Vec<Stored>,
    /// How many entries the filter lets through.
    pub total: usize,
    /// Where to go on; `None` on the last page.
    pub next: Option<Cursor>,
}

/// The rows that a [`Filter`] lets through.
const ADMITTED: &str = "(:text IS NULL
        OR instr(lower(id), lower(:text))
        OR instr(lower(json_extract(body, '$.question')), lower(:text))
        OR EXISTS (SELECT 1 FROM json_each(body, '$.similar') WHERE instr(lower(value), lower(:text))))
    AND (:category IS NULL
        OR EXISTS (SELECT 1 FROM json_each(body, '$.category') WHERE value = :category)
        OR (SELECT group_concat(value, '/') || '/' FROM json_each(body, '$.category'))
            GLOB replace(replace(replace(:category, '[', '[[]'), '*', '[*]'), '?', '[?]') || '/*')
    AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(body, '$.tags') WHERE value = :tag))
    AND (:enabled IS NULL OR json_extract(body, '$.enabled') = :enabled)";

impl Store {
    /// All entries, in the order in which they were first stored.
    ///
    /// # Errors
    /// When the database fails or an entry is damaged.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, body FROM entries ORDER BY ordinal")
            .map_err(self.failed("read"))?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(self.failed("read"))?;
        let mut entries = Vec::new();
        for row in rows {
            let (id, body) = row.map_err(self.failed("read"))?;
            entries.push(self.parse(&id, &body)?);
        }
        Ok(entries)
    }

    /// All entries and the version they make up, whatever another process writes meanwhile.
    ///
    /// # Errors
    /// As [`entries`](Self::entries).
    pub fn edition(&self) -> Result<Edition, Error> {
        let _one_moment = self.connection.unchecked_transaction().map_err(self.failed("read"))?;
        Ok(Edition { version: self.version()?, entries: self.entries()? })
    }

    /// The entry called `id`, if there is one.
    ///
    /// # Errors
    /// As [`entries`](Self::entries).
    pub fn entry(&self, id: &EntryId) -> Result<Option<Stored>, Error> {
        let read = || {
            self.connection
                .prepare_cached("SELECT revision, body FROM entries WHERE id = ?1")?
                .query_row([id.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
                .optional()
        };
        let Some((revision, body)) = read().map_err(self.failed("read"))? else { return Ok(None) };
        Ok(Some(Stored { entry: self.parse(id.as_str(), &body)?, revision: revision.unsigned_abs() }))
    }

    /// At most `limit` entries that `filter` lets through, from the beginning or from where a page before ended.
    ///
    /// # Errors
    /// As [`entries`](Self::entries).
    pub fn page(&self, filter: &Filter, after: Option<Cursor>, limit: usize) -> Result<Page, Error> {
        let _one_moment = self.connection.unchecked_transaction().map_err(self.failed("read"))?;
        let category = filter.category.as_deref().map(|path| path.trim_matches('/'));
        let (text, tag) = (filter.text.as_deref().map(str::trim), filter.tag.as_deref());
        let filters: [(&str, &dyn ToSql); 4] =
            [(":text", &text), (":category", &category), (":tag", &tag), (":enabled", &filter.enabled)];
        let total = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM entries WHERE {ADMITTED}"))
            .and_then(|mut statement| statement.query_row(&filters, |row| row.get::<_, i64>(0)))
            .map_err(self.failed("read"))?;
        let mut rows = self.page_rows(&filters, after, limit).map_err(self.failed("read"))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| Cursor(row.ordinal));
        let stored = |row: StoredRow| {
            let entry = self.parse(&row.id, &row.body)?;
            Ok(Stored { entry, revision: row.revision.unsigned_abs() })
        };
        Ok(Page {
            entries: rows.into_iter().map(stored).collect::<Result<_, Error>>()?,
            total: total.unsigned_abs() as usize,
            next,
        })
    }

    /// One row more than `limit`, if there is one.
    fn page_rows(
        &self,
        filters: &[(&str, &dyn ToSql)],
        after: Option<Cursor>,
        limit: usize,
    ) -> rusqlite::Result<Vec<StoredRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT ordinal, id, revision, body FROM entries WHERE {ADMITTED} AND ordinal > :after
             ORDER BY ordinal LIMIT :limit"
        ))?;
        let (after, limit) =
            (after.map_or(0, |cursor| cursor.0), i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1);
        let mut parameters = filters.to_vec();
        parameters.extend_from_slice(named_params! { ":after": after, ":limit": limit });
        statement.query_map(parameters.as_slice(), StoredRow::read)?.collect()
    }

    /// A stored body as an entry.
    pub(super) fn parse(&self, id: &str, body: &str) -> Result<Entry, Error> {
        serde_json::from_str(body).map_err(|source| Error::DamagedEntry {
            id: id.to_owned(),
            path: self.path.clone(),
            source,
        })
    }
}

struct StoredRow {
    ordinal: i64,
    id: String,
    revision: i64,
    body: String,
}

impl StoredRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { ordinal: row.get(0)?, id: row.get(1)?, revision: row.get(2)?, body: row.get(3)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, question: &str) -> Entry {
        Entry::new(id.parse().unwrap(), question, "答案")
    }

    fn ids(page: &Page) -> Vec<&str> {
        page.entries.iter().map(|stored| stored.entry.id.as_str()).collect()
    }

    #[test]
    fn a_damaged_entry_is_named() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
        store.connection.execute("UPDATE entries SET body = '{'", []).unwrap();
        let error = store.entries().unwrap_err();
        assert!(matches!(&error, Error::DamagedEntry { id, .. } if id == "a"), "{error}");
    }

    #[test]
    fn pages_follow_each_other_until_all_entries_were_seen() {
        let mut store = Store::in_memory().unwrap();
        let entries = ["a", "b", "c", "d", "e"].map(|id| entry(id, "问"));
        store.replace_file("faq.md", &entries).unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.page(&Filter::default(), after, 2).unwrap();
            assert_eq!(page.total, 5);
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn filters_let_through_what_fits_all_of_them() {
        let mut store = Store::in_memory().unwrap();
        let group = Entry {
            category: vec!["客户联系".into(), "群聊[新]".into()],
            tags: vec!["群主".into()],
            similar: vec!["WeCom群怎么散".into()],
            ..entry("g-1", "群能解散吗")
        };
        let off =
            Entry { enabled: false, category: vec!["通讯录".into()], ..entry("c-1", "怎么登录") };
        store.replace_file("faq.md", &[group, off]).unwrap();
        let found = |filter: Filter| {
            let page = store.page(&filter, None, 10).unwrap();
            assert_eq!(page.total, page.entries.len());
            ids(&page).join(",")
        };
        let text = |text: &str| Filter { text: Some(text.into()), ..Filter::default() };
        let category = |path: &str| Filter { category: Some(path.into()), ..Filter::default() };
        for (filter, wanted) in [
            (Filter::default(), "g-1,c-1"),
            (text("解散"), "g-1"),
            (text("wecom"), "g-1"),
            (text("C-1"), "c-1"),
            (text("%"), ""),
            (text("答案"), ""),
            (category("客户联系"), "g-1"),
            (category("群聊[新]"), "g-1"),
            (category("客户联系/群聊[新]/"), "g-1"),
            (category("客户"), ""),
            (category("*"), ""),
            (Filter { tag: Some("群主".into()), ..Filter::default() }, "g-1"),
            (Filter { enabled: Some(false), ..Filter::default() }, "c-1"),
            (Filter { enabled: Some(true), ..text("登录") }, ""),
        ] {
            assert_eq!(found(filter.clone()), wanted, "{filter:?}");
        }
    }
}
