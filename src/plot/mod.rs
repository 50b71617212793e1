//! The one way in which plots are drawn: axes, text and colours. Each function of the rooms above takes plain numbers and
//! gives a complete SVG document in the light colours.

pub(crate) mod theme;

use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::theme::{GRID, MUTED, SOFT, Tone};

/// Text size of tick labels, as the plotter counts: it divides by 1.24 for the SVG.
pub(crate) const TICK_TEXT: f64 = 17.0;

/// Text size of names, counted the same way.
pub(crate) const LABEL_TEXT: f64 = 18.0;

/// What the plotter says.
pub(crate) type Fault = Box<dyn std::error::Error>;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A plot in the making.
pub(crate) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The language of the words in a plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// 简体中文.
    Zh,
    /// English.
    En,
}

/// Names and range of the axes of a plot.
pub(crate) struct Axes<'a> {
    pub(crate) x: std::ops::Range<f64>,
    pub(crate) y: std::ops::Range<f64>,
    pub(crate) x_name: &'a str,
    pub(crate) y_name: &'a str,
}

/// A plot with `axes`; `draw` puts the data in.
///
/// # Errors
/// When the plotter fails.
pub(crate) fn plot(
    size: (u32, u32),
    axes: &Axes<'_>,
    x_tick: &dyn Fn(f64) -> String,
    y_tick: &dyn Fn(f64) -> String,
    draw: impl FnOnce(&mut Chart<'_, '_>) -> Result<(), Fault>,
) -> Result<String, Fault> {
    let mut svg = String::new();
    {
        let root: Area<'_> = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        // The name of the upright axis lies flat above it, where it can be read without turning one's head.
        root.draw_text(axes.y_name, &text(LABEL_TEXT, &MUTED), (10, 6))?;
        let mut chart = ChartBuilder::on(&root)
            .margin_top(30)
            .margin_right(22)
            .margin_bottom(4)
            .x_label_area_size(if axes.x_name.is_empty() { 28 } else { 52 })
            .y_label_area_size(54)
            .build_cartesian_2d(axes.x.clone(), axes.y.clone())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.color())
            .axis_style(SOFT.color())
            .x_labels(11)
            .y_labels(6)
            .x_label_formatter(&|x| x_tick(*x))
            .y_label_formatter(&|y| y_tick(*y))
            .x_desc(axes.x_name)
            .label_style(text(TICK_TEXT, &MUTED))
            .axis_desc_style(text(LABEL_TEXT, &MUTED))
            .draw()?;
        draw(&mut chart)?;
        root.present()?;
    }
    Ok(svg)
}

/// Text of this size and colour.
pub(crate) fn text(size: f64, tone: &Tone) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&tone.color())
}

/// A share as `87%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// A dashed line.
///
/// # Errors
/// When the plotter fails.
pub(crate) fn dashed(chart: &mut Chart<'_, '_>, line: [(f64, f64); 2], tone: &Tone) -> Result<(), Fault> {
    let style = tone.color().stroke_width(2);
    chart.draw_series(DashedLineSeries::new(line, 6, 5, style))?;
    Ok(())
}
