//! [`Preset`]: the products whose tables and files can be imported, and the columns they write.
//!
//! The names are those of the products' own templates and exports, as [`columns::normalize`](super::columns::normalize)
//! leaves them: without brackets and what is in them, spaces, case. `问题` is the question in a file of Dify and the
//! list of similar questions in one of MaxKB; therefore the product decides, and nobody guesses.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::columns::Column;

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A sheet with 标准问, 相似问, 反例, 答案, 分类 …, or usual names of the same.
    Native,
    /// `MaxKB`: 分段标题, 分段内容, 问题 (CSV, XLSX)
    #[value(name = "maxkb")]
    #[serde(rename = "maxkb")]
    MaxKb,
    /// `FastGPT`: q, a, index, metadata (CSV, XLSX)
    #[value(name = "fastgpt")]
    #[serde(rename = "fastgpt")]
    FastGpt,
    /// Dify: question, answer or 问题, 答案 (CSV)
    Dify,
    /// `QnA Maker` and Azure question answering: Question, Answer, …, `QnaId` (TSV, XLSX)
    QnaMaker,
    /// AWS `QnABot`: qid, question1 …, answer (XLSX), or its JSON
    #[value(name = "qnabot")]
    #[serde(rename = "qnabot")]
    QnaBot,
    /// 微信对话开放平台: its JSON
    Wechat,
    /// `WeKnora`: 分类, 问题, 相似问题, 反例问题, 机器人回答 … (CSV, XLSX), or its JSON
    #[value(name = "weknora")]
    #[serde(rename = "weknora")]
    WeKnora,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] = [
        Self::Native,
        Self::MaxKb,
        Self::FastGpt,
        Self::Dify,
        Self::QnaMaker,
        Self::QnaBot,
        Self::Wechat,
        Self::WeKnora,
    ];

    /// The name as `--preset` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::MaxKb => "maxkb",
            Self::FastGpt => "fastgpt",
            Self::Dify => "dify",
            Self::QnaMaker => "qna-maker",
            Self::QnaBot => "qnabot",
            Self::Wechat => "wechat",
            Self::WeKnora => "weknora",
        }
    }

    /// The kinds of files it has, for messages.
    pub(in super::super) fn kinds(self) -> &'static str {
        match self {
            Self::Native | Self::QnaBot | Self::WeKnora => "CSV, TSV, XLSX and JSON files",
            Self::MaxKb | Self::FastGpt | Self::Dify | Self::QnaMaker => "CSV, TSV and XLSX files",
            Self::Wechat => "JSON files",
        }
    }

    /// How its tables are laid out; `None` when it has none.
    pub(super) fn layout(self) -> Option<&'static Layout> {
        LAYOUTS.iter().find(|layout| layout.preset == self)
    }
}

/// How several texts stand in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Several {
    /// On lines; else between `|`, `；` or `;`.
    LinesOrMarks,
    /// On lines only.
    Lines,
    /// Between `##`.
    Hashes,
}

