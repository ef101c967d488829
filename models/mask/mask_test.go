package mask

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
)

func testMasks() *Masks {
	return NewMasks(Key("key"), NewNames([]string{"city"}))
}

// sessionOf returns the masker of a session with values of slots.
func sessionOf(callee string, values ...string) *Masker {
	slots := []byte("{")
	for i, value := range values {
		if i > 0 {
			slots = append(slots, ',')
		}
		slots = models.AppendQuoted(slots, "slot"+strings.Repeat("x", i))
		slots = append(slots, ':')
		slots = models.AppendQuoted(slots, value)
	}
	body := append([]byte(`{"callee":`), models.AppendQuoted(nil, callee)...)
	body = append(append(append(body, `,"ner_slots":`...), slots...), "}}"...)
	return testMasks().Session(models.JSON(body))
}

// withPlaceholders replaces the pseudonym of each value by [value].
func withPlaceholders(m *Masker, text string, values ...string) string {
	for _, value := range values {
		text = strings.ReplaceAll(text, m.Value(value), "["+value+"]")
	}
	return text
}

func TestPseudonymsFollowFromTheValue(t *testing.T) {
	m := sessionOf("+6281234567890")
	for _, test := range []struct {
		value string
		kind  Kind
		same  []string
		other []string
	}{
		{"+6281234567890", Phone, []string{"+62 812-3456-7890", "0812 3456 7890", "６２８１２３４５６７８９０", "(0812) 34567890",
			"٠٨١٢٣٤٥٦٧٨٩٠", "+62\u200b81234567890", " +6281234567890 "}, []string{"+6281234567891"}},
		{"1234567", Phone, []string{"123-4567", "+1234567"}, []string{"1234568"}},
		{"Budi@Example.com", Email, []string{"budi@example.COM"}, []string{"budi@example.org"}},
		{"https://example.com/A", Link, nil, []string{"https://example.com/a"}},
		{"www.example.com", Link, nil, nil},
		{"123456", Number, []string{"１２３４５６"}, nil},
		{"42", Number, nil, []string{"42.0"}},
		{"1.10", Number, nil, []string{"1.1"}},
		{"-1e5", Number, nil, nil},
		{"1.500.000", Number, nil, nil},
		{"1234567890123456", Number, nil, nil},
		{"20250501", Number, nil, nil},
		{"2025-05-01", Value, nil, nil},
		{"10:30", Value, nil, nil},
		{"Budi", Value, nil, []string{"budi", " Budi"}},
		{"ID.13491208655302741918", Value, nil, nil},
		{`{"a":1}`, Value, nil, nil},
		{"a", Value, nil, nil},
		{".*", Value, nil, nil},
		{" ", Value, nil, nil},
		{strings.Repeat("x", 10_000), Value, nil, nil},
	} {
		got := m.Value(test.value)
		if !strings.HasPrefix(got, string(test.kind)+":") || !WellFormed(got) {
			t.Errorf("pseudonym of %.40q is %s, want one of kind %s", test.value, got, test.kind)
		}
		for _, same := range test.same {
			if other := m.Value(same); other != got {
				t.Errorf("pseudonym of %q is %s, want that of %q, %s", same, other, test.value, got)
			}
		}
		for _, different := range test.other {
			if m.Value(different) == got {
				t.Errorf("%q and %q have one pseudonym", different, test.value)
			}
		}
	}
	if m.Value("") != "" {
		t.Error("the empty text has a pseudonym")
	}
	if other := NewMasks(Key("other"), nil).Callee("Budi"); other == m.Value("Budi") {
		t.Error("pseudonyms do not depend on the key")
	}
}

func TestNationalNumbersAreReadByTheRegionOfTheCallee(t *testing.T) {
	indonesia, germany, none := sessionOf("+6281234567890"), sessionOf("4915112345678"), sessionOf("ID.123")
	if got, want := indonesia.Value("081298765432"), none.Value("+6281298765432"); got != want {
		t.Errorf("national number of Indonesia: %s, want %s", got, want)
	}
	if got, want := germany.Value("0151 2345 6789"), none.Value("+4915123456789"); got != want {
		t.Errorf("national number of Germany: %s, want %s", got, want)
	}
	// 62812345678 is a national number of Indonesia, too.
	for _, callee := range []string{"+62812345678", "62812345678"} {
		m := sessionOf(callee)
		if got := m.Text("62812345678"); got != m.Value("+62812345678") || got != m.Value(callee) {
			t.Errorf("callee %s in a text: %s, want %s", callee, got, m.Value(callee))
		}
	}
	if got, want := none.Value("081298765432"), none.key.pseudonym(Phone, "081298765432"); got != want {
		t.Errorf("national number of no region: %s, want %s of its digits", got, want)
	}
}

