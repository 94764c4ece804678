//! Names of kubeconfig backups: `NAME.YYYYMMDD-HHMMSS.bak`, with `-2`, `-3`, … after the time for more in one second.

/// The name of the file that a backup with this name belongs to.
pub(super) fn backup_of(name: &str) -> Option<&str> {
    parts(name).map(|(of, ..)| of)
}

/// Splits the name of a backup: the file's name, the time, and the number among the backups of one second.
pub(super) fn parts(name: &str) -> Option<(&str, &str, u32)> {
    let (of, moment) = name.strip_suffix(".bak")?.rsplit_once('.')?;
    let mut fields = moment.splitn(3, '-');
    let (day, time, number) = (fields.next()?, fields.next()?, fields.next());
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = match number {
        None => 1,
        Some(number) => number.parse().ok().filter(|number| *number > 1)?,
    };
    let moment = &moment[..day.len() + 1 + time.len()];
    (!of.is_empty() && digits(day, 8) && digits(time, 6)).then_some((of, moment, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_pattern_are_backups() {
        assert_eq!(backup_of("config.20261125-031500.bak"), Some("config"));
        assert_eq!(backup_of("a.b.20261125-031500-12.bak"), Some("a.b"));
        for name in [
            "config.bak",
            "config.20261125.bak",
            "config.20261125-0315.bak",
            "config.20261125-031500-.bak",
            "config.20261125-031500-1.bak",
            "config.20261125-031500-x.bak",
            "config.2026112x-031500.bak",
            ".20261125-031500.bak",
            "config.20261125-031500.bak.gz",
        ] {
            assert_eq!(backup_of(name), None, "{name}");
        }
    }
}
