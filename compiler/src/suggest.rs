//! What someone may have meant who wrote a word that we do not know.

/// Words that are less alike than this by Jaro's measure, from 0 to 1, are different words. The parser of arguments,
/// which suggests options, uses the same limit.
const LIKENESS: f64 = 0.7;

/// `; did you mean 'x'?` with the word that is most like `word`, to be added to a message, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, known).map(|known| format!("; did you mean '{known}'?")).unwrap_or_default()
}

/// The word that is most like `word`, the first of several, if one is like it at all.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |other: &str| strsim::jaro(&word.to_lowercase(), &other.to_lowercase());
    let scored = known.into_iter().map(|other| (likeness(other), other)).filter(|(score, _)| *score > LIKENESS);
    let better = |best: (f64, _), next: (f64, _)| if next.0 > best.0 { next } else { best };
    scored.reduce(better).map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_alike() {
        let known = ["simd", "relaxed-simd", "threads", "tail-call"];
        assert_eq!(closest("tailcall", known), Some("tail-call"));
        assert_eq!(closest("SIMD", known), Some("simd"));
        assert_eq!(closest("thread", known), Some("threads"));
        assert_eq!(closest("frobnicate", known), None);
        assert_eq!(closest("", known), None);
        assert_eq!(did_you_mean("relaxed_simd", known), "; did you mean 'relaxed-simd'?");
    }
}
