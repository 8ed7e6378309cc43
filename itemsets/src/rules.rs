use crate::{Itemsets, itemsets::leave_out};

/// "Who has these, has that as well", with the usual measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Ascending; never empty.
    pub antecedent: Vec<u32>,
    /// One item that is not among them.
    pub consequent: u32,
    /// In how many transactions all of it is.
    pub support: u32,
    /// The share of the antecedent's transactions that have the consequent.
    pub confidence: f64,
    /// The confidence over the share of all transactions that have the consequent: 1 where the two have nothing to do with each other.
    pub lift: f64,
    /// The share of transactions that have all of it, less what it would be if the two had nothing to do with each other.
    pub leverage: f64,
    /// How much more often the rule would be wrong if the two had nothing to do with each other; infinite where it never is.
    pub conviction: f64,
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

/// All rules with one item as their consequent that the sets give and the options want, in the order of their sets. All subsets of a set have to be there, as they
/// are among what [`mine`](crate::mine) finds.
///
/// Measures as in Agrawal, Imieliński and Swami (SIGMOD 1993), Piatetsky-Shapiro (1991) and Brin et al. (SIGMOD 1997). O(items of all sets), with a table of all;
/// without redundant ones, O(2^length) more for each rule at worst.
pub fn rules(itemsets: &Itemsets, options: &RuleOptions) -> Vec<Rule> {
    let table = itemsets.table();
    let support_of = |items: &[u32]| table.get(items).map(|&number| itemsets.support(number));
    let num_transactions = itemsets.num_transactions() as f64;
    let mut rules = Vec::new();
    let mut antecedent = Vec::new();
    for (items, support) in itemsets.iter().filter(|(items, _)| 2 <= items.len()) {
        for (left_out, &consequent) in items.iter().enumerate() {
            leave_out(items, left_out, &mut antecedent);
            let (Some(of_antecedent), Some(of_consequent)) =
                (support_of(&antecedent), support_of(&[consequent]))
            else {
                continue;
            };
            let share = |support: u32| f64::from(support) / num_transactions;
            let confidence = f64::from(support) / f64::from(of_antecedent);
            let lift = confidence / share(of_consequent);
            if confidence < options.minimum_confidence || lift < options.minimum_lift {
                continue;
            }
            let is_redundant = || {
                parts(&antecedent).any(|part| {
                    let mut with_consequent = part.clone();
                    with_consequent.push(consequent);
                    with_consequent.sort_unstable();
                    match (support_of(&with_consequent), support_of(&part)) {
                        // As fractions of whole numbers, so that equal ones are.
                        (Some(both), Some(alone)) => {
                            u64::from(support) * u64::from(alone)
                                <= u64::from(both) * u64::from(of_antecedent)
                        }
                        _ => false,
                    }
                })
            };
            if options.without_redundant && is_redundant() {
                continue;
            }
            rules.push(Rule {
                antecedent: antecedent.clone(),
                consequent,
                support,
                confidence,
                lift,
                leverage: share(support) - share(of_antecedent) * share(of_consequent),
                conviction: if support == of_antecedent {
                    f64::INFINITY
                } else {
                    (1.0 - share(of_consequent)) / (1.0 - confidence)
                },
            });
        }
    }
    rules
}

/// The parts of a set that are neither empty nor the whole.
fn parts(items: &[u32]) -> impl Iterator<Item = Vec<u32>> {
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
