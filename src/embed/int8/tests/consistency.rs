use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_text_has_the_same_vectors_alone_in_any_batch_and_on_any_number_of_threads(
        lengths in vec(1..65_usize, 1..24),
        threads in 1..5_usize,
    ) {
        let model = RandomModel::ragged();
        let batch = texts(&lengths, 50);
        let alone = model.load(options(Kernel::best(), 1));
        let together = encode(&model.load(options(Kernel::best(), threads)), &batch);
        prop_assert_eq!(together.len(), batch.len());
        prop_assert_eq!(&alone.encode_alone(&batch).unwrap(), &together);
        for (text, vectors) in batch.iter().zip(&together) {
            prop_assert_eq!(&encode(&alone, std::slice::from_ref(text))[0], vectors);
        }
    }
}

#[test]
fn results_do_not_depend_on_what_came_before() {
    let encoder = RandomModel::bert().load(options(Kernel::best(), 2));
    let (small, large) = (texts(&[9], 50), texts(&[64; 40], 50));
    let before = encode(&encoder, &small);
    assert_eq!(encode(&encoder, &large).len(), 40);
    assert_eq!(encode(&encoder, &small), before);
    assert!(encode(&encoder, &[]).is_empty());
    assert_eq!(encode(&encoder, &small), before);
}

#[test]
fn callers_at_the_same_time_get_their_own_results() {
    let encoder = RandomModel::bert().load(options(Kernel::best(), 3));
    let batches: Vec<_> = (1..9).map(|n| texts(&vec![3 * n; n], 50)).collect();
    let expected: Vec<_> = batches.iter().map(|batch| encode(&encoder, batch)).collect();
    std::thread::scope(|scope| {
        for (batch, expected) in batches.iter().zip(&expected) {
            let encoder = &encoder;
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(&encode(encoder, batch), expected);
                    assert_eq!(&encoder.encode_alone(batch).unwrap(), expected);
                }
            });
        }
    });
}
