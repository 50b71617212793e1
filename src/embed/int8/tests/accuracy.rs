use std::path::Path;

use super::*;
use crate::embed::candle_bert::CandleEncoder;
use crate::embed::model_dir::ModelDir;

/// Least cosine of a text's vector to the one in f32.
const LEAST_COSINE: f32 = 0.995;

#[test]
fn any_shape_and_float_type_agrees_with_candle_on_every_kernel() {
    let models =
        [RandomModel::bert(), RandomModel::wide_heads(), RandomModel::ragged(), RandomModel::xlm_roberta()];
    let batch = texts(&[1, 2, 7, 16, 17, 33, 64], 50);
    for model in models {
        let exact = CandleEncoder::new(&model.config, &model.file(), Some(1)).unwrap();
        let exact: Vec<_> = encode(&exact, &batch);
        for kernel in kernels() {
            let ours = encode(&model.load(options(kernel, 2)), &batch);
            for (exact, ours) in exact.iter().zip(&ours) {
                assert_eq!((exact.values.len(), exact.dimension), (ours.values.len(), ours.dimension));
                let least = cosine(&mean(exact), &mean(ours));
                let width = model.config.hidden_size;
                assert!(least >= LEAST_COSINE, "{} width {width}: cosine {least}", kernel.name());
            }
        }
    }
}

#[test]
fn every_activation_agrees_with_candle() {
    let batch = texts(&[5, 20], 50);
    for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
        let mut model = RandomModel::bert();
        model.config.activation = activation;
        let exact = encode(&CandleEncoder::new(&model.config, &model.file(), Some(1)).unwrap(), &batch);
        let ours = encode(&model.load(options(Kernel::best(), 1)), &batch);
        for (exact, ours) in exact.iter().zip(&ours) {
            let cosine = cosine(&mean(exact), &mean(ours));
            assert!(cosine >= LEAST_COSINE, "{activation:?}: cosine {cosine}");
        }
    }
}

#[test]
fn the_bundled_model_agrees_with_its_reference_on_every_kernel() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zh-small");
    let dir = ModelDir::open(&folder, None).unwrap();
    let reference: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("reference.json")).unwrap()).unwrap();
    let weights = dir.map_weights().unwrap();
    for kernel in kernels() {
        let encoder = Int8Encoder::load(&dir.transformer, &weights, options(kernel, 2)).unwrap();
        for item in reference["items"].as_array().unwrap() {
            let ids: Vec<u32> = serde_json::from_value(item["token_ids"].clone()).unwrap();
            if kernel == Kernel::Portable && ids.len() > 12 {
                // Minutes for the longest; the short ones go through the same code.
                continue;
            }
            let expected: Vec<f32> = serde_json::from_value(item["embedding"].clone()).unwrap();
            let cosine = cosine(&mean(&encode(&encoder, &[ids])[0]), &expected);
            assert!(cosine >= LEAST_COSINE, "{} {}: cosine {cosine}", kernel.name(), item["text"]);
        }
    }
}
