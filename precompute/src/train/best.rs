/// Cuts `candidates` (score, item) to the `count` best, in no particular order; of equal scores the smaller item is better, so that the cut is always the same.
pub(super) fn keep_best(candidates: &mut Vec<(f32, u32)>, count: usize) {
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count, |left, right| {
            right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
        });
        candidates.truncate(count);
    }
}