// The work on a value is bounded, whatever it has the form of.
func TestLongValuesAreAnyText(t *testing.T) {
	m := sessionOf("+6281234567890")
	long := strings.Repeat("1", maxClassified)
	link := "https://x.example/"
	for value, kind := range map[string]Kind{long: Number, long + "1": Value, link: Link, link + long: Value} {
		if got := m.Value(value); !strings.HasPrefix(got, string(kind)+":") {
			t.Errorf("a value of %d bytes is %s, want a %s", len(value), got, kind)
		}
	}
}

func TestWellFormed(t *testing.T) {
	good := sessionOf("").Value("Budi")
	for _, text := range []string{"", ":", "value:", good[:len(good)-1], good + "0", strings.ToLower(good),
		"name:" + good[6:], good[:len(good)-1] + "U", good[:len(good)-1] + "é", " " + good, "VALUE" + good[5:]} {
		if WellFormed(text) {
			t.Errorf("%q is well-formed", text)
		}
	}
	if !WellFormed(good) {
		t.Errorf("%q is not well-formed", good)
	}
}

func TestKnownValuesInTexts(t *testing.T) {
	for _, test := range []struct {
		values []string
		text   string
		want   string
	}{
		{[]string{"Budi"}, "Hi Budi, BUDI and ｂｕｄｉ!", "Hi [Budi], [Budi] and [Budi]!"},
		{[]string{"Budi"}, "Budiman sibudi Budi7 7Budi", "Budiman sibudi [Budi]7 7[Budi]"},
		{[]string{"Budi", "BUDI"}, "Budi BUDI budi", "[Budi] [BUDI] [Budi]"},
		{[]string{"Budi", "Budi Santoso"}, "Budi Santoso and Budi", "[Budi Santoso] and [Budi]"},
		{[]string{"ab cd", "cd ef gh"}, "ab cd ef gh ab cd", "ab [cd ef gh] [ab cd]"},
		{[]string{"B", "Al", "小"}, "B Al 小", "B Al 小"},
		{[]string{"Ali"}, "Ali", "[Ali]"},
		{[]string{"123"}, "123", "123"},
		{[]string{"1234"}, "code 1234, 12345, a1234b", "code [1234], 12345, a[1234]b"},
		{[]string{"王明"}, "我是王明先生王明x", "我是[王明]先生[王明]x"},
		{[]string{"สมชาย"}, "คุณสมชายครับ", "คุณ[สมชาย]ครับ"},
		{[]string{"テスト"}, "ミテストー", "ミ[テスト]ー"},
		{[]string{"김철수"}, "김철수 김철수님", "[김철수] 김철수님"},
		{[]string{"José"}, "Jose\u0301 JOSÉ Jose", "[José] [José] Jose"},
		{[]string{"Straße"}, "STRASSE", "[Straße]"},
		{[]string{"Bu.di", "a+b*c", "(xyz)", "[xyz]"}, "Bu.di Buxdi a+b*c aab (xyz) [xyz] xyz",
			"[Bu.di] Buxdi [a+b*c] aab [(xyz)] [[xyz]] xyz"},
		{[]string{" Budi "}, "Hi Budi!", "Hi [ Budi ]!"},
		{[]string{"Budi"}, "B\u200bu\u200bdi, Budi\u200bSanto", "[Budi], [Budi]\u200bSanto"},
		{[]string{"Budi", " Budi "}, "Hi Budi!", "Hi [Budi]!"},
		{[]string{" Budi ", "Budi"}, "Hi Budi!", "Hi [Budi]!"},
		{[]string{"Al Ay"}, "Al Ay al ay", "[Al Ay] [Al Ay]"},
		{[]string{"株式会社"}, "㍿", "[株式会社]"},
	} {
		m := sessionOf("", test.values...)
		if got := withPlaceholders(m, m.Text(test.text), test.values...); got != test.want {
			t.Errorf("values %q in %q: %q, want %q", test.values, test.text, got, test.want)
		}
	}
}

