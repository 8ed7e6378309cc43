use std::fmt::Write as _;

use super::html::escaped;
use crate::evaluate::Interval;

/// A group of bars with a label below: one bar a model.
pub(super) struct BarGroup {
    pub(super) label: String,
    pub(super) bars: Vec<Interval>,
}

const BAR_WIDTH: f64 = 22.0;
const GROUP_GAP: f64 = 28.0;
const PLOT_HEIGHT: f64 = 180.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 22.0;

/// Bars with whiskers for the intervals. Which bar is which model is told by the classes `model-0`, `model-1` ..., and by the order, for those who see no colours.
pub(super) fn bar_chart(title: &str, groups: &[BarGroup]) -> String {
    let mut svg = String::new();
    write_bar_chart(title, groups, &mut svg).unwrap_or_default();
    svg
}

fn write_bar_chart(title: &str, groups: &[BarGroup], svg: &mut String) -> std::fmt::Result {
    let highest = groups
        .iter()
        .flat_map(|group| &group.bars)
        .map(|bar| bar.high)
        .fold(0.0, f64::max);
    let top = axis_top(highest);
    let group_widths: Vec<f64> = groups
        .iter()
        .map(|group| group.bars.len() as f64 * BAR_WIDTH + GROUP_GAP)
        .collect();
    let width = LEFT + group_widths.iter().sum::<f64>();
    let height = TOP + PLOT_HEIGHT + 30.0;
    let title = escaped(title);
    writeln!(
        svg,
        "<svg role=\"img\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"><title>{title}</title>"
    )?;
    for tick in 0..=4 {
        let value = top * f64::from(tick) / 4.0;
        let y = TOP + PLOT_HEIGHT * (1.0 - f64::from(tick) / 4.0);
        writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{width:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        )?;
        writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{value:.2}</text>",
            LEFT - 6.0,
            y + 4.0
        )?;
    }
    let y_of = |value: f64| TOP + PLOT_HEIGHT * (1.0 - value / top);
    let mut left = LEFT + GROUP_GAP / 2.0;
    for (group, group_width) in groups.iter().zip(group_widths) {
        let bars_width = group_width - GROUP_GAP;
        for (place, bar) in group.bars.iter().enumerate() {
            let x = left + place as f64 * BAR_WIDTH;
            let (y, middle) = (y_of(bar.mean), x + BAR_WIDTH / 2.0);
            writeln!(
                svg,
                "<rect class=\"model-{place}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{:.4} ({:.4} to {:.4})</title></rect>",
                x + 2.0,
                BAR_WIDTH - 4.0,
                TOP + PLOT_HEIGHT - y,
                bar.mean,
                bar.low,
                bar.high
            )?;
            writeln!(
                svg,
                "<line class=\"whisker\" x1=\"{middle:.1}\" x2=\"{middle:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
                y_of(bar.low),
                y_of(bar.high)
            )?;
        }
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            left + bars_width / 2.0,
            TOP + PLOT_HEIGHT + 18.0,
            escaped(&group.label)
        )?;
        left += group_width;
    }
    writeln!(svg, "</svg>")
}

/// The end of an axis that starts at zero: the next fifth of a power of ten above the highest value, and never zero.
fn axis_top(highest: f64) -> f64 {
    if highest <= 0.0 {
        return 1.0;
    }
    let step = 10_f64.powf(highest.log10().floor()) * 2.0;
    (highest / step).ceil() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (highest, top) in [
            (0.0, 1.0),
            (0.503, 0.6),
            (0.09, 0.1),
            (1.0, 2.0),
            (0.2, 0.2),
        ] {
            assert!(
                (axis_top(highest) - top).abs() < 1e-12,
                "{highest}: {}",
                axis_top(highest)
            );
        }
    }
}
