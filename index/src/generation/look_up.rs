//! Items by their names, and what is known of them.

use super::Generation;
use crate::{
    baskets::Basket,
    catalogue::{Record, TitleQuery, Value},
    clusters::{ClusterName, Part},
    error::Error,
    recommend::{HistoryItem, Scored, fold_in},
};

impl Generation<'_> {
    /// The fields that items have beside their titles, ascending.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.catalogue.field_names()
    }

    /// The numbers of items by their ids, in the order asked; `None` for those that do not exist.
    pub fn items_of_ids(&self, ids: &[&str]) -> Result<Vec<Option<u32>>, Error> {
        self.fetch(&mut |plan| {
            ids.iter()
                .try_for_each(|id| self.catalogue.plan_id(id, plan))
        })?;
        let blocks = self.blocks.borrow();
        ids.iter()
            .map(|id| self.catalogue.item_of_id(id, &blocks))
            .collect()
    }

    /// The numbers of items by their titles, in the order asked, with or without the year, as `Heat` or `Heat (1995)`.
    ///
    /// Of several items of one title the most popular is meant; a year narrows them down.
    pub fn items_of_titles(&self, titles: &[&str]) -> Result<Vec<Option<u32>>, Error> {
        let queries: Vec<TitleQuery> = titles.iter().map(|title| TitleQuery::new(title)).collect();
        self.fetch(&mut |plan| {
            queries
                .iter()
                .try_for_each(|query| self.catalogue.plan_title(query, plan))
        })?;
        let found: Vec<Vec<u32>> = {
            let blocks = self.blocks.borrow();
            let find = |query: &TitleQuery| self.catalogue.items_of_title(query, &blocks);
            queries.iter().map(find).collect::<Result<_, _>>()?
        };
        // Only a year needs the records.
        let dated: Vec<u32> = found
            .iter()
            .zip(&queries)
            .filter(|(_, query)| query.year.is_some())
            .flat_map(|(items, _)| items.iter().copied())
            .collect();
        self.fetch(&mut |plan| {
            dated
                .iter()
                .try_for_each(|&item| self.catalogue.plan_record(item, plan))
        })?;
        let blocks = self.blocks.borrow();
        let is_of_year = |item: u32, year: i64| -> Result<bool, Error> {
            let record = self.catalogue.record(item, &blocks)?;
            let in_title = TitleQuery::new(&record.title).year == Some(year);
            Ok(in_title || record.fields.get("year") == Some(&Value::Integer(year)))
        };
        let pick = |(items, query): (&Vec<u32>, &TitleQuery)| {
            let Some(year) = query.year else {
                return Ok(items.first().copied());
            };
            for &item in items {
                if is_of_year(item, year)? {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        };
        found.iter().zip(&queries).map(pick).collect()
    }

    /// The records of `items`, in their order.
    pub fn records(&self, items: &[u32]) -> Result<Vec<Record>, Error> {
        self.fetch(&mut |plan| {
            items
                .iter()
                .try_for_each(|&item| self.catalogue.plan_record(item, plan))
        })?;
        let blocks = self.blocks.borrow();
        items
            .iter()
            .map(|&item| self.catalogue.record(item, &blocks))
            .collect()
    }

    /// The items to rate first.
    pub fn onboarding(&self) -> Result<Vec<u32>, Error> {
        self.popularity()?.onboarding()
    }

    /// The `count` baskets that have most in common with a history, the nearest first: by the cosine, but for the rounding of the file. What the person does not
    /// like counts for nothing.
    pub fn nearest_baskets(
        &self,
        history: &[HistoryItem],
        count: usize,
    ) -> Result<Vec<Scored>, Error> {
        let baskets = self.baskets()?;
        let liked: Vec<HistoryItem> = history
            .iter()
            .filter(|entry| 0.0 < entry.weight)
            .map(|entry| HistoryItem {
                // With these weights a sum is a cosine.
                weight: 1.0,
                ..*entry
            })
            .collect();
        self.fetch(&mut |plan| {
            liked
                .iter()
                .try_for_each(|entry| baskets.plan_list(entry.item, plan))
        })?;
        let blocks = self.blocks.borrow();
        let root = (liked.len().max(1) as f32).sqrt();
        let lists = liked.iter().map(|&entry| {
            let weight = 1.0 / root;
            Ok((
                HistoryItem { weight, ..entry },
                baskets.list(entry.item, &blocks)?,
            ))
        });
        let lists = lists.collect::<Result<_, Error>>()?;
        let scores =
            fold_in(lists, baskets.basket_count()).map_err(|error| baskets.damaged(error))?;
        Ok(scores.top(count, &|_| true))
    }

    /// What the clusters are called and how large they are, in the order of their numbers.
    pub fn cluster_names(&self) -> Result<Vec<ClusterName>, Error> {
        let clusters = self.clusters()?;
        self.fetch(&mut |plan| clusters.plan_names(plan))?;
        clusters.names(&self.blocks.borrow())
    }

    /// The members of a cluster: those that are recommended most, then all others, both in the order of their numbers.
    pub fn cluster_members(&self, cluster: u32) -> Result<Vec<u32>, Error> {
        let clusters = self.clusters()?;
        self.fetch(&mut |plan| {
            Part::ALL
                .into_iter()
                .try_for_each(|part| clusters.plan_members(cluster, part, plan))
        })?;
        let blocks = self.blocks.borrow();
        let members = |part| clusters.members(cluster, part, &blocks);
        Ok([members(Part::Front)?, members(Part::Rest)?].concat())
    }

    /// What is known of `baskets`, in their order.
    pub fn basket_records(&self, baskets: &[u32]) -> Result<Vec<Basket>, Error> {
        let file = self.baskets()?;
        self.fetch(&mut |plan| {
            baskets
                .iter()
                .try_for_each(|&basket| file.plan_record(basket, plan))
        })?;
        let blocks = self.blocks.borrow();
        baskets
            .iter()
            .map(|&basket| file.record(basket, &blocks))
            .collect()
    }
}
