package main

import (
	"strings"
	"testing"
)

func TestVerdictOnARun(t *testing.T) {
	const begun = `{"Action":"start","Package":"a"}` + "\n"
	for name, c := range map[string]struct {
		events string
		want   string
		good   bool
	}{
		"leaves are counted, not what gathers them": {
			begun + `{"Action":"run","Package":"a","Test":"T"}
{"Action":"run","Package":"a","Test":"T/x"}
{"Action":"run","Package":"a","Test":"T/y"}
{"Action":"pass","Package":"a","Test":"T/x"}
{"Action":"pass","Package":"a","Test":"T/y"}
{"Action":"pass","Package":"a","Test":"T"}
{"Action":"pass","Package":"a"}`, "2 passed, 0 failed", true},
		"a skip is a failure": {
			begun + `{"Action":"pass","Package":"a","Test":"T"}
{"Action":"skip","Package":"a","Test":"U"}
{"Action":"pass","Package":"a"}`, "1 passed, 0 failed, 1 skipped", false},
		"nothing run is a failure": {
			begun + `{"Action":"skip","Package":"a"}`, "0 passed, 0 failed", false},
		"a run that stops in the middle is a failure": {
			begun + `{"Action":"pass","Package":"a","Test":"T"}`, "1 passed, 0 failed", false},
		"a failed leaf counts once": {
			begun + `{"Action":"run","Package":"a","Test":"T/x"}
{"Action":"pass","Package":"a","Test":"U"}
{"Action":"fail","Package":"a","Test":"T/x"}
{"Action":"fail","Package":"a","Test":"T"}
{"Action":"fail","Package":"a"}`, "1 passed, 1 failed", false},
		"a panic outside any test counts": {
			begun + `{"Action":"pass","Package":"a","Test":"U"}
{"Action":"fail","Package":"a"}`, "1 passed, 1 failed", false},
		"a package that does not build counts once": {
			`{"ImportPath":"a","Action":"build-output","Output":"syntax error\n"}
{"ImportPath":"a","Action":"build-fail"}
` + begun + `{"Action":"fail","Package":"a","FailedBuild":"a"}`, "0 passed, 1 failed", false},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			v, err := read(strings.NewReader(c.events), &out)
			if err != nil {
				t.Fatal(err)
			}
			if v.String() != c.want || v.good() != c.good {
				t.Errorf("got %q, good %v; want %q, good %v", v, v.good(), c.want, c.good)
			}
		})
	}
}

func TestOnlyFailuresSpeak(t *testing.T) {
	const events = `{"Action":"output","Package":"a","Test":"T","Output":"passing noise\n"}
{"Action":"pass","Package":"a","Test":"T"}
{"Action":"output","Package":"a","Test":"U","Output":"=== RUN   U\n"}
{"Action":"output","Package":"a","Test":"U","Output":"the reason\n"}
{"Action":"fail","Package":"a","Test":"U"}
{"Action":"fail","Package":"a"}`
	var out strings.Builder
	if _, err := read(strings.NewReader(events), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "the reason\n" {
		t.Errorf("said %q", out.String())
	}
}
