//! Reading YAML with a limit on its size after aliases are expanded.
//!
//! Each alias copies its anchor: a megabyte with a thousand aliases is a gigabyte. So the expanded size is counted first,
//! with the same parser and without keeping values.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Values after aliases are expanded.
const MOST_VALUES: usize = 200_000;
/// Bytes that aliases may add.
const MOST_REPEATED: usize = 4 << 20;

/// Reads the one document of a text.
///
/// # Errors
/// What is wrong with it, and where; also that it is too large.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, serde_yaml::Error> {
    // Without aliases the size is that of the text, which callers limit.
    if text.contains('*') {
        let mut left = Left { values: MOST_VALUES, bytes: text.len().saturating_add(MOST_REPEATED) };
        if let Some(document) = serde_yaml::Deserializer::from_str(text).next() {
            Count(&mut left).deserialize(document)?;
        }
    }
    serde_yaml::from_str(text)
}

/// What is left of the budget.
struct Left {
    values: usize,
    bytes: usize,
}

impl Left {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let values = self.values.checked_sub(1);
        let Some((values, bytes)) = values.zip(self.bytes.checked_sub(bytes)) else {
            return Err(E::custom("too large after expanding its aliases"));
        };
        *self = Self { values, bytes };
        Ok(())
    }
}

/// Walks through a value and counts it.
struct Count<'a>(&'a mut Left);

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.take(text.len())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.0.take(0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.take(0)?;
        while items.next_element_seed(Count(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.0.take(0)?;
        while fields.next_key_seed(Count(&mut *self.0))?.is_some() {
            fields.next_value_seed(Count(&mut *self.0))?;
        }
        Ok(())
    }

    /// A value with a custom tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (tag, value) = tagged.variant::<String>()?;
        self.0.take(tag.len())?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_yaml::Value;

    use super::*;

    #[test]
    fn rejects_aliases_of_a_long_text_before_expanding_them() {
        let bomb = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 2000].join(", "));
        let error = from_str::<Value>(&bomb).unwrap_err();
        assert!(error.to_string().contains("too large after expanding its aliases"), "{error}");
        let tagged = format!("a: &a !t {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 2000].join(", "));
        assert!(from_str::<Value>(&tagged).is_err());
    }

    #[test]
    fn rejects_nested_aliases_before_expanding_them() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            writeln!(text, "a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 10].join(", ")).unwrap();
        }
        assert!(from_str::<Value>(&text).is_err());
    }

    #[test]
    fn rejects_deep_nesting() {
        assert!(from_str::<Value>(&format!("{}{}", "[".repeat(500), "]".repeat(500))).is_err());
        assert!(from_str::<Value>(&format!("# *\n{}{}", "{a: ".repeat(500), "}".repeat(500))).is_err());
    }

    #[test]
    fn reads_every_kind_of_value_as_serde_yaml_does() {
        let text = "[&a x, *a, !t {b: *a}, ~, 1, -1, 1.5, true, 18446744073709551615, {*a : 2}]";
        assert_eq!(from_str::<Value>(text).unwrap(), serde_yaml::from_str::<Value>(text).unwrap());
        assert_eq!(from_str::<Option<Value>>("# *\n").unwrap(), None);
        assert!(from_str::<Value>("a: *a").is_err() && from_str::<Value>("a: 1\n---\n*b").is_err());
    }
}
