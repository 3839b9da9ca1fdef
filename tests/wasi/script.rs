//! A line of a script → a call.
//!
//! ```text
//! [LABEL = ] [repeat N] FUNCTION ARGUMENT… [-> @ADDRESS…]
//! ```
//!
//! An argument is a word, a `"text"` with the escapes `\n \t \0 \xHH \" \\` and perhaps `*N` behind it, or a list in
//! brackets. What the words of an argument mean depends on its kind: [`module`](super::module) says so.

use super::functions::{self, Function};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Text(Vec<u8>),
    List(Vec<Token>),
}

pub struct Call {
    /// What later lines know its results by.
    pub label: Option<String>,
    /// It is called so often, or until it fails.
    pub repeat: u32,
    pub function: &'static Function,
    pub arguments: Vec<Token>,
    /// Where results go, instead of places of the harness's.
    pub places: Vec<Token>,
}

impl Call {
    pub fn parse(line: &str) -> Result<Call, String> {
        let mut tokens = tokens(line)?;
        let word = |token: Option<&Token>| match token {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        };
        let mut label = None;
        if word(tokens.get(1)) == "=" {
            label = Some(word(tokens.first()));
            tokens.drain(..2);
        }
        let mut repeat = 1;
        if word(tokens.first()) == "repeat" {
            repeat = word(tokens.get(1)).parse().map_err(|_| "repeat what?")?;
            tokens.drain(..2);
        }
        let name = word(tokens.first());
        let function = functions::find(&name).ok_or(format!("there is no function '{name}'"))?;
        let mut arguments = tokens.split_off(1);
        let mut places = Vec::new();
        if let Some(arrow) = arguments.iter().position(|token| *token == Token::Word("->".to_owned())) {
            places = arguments.split_off(arrow).split_off(1);
        }
        let wanted: Vec<&str> = function.parameters().collect();
        if wanted.len() != arguments.len() {
            return Err(format!("{name} wants {wanted:?}"));
        }
        Ok(Call { label, repeat, function, arguments, places })
    }
}

/// The tokens of a line.
pub fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut rest = line;
    let tokens = sequence(&mut rest)?;
    if rest.is_empty() { Ok(tokens) } else { Err(format!("what is '{rest}'?")) }
}

/// Tokens up to a closing bracket or the end.
fn sequence(rest: &mut &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(']') {
            return Ok(found);
        }
        if let Some(inside) = rest.strip_prefix('[') {
            *rest = inside;
            found.push(Token::List(sequence(rest)?));
            *rest = rest.strip_prefix(']').ok_or("a bracket is not closed")?;
        } else if let Some(inside) = rest.strip_prefix('"') {
            *rest = inside;
            let text = text(rest)?;
            let times = match rest.strip_prefix('*') {
                Some(behind) => {
                    *rest = behind;
                    word(rest).parse().map_err(|_| "how many times?")?
                }
                None => 1,
            };
            found.push(Token::Text(text.repeat(times)));
        } else {
            found.push(Token::Word(word(rest).to_owned()));
        }
    }
}

fn word<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|letter: char| letter.is_whitespace() || "[]\"".contains(letter)).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    *rest = behind;
    word
}

/// The bytes up to the closing quote.
fn text(rest: &mut &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                *rest = &rest[at + 1..];
                return Ok(bytes);
            }
            '\\' => match letters.next().ok_or("an escape is cut short")?.1 {
                'n' => bytes.push(b'\n'),
                't' => bytes.push(b'\t'),
                '0' => bytes.push(0),
                'x' => {
                    let digits: String = letters.by_ref().take(2).map(|(_, digit)| digit).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).map_err(|_| format!("what is \\x{digits}?"))?);
                }
                letter => bytes.extend_from_slice(letter.to_string().as_bytes()),
            },
            letter => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("a text is not closed".to_owned())
}

/// Bytes as a text, the other way round; long repetitions of one byte as such.
pub fn quote(bytes: &[u8]) -> String {
    if let [first, ..] = bytes
        && bytes.len() > 40
        && bytes.iter().all(|byte| byte == first)
    {
        return format!("{}*{}", quote(&[*first]), bytes.len());
    }
    let mut out = String::from("\"");
    for piece in bytes.utf8_chunks() {
        for letter in piece.valid().chars() {
            match letter {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\0' => out.push_str("\\0"),
                '"' | '\\' => out.extend(['\\', letter]),
                letter if letter.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(letter))),
                letter => out.push(letter),
            }
        }
        for byte in piece.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out + "\""
}
