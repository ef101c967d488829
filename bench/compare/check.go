package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// maxChecked bounds the pages that are compared and measured.
const maxChecked = 100

// workload has the requests of each program, in the same order, with equal answers.
type workload struct{ transcripts, lists, sessions [2][]request }

// compareAnswers pages through both programs and reports the first difference between their
// answers as JSON, cursors excepted. One session of each page is also compared by its call_id.
func compareAnswers(ctx context.Context, programs [2]*server) (workload, error) {
	var q workload
	var after [2]string
	clients := [2]*client{newClient(programs[0], 1), newClient(programs[1], 1)}
	defer clients[0].close()
	defer clients[1].close()
	both := func(asked [2]request) (any, error) {
		var answers [2]any
		for i, c := range clients {
			var err error
			if answers[i], err = c.answer(ctx, asked[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", programs[i].name, err)
			}
			if cursor := takeCursor(answers[i]); cursor != "" {
				after[i] = cursor
			}
		}
		if difference := compareJSON("", answers[0], answers[1]); difference != "" {
			return nil, fmt.Errorf("%s %s: %s and %s answer differently: %s", asked[1].method, asked[1].path,
				programs[0].name, programs[1].name, difference)
		}
		return answers[0], nil
	}
	for number := range maxChecked {
		var transcripts, list, one [2]request
		for i, p := range programs {
			transcripts[i], list[i] = p.api.page(true, after[i]), p.api.page(false, after[i])
		}
		if _, err := both(list); err != nil {
			return q, err
		}
		page, err := both(transcripts)
		if err != nil {
			return q, err
		}
		nodes := get(page, "data", "sessions", "nodes").([]any)
		callID := get(nodes[number%len(nodes)], "callId").(string)
		for i, p := range programs {
			one[i] = p.api.session(callID)
		}
		if _, err := both(one); err != nil {
			return q, err
		}
		for i := range programs {
			q.transcripts[i] = append(q.transcripts[i], transcripts[i])
			q.lists[i] = append(q.lists[i], list[i])
			q.sessions[i] = append(q.sessions[i], one[i])
		}
		if get(page, "data", "sessions", "pageInfo", "hasNextPage") != true {
			break
		}
	}
	return q, nil
}

func get(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(object)
		value = object[name]
	}
	return value
}

// takeCursor removes the cursor, which has a format of its own in each program.
func takeCursor(answer any) string {
	info, _ := get(answer, "data", "sessions", "pageInfo").(object)
	cursor, _ := info["endCursor"].(string)
	delete(info, "endCursor")
	return cursor
}

// compareJSON describes the first difference, "" without one.
func compareJSON(path string, a, b any) string {
	switch first := a.(type) {
	case object:
		second, same := b.(object)
		if !same {
			break
		}
		for _, name := range names(first, second) {
			one, inFirst := first[name]
			other, inSecond := second[name]
			if inFirst != inSecond {
				return fmt.Sprintf("%s.%s is in one only", path, name)
			}
			if difference := compareJSON(path+"."+name, one, other); difference != "" {
				return difference
			}
		}
		return ""
	case []any:
		second, same := b.([]any)
		if !same || len(first) != len(second) {
			break
		}
		for i := range first {
			if difference := compareJSON(fmt.Sprintf("%s[%d]", path, i), first[i], second[i]); difference != "" {
				return difference
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s: %.200q, %.200q", path, fmt.Sprint(a), fmt.Sprint(b))
}

func names(a, b object) []string {
	var all []string
	for _, one := range []object{a, b} {
		for name := range one {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
