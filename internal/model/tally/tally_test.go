package tally

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBuckets(t *testing.T) {
	for took, want := range map[time.Duration]int{
		-time.Second: 0, 0: 0, 999: 0, 1000: 1, 1999: 1, 2000: 2, 3 * time.Microsecond: 2, time.Millisecond: 10, time.Hour: Buckets - 1,
	} {
		if got := Bucket(took); got != want {
			t.Errorf("%v is in bucket %d, want %d", took, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		took := time.Duration(rapid.Int64Range(0, int64(Bound(Buckets-2))-1).Draw(t, "took"))
		b := Bucket(took)
		if took >= Bound(b) || b > 0 && took < Bound(b-1) {
			t.Fatalf("%v is in bucket %d", took, b)
		}
	})
}

func TestSum(t *testing.T) {
	s := Sum{}
	s.Add([]Call{{Nr: 2, Nanos: 5, Sent: 1, Received: 2, Buckets: []uint64{0, 1}}, {Nr: 1, Buckets: []uint64{3}}})
	s.Add([]Call{{Nr: 2, Nanos: 7, Sent: 1, Received: 2, Buckets: []uint64{4, 1, 1}}})
	list := s.List()
	if len(list) != 2 || list[0].Nr != 1 || list[0].Count() != 3 {
		t.Fatalf("%+v", list)
	}
	if c := list[1]; c.Nanos != 12 || c.Sent != 2 || c.Received != 4 || c.Count() != 7 || c.Buckets[1] != 2 {
		t.Errorf("%+v", c)
	}
	s.Add([]Call{{Nr: 2, Nanos: math.MaxUint64, Buckets: []uint64{math.MaxUint64}}})
	if c := s[2]; c.Nanos != math.MaxUint64 || c.Count() != math.MaxUint64 {
		t.Errorf("it went round: %+v", c)
	}
}

func TestValidate(t *testing.T) {
	good := []Call{{Nr: 0, Buckets: make([]uint64, Buckets)}, {Nr: Numbers - 1, Nanos: maxNanos}}
	if err := Validate(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []Call{{Nr: -1}, {Nr: Numbers}, {Buckets: make([]uint64, Buckets+1)}, {Buckets: []uint64{maxCount + 1}}, {Nanos: maxNanos + 1}, {Sent: maxBytes + 1}, {Received: maxBytes + 1}} {
		if Validate([]Call{bad}) == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	if Validate(make([]Call, Numbers+1)) == nil {
		t.Error("too many rows pass")
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`[{"nr":1,"ns":5,"buckets":[1,2]}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var calls []Call
		if json.Unmarshal(text, &calls) != nil || Validate(calls) != nil {
			return
		}
		s := Sum{}
		s.Add(calls)
		for _, c := range s.List() {
			if len(c.Buckets) > Buckets {
				t.Errorf("%+v", c)
			}
		}
	})
}
