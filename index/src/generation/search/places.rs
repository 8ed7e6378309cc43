//! What lies where.

use std::collections::BTreeMap;

use super::candidates::{ItemSet, Ranked, blocks_of_best};
use crate::{
    error::Error,
    generation::Generation,
    recommend::Scored,
    text::{Circle, Point, Rectangle, Text},
};

/// At this distance from the middle of a circle, what lies in it counts half.
const HALF_SCORE_DISTANCE_M: f64 = 5_000.0;

/// So many blocks of points are read around a place.
const POINT_BLOCKS_MAX_COUNT: usize = 24;

impl Generation<'_> {
    /// What lies in a circle: the nearer, the closer its score to one. In one batch, as far as it has not been read; `is_cut` becomes true if not all of it is.
    pub(super) fn around(
        &self,
        text: &Text,
        circle: Circle,
        is_cut: &mut bool,
    ) -> Result<ItemSet, Error> {
        let points = self.points_in(text, circle.rectangle(), circle.center, is_cut)?;
        let items = points.into_iter().filter_map(|(item, point)| {
            let distance_m = circle.center.distance_m(point);
            let score = 1.0 / (1.0 + distance_m / HALF_SCORE_DISTANCE_M) as f32;
            (distance_m <= f64::from(circle.radius_m)).then_some(Scored { item, score })
        });
        Ok(ItemSet::of_items(items))
    }

    /// What lies in a rectangle, with no score; as [`Self::around`].
    pub(super) fn within(
        &self,
        text: &Text,
        rectangle: Rectangle,
        is_cut: &mut bool,
    ) -> Result<ItemSet, Error> {
        let points = self.points_in(text, rectangle, rectangle.center(), is_cut)?;
        let items = points.into_iter();
        let items = items.filter(|(_, point)| rectangle.has(*point));
        let score = 0.0;
        Ok(ItemSet::of_items(
            items.map(|(item, _)| Scored { item, score }),
        ))
    }

    /// The points of the blocks that have some in a rectangle, those around its center first.
    fn points_in(
        &self,
        text: &Text,
        rectangle: Rectangle,
        center: Point,
        is_cut: &mut bool,
    ) -> Result<Vec<(u32, Point)>, Error> {
        let mut numbers = text.blocks_of_points(rectangle, center);
        *is_cut |= POINT_BLOCKS_MAX_COUNT < numbers.len();
        numbers.truncate(POINT_BLOCKS_MAX_COUNT);
        self.points_of(text, &numbers)
    }

    /// The points of some blocks, in one batch.
    fn points_of(&self, text: &Text, numbers: &[u32]) -> Result<Vec<(u32, Point)>, Error> {
        self.fetch(&mut |plan| {
            let mut numbers = numbers.iter();
            numbers.try_for_each(|&block| text.plan_points(block, plan))
        })?;
        let blocks = self.blocks.borrow();
        let mut points = Vec::new();
        for &block in numbers {
            points.extend(text.points(block, &blocks)?);
        }
        Ok(points)
    }

    /// How far items lie from a point, of the blocks that have the best of what was found. In one batch; `is_cut` becomes true if there are more.
    pub(super) fn known_distances_m(
        &self,
        text: &Text,
        found: &[Ranked],
        from: Point,
        is_cut: &mut bool,
    ) -> Result<BTreeMap<u32, f64>, Error> {
        let numbers = blocks_of_best(found, Text::block_of_point, POINT_BLOCKS_MAX_COUNT, is_cut);
        let points = self.points_of(text, &numbers)?.into_iter();
        Ok(points
            .map(|(item, point)| (item, from.distance_m(point)))
            .collect())
    }

    /// How far some items lie from a point, where it is known where they lie; in one batch.
    pub(super) fn distances_m(
        &self,
        text: &Text,
        items: &[u32],
        from: Point,
    ) -> Result<Vec<Option<f64>>, Error> {
        if !text.has_points() {
            return Ok(vec![None; items.len()]);
        }
        self.fetch(&mut |plan| {
            let mut items = items.iter();
            items.try_for_each(|&item| text.plan_points(Text::block_of_point(item), plan))
        })?;
        let blocks = self.blocks.borrow();
        let mut distances = Vec::new();
        for &item in items {
            let points = text.points(Text::block_of_point(item), &blocks)?;
            let place = points.binary_search_by_key(&item, |(other, _)| *other);
            let point = place.ok().and_then(|place| points.get(place));
            distances.push(point.map(|(_, point)| from.distance_m(*point)));
        }
        Ok(distances)
    }
}
