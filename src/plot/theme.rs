//! The colours of plots and reports, once for light and once for dark surroundings.
//!
//! Plots are drawn in the light colours, so that an SVG is right on its own; inside a page every colour becomes a
//! CSS variable and follows the reader's preference.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour with its CSS variable.
pub(crate) struct Tone {
    variable: &'static str,
    light: u32,
    dark: u32,
}

pub(crate) const PAGE: Tone = Tone { variable: "page", light: 0xf4_f6_f9, dark: 0x10_14_1a };
pub(crate) const SURFACE: Tone = Tone { variable: "surface", light: 0xfe_fe_ff, dark: 0x19_1f_28 };
pub(crate) const GRID: Tone = Tone { variable: "grid", light: 0xe2_e6_ec, dark: 0x2d_36_43 };
pub(crate) const INK: Tone = Tone { variable: "ink", light: 0x1b_23_2e, dark: 0xe7_eb_f1 };
pub(crate) const MUTED: Tone = Tone { variable: "muted", light: 0x5a_66_76, dark: 0x9b_a7_b8 };
pub(crate) const ACCENT: Tone = Tone { variable: "accent", light: 0x24_62_c4, dark: 0x74_ac_ff };
pub(crate) const GOOD: Tone = Tone { variable: "good", light: 0x1a_86_5a, dark: 0x4d_c6_8d };
pub(crate) const BAD: Tone = Tone { variable: "bad", light: 0xc6_41_38, dark: 0xff_82_79 };
pub(crate) const SOFT: Tone = Tone { variable: "soft", light: 0xb4_bd_ca, dark: 0x56_63_76 };

const ALL: [&Tone; 9] = [&PAGE, &SURFACE, &GRID, &INK, &MUTED, &ACCENT, &GOOD, &BAD, &SOFT];

impl Tone {
    /// The light colour, for the plotter.
    pub(crate) fn color(&self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// Style rules that define the variables.
pub(crate) fn css() -> String {
    let list = |pick: fn(&Tone) -> u32| {
        ALL.iter().fold(String::new(), |mut css, tone| {
            // Writing to a string cannot fail.
            let _ = write!(css, "--{}:#{:06x};", tone.variable, pick(tone));
            css
        })
    };
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        list(|tone| tone.light),
        list(|tone| tone.dark),
    )
}

/// Replaces the colours in a plot by the variables, with the light colours where there are none.
pub(crate) fn follow(svg: &str) -> String {
    ALL.iter().fold(svg.to_owned(), |svg, tone| {
        svg.replace(
            &format!("\"#{:06X}\"", tone.light),
            &format!("\"var(--{},#{:06x})\"", tone.variable, tone.light),
        )
    })
}
