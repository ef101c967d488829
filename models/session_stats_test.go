package models

import (
	"fmt"
	"testing"
)

func TestWaits(t *testing.T) {
	upTo := func(n int) (waits []int) {
		for i := range n {
			waits = append(waits, i+1)
		}
		return waits
	}
	for _, c := range []struct {
		waits []int
		want  string // median and p90
	}{
		{nil, "none"},
		{[]int{7}, "7 7"},
		{[]int{0, 1}, "0.5 1"},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 50}, "1 1"},
		{upTo(9), "5 9"},
		{upTo(10), "5.5 9"},
		{upTo(11), "6 10"},
		{upTo(19), "10 18"},
		{upTo(20), "10.5 18"},
	} {
		row := SessionStats{WaitSeconds: c.waits}
		got := "none"
		if median, p90 := row.MedianWaitSeconds(), row.P90WaitSeconds(); median != nil && p90 != nil {
			got = fmt.Sprint(*median, *p90)
		}
		if got != c.want {
			t.Errorf("of %v: %s, want %s", c.waits, got, c.want)
		}
	}
}
