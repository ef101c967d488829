package models

import "fmt"

// InputError is the caller's mistake: its message says what to change and is fit
// to be shown.
type InputError struct{ Message string }

// Error is the message.
func (e InputError) Error() string { return e.Message }

// InputErrorf is an InputError of that format.
func InputErrorf(format string, args ...any) error { return InputError{fmt.Sprintf(format, args...)} }
