use std::fmt::Write as _;

use super::sign;
use crate::evaluate::report::escaped;
use crate::tune::Tuning;

const WIDTH: f64 = 460.0;
const PLOT_HEIGHT: f64 = 200.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 30.0;

/// Lines between the lowest and the highest quality, those included.
const QUALITY_TICKS: u32 = 4;

/// The quality of every trial over the value of one parameter. The chosen trial and the configured one are larger, and say so in words.
pub(super) fn scatter_plot(tuning: &Tuning, parameter: usize) -> String {
    let mut svg = String::new();
    write_scatter_plot(tuning, parameter, &mut svg).unwrap_or_default();
    svg
}

fn write_scatter_plot(tuning: &Tuning, place: usize, svg: &mut String) -> std::fmt::Result {
    let Some(parameter) = tuning.space.parameters.get(place) else {
        return Ok(());
    };
    let points: Vec<(usize, f64, f64)> = tuning
        .trials
        .iter()
        .enumerate()
        .filter_map(|(number, trial)| {
            Some((
                number,
                *trial.values.get(place)?,
                tuning.quality(trial)?.mean,
            ))
        })
        .collect();
    let qualities = || points.iter().map(|(_, _, quality)| *quality);
    let low = qualities().fold(f64::INFINITY, f64::min);
    let high = qualities().fold(f64::NEG_INFINITY, f64::max);
    // Trials that are all the same lie on a line in the middle.
    let reach = if low < high { high - low } else { 0.02 };
    let middle = f64::midpoint(low, high);
    let (low, high) = (middle - reach / 2.0, middle + reach / 2.0);

    let height = TOP + PLOT_HEIGHT + BOTTOM;
    let title = format!("{} over {}", tuning.measure.name, parameter.name());
    writeln!(
        svg,
        "<svg role=\"img\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" height=\"{height:.0}\"><title>{}</title>",
        escaped(&title)
    )?;
    let y_of = |quality: f64| TOP + PLOT_HEIGHT * (high - quality) / (high - low);
    let x_of = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * parameter.share_of(value);
    for tick in 0..=QUALITY_TICKS {
        let quality = low + (high - low) * f64::from(tick) / f64::from(QUALITY_TICKS);
        let y = y_of(quality);
        writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{quality:.4}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0
        )?;
    }
    let mut ticks: Vec<f64> = [0.0, 0.5, 1.0].map(|share| parameter.at(share)).to_vec();
    ticks.dedup();
    for value in ticks {
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x_of(value),
            height - 8.0,
            escaped(&parameter.shown(value))
        )?;
    }
    // What is marked is drawn last, over the others.
    let (marked, others): (Vec<_>, Vec<_>) = points
        .into_iter()
        .partition(|(number, _, _)| !sign(tuning, *number).is_empty());
    for (number, value, quality) in others.into_iter().chain(marked) {
        let (x, y) = (x_of(value), y_of(quality));
        let words = sign(tuning, number);
        let (class, radius) = match (number == tuning.chosen, number == 0) {
            (true, _) => ("chosen", 6.0),
            (false, true) => ("configured", 6.0),
            (false, false) => ("trial", 3.5),
        };
        writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{}: {quality:.4}</title></circle>",
            escaped(&parameter.shown(value))
        )?;
        if !words.is_empty() {
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{words}</text>",
                y - 10.0
            )?;
        }
    }
    writeln!(svg, "</svg>")
}
