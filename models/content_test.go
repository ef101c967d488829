package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

// contentCase is a content, and the content of the message that it answers.
type contentCase struct {
	Name    string
	Content json.RawMessage
	Reply   json.RawMessage
}

func TestDecodeContent(t *testing.T) {
	files, err := filepath.Glob("testdata/content/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for _, c := range readCases(t, file) {
				content := DecodeContent(JSON(c.Content), answeredContent(c.Reply))
				checkContent(t, c.Name, JSON(c.Content), content)
				fmt.Fprintf(&out, "# %s\n%s\n", c.Name, describeContent(t, content))
			}
			golden(t, "content/"+name+".golden", out.String())
		})
	}
}

func TestDecodeContentOfTheVendorsExample(t *testing.T) {
	body, err := os.ReadFile("../testdata/airudder-example.json")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for raw := range JSON(body).Get("messages").Items() {
		m := readMessage(0, raw)
		fmt.Fprintf(&out, "# %s\n%s\n", m.MsgID, describeContent(t, m.Content()))
		if reply := m.Reply(); reply != nil {
			fmt.Fprintf(&out, "## answers %s of %s, sent at %s\n%s\n", reply.MsgID, reply.SenderType, reply.SentAt,
				describeContent(t, reply.Content))
		}
	}
	golden(t, "content/vendor.golden", out.String())
}

// No content may take another's place in the union without a case that shows it.
func TestEveryMemberOfMessageContentHasACase(t *testing.T) {
	seen := map[string]bool{}
	files, _ := filepath.Glob("testdata/content/*.json")
	for _, file := range files {
		for _, c := range readCases(t, file) {
			seen[typeName(DecodeContent(JSON(c.Content), answeredContent(c.Reply)))] = true
		}
	}
	schema, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	union := regexp.MustCompile(`union MessageContent =((?:\s+\| \w+)+)`).FindSubmatch(schema)
	if union == nil {
		t.Fatal("the schema has no union MessageContent")
	}
	members := regexp.MustCompile(`\w+`).FindAllString(string(union[1]), -1)
	for _, member := range members {
		if !seen[member] {
			t.Errorf("no case decodes to %s", member)
		}
	}
	for name := range seen {
		if !slices.Contains(members, name) {
			t.Errorf("%s is not a member of the union", name)
		}
	}
}

// A text that shares memory with a notification's body keeps the whole body from being freed.
func TestTypesOfContentShareNoMemory(t *testing.T) {
	files, _ := filepath.Glob("testdata/content/*.json")
	for _, file := range files {
		for _, c := range readCases(t, file) {
			content := DecodeContent(JSON(c.Content), answeredContent(c.Reply))
			if _, unknown := content.(*UnknownContent); unknown {
				continue
			}
			kind := JSON(c.Content).Get("type")
			if unsafe.StringData(kind.word()) == unsafe.StringData(kind.sharedText()) {
				t.Errorf("%s: JSON.word does not list %s", c.Name, kind)
			}
		}
	}
}

func FuzzDecodeContent(f *testing.F) {
	files, _ := filepath.Glob("testdata/content/*.json")
	for _, file := range files {
		for _, c := range readCases(f, file) {
			f.Add([]byte(c.Content), []byte(c.Reply))
		}
	}
	f.Add([]byte(`{"type":"text","text":"`), []byte(`{"type":"template","template":{"content":{"button":[`))
	f.Add([]byte("{\"type\":\"text\",\"text\":\"a\xffb\"}"), []byte("\xff"))
	f.Add([]byte(`{"type":"system!`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, content, reply []byte) {
		checkContent(t, "", content, DecodeContent(content, answeredContent(reply)))
	})
}

// checkContent holds what is true of every content, whatever was sent.
func checkContent(t *testing.T, name string, given JSON, content MessageContent) {
	t.Helper()
	if text := content.Text(); !utf8.ValidString(text) {
		t.Errorf("%s: Text() is not valid UTF-8: %q", name, text)
	}
	raw, _ := field(content, "Raw").(JSON)
	switch {
	case given.Kind() == IsAbsent, given.Kind() == IsNull:
		if string(raw) != "{}" {
			t.Errorf("%s: Raw of %q is %q, want {}", name, given, raw)
		}
	case !bytes.Equal(raw, given):
		t.Errorf("%s: Raw is %q, want what was given, %q", name, raw, given)
	}
	if want := given.Get("type").Text(); field(content, "Type") != want {
		t.Errorf("%s: Type is %q, want %q", name, field(content, "Type"), want)
	}
}

func field(content MessageContent, name string) any {
	return reflect.ValueOf(content).Elem().FieldByName(name).Interface()
}

func typeName(content MessageContent) string { return reflect.TypeOf(content).Elem().Name() }

// describeContent is a content as the golden files have it, without Raw.
func describeContent(t *testing.T, content MessageContent) string {
	t.Helper()
	encoded, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(encoded, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "Raw")
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(fields); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %stext: %q\n", typeName(content), out.String(), content.Text())
}

func answeredContent(reply []byte) MessageContent {
	if len(reply) == 0 {
		return nil
	}
	return DecodeContent(reply, nil)
}

func readCases(t testing.TB, file string) []contentCase {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []contentCase
	if err := json.Unmarshal(body, &cases); err != nil {
		t.Fatal(file, err)
	}
	return cases
}
