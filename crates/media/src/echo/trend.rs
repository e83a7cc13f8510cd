/// Forgetting per point; points come every 30 ms while the far side speaks: about 2 s.
const MEMORY: f64 = 0.985;
/// A point this far from the line belongs to something else, samples at 8 kHz.
const STRAY: f64 = 2.5;
/// So many strays in a row begin a new line.
const STRAYS: u32 = 10;
/// Weight of points that a slope needs: about 1.2 s of speech.
const ENOUGH: f64 = 30.0;

/// A straight line through the lags of the echo over time, by least squares: its slope is the difference of the clocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trend {
    weight: f64,
    /// Means of time and lag.
    time: f64,
    lag: f64,
    /// Sums of squares about them.
    spread: f64,
    slope: f64,
    joint: f64,
    error: f64,
    strays: u32,
}

impl Trend {
    /// A lag at a time, both in samples of 8 kHz.
    pub(crate) fn add(&mut self, time: f64, lag: f64) {
        let off = lag - (self.lag + self.slope * (time - self.time));
        if self.weight > 3.0 && off.abs() > STRAY {
            self.strays += 1;
            if self.strays > STRAYS {
                *self = Self::default();
            }
            return;
        }
        self.strays = 0;
        let weight = MEMORY * self.weight;
        self.weight = weight + 1.0;
        let (x, y) = (time - self.time, lag - self.lag);
        self.time += x / self.weight;
        self.lag += y / self.weight;
        self.spread = MEMORY * self.spread + x * x * weight / self.weight;
        self.joint = MEMORY * self.joint + x * y * weight / self.weight;
        if self.weight > 5.0 && self.spread > 0.0 {
            self.slope = self.joint / self.spread;
        }
        if self.weight > 5.0 {
            self.error += 0.05 * (off * off - self.error);
        }
    }

    /// Samples per sample, once there are enough points close to a line.
    pub(crate) fn slope(&self) -> Option<f64> {
        (self.weight > ENOUGH && self.error < 1.0).then_some(self.slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_noisy_lags_with_strays_is_found() {
        let mut trend = Trend::default();
        for k in 0..100 {
            let time = f64::from(k) * 240.0;
            let noise = f64::from(k * 37 % 11) / 11.0 - 0.5;
            let stray = if k % 9 == 5 { 300.0 } else { 0.0 };
            trend.add(time, 500.0 - 0.000_2 * time + noise + stray);
        }
        let slope = trend.slope().unwrap();
        assert!((slope + 0.000_2).abs() < 0.000_015, "{slope}");
    }

    #[test]
    fn a_jump_begins_a_new_line() {
        let mut trend = Trend::default();
        for k in 0..200 {
            let lag = if k < 100 { 100.0 } else { 700.0 };
            trend.add(f64::from(k) * 240.0, lag);
        }
        assert!(trend.slope().unwrap().abs() < 1e-9);
    }
}
