//! Shares the texts of a batch out between threads.

/// Token rows that one thread takes through all layers at a time: their buffers fit a core's second-level cache,
/// and the weights, which are read anew for every block, cost little beside the arithmetic.
pub(super) const BLOCK_ROWS: usize = 64;

/// Token rows of a block that all threads work on together.
const JOINT_ROWS: usize = 256;

/// How to go through a batch; texts are named by their number.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// Each block by one thread, several at the same time.
    Apart(Vec<Vec<usize>>),
    /// One block after the other, each by all threads in step.
    Together(Vec<Vec<usize>>),
}

impl Plan {
    /// Plans for texts of so many tokens and a number of threads.
    ///
    /// Threads that work apart never wait for each other, so that is preferred where the shares come out even.
    pub(super) fn new(lengths: &[usize], threads: usize) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&text| std::cmp::Reverse(lengths[text]));
        let total: usize = lengths.iter().sum();
        let blocks = total.div_ceil(BLOCK_ROWS).next_multiple_of(threads.max(1));
        if threads > 1 && lengths.len() < blocks {
            return Self::Together(fill(&order, lengths, JOINT_ROWS));
        }
        // Longest first, each to the block with the fewest rows so far.
        let mut shares = vec![(0, Vec::new()); blocks];
        for text in order.iter().copied() {
            if let Some((rows, texts)) = shares.iter_mut().min_by_key(|(rows, _)| *rows) {
                *rows += lengths[text];
                texts.push(text);
            }
        }
        let longest = shares.iter().map(|(rows, _)| *rows).max().unwrap_or(0);
        if threads > 1 && longest * blocks * 4 > total * 5 {
            return Self::Together(fill(&order, lengths, JOINT_ROWS));
        }
        Self::Apart(shares.into_iter().map(|(_, texts)| texts).filter(|texts| !texts.is_empty()).collect())
    }
}

/// Blocks of at most `limit` rows, or of one text.
fn fill(order: &[usize], lengths: &[usize], limit: usize) -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    let mut rows = limit;
    for &text in order {
        match blocks.last_mut() {
            Some(block) if rows + lengths[text] <= limit => {
                block.push(text);
                rows += lengths[text];
            }
            _ => {
                blocks.push(vec![text]);
                rows = lengths[text];
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(plan: &Plan) -> Vec<usize> {
        let (Plan::Apart(blocks) | Plan::Together(blocks)) = plan;
        let mut texts: Vec<_> = blocks.iter().flatten().copied().collect();
        texts.sort_unstable();
        texts
    }

    #[test]
    fn every_text_is_planned_once() {
        for threads in [1, 2, 3, 8] {
            for lengths in
                [vec![], vec![5], vec![16; 32], vec![512, 3, 3, 3], (1..100).collect(), vec![512; 5]]
            {
                let plan = Plan::new(&lengths, threads);
                assert_eq!(texts(&plan), (0..lengths.len()).collect::<Vec<_>>(), "{plan:?}");
            }
        }
    }

    #[test]
    fn one_text_gets_all_threads() {
        assert_eq!(Plan::new(&[16], 2), Plan::Together(vec![vec![0]]));
        assert_eq!(Plan::new(&[16], 1), Plan::Apart(vec![vec![0]]));
    }

    #[test]
    fn even_shares_are_worked_on_apart_and_uneven_ones_together() {
        assert!(matches!(Plan::new(&[16; 32], 2), Plan::Apart(blocks) if blocks.len() == 8));
        assert!(matches!(Plan::new(&[16, 16], 2), Plan::Apart(blocks) if blocks.len() == 2));
        assert!(matches!(Plan::new(&[400, 16, 16, 16], 2), Plan::Together(_)));
    }
}
