//! Label selectors (`apimachinery/pkg/labels/selector.go`): the same lexer, grammar and rules for keys and values.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::kinds::names;
use crate::sandbox::status::ApiFailure;

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, BTreeSet<String>),
    NotIn(String, BTreeSet<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

impl LabelSelector {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
    ///
    /// # Errors
    /// 400 with what cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiFailure> {
        let mut parser = SelectorParser { tokens: scan(text), next: 0 };
        parser.selector().map(Self).map_err(ApiFailure::bad_request)
    }

    /// Whether an object with these labels is selected.
    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let number = |key: &String| labels.get(key).and_then(|value| value.parse::<i64>().ok());
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Missing(key) => !labels.contains_key(key),
            Requirement::Greater(key, than) => number(key).is_some_and(|value| value > *than),
            Requirement::Less(key, than) => number(key).is_some_and(|value| value < *than),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A key, a value, or one of the words `in` and `notin`.
    Word(String),
    /// `=`, `==`, `!=`, `!`, `>`, `<`, `(`, `)` or `,`.
    Symbol(&'static str),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Symbol(symbol) => symbol,
            Self::End => "",
        }
    }
}

fn scan(text: &str) -> Vec<Token> {
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
    let special = |c: char| "=!(),><".contains(c);
    let blank = |c: char| " \t\r\n".contains(c);
    let (mut tokens, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches(blank);
        // Go's lexer takes a zero byte for the end of the text.
        if rest.is_empty() || rest.starts_with('\0') {
            tokens.push(Token::End);
            return tokens;
        }
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = skip_zero(&rest[symbol.len()..]);
            continue;
        }
        let end = rest.find(|c| special(c) || blank(c) || c == '\0').unwrap_or(rest.len());
        tokens.push(Token::Word(rest[..end].to_owned()));
        rest = skip_zero(&rest[end..]);
    }
}

/// A zero byte that ends a token is skipped with it.
fn skip_zero(rest: &str) -> &str {
    rest.strip_prefix('\0').unwrap_or(rest)
}

struct SelectorParser {
    tokens: Vec<Token>,
    next: usize,
}

impl SelectorParser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).unwrap_or(&Token::End)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn selector(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Symbol("!") => {}
                Token::End => return Ok(requirements),
                Token::Symbol(other) => {
                    return Err(format!("found '{other}', expected: !, identifier, or 'end of string'"));
                }
            }
            let requirement = self.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?;
            requirements.push(requirement);
            match self.take() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") if matches!(self.peek(), Token::Word(_) | Token::Symbol("!")) => {}
                Token::Symbol(",") => {
                    return Err(format!("found '{}', expected: identifier after ','", self.peek().text()));
                }
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.at_symbol("!");
        self.next += usize::from(negated);
        let key = match self.take() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        if let Some(wrong) = names::qualified(&key) {
            return Err(format!("<nil>: Invalid value: {key:?}: {wrong}"));
        }
        if negated {
            return Ok(Requirement::Missing(key));
        }
        if self.at_symbol(",") || *self.peek() == Token::End {
            return Ok(Requirement::Exists(key));
        }
        let operator = self.take();
        let requirement = match operator.text() {
            "in" => Requirement::In(key, self.values()?),
            "notin" => Requirement::NotIn(key, self.values()?),
            "=" | "==" => Requirement::In(key, self.value()?),
            "!=" => Requirement::NotIn(key, self.value()?),
            ">" => Requirement::Greater(key, self.number()?),
            "<" => Requirement::Less(key, self.number()?),
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        Ok(requirement)
    }

    /// One value; none is the empty one.
    fn value(&mut self) -> Result<BTreeSet<String>, String> {
        if self.at_symbol(",") || *self.peek() == Token::End {
            return Ok(BTreeSet::from([String::new()]));
        }
        match self.take() {
            Token::Word(value) => checked(BTreeSet::from([value])),
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let value = self.value()?.pop_first().unwrap_or_default();
        let why = "for 'Gt', 'Lt' operators, the value must be an integer";
        value.parse().map_err(|_| format!("values[0]: Invalid value: {value:?}: {why}"))
    }

    /// Values in parentheses; an empty place is the empty value.
    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let open = self.take();
        if open != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let mut values = BTreeSet::new();
        loop {
            match self.peek() {
                Token::Word(value) => drop(values.insert(value.clone())),
                Token::Symbol("," | ")") => drop(values.insert(String::new())),
                other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
            }
            self.next += usize::from(matches!(self.peek(), Token::Word(_)));
            match self.take() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return checked(values),
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
    }
}

fn checked(values: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let wrong = values.iter().find_map(|value| Some((value, names::label_value(value)?)));
    match wrong {
        Some((value, wrong)) => Err(format!("values[0]: Invalid value: {value:?}: {wrong}")),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_labels_as_kubectl_writes_selectors() {
        let labels = BTreeMap::from([("app", "web"), ("tier", "db"), ("level", "3")]);
        let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (selector, selected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier!=db", false),
            ("app in (web, api),tier", true),
            ("app in(web)", true),
            ("app notin (web)", false),
            ("!app", false),
            ("!other,other!=x", true),
            ("other", false),
            ("level>2,level<4", true),
            ("level>3", false),
            ("app=", false),
            ("app notin ()", true),
            ("in in (in)", false),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap().matches(&labels), selected, "{selector}");
        }
    }

    #[test]
    fn rejects_invalid_selectors() {
        for wrong in ["a===b", "a in b", ",", "a,", "a b", "-a", "a=b c", "a>x", "a in (b", "a=(", "!", "!a=b", "a/b/c"]
        {
            assert_eq!(LabelSelector::parse(wrong).unwrap_err().code, 400, "{wrong}");
        }
    }
}
