package web

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestMomentsAreWrittenWithSixDigits(t *testing.T) {
	moments := []int64{0, 1, -1, 999_999, 1_000_000, -62_135_596_800_000_000, 253_402_300_799_999_999}
	for range 1000 {
		moments = append(moments, rand.Int64N(4e15)-1e15)
	}
	for _, n := range moments {
		want := `x"` + time.UnixMicro(n).UTC().Format("2006-01-02T15:04:05.000000Z") + `"`
		if got := string(appendMoment([]byte("x"), n)); got != want {
			t.Fatalf("%d microseconds are written as %s, want %s", n, got, want)
		}
	}
}
