//! The cells of a row to a [`Record`], and lists to cells.

use jiff::civil::Date;

use super::{
    columns::{Column, Header},
    preset::Several,
};
use crate::{
    import::{record::Record, report::IssueKind},
    sheet,
};

/// Reads the rows under one header.
pub(super) struct RowReader<'a> {
    pub(super) header: &'a Header,
    /// The names as they stand in the file, up to the last one.
    pub(super) names: &'a [String],
}

impl RowReader<'_> {
    /// The record of a row, and whether its id is that of a group.
    pub(super) fn record(&self, cells: &[String]) -> Result<(Record, bool), IssueKind> {
        self.check_width(cells)?;
        let mut record = Record::default();
        let (mut levels, mut title, mut markdown, mut grouped) =
            (<[String; 3]>::default(), None, None, false);
        for ((cell, column), name) in cells.iter().zip(&self.header.columns).zip(self.names) {
            let Some(column) = column else { continue };
            let cell = sheet::unguard(self.unescaped(cell));
            let text = cell.trim();
            if text.is_empty() {
                continue;
            }
            match column {
                Column::Id => record.id = Some(text.to_owned()),
                Column::GroupId => {
                    grouped = true;
                    record.id = Some(text.to_owned());
                }
                Column::Number => record.number = text.parse().ok(),
                Column::Question => text.clone_into(&mut record.question),
                Column::Title => title = Some(text.to_owned()),
                Column::Numbered => record.similar.push(text.to_owned()),
                Column::Similar => record.similar.extend(self.texts(&cell)),
                Column::Negative => record.negative.extend(self.texts(&cell)),
                Column::Answer => record.answer = self.answer(text),
                Column::Markdown => markdown = Some(text.to_owned()),
                Column::Category(level) => {
                    if let Some(name) = levels.get_mut(usize::from(*level)) {
                        text.clone_into(name);
                    }
                }
                Column::Tags => record.tags.extend(self.texts(&cell)),
                Column::Metadata => record.tags.extend(parts(text, &['|'])),
                Column::Enabled => record.enabled = Some(switch(text, name)?),
                Column::Disabled => record.enabled = Some(!switch(text, name)?),
                Column::ValidFrom => record.valid_from = Some(date(text, name)?),
                Column::ValidUntil => record.valid_until = Some(date(text, name)?),
                Column::Ignored => {}
            }
        }
        if let Some(title) = title {
            record.similar.retain(|similar| *similar != title);
            record.question = title;
        } else if !self.header.columns.contains(&Some(Column::Question)) && !record.similar.is_empty() {
            record.question = record.similar.remove(0);
        }
        record.answer = markdown.unwrap_or(record.answer);
        record.category = levels.iter().flat_map(|level| path(level)).collect();
        if record.answer.is_empty() && !record.question.is_empty() {
            return Err(IssueKind::QuestionWithoutAnswer { question: record.question });
        }
        Ok((record, grouped))
    }

    /// A comma in an answer without quotation marks makes two cells of it, of which the second would be lost.
    fn check_width(&self, cells: &[String]) -> Result<(), IssueKind> {
        let (cells, named) = (filled(cells), self.names.len());
        if cells > named && !self.header.goes_on() {
            return Err(IssueKind::CellsBeyondHeader { cells, named });
        }
        Ok(())
    }

    fn unescaped(&self, cell: &str) -> String {
        if self.header.layout.escaped_lines { cell.replace("\\n", "\n") } else { cell.to_owned() }
    }

    /// The texts of a cell that may hold several.
    fn texts(&self, cell: &str) -> Vec<String> {
        match self.header.layout.several {
            Several::LinesOrMarks => several(cell),
            Several::Lines => parts(cell, &['\n', '\r']),
            Several::Hashes => {
                cell.split("##").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
            }
        }
    }

    /// Several answers to one question are paragraphs of one.
    fn answer(&self, text: &str) -> String {
        match self.header.layout.several {
            Several::Hashes => self.texts(text).join("\n\n"),
            Several::LinesOrMarks | Several::Lines => text.to_owned(),
        }
    }
}

/// How many cells there are up to the last one that has something in it.
pub(super) fn filled(cells: &[String]) -> usize {
    cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1)
}

/// The texts of a cell: a JSON list; else lines; else what stands between `|`; else between `；` or `;`. Commas occur
/// inside questions and part nothing.
pub(super) fn several(cell: &str) -> Vec<String> {
    if let Some(list) = json_list(cell) {
        return list;
    }
    let marks: &[char] = if cell.contains(['\n', '\r']) {
        &['\n', '\r']
    } else if cell.contains('|') {
        &['|']
    } else {
        &['；', ';']
    };
    parts(cell, marks)
}

/// A category: a JSON list, else names between `/` or `>`.
pub(super) fn path(cell: &str) -> Vec<String> {
    json_list(cell).unwrap_or_else(|| parts(cell, &['/', '>', '＞']))
}

fn json_list(cell: &str) -> Option<Vec<String>> {
    let cell = cell.trim();
    if cell.starts_with("[\"") { serde_json::from_str(cell).ok() } else { None }
}

fn parts(cell: &str, marks: &[char]) -> Vec<String> {
    cell.split(marks).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// The cell that [`several`] reads as these texts: a line each where that is unambiguous, else a JSON list.
pub(crate) fn joined(texts: &[String]) -> String {
    let plain = texts.join("\n");
    if several(&plain) == texts { plain } else { json(texts) }
}

/// The cell that [`path`] reads as this category.
pub(crate) fn joined_path(category: &[String]) -> String {
    let plain = category.join("/");
    if path(&plain) == category { plain } else { json(category) }
}

fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

/// Whether a cell says yes.
fn switch(text: &str, column: &str) -> Result<bool, IssueKind> {
    match text.to_lowercase().as_str() {
        "启用" | "有效" | "已启用" | "正常" | "是" | "开" | "true" | "yes" | "y" | "1" | "enabled" | "on" => {
            Ok(true)
        }
        "停用" | "禁用" | "无效" | "已停用" | "已禁用" | "否" | "关" | "false" | "no" | "n" | "0"
        | "disabled" | "off" => Ok(false),
        _ => Err(IssueKind::InvalidValue {
            column: column.trim().to_owned(),
            value: text.to_owned(),
            expected: "启用 or 停用 (是, 否, true, false, 1, 0)",
        }),
    }
}

/// A day; the time of day in `2026-01-02 00:00:00` is what spreadsheets add.
fn date(text: &str, column: &str) -> Result<Date, IssueKind> {
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let plain = day.replace(['/', '.', '年', '月'], "-").replace('日', "");
    let parts: Vec<i16> = plain.split('-').map_while(|part| part.parse().ok()).collect();
    let date = match parts.as_slice() {
        [year, month, day] => i8::try_from(*month)
            .ok()
            .zip(i8::try_from(*day).ok())
            .and_then(|(m, d)| Date::new(*year, m, d).ok()),
        _ => None,
    };
    date.ok_or_else(|| IssueKind::InvalidValue {
        column: column.trim().to_owned(),
        value: text.to_owned(),
        expected: "a day such as 2026-01-31",
    })
}
