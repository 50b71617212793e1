//! The sentence-transformers files around a transformer: modules, pooling, prompts, maximum length.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::{ModelDirError, TransformerConfig, read_json_if_present};
use crate::embed::{Pooling, Role};

pub(in crate::embed) const MODULES: &str = "modules.json";
pub(in crate::embed) const PROMPTS: &str = "config_sentence_transformers.json";
pub(in crate::embed) const LENGTH: &str = "sentence_bert_config.json";
pub(in crate::embed) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const DEFAULT_POOLING_FOLDER: &str = "1_Pooling";

/// What is put in front of a text, by its [`Role`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Prompts {
    /// In front of questions.
    pub query: String,
    /// In front of stored texts.
    pub document: String,
}

impl Prompts {
    /// The prompt of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.query,
            Role::Document => &self.document,
        }
    }
}

/// How texts go in and vectors come out, as the folder says; every part can be overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentenceConfig {
    /// Which token vectors make the text's vector.
    pub pooling: Pooling,
    /// Prompts by role.
    pub prompts: Prompts,
    /// Longest input in tokens, special tokens and prompt included.
    pub max_tokens: usize,
    /// Whether texts are lowered before the tokenizer sees them.
    pub lowercase: bool,
    /// Whether the folder lists a Normalize module. Vectors are scaled to length 1 in any case, which changes no
    /// cosine; this is for people to read.
    #[serde(skip)]
    pub normalize: bool,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptFile {
    prompts: BTreeMap<String, Option<String>>,
    default_prompt_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LengthFile {
    max_seq_length: Option<usize>,
    do_lower_case: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenizerFile {
    /// Often a float such as 1e30 for "no limit".
    model_max_length: Option<f64>,
}

impl SentenceConfig {
    pub(super) fn read(folder: &Path, transformer: &TransformerConfig) -> Result<Self, ModelDirError> {
        let modules = read_modules(folder)?;
        let length: LengthFile = read_json_if_present(&folder.join(LENGTH))?.unwrap_or_default();
        let tokenizer: TokenizerFile =
            read_json_if_present(&folder.join(TOKENIZER_CONFIG))?.unwrap_or_default();
        let named: PromptFile = read_json_if_present(&folder.join(PROMPTS))?.unwrap_or_default();
        let limit = transformer.max_tokens();
        let stated = length.max_seq_length.or_else(|| {
            tokenizer.model_max_length.filter(|length| *length >= 1.0).map(|length| length as usize)
        });
        Ok(Self {
            pooling: read_pooling(folder, &modules.pooling_file)?,
            prompts: named.resolve(),
            max_tokens: stated.unwrap_or(limit).min(limit),
            lowercase: length.do_lower_case.unwrap_or(false),
            normalize: modules.normalize,
        })
    }
}

impl PromptFile {
    /// sentence-transformers' rule: the prompt named after the role, else the default prompt, else none.
    fn resolve(self) -> Prompts {
        let named = |name: &str| self.prompts.get(name).cloned().flatten();
        let default = || self.default_prompt_name.as_deref().and_then(named);
        let first = |names: &[&str]| names.iter().find_map(|name| named(name)).or_else(default);
        Prompts {
            query: first(&["query"]).unwrap_or_default(),
            document: first(&["document", "passage", "corpus"]).unwrap_or_default(),
        }
    }
}

struct Modules {
    pooling_file: String,
    normalize: bool,
}

fn read_modules(folder: &Path) -> Result<Modules, ModelDirError> {
    let path = folder.join(MODULES);
    let Some(list) = read_json_if_present::<Vec<Module>>(&path)? else {
        return Ok(Modules { pooling_file: pooling_file(DEFAULT_POOLING_FOLDER), normalize: false });
    };
    let mut modules = Modules { pooling_file: pooling_file(DEFAULT_POOLING_FOLDER), normalize: false };
    for module in list {
        match module.kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" if module.path.is_empty() || module.path == "." => {}
            "Pooling" => modules.pooling_file = pooling_file(&module.path),
            "Normalize" => modules.normalize = true,
            // A Dense or other layer would change every vector; ignoring it would give wrong answers silently.
            _ => {
                return Err(ModelDirError::Unsupported {
                    path,
                    what: "module",
                    expected: "Transformer in the folder itself, Pooling and Normalize",
                    got: format!("{} in `{}`", module.kind, module.path),
                });
            }
        }
    }
    if !is_inside(&modules.pooling_file) {
        return Err(ModelDirError::Unsupported {
            path,
            what: "pooling path",
            expected: "a path inside the model folder",
            got: modules.pooling_file,
        });
    }
    Ok(modules)
}

fn pooling_file(folder: &str) -> String {
    if folder.is_empty() { "config.json".to_owned() } else { format!("{folder}/config.json") }
}

fn is_inside(relative: &str) -> bool {
    Path::new(relative).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The pooling file that `modules.json` in `folder` names, relative to the folder; the usual one when there is no
/// list of modules.
pub(in crate::embed) fn pooling_file_of(folder: &Path) -> Result<String, ModelDirError> {
    Ok(read_modules(folder)?.pooling_file)
}

fn read_pooling(folder: &Path, file: &str) -> Result<Pooling, ModelDirError> {
    let path = folder.join(file);
    let Some(json) = read_json_if_present::<serde_json::Value>(&path)? else {
        if folder.join(MODULES).exists() {
            return Err(ModelDirError::Missing { folder: folder.to_owned(), file: file.to_owned() });
        }
        tracing::warn!(
            folder = %folder.display(),
            "the folder does not say how to pool token vectors; taking their mean, as sentence-transformers does"
        );
        return Ok(Pooling::Mean);
    };
    let unsupported = |got: String| ModelDirError::Unsupported {
        path: path.clone(),
        what: "pooling",
        expected: "exactly one of cls, mean and lasttoken, over the prompt too",
        got,
    };
    if json.get("include_prompt").and_then(serde_json::Value::as_bool) == Some(false) {
        return Err(unsupported("include_prompt: false".to_owned()));
    }
    let flags: Vec<&str> = json
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.as_bool() == Some(true))
        .filter_map(|(key, _)| key.strip_prefix("pooling_mode_"))
        .collect();
    let named: Vec<&str> = json.get("pooling_mode").and_then(serde_json::Value::as_str).into_iter().collect();
    match if flags.is_empty() { named } else { flags }.as_slice() {
        ["cls_token" | "cls"] => Ok(Pooling::Cls),
        ["mean_tokens" | "mean"] => Ok(Pooling::Mean),
        ["lasttoken"] => Ok(Pooling::LastToken),
        [] => Err(unsupported("none".to_owned())),
        several => Err(unsupported(several.join(" + "))),
    }
}
