//! What a folder may look like, and what is said when it cannot be used.

use std::fs;

use serde_json::json;

use super::{Architecture, ModelDir, ModelDirError};
use crate::embed::tiny::TinyModel;

type Change = fn(&mut TinyModel);

fn error_after(change: impl FnOnce(&mut TinyModel)) -> String {
    let mut model = TinyModel::bert();
    change(&mut model);
    ModelDir::open(model.write().path(), None).unwrap_err().to_string()
}

#[test]
fn a_complete_folder_is_read_in_full() {
    let folder = TinyModel::xlm_roberta().write();
    let dir = ModelDir::open(folder.path(), None).unwrap();
    assert_eq!(dir.transformer.architecture, Architecture::XlmRoberta);
    assert_eq!(dir.transformer.pad_token_id, 1);
    assert!(dir.sentence.normalize);
    assert_eq!(dir.name, folder.path().file_name().unwrap().to_str().unwrap());
    assert_eq!(ModelDir::open(folder.path(), Some("org/tiny")).unwrap().name, "org/tiny");
}

#[test]
fn the_normalize_module_is_reported() {
    let mut model = TinyModel::bert();
    model.modules.as_array_mut().unwrap().pop();
    assert!(!ModelDir::open(model.write().path(), None).unwrap().sentence.normalize);
}

#[test]
fn an_architecture_that_cannot_be_computed_is_named() {
    let error =
        error_after(|model| model.config = json!({"model_type": "qwen2", "architectures": ["Qwen2Model"]}));
    assert!(error.contains("qwen2") && error.contains("bert, roberta or xlm-roberta"), "{error}");
}

#[test]
fn settings_that_would_change_vectors_are_refused_rather_than_ignored() {
    let cases: [(&str, Change); 9] = [
        ("position_embedding_type", |m| m.config["position_embedding_type"] = json!("relative_key")),
        ("hidden_act", |m| m.config["hidden_act"] = json!("silu")),
        ("num_attention_heads", |m| m.config["num_attention_heads"] = json!(3)),
        ("num_attention_heads", |m| m.config["num_attention_heads"] = json!(0)),
        ("max_tokens", |m| m.pooling = json!({"pooling_mode_max_tokens": true})),
        ("cls_token + mean_tokens", |m| {
            m.pooling = json!({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true});
        }),
        ("include_prompt", |m| {
            m.pooling = json!({"pooling_mode_mean_tokens": true, "include_prompt": false});
        }),
        ("Dense", |m| {
            m.modules = json!([
                {"path": "", "type": "sentence_transformers.models.Transformer"},
                {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
            ]);
        }),
        ("inside the model folder", |m| {
            m.modules = json!([{"path": "../other", "type": "sentence_transformers.models.Pooling"}]);
        }),
    ];
    for (expected, change) in cases {
        let error = error_after(change);
        assert!(error.contains(expected), "expected `{expected}` in: {error}");
    }
}

#[test]
fn missing_files_are_named() {
    for file in ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"] {
        let folder = TinyModel::bert().write();
        fs::remove_file(folder.path().join(file)).unwrap();
        match ModelDir::open(folder.path(), None) {
            Err(ModelDirError::Missing { file: missing, .. }) => assert_eq!(missing, file),
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn a_plain_transformer_without_modules_takes_the_mean() {
    let folder = TinyModel::bert().write();
    for file in ["modules.json", "1_Pooling/config.json"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    let dir = ModelDir::open(folder.path(), None).unwrap();
    assert_eq!(dir.sentence.pooling, crate::embed::Pooling::Mean);
}

#[test]
fn other_weight_formats_get_an_answer_of_their_own() {
    let cases =
        [("pytorch_model.bin", "safe_serialization"), ("model.safetensors.index.json", "several files")];
    for (file, hint) in cases {
        let folder = TinyModel::bert().write();
        fs::rename(folder.path().join("model.safetensors"), folder.path().join(file)).unwrap();
        let error = ModelDir::open(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
    }
}

#[test]
fn git_lfs_pointers_are_recognised() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    for file in ["model.safetensors", "tokenizer.json", "config.json"] {
        let folder = TinyModel::bert().write();
        fs::write(folder.path().join(file), pointer).unwrap();
        let error = ModelDir::open(folder.path(), None)
            .and_then(|dir| dir.read_tokenizer().and_then(|_| dir.map_weights().map(|_| ())))
            .unwrap_err();
        assert!(matches!(error, ModelDirError::LfsPointer { .. }), "{file}: {error}");
    }
}

#[test]
fn broken_json_says_in_which_file_and_where() {
    for file in ["config.json", "modules.json", "1_Pooling/config.json"] {
        let folder = TinyModel::bert().write();
        let broken = if file == "modules.json" { "[\n{]" } else { "{\n\"a\": }" };
        fs::write(folder.path().join(file), broken).unwrap();
        let error = ModelDir::open(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains("line 2"), "{error}");
    }
}

#[test]
fn checksums_cover_the_files_that_are_there() {
    let folder = TinyModel::bert().write();
    let checksums = ModelDir::open(folder.path(), None).unwrap().checksums().unwrap();
    let files: Vec<&str> = checksums.iter().map(|sum| sum.file.as_str()).collect();
    assert_eq!(
        files,
        ["config.json", "tokenizer.json", "model.safetensors", "modules.json", "1_Pooling/config.json"]
    );
    let weights = fs::read(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(checksums[2].bytes, weights.len() as u64);
    assert_eq!(checksums[2].sha256, super::sha256(&weights));
}
