//! As much of JSON as the suite's files use: no numbers but integers, no `\u`.

#[derive(Clone, Debug)]
pub enum Json {
    Text(String),
    Number(i32),
    Word,
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub fn number(&self) -> Option<i32> {
        if let Json::Number(number) = self { Some(*number) } else { None }
    }

    pub fn items(&self) -> &[Json] {
        if let Json::List(items) = self { items } else { &[] }
    }

    pub fn members(&self) -> &[(String, Json)] {
        if let Json::Object(members) = self { members } else { &[] }
    }
}

pub fn parse(text: &str) -> Option<Json> {
    value(&mut text.trim_start())
}

fn value(rest: &mut &str) -> Option<Json> {
    match rest.chars().next()? {
        '"' => string(rest).map(Json::Text),
        '[' => sequence(rest, ']', value).map(Json::List),
        '{' => {
            let member = |rest: &mut &str| {
                let name = string(rest)?;
                take(rest, ':')?;
                Some((name, value(rest)?))
            };
            sequence(rest, '}', member).map(Json::Object)
        }
        _ => {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '-').unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            *rest = behind.trim_start();
            Some(word.parse().map_or(Json::Word, Json::Number))
        }
    }
}

/// Takes a character and the space behind it.
fn take(rest: &mut &str, wanted: char) -> Option<()> {
    *rest = rest.strip_prefix(wanted)?.trim_start();
    Some(())
}

fn sequence<T>(rest: &mut &str, end: char, item: impl Fn(&mut &str) -> Option<T>) -> Option<Vec<T>> {
    *rest = rest[1..].trim_start();
    let mut items = Vec::new();
    while !rest.starts_with(end) {
        if !items.is_empty() {
            take(rest, ',')?;
        }
        items.push(item(rest)?);
    }
    take(rest, end)?;
    Some(items)
}

fn string(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = rest.strip_prefix('"')?.chars();
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => text.push(match letters.next()? {
                'n' => '\n',
                't' => '\t',
                letter => letter,
            }),
            letter => text.push(letter),
        }
    }
    *rest = letters.as_str().trim_start();
    Some(text)
}
