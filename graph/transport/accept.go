package transport

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeStream   = "text/event-stream"
)

// acceptable returns the media types of an Accept header by descending quality, without
// those of quality 0.
func acceptable(accept string) []string {
	type wanted struct {
		mediaType string
		q         float64
	}
	var all []wanted
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if given, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(given, 64); err != nil {
				continue
			}
		}

		at := len(all)
		for at > 0 && all[at-1].q < q {
			at--
		}
		if q > 0 {
			all = append(all[:at:at], append([]wanted{{mediaType, q}}, all[at:]...)...)
		}
	}

	types := make([]string, len(all))
	for i, w := range all {
		types[i] = w.mediaType
	}
	return types
}

// AcceptsJSON reports whether a client takes an answer in JSON; one without an Accept header does.
func AcceptsJSON(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	return strings.TrimSpace(accept) == "" || acceptance(accept, typeJSON) > 0
}

func responseType(accept string) string {
	for _, mediaType := range acceptable(accept) {
		switch mediaType {
		case typeResponse:
			return typeResponse
		case typeJSON, "application/*", "*/*":
			return typeJSON
		}
	}
	return typeJSON
}
