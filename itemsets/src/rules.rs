use crate::{Itemsets, itemsets::leave_out};

/// "Who has these, has that as well": what is counted, and the usual measures of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Ascending; never empty.
    pub antecedent: Vec<u32>,
    /// One item that is not among them.
    pub consequent: u32,
    /// In how many transactions all of it is.
    pub support: u32,
    /// In how many transactions the antecedent is.
    pub antecedent_support: u32,
    /// In how many transactions the consequent is.
    pub consequent_support: u32,
    /// How many transactions there are.
    pub num_transactions: u32,
}

impl Rule {
    /// The share of the antecedent's transactions that have the consequent.
    pub fn confidence(&self) -> f64 {
        f64::from(self.support) / f64::from(self.antecedent_support)
    }

    /// The confidence over the share of all transactions that have the consequent: 1 where the two have nothing to do with each other.
    pub fn lift(&self) -> f64 {
        self.confidence() / self.share(self.consequent_support)
    }

    /// The share of transactions that have all of it, less what it would be if the two had nothing to do with each other.
    pub fn leverage(&self) -> f64 {
        self.share(self.support)
            - self.share(self.antecedent_support) * self.share(self.consequent_support)
    }

    /// How much more often the rule would be wrong if the two had nothing to do with each other; infinite where it never is.
    pub fn conviction(&self) -> f64 {
        if self.support == self.antecedent_support {
            f64::INFINITY
        } else {
            (1.0 - self.share(self.consequent_support)) / (1.0 - self.confidence())
        }
    }

    fn share(&self, support: u32) -> f64 {
        f64::from(support) / f64::from(self.num_transactions)
    }

    /// Whether the confidence of another rule is at least this one's. As fractions of whole numbers, so that equal ones are.
    pub(crate) fn is_no_surer_than(&self, support: u32, antecedent_support: u32) -> bool {
        u64::from(self.support) * u64::from(antecedent_support)
            <= u64::from(support) * u64::from(self.antecedent_support)
    }
}

/// Which rules are wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleOptions {
    /// The least confidence.
    pub minimum_confidence: f64,
    /// The least lift.
    pub minimum_lift: f64,
    /// Whether a rule goes where a part of its antecedent says the same with no less confidence.
    pub without_redundant: bool,
}

impl RuleOptions {
    /// Whether a rule is sure enough.
    pub(crate) fn want(&self, rule: &Rule) -> bool {
        self.minimum_confidence <= rule.confidence() && self.minimum_lift <= rule.lift()
    }
}

/// All rules with one item as their consequent that the sets give and the options want, in the order of their sets. All subsets of a set have to be there, as they
/// are among what [`mine`](crate::mine) finds. [`mine_rules`](crate::mine_rules) does without the sets.
///
/// Measures as in Agrawal, Imieliński and Swami (SIGMOD 1993), Piatetsky-Shapiro (1991) and Brin et al. (SIGMOD 1997). O(items of all sets), with a table of all;
/// without redundant ones, O(2^length) more for each rule at worst.
pub fn rules(itemsets: &Itemsets, options: &RuleOptions) -> Vec<Rule> {
    let table = itemsets.table();
    let support_of = |items: &[u32]| table.get(items).map(|&number| itemsets.support(number));
    let mut rules = Vec::new();
    let mut antecedent = Vec::new();
    for (items, support) in itemsets.iter().filter(|(items, _)| 2 <= items.len()) {
        for (left_out, &consequent) in items.iter().enumerate() {
            leave_out(items, left_out, &mut antecedent);
            let (Some(antecedent_support), Some(consequent_support)) =
                (support_of(&antecedent), support_of(&[consequent]))
            else {
                continue;
            };
            let rule = Rule {
                antecedent: antecedent.clone(),
                consequent,
                support,
                antecedent_support,
                consequent_support,
                num_transactions: itemsets.num_transactions() as u32,
            };
            let is_redundant = || {
                parts(&antecedent).any(|part| {
                    let mut with_consequent = part.clone();
                    with_consequent.push(consequent);
                    with_consequent.sort_unstable();
                    match (support_of(&with_consequent), support_of(&part)) {
                        (Some(both), Some(alone)) => rule.is_no_surer_than(both, alone),
                        _ => false,
                    }
                })
            };
            if options.want(&rule) && !(options.without_redundant && is_redundant()) {
                rules.push(rule);
            }
        }
    }
    rules
}

/// The parts of a set that are neither empty nor the whole.
pub(crate) fn parts(items: &[u32]) -> impl Iterator<Item = Vec<u32>> {
    // Sets of more items than that would take longer than anybody waits; they count as not redundant.
    let num_parts = if items.len() < 20 {
        (1_u32 << items.len()) - 1
    } else {
        1
    };
    (1..num_parts).map(|bits| {
        let is_chosen = |&(position, _): &(usize, &u32)| bits >> position & 1 == 1;
        items
            .iter()
            .enumerate()
            .filter(is_chosen)
            .map(|(_, &item)| item)
            .collect()
    })
}