/// The columns of a preset.
pub(super) struct Layout {
    pub(super) preset: Preset,
    pub(super) columns: &'static [(Column, &'static [&'static str])],
    /// Columns without which a table is none of this preset.
    pub(super) required: &'static [Column],
    /// Names that only this product writes; each must be there in one of its spellings. Empty when there are none.
    pub(super) signature: &'static [&'static [&'static str]],
    pub(super) several: Several,
    /// Whether the two characters `\n` stand for a line end.
    pub(super) escaped_lines: bool,
}

const Q: Column = Column::Question;
const A: Column = Column::Answer;

/// The native layout comes first: it knows the usual names of everything.
pub(super) static LAYOUTS: [Layout; 7] = [
    Layout {
        preset: Preset::Native,
        columns: &[
            (Column::Id, &["编号", "qid", "qnaid", "id"]),
            (Column::Number, &["序号"]),
            (
                Q,
                &[
                    "标准问",
                    "标准问题",
                    "标准问法",
                    "标准问法/常用语",
                    "主问题",
                    "问题",
                    "提问",
                    "faq标题",
                    "知识标题",
                    "问题标题",
                    "question",
                    "standardquestion",
                    "q",
                    "title",
                    "intent",
                    "post",
                ],
            ),
            (
                Column::Similar,
                &[
                    "相似问",
                    "相似问题",
                    "相似问法",
                    "扩展问",
                    "扩展问题",
                    "其他问法",
                    "index",
                    "indexes",
                    "similar",
                    "similarquestions",
                    "alternatives",
                ],
            ),
            (Column::Negative, &["反例", "反例问题", "negative", "negativequestions"]),
            (
                A,
                &[
                    "答案",
                    "回答",
                    "回复",
                    "解决方案",
                    "解决办法",
                    "答案内容",
                    "分段内容",
                    "机器人回答",
                    "answer",
                    "a",
                    "content",
                    "solution",
                    "markdown",
                ],
            ),
            (
                Column::Category(0),
                &[
                    "分类",
                    "类目",
                    "问题分类",
                    "问题类别",
                    "知识分类",
                    "目录",
                    "一级分类",
                    "分组",
                    "category",
                    "skill",
                    "topic",
                    "group",
                ],
            ),
            (Column::Category(1), &["二级分类"]),
            (Column::Category(2), &["三级分类"]),
            (Column::Tags, &["标签", "关键词", "tags"]),
            (Column::Enabled, &["状态", "是否启用", "启用", "enabled"]),
            (Column::Disabled, &["是否停用", "停用", "disable", "disabled"]),
            (Column::ValidFrom, &["生效", "生效时间", "生效日期", "validfrom"]),
            (Column::ValidUntil, &["失效", "失效时间", "失效日期", "validuntil"]),
        ],
        required: &[Q, A],
        signature: &[],
        several: Several::LinesOrMarks,
        escaped_lines: false,
    },
    Layout {
        preset: Preset::MaxKb,
        columns: &[
            (Column::Title, &["分段标题", "sectiontitle"]),
            (A, &["分段内容", "sectioncontent"]),
            (Column::Similar, &["问题", "question"]),
        ],
        required: &[A, Column::Similar],
        signature: &[&["分段内容", "sectioncontent"]],
        several: Several::Lines,
        escaped_lines: false,
    },
    Layout {
        preset: Preset::FastGpt,
        columns: &[
            (Q, &["q"]),
            (A, &["a"]),
            (Column::Similar, &["index", "indexes"]),
            (Column::Ignored, &["metadata"]),
        ],
        required: &[Q, A],
        signature: &[&["q"], &["a"]],
        several: Several::Lines,
        escaped_lines: false,
    },
    Layout {
        preset: Preset::Dify,
        columns: &[(Q, &["question", "问题"]), (A, &["answer", "答案"])],
        required: &[Q, A],
        signature: &[],
        several: Several::Lines,
        escaped_lines: false,
    },
    Layout {
        preset: Preset::QnaMaker,
        columns: &[
            (Q, &["question"]),
            (A, &["answer"]),
            (Column::Metadata, &["metadata"]),
            (Column::GroupId, &["qnaid"]),
            (
                Column::Ignored,
                &["source", "sourcedisplayname", "suggestedquestions", "iscontextonly", "prompts"],
            ),
        ],
        required: &[Q, A, Column::GroupId],
        signature: &[&["qnaid"]],
        several: Several::Lines,
        escaped_lines: true,
    },
    Layout {
        preset: Preset::QnaBot,
        columns: &[
            (Column::Id, &["qid"]),
            (A, &["answer"]),
            (Column::Markdown, &["markdown"]),
            (Column::Category(0), &["topic"]),
            (Column::Ignored, &["ssml", "cardtitle", "cardsubtitle", "cardimageurl", "cardurl"]),
        ],
        required: &[Column::Id, Column::Numbered, A],
        signature: &[&["qid"], &["question1"]],
        several: Several::Lines,
        escaped_lines: false,
    },
    Layout {
        preset: Preset::WeKnora,
        columns: &[
            (Column::Category(0), &["分类"]),
            (Column::Tags, &["标签", "tagname"]),
            (Q, &["问题", "standardquestion"]),
            (Column::Similar, &["相似问题", "similarquestions"]),
            (Column::Negative, &["反例问题", "negativequestions"]),
            (A, &["机器人回答", "answers"]),
            (Column::Disabled, &["是否停用"]),
            (Column::Ignored, &["是否全部回复", "是否禁止被推荐", "tagid"]),
        ],
        required: &[Q, A],
        signature: &[&["机器人回答", "answers"]],
        several: Several::Hashes,
        escaped_lines: false,
    },
];