func TestPatternsInTexts(t *testing.T) {
	m := sessionOf("+6281234567890", "0812", "Budi")
	for _, test := range []struct {
		text, want string
		values     []string
	}{
		{"call +62 812-3456-7890 now", "call [+6281234567890] now", []string{"+6281234567890"}},
		{"081234567890", "[+6281234567890]", []string{"+6281234567890"}},
		{"请拨打０８１２３４５６７８９０号", "请拨打[+6281234567890]号", []string{"+6281234567890"}},
		{"x081234567890y", "x[+6281234567890]y", []string{"+6281234567890"}},
		{"٠٨١٢٣٤٥٦٧٨٩٠", "[+6281234567890]", []string{"+6281234567890"}},
		{"0️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣9️⃣0️⃣", "[+6281234567890]", []string{"+6281234567890"}},
		{"0812\u200b3456\u00ad7890", "[+6281234567890]", []string{"+6281234567890"}},
		{"(0812) 345.678-90!", "[+6281234567890]!", []string{"+6281234567890"}},
		{"0812   34567890", "[0812]   [34567890]", []string{"0812", "34567890"}},
		{"081234567890 089876543210", "[+6281234567890] [+6289876543210]",
			[]string{"+6281234567890", "+6289876543210"}},
		{"0812 3456 7890 0898 7654 3210", "[+6281234567890] [+6289876543210]",
			[]string{"+6281234567890", "+6289876543210"}},
		{"+6281234567890 2 people", "[+6281234567890] 2 people", []string{"+6281234567890"}},
		{"812.345.678 but 0812.345.678 and +1.500.000", "812.345.678 but [0812.345.678] and [+1.500.000]",
			[]string{"0812.345.678", "+1.500.000"}},
		{"+62 812.345.678, (021) 123.456.789, (812) 345.678.901; 08.12 1.500.000; +6281234567890 1.500.000",
			"[+62 812.345.678], [021123456789], [812345678901]; 08.12 1.500.000; [+6281234567890] 1.500.000",
			[]string{"+62 812.345.678", "021123456789", "812345678901", "+6281234567890"}},
		{"Rp 1.500.000,00 or 12,500,000 or 1.500 2.500 3.500",
			"Rp 1.500.000,00 or 12,500,000 or 1.500 2.500 3.500", nil},
		{"2025-05-01 10:30:00, 01.05.2025 14.30 15.45; 5/1/2025 12:00",
			"2025-05-01 10:30:00, 01.05.2025 14.30 15.45; 5/1/2025 12:00", nil},
		{"2025-13-01", "[2025-13-01]", []string{"2025-13-01"}},
		{"2025-05-01-23", "[2025-05-01-23]", []string{"2025-05-01-23"}},
		{"1 23 456", "1 23 456", nil},
		{"12345; 123456; 20250501", "12345; [123456]; [20250501]", []string{"123456", "20250501"}},
		{"card 4111111111111111", "card [4111111111111111]", []string{"4111111111111111"}},
		{"four １２３４５６!", "four [123456]!", []string{"123456"}},
		{"mail Budi.Santoso+x@Example.co.id.", "mail [budi.santoso+x@example.co.id].",
			[]string{"budi.santoso+x@example.co.id"}},
		{"邮箱是budi@example.com请", "邮箱是[budi@example.com]请", []string{"budi@example.com"}},
		{"081234567890@example.com", "[081234567890@example.com]", []string{"081234567890@example.com"}},
		{"a@b", "a@b", nil},
		{"5@10.000", "5@10.000", nil},
		{"https://x.io/?#budi@example.com", "https://x.io/?#[budi@example.com]", []string{"budi@example.com"}},
		{"*budi@example.com* or _budi@example.com_ or email=budi@example.com/siti@example.com",
			"*[budi@example.com]* or _[budi@example.com]_ or [email=budi@example.com]/[siti@example.com]",
			[]string{"email=budi@example.com", "budi@example.com", "siti@example.com"}},
		{"x@例子.com请 或y@例子.广告请", "[x@例子.com]请 或[y@例子.广告请]", []string{"x@例子.com", "y@例子.广告请"}},
		{"Really? Yes.", "Really? Yes.", nil},
		{"ok.?no", "ok.?no", nil},
	} {
		if got := withPlaceholders(m, m.Text(test.text), test.values...); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestQueryStringsOfLinks(t *testing.T) {
	m := sessionOf("", "Budi")
	query := func(s string) string { return m.key.pseudonym(Link, s) }
	for text, want := range map[string]string{
		"see https://example.com/a?name=Budi&x=1#top ok": "see https://example.com/a?" +
			query("name=Budi&x=1") + "#top ok",
		"https://example.com/#/a?token=x": "https://example.com/#/a?" + query("token=x"),
		"wa.me/6?text=hi.":                "wa.me/6?" + query("text=hi") + ".",
		"HTTPS://EXAMPLE.COM?A":           "HTTPS://EXAMPLE.COM?" + query("A"),
		"www.example.com?a=名字":            "www.example.com?" + query("a=名字"),
		"https://example.com/a":           "https://example.com/a",
		"https://example.com/a?":          "https://example.com/a?",
		"https://a.io/?a=1#b@a.io":        "https://a.io/?" + query("a=1") + "#" + m.Value("b@a.io"),
		"example.com:8080/a?token":        "example.com:8080/a?" + query("token"),
		"xn--e1afmkfd.xn--p1ai/a?token":   "xn--e1afmkfd.xn--p1ai/a?" + query("token"),
		"at:10.0.0.1/a?token":             "at:10.0.0.1/a?" + query("token"),
		"4.5/5?no":                        "4.5/5?no",
		"myapp://open?x":                  "myapp://open?" + query("x"),
	} {
		if got := m.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Raw has every member of a name that stands twice, so that texts must not show one of them.
func TestValuesOfNamesThatStandTwice(t *testing.T) {
	m := testMasks().Session(models.JSON(`{"callee":"Aaaa","callee":"Bbbb","ner_slots":{"x":"Cccc","x":"Dddd"},` +
		`"ner_slots":{},"variables":{"x":"Eeee"},"variables":{},"messages":[{"content":{"contacts":[{"name":"Ffff",` +
		`"name":"Gggg"}],"contacts":[]},"content":{},"reply":{"content":{"contacts":[{"phone_number":"Hhhh"}]}},` +
		`"reply":{}}],"messages":[]}`))
	for _, value := range []string{"Aaaa", "Bbbb", "Cccc", "Dddd", "Eeee", "Ffff", "Gggg", "Hhhh"} {
		if got := m.Text(value); got != m.Value(value) {
			t.Errorf("%s is shown as %s", value, got)
		}
	}
}

// A value that goes beyond a pattern's border leaves nothing of the pattern.
func TestValuesAcrossTheBorderOfAPattern(t *testing.T) {
	for _, test := range []struct {
		value, text, want string
		left              func(*Masker) string
	}{
		{"https://shop.io/o?id=77", "see https://shop.io/o?id=77&name=Budi now", "see [https://shop.io/o?id=77][] now",
			func(m *Masker) string { return m.key.pseudonym(Link, "&name=Budi") }},
		{"acme.com Ltd", "mail budi@acme.com Ltd!", "mail [][acme.com Ltd]!",
			func(m *Masker) string { return m.key.pseudonym(Email, "budi@") }},
		{"5678 Budi", "081-234-5678 Budi", "[]-[5678 Budi]",
			func(m *Masker) string { return m.key.pseudonym(Number, "081234") }},
		{"Call 0812", "Call 0812-3456-7890", "[Call 0812]-[]",
			func(m *Masker) string { return m.key.pseudonym(Phone, "34567890") }},
	} {
		m := sessionOf("", test.value)
		got := withPlaceholders(m, m.Text(test.text), test.value)
		if got = strings.ReplaceAll(got, test.left(m), "[]"); got != test.want {
			t.Errorf("%q in %q: %q, want %q", test.value, test.text, got, test.want)
		}
	}
}

func TestShapesOfNotifications(t *testing.T) {
	m := sessionOf("+6281234567890", "Budi")
	for _, test := range []struct{ sent, want string }{
		{
			`{"workflow_name": {"x": "Ana"}, "status": ["Ana", {"y": 1}]}`,
			`{"workflow_name": {"x": "[Ana]"}, "status": ["Ana", {"y": "[1]"}]}`,
		},
		{
			`{"event_label": {"a": {"b": "Ana"}}, "event_label ": "Ana"}`,
			`{"event_label": {"a": {"b": "Ana"}}, "event_label ": "[Ana]"}`,
		},
		{
			`{"event_label": ["Ana"], "ner_slots": ["Ana", 12]}`,
			`{"event_label": ["[Ana]"], "ner_slots": ["[Ana]", "[12]"]}`,
		},
		{
			`{"ner_slots": {"city": {"a": ["Ana"]}, "x": ["Ana"]}}`,
			`{"ner_slots": {"city": {"a": ["Ana"]}, "x": "[["Ana"]]"}}`,
		},
		{
			`{"messages": [{"content": {"type": {"z": "Ana"}, "text": "of Budi", "media": "Ana"}}]}`,
			`{"messages": [{"content": {"type": {"z": "[Ana]"}, "text": "of [Budi]", "media": "[Ana]"}}]}`,
		},
		{
			`{"callee": null, "timestamp": {"t": null, "b": true}}`,
			`{"callee": null, "timestamp": {"t": null, "b": true}}`,
		},
	} {
		got := string(m.Notification(models.JSON(test.sent)))
		if got = withPlaceholders(m, got, "Ana", "Budi", "1", "12", `["Ana"]`); got != test.want {
			t.Errorf("%s is shown as\n%s, want\n%s", test.sent, got, test.want)
		}
	}
}

func TestSpansArePseudonyms(t *testing.T) {
	m := sessionOf("+6281234567890", "Budi", "王明")
	masked, spans := m.TextSpans("Budi 王明 +6281234567890 x@y.com 123456 https://a.b/?c")
	if len(spans) != 6 {
		t.Fatalf("%d pseudonyms in %q, want 6", len(spans), masked)
	}
	for _, s := range spans {
		if !WellFormed(masked[s.From:s.To]) {
			t.Errorf("%q is no pseudonym", masked[s.From:s.To])
		}
	}
}

// What takes more than linear time does not end before the test's own bound.
func TestLargeTextsAreMaskedInBoundedTime(t *testing.T) {
	tools.SkipUnderRace(t, "nothing runs side by side")
	names := make([]string, 2000)
	for i := range names {
		names[i] = "name" + strings.Repeat(string(rune('a'+i%26)), 1+i/26%40) + string(rune('a'+i/26/40))
	}
	everyWord := strings.Repeat(strings.Join(names, " ")+" ", 100)[:2<<20]
	long := strings.Repeat("x", 10_000)
	nested := make([]string, 1500)
	for i := range nested {
		nested[i] = strings.Repeat("あ", i+2)
	}
	for name, test := range map[string]struct {
		values []string
		text   string
	}{
		"names":      {names, everyWord},
		"long":       {[]string{long}, strings.Repeat(long+" ", 200)},
		"letters":    {[]string{strings.Repeat("あ", 10_000)}, strings.Repeat("あ", 700_000)},
		"nested":     {nested, strings.Repeat("あ", 700_000)},
		"digits":     {nil, strings.Repeat("1", 2<<20)},
		"phones":     {nil, strings.Repeat("0812 ", 400_000)},
		"amounts":    {nil, strings.Repeat("1.000.", 300_000)},
		"at":         {nil, strings.Repeat("a@", 1<<20)},
		"mail":       {nil, strings.Repeat("a", 2<<20) + "@"},
		"questions":  {nil, strings.Repeat("?", 2<<20)},
		"queries":    {nil, strings.Repeat("?=", 1<<20)},
		"slashes":    {nil, strings.Repeat("a/?", 700_000)},
		"links":      {nil, strings.Repeat("https://a.b/?c ", 140_000)},
		"marks":      {nil, "a" + strings.Repeat("\u0301", 1<<20)},
		"ligature":   {[]string{"صلى"}, strings.Repeat("ﷺ", 300_000)},
		"zero width": {[]string{"abc"}, strings.Repeat("\u200b", 700_000)},
		"invalid":    {[]string{"abc"}, strings.Repeat("\xff", 2<<20)},
	} {
		m := sessionOf("", test.values...)
		began := time.Now()
		masked := m.Text(test.text)
		t.Logf("%s: %s", name, time.Since(began))
		for _, value := range test.values {
			if strings.Contains(masked, value) {
				t.Errorf("%s: holds the value %.20s", name, value)
				break
			}
		}
	}
}

var clearDigits = regexp.MustCompile(`\d{6}`)

func FuzzText(f *testing.F) {
	f.Add("+6281234567890", "Budi", "王明", "Hi Budi 王明, call 0812-3456-7890 or x@y.com https://a.b/?c 4111111111111111")
	f.Add("", "a", ".*", "")
	f.Add("0812", "ß", "ﬀi", "ﬀiß\u0301 İi̇")
	f.Fuzz(func(t *testing.T, callee, one, two, text string) {
		if len(callee)+len(one)+len(two)+len(text) > 5000 {
			t.Skip()
		}
		m := sessionOf(callee, one, two)
		masked, spans := m.TextSpans(text)
		if len(masked) > 30*len(text) {
			t.Errorf("%d bytes became %d", len(text), len(masked))
		}
		at, clear := 0, []string{}
		for _, s := range spans {
			if s.From < at || s.To > len(masked) || !WellFormed(masked[s.From:s.To]) {
				t.Fatalf("%q has no pseudonym at %v", masked, s)
			}
			clear = append(clear, masked[at:s.From])
			at = s.To
		}
		for _, part := range append(clear, masked[at:]) {
			if found, _ := m.known.find(newView(part)); len(found) > 0 && len(spans) == 0 {
				t.Errorf("%q: a value stands in %q", text, part)
			}
			if clearDigits.MatchString(part) {
				t.Errorf("%q: digits stand in %q", text, part)
			}
		}
		if again := m.Text(text); again != masked {
			t.Errorf("%q is masked as %q, and as %q", text, masked, again)
		}
	})
}
