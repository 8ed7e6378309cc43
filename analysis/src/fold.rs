use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word in lower case, without accents and without what is neither a letter nor a digit: the form in which words are compared.
///
/// Letters are first brought to their compatibility form (NFKC). Marks go only from Latin and Greek letters: elsewhere another mark is another letter, as in Cyrillic й.
pub fn fold(word: &str) -> String {
    if word.is_ascii() {
        let kept = word.bytes().filter(u8::is_ascii_alphanumeric);
        return kept
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
    }
    let mut folded = String::with_capacity(word.len());
    let mut is_bare = false;
    for letter in word.nfkd().flat_map(char::to_lowercase) {
        if is_combining_mark(letter) {
            if !is_bare {
                folded.push(letter);
            }
            continue;
        }
        is_bare = matches!(letter, 'a'..='z' | '\u{df}'..='\u{24f}' | '\u{370}'..='\u{3ff}');
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ð' | 'đ' => folded.push('d'),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            _ if letter.is_alphanumeric() => folded.push(letter),
            // What stands on it goes with it.
            _ => is_bare = true,
        }
    }
    folded.nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_brought_to_one_form() {
        for (word, expected) in [
            ("Café", "cafe"),
            ("CAFE\u{301}", "cafe"),
            ("O'Reilly", "oreilly"),
            ("J.R.R", "jrr"),
            ("20,000", "20000"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("Ørsted", "orsted"),
            ("Άνθρωπος", "ανθρωποσ"),
            ("ЙОД", "йод"),
            ("ﬁlm", "film"),
            ("Ｔｏｋｙｏ", "tokyo"),
            ("ガ", "ガ"),
            ("기생", "기생"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(fold(word), expected, "{word}");
        }
    }

    proptest! {
        #[test]
        fn what_is_folded_stays(word in ".{0,20}") {
            let folded = fold(&word);
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
