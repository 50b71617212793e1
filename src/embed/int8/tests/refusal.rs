use super::*;
use crate::embed::int8::Int8Error;

fn load(model: &RandomModel, file: &[u8]) -> Result<Int8Encoder, Int8Error> {
    Int8Encoder::load(&model.config, file, Int8Options { threads: Some(1), kernel: None })
}

fn refusal(model: &RandomModel, file: &[u8]) -> String {
    load(model, file).err().unwrap().to_string()
}

#[test]
fn tokens_outside_the_tables_are_refused() {
    let encoder = RandomModel::xlm_roberta().load(options(Kernel::best(), 2));
    let refused = |batch: &[Vec<u32>]| encoder.encode(batch).unwrap_err().to_string();
    assert!(refused(&[vec![3], vec![]]).contains("text 1 of the batch has no tokens"));
    assert!(refused(&[vec![50]]).contains("the token 50, the model knows 50"));
    assert!(refused(&[vec![u32::MAX]]).contains("different models"));
    assert!(refused(&[vec![3; 65]]).contains("65 tokens, the model takes 64"));
    assert_eq!(encoder.encode(&[vec![49; 64]]).unwrap().len(), 1);
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let model = RandomModel::bert();
    let file = model.file();
    assert!(load(&model, &file).is_ok());
    let mut deeper = model.clone();
    deeper.config.layers = 4;
    assert!(refusal(&deeper, &file).contains("encoder.layer.3.attention.self.query.weight is missing"));
    let mut wider = model.clone();
    wider.config.intermediate_size = 400;
    assert!(refusal(&wider, &file).contains("[384, 96], config.json says [400, 96]"));
    let mut heads = model.clone();
    heads.config.heads = 7;
    assert!(refusal(&heads, &file).contains("7 heads do not divide a width of 96"));
    let other = RandomModel { prefix: "decoder.", ..model.clone() };
    assert!(refusal(&other, &other.file()).contains("embeddings.word_embeddings.weight is missing"));
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let model = RandomModel::bert();
    for poison in [f32::NAN, f32::INFINITY] {
        let file = model.file_with(|name, values| {
            if name == "encoder.layer.1.output.dense.weight" {
                values[777] = poison;
            }
        });
        assert!(
            refusal(&model, &file)
                .contains("encoder.layer.1.output.dense.weight has a number that is not finite")
        );
    }
}

#[test]
fn damaged_files_are_refused_without_panic() {
    let model = RandomModel::bert();
    let file = model.file();
    for damaged in [&file[..0], &file[..7], &file[..200], &file[..file.len() - 1], b"{}", &[0xff; 64]] {
        assert!(matches!(load(&model, damaged), Err(Int8Error::Weights { .. })), "{} bytes", damaged.len());
    }
}

#[test]
fn a_kernel_that_the_processor_lacks_is_refused() {
    for kernel in Kernel::ALL.into_iter().filter(|kernel| !kernel.is_supported()) {
        let model = RandomModel::bert();
        let options = Int8Options { threads: Some(1), kernel: Some(kernel) };
        let error = Int8Encoder::load(&model.config, &model.file(), options).err().unwrap();
        assert!(error.to_string().contains(kernel.name()));
    }
}
