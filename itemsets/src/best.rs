use std::cmp::Ordering;

use crate::Rule;

/// The rules with the highest leverage, of any number of them; of equals, those that come first by antecedent and consequent.
#[derive(Debug)]
pub(crate) struct Best {
    maximum_count: usize,
    kept: Vec<Rule>,
    pushed_count: u64,
}

impl Best {
    pub(crate) fn new(maximum_count: usize) -> Self {
        Self {
            maximum_count,
            kept: Vec::new(),
            pushed_count: 0,
        }
    }

    /// O(1) on average: what is too much is thrown away when it is as much as what is kept.
    pub(crate) fn push(&mut self, rule: Rule) {
        self.pushed_count += 1;
        self.kept.push(rule);
        if self.maximum_count.saturating_mul(2) < self.kept.len() {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.maximum_count < self.kept.len() {
            let by_worth = |left: &Rule, right: &Rule| {
                let by_leverage = right.leverage().total_cmp(&left.leverage());
                by_leverage.then_with(|| by_items(left, right))
            };
            self.kept
                .select_nth_unstable_by(self.maximum_count, by_worth);
            self.kept.truncate(self.maximum_count);
        }
    }

    /// In the order of their antecedents and then of their consequents; and how many were pushed.
    pub(crate) fn finish(mut self) -> (Vec<Rule>, u64) {
        self.cut();
        self.kept.sort_unstable_by(by_items);
        (self.kept, self.pushed_count)
    }
}

fn by_items(left: &Rule, right: &Rule) -> Ordering {
    let antecedents = left.antecedent.cmp(&right.antecedent);
    antecedents.then(left.consequent.cmp(&right.consequent))
}
