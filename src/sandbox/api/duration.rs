//! Ages as the server's tables print them (`apimachinery/pkg/util/duration`, `HumanDuration`).

/// A duration with two or three significant figures.
pub(crate) fn human(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let with = |whole: String, rest: i64, unit: &str| if rest == 0 { whole } else { format!("{whole}{rest}{unit}") };
    if seconds < -1 {
        "<invalid>".to_owned()
    } else if seconds < 120 {
        format!("{}s", seconds.max(0))
    } else if minutes < 10 {
        with(format!("{minutes}m"), seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        with(format!("{hours}h"), minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        with(format!("{days}d"), hours % 24, "h")
    } else if days < 730 {
        format!("{days}d")
    } else if years < 8 {
        with(format!("{years}y"), days % 365, "d")
    } else {
        format!("{years}y")
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn durations_match_kubectl() {
        let texts: Vec<_> = [-5, 0, 119, 120, 125, 600, 10_800, 11_100, 28_800, 86_400, 200_000, 2_000_000_000]
            .into_iter()
            .map(human)
            .collect();
        assert_eq!(texts, ["<invalid>", "0s", "119s", "2m", "2m5s", "10m", "3h", "3h5m", "8h", "24h", "2d7h", "63y"]);
    }
}
