package models

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The texts of a row differ by case alone.
var caseVariants = [][]string{
	{"hello, world 42", "HELLO, WORLD 42", "Hello, World 42", "hElLo, WoRlD 42"},
	{"Straße", "STRASSE", "STRAẞE", "strasse", "straße"},
	{"ΟΔΟΣ", "οδος", "οδοσ", "Οδος"},
	{"ΣΊΣΥΦΟΣ", "σίσυφος", "Σίσυφος"},
	{"ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"},
	{"İstanbul", "istanbul", "ISTANBUL", "iSTANBUL"},
	{"Кириллица Ёж Їжак", "КИРИЛЛИЦА ЁЖ ЇЖАК", "кириллица ёж їжак"},
	{"Հայերեն", "ՀԱՅԵՐԵՆ", "հայերեն"},
	{"ქართული", "ᲥᲐᲠᲗᲣᲚᲘ"},
	{"ᏣᎳᎩ", "ꮳꮃꭹ"},
	{"ÄÖÜ ÇŞĞ ÑÃ Ø Å Æ Œ Þ Ð Ł Ž", "äöü çşğ ñã ø å æ œ þ ð ł ž"},
	{"Ǆ Ǆ", "ǆ ǅ"},
	{"VIỆT NAM ĐẶNG", "việt nam đặng", "Việt Nam Đặng"},
	{"ＦＵＬＬ", "ｆｕｌｌ", "Ｆｕｌｌ"},
	{"𐐀𐐁", "𐐨𐐩"},
	{"Ⅷ Ⓐ", "ⅷ ⓐ"},
	{"K Å", "k å", "\u212a \u212b"}, // the Kelvin and Ångström signs
	{"ſs", "SS", "ss"},
	{"µ", "Μ", "μ"},
	{"Ω", "ω", "\u2126"},
	{"E\u0301COLE", "e\u0301cole"},
}

func TestFoldMakesCaseVariantsOne(t *testing.T) {
	for _, variants := range caseVariants {
		for _, variant := range variants[1:] {
			if got, want := Fold(variant), Fold(variants[0]); got != want {
				t.Errorf("%q folds to %q, %q to %q", variant, got, variants[0], want)
			}
		}
	}
}

func TestFoldKeepsApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"resume", "résumé"}, {"οδος", "οδός"}, {"a", "å"}, {"и", "й"}, {"o", "0"}, {"が", "か"}, {"男", "女"}, {"ا", "أ"}, {"a b", "ab"}, {"", " "},
	} {
		if Fold(pair[0]) == Fold(pair[1]) {
			t.Errorf("%q and %q both fold to %q", pair[0], pair[1], Fold(pair[0]))
		}
	}
}

func TestFoldLeavesTextsWithoutCase(t *testing.T) {
	for _, text := range []string{"", " \t\n", "42 %_*\\\"'", "请选择您的性别👉", "ありがとう", "สวัสดี", "שלום", "مرحبا", "नमस्ते", "👨‍👩‍👧‍👦🏳️‍🌈"} {
		if got := Fold(text); got != text {
			t.Errorf("%q folds to %q", text, got)
		}
	}
}

func TestFoldHasNoNUL(t *testing.T) {
	for _, text := range []string{"\x00", "a\x00B", "É\x00"} {
		if got := Fold(text); strings.ContainsRune(got, 0) || !strings.ContainsRune(got, unicode.ReplacementChar) {
			t.Errorf("%q folds to %q", text, got)
		}
	}
}

// The dotless ı has the capital I of the dotted one: it is the one rune whose
// capital folds to something else.
func TestFoldOfEveryRune(t *testing.T) {
	const dotless = 'ı'
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := Fold(string(r))
		if Fold(folded) != folded {
			t.Errorf("%q folds to %q, and that to %q", r, folded, Fold(folded))
		}
		for _, variant := range []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r), unicode.SimpleFold(r)} {
			if got := Fold(string(variant)); got != folded && r != dotless {
				t.Errorf("%q folds to %q, its variant %q to %q", r, folded, variant, got)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, variants := range caseVariants {
		for _, variant := range variants {
			f.Add(variant)
		}
	}
	f.Add("\x00")
	f.Add("a\xffB")
	f.Fuzz(func(t *testing.T, text string) {
		folded := Fold(text)
		if again := Fold(folded); again != folded {
			t.Errorf("%q folds to %q, and that to %q", text, folded, again)
		}
		// Text in the tables is valid UTF-8 already; a query need not be.
		if utf8.ValidString(text) && !utf8.ValidString(folded) {
			t.Errorf("%q folds to %q, which is not valid UTF-8", text, folded)
		}
	})
}

func TestFoldIgnoresHowTextWasCapitalised(t *testing.T) {
	for _, variants := range caseVariants {
		for _, text := range variants {
			for _, variant := range []string{strings.ToUpper(text), strings.ToLower(text), strings.ToTitle(text)} {
				if Fold(variant) != Fold(text) {
					t.Errorf("%q folds to %q, %q to %q", variant, Fold(variant), text, Fold(text))
				}
			}
		}
	}
}
