//! Reads the files of this folder; every error has a position.

use serde::de::DeserializeOwned;

use crate::domain::config_error::{ConfigError, Position};

/// Reads `text`; one that says nothing is the default.
pub(super) fn read<T: DeserializeOwned + Default>(text: &str) -> Result<T, ConfigError> {
    match crate::domain::yaml::from_str::<Option<T>>(text) {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => {
            let error = ConfigError::from(&error);
            Err(ConfigError { position: error.position.or(Some(Position::START)), ..error })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_no_value_that_may_be_a_token() {
        #[derive(serde::Deserialize, Default, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct Small {
            flag: bool,
        }
        for text in [
            "flag: s3cret-0",
            "flag: secret",
            "s3cret-0",
            "flag: 's3cret-0\" x'",
            "s3cret-0: true",
            "[s3cret-0",
            "a: *s3cret-0",
        ] {
            let error = read::<Small>(text).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && !error.contains("secret"), "{error}");
        }
        let error = read::<Small>("flags: true").unwrap_err();
        assert!(error.message.contains("`flags`") && error.message.contains("`flag`"), "{error}");
    }
}
