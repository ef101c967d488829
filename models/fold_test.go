package models

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sessiongraph/internal/test/tools"
)

// The texts of a row differ by case, width or normal form alone.
var caseVariants = [][]string{
	{"hello, world 42", "HELLO, WORLD 42", "Hello, World 42", "hElLo, WoRlD 42"},
	{"Straße", "STRASSE", "STRAẞE", "strasse", "straße"},
	{"ΟΔΟΣ", "οδος", "οδοσ", "Οδος"},
	{"ΣΊΣΥΦΟΣ", "σίσυφος", "Σίσυφος"},
	{"ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"},
	{"İstanbul", "i\u0307stanbul", "I\u0307STANBUL"},
	{"ﬁnance ﬄ ﬆ", "FINANCE FFL ST", "finance ffl st"},
	{"և", "ԵՒ", "եւ"},
	{"ᾳ ῼ", "ΑΙ ΩΙ", "αι ωι"},
	{"\u1FB4", "α\u0345\u0301", "α\u0301\u0345", "ΆΙ"},
	{"\u0390", "\u03AA\u0301", "ι\u0308\u0301", "\u1FD3"},
	{"ŉ", "ʼN"},
	{"ǰ", "J\u030C"},
	{"Кириллица Ёж Їжак", "КИРИЛЛИЦА ЁЖ ЇЖАК", "кириллица ёж їжак"},
	{"Հայերեն", "ՀԱՅԵՐԵՆ", "հայերեն"},
	{"ქართული", "ᲥᲐᲠᲗᲣᲚᲘ"},
	{"ᏣᎳᎩ", "ꮳꮃꭹ"},
	{"ÄÖÜ ÇŞĞ ÑÃ Ø Å Æ Œ Þ Ð Ł Ž", "äöü çşğ ñã ø å æ œ þ ð ł ž"},
	{"Ǆ Ǆ", "ǆ ǅ"},
	{"VIỆT NAM ĐẶNG", "việt nam đặng", "Việt Nam Đặng"},
	{"ＦＵＬＬ", "ｆｕｌｌ", "Full"},
	{"订单１２３４５", "订单12345"},
	{"ｶﾞｷﾞ", "ガギ", "カ\u3099キ\u3099"},
	{"안녕", "\u110B\u1161\u11AB\u1102\u1167\u11BC"},
	{"Hóa đơn", "Ho\u0301a \u0111o\u031Bn", "HÓA ĐƠN"},
	{"đổi", "đô\u0309i", "đo\u0302\u0309i"},
	{"㎏ ½ …", "kg 1⁄2 ..."},
	{"𐐀𐐁", "𐐨𐐩"},
	{"Ⅷ Ⓐ", "ⅷ ⓐ", "viii a"},
	{"K Å", "k å", "\u212a \u212b"}, // the Kelvin and Ångström signs
	{"ſs", "SS", "ss"},
	{"µ", "Μ", "μ"},
	{"Ω", "ω", "\u2126"},
	{"E\u0301COLE", "e\u0301cole"},
}

func TestCaseFoldMakesCaseVariantsOne(t *testing.T) {
	for _, variants := range caseVariants {
		for _, variant := range variants[1:] {
			if got, want := CaseFold(variant), CaseFold(variants[0]); got != want {
				t.Errorf("%q folds to %q, %q to %q", variant, got, variants[0], want)
			}
		}
	}
}

func TestCaseFoldKeepsApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"resume", "résumé"}, {"οδος", "οδός"}, {"a", "å"}, {"и", "й"}, {"o", "0"}, {"が", "か"}, {"男", "女"}, {"ا", "أ"},
		{"a b", "ab"}, {"", " "}, {"İ", "i"}, {"ı", "i"}, {"a\u200Db", "ab"}, {"\x00", "\uFFFD"}, {"\uFFFE", "\uFFFD"},
	} {
		if CaseFold(pair[0]) == CaseFold(pair[1]) {
			t.Errorf("%q and %q both fold to %q", pair[0], pair[1], CaseFold(pair[0]))
		}
	}
}

func TestCaseFoldLeavesTextsWithoutCase(t *testing.T) {
	for _, text := range []string{"", " \t\n", "42 %_*\\\"'", "请选择您的性别👉", "ありがとう", "สวัสดี", "שלום", "مرحبا",
		"नमस्ते", "👨‍👩‍👧‍👦🏳️‍🌈"} {
		if got := CaseFold(text); got != text {
			t.Errorf("%q folds to %q", text, got)
		}
	}
}

// The dotless ı has the capital I of the dotted one, and the dotted İ its small
// letter: they are the two whose other case folds to something else.
func TestCaseFoldOfEveryRune(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	const dotless, dotted = 'ı', 'İ'
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := CaseFold(string(r))
		if CaseFold(folded) != folded {
			t.Errorf("%q folds to %q, and that to %q", r, folded, CaseFold(folded))
		}
		for _, variant := range []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r),
			unicode.SimpleFold(r)} {
			if got := CaseFold(string(variant)); got != folded && r != dotless && r != dotted {
				t.Errorf("%q folds to %q, its variant %q to %q", r, folded, variant, got)
			}
		}
	}
}

func FuzzCaseFold(f *testing.F) {
	for _, variants := range caseVariants {
		for _, variant := range variants {
			f.Add(variant)
		}
	}
	f.Add("\x00")
	f.Add("a\xffB")
	f.Fuzz(func(t *testing.T, text string) {
		folded := CaseFold(text)
		if again := CaseFold(folded); again != folded {
			t.Errorf("%q folds to %q, and that to %q", text, folded, again)
		}
		// Text in the tables is valid UTF-8 already; a query need not be.
		if utf8.ValidString(text) && !utf8.ValidString(folded) {
			t.Errorf("%q folds to %q, which is not valid UTF-8", text, folded)
		}
	})
}

func TestCaseFoldIgnoresHowTextWasCapitalised(t *testing.T) {
	for _, variants := range caseVariants {
		for _, text := range variants {
			if !norm.NFC.IsNormalString(text) {
				continue // strings changes rune by rune, which these are not made for
			}
			for _, variant := range []string{strings.ToUpper(text), strings.ToLower(text), strings.ToTitle(text)} {
				if CaseFold(variant) != CaseFold(text) && !strings.ContainsRune(text, 'İ') {
					t.Errorf("%q folds to %q, %q to %q", variant, CaseFold(variant), text, CaseFold(text))
				}
			}
		}
	}
}

// What is folded most costs no memory.
func TestCaseFoldOfPlainTextsAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { CaseFold("hello, world 42: {}") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
